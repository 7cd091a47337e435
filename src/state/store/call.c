/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Building answers. */
#include "state/store/call.h"

#include "base/mem.h"
#include "base/quote.h"

#include <stdarg.h>

void call_renew(struct call *call)
{
	call->request.verb = NULL;
	call->request.count = 0;
	call->request.options = 0;
	call->request.timeout = NSEC_FOREVER;
	call->request.max = call->request.of = 0;
	call->answer.status = CALL_OK;
	call->answer.form = ANSWER_NOTHING;
	call->answer.count = 0;
	bytes_clear(&call->answer.data);
	call->deadline = NSEC_FOREVER;
	call->memo = 0;
	call->is_watching = false;
	list_init(&call->link);
}

void call_discard(struct call *call)
{
	free(call->request.operands);
	free(call->places);
	bytes_release(&call->answer.data);
}

void call_add_operand(struct call *call, struct slice text, enum value_kind kind)
{
	struct request *request = &call->request;

	request->operands = mem_grow(request->operands, request->count, &request->capacity, sizeof *request->operands);
	request->operands[request->count++] = (struct operand){.text = text, .kind = kind};
}

void answer_begin(struct call *call, enum answer_form form)
{
	call->answer.status = CALL_OK;
	call->answer.form = form;
	call->answer.count = 0;
	bytes_clear(&call->answer.data);
}

void answer_add(struct call *call, enum value_kind kind, struct slice text)
{
	bytes_put_u8(&call->answer.data, (uint8_t)kind);
	bytes_put_slice(&call->answer.data, text);
	call->answer.count++;
}

void answer_value(struct call *call, enum value_kind kind, struct slice text)
{
	answer_begin(call, ANSWER_ONE);
	answer_add(call, kind, text);
}

void answer_number(struct call *call, int64_t number)
{
	struct numeral numeral = {.whole = number};
	char text[NUMERAL_TEXT_MAX];

	answer_value(call, VALUE_JSON, numeral_print(&numeral, text));
}

void answer_text(struct call *call, const char *text)
{
	answer_value(call, VALUE_STRING, slice_of(text));
}

void answer_fail(struct call *call, enum call_status status, const char *format, ...)
{
	va_list arguments;
	char *text = NULL;
	int length;

	answer_begin(call, ANSWER_NOTHING);
	call->answer.status = status;
	va_start(arguments, format);
	length = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (length < 0)
		return;
	quote_terminal(&call->answer.data, (struct slice){.data = text, .size = (size_t)length});
	free(text);
}

struct cursor answer_values(const struct answer *answer)
{
	return cursor_of(bytes_slice(&answer->data));
}

bool answer_next(struct cursor *cursor, enum value_kind *kind, struct slice *text)
{
	if (cursor->at == cursor->end)
		return false;
	*kind = (enum value_kind)cursor_u8(cursor);
	*text = cursor_slice(cursor);
	return !cursor_failed(cursor);
}
