/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzzes state/wire and state/store: clients ask in lines, in JSON and in Python's frames, wait, and come and go. Each
 * request has one answer, which is of its dialect; no call waits for what it could have, and what is held by one is not
 * held by another; what is void is forgotten, and once all is deleted, no memory is accounted for.
 *
 * The input is steps, each a line. The first byte says what it is:
 *
 *	a to h   the client asks what follows after a blank; h sends frames. A client that waits does not ask.
 *	A to H   the owner that the client acts for ends
 *	! X      the client X goes away
 *	= X      the attempt that the client X acts for (a or b, and that of b is atomic) has ended well
 *	~ X      it does nothing more, but has not ended
 *	+ N      10 to the power of N milliseconds pass
 *	% N e    a run foresees N tasks at a time; with e no input is left
 *	< TEXT   a client reads this, and a newline, as an answer
 */
#include "fuzz.h"

#include "base/mem.h"
#include "codec/json/json_value.h"
#include "state/pyauth_frame.h"
#include "state/server/python.h"
#include "state/store/store.h"
#include "state/wire/request.h"
#include "state/wire/request_json.h"

enum { CLIENTS = 8, MEMORY = 1 << 12, FRAMES = CLIENTS - 1 };

struct fuzz_client {
	struct owner *owner;
	struct call call;
	/* The present request, of exactly its size. Owned. */
	char *line;
	struct bytes scratch;
	enum wire_dialect dialect;
	/* True while its request has no answer. */
	bool is_pending;
};

static struct store *store;
static struct fuzz_client clients[CLIENTS];
static nsec now;

/* Checks that the texts and kinds of two answers are the same. */
static void check_same_values(const struct answer *a, const struct answer *b)
{
	struct cursor first = answer_values(a), second = answer_values(b);
	struct slice text, other;
	enum value_kind kind;

	while (answer_next(&first, &kind, &text))
		hold(answer_next(&second, &kind, &other) && slice_equals(text, other));
	hold(!answer_next(&second, &kind, &other));
}

/* Checks that a text is so many lines without control characters. */
static void check_text(struct slice text, size_t lines, bool allows_del)
{
	size_t i;

	for (i = 0; i < text.size; i++) {
		unsigned char byte = (unsigned char)text.data[i];

		lines -= byte == '\n';
		hold(byte == '\n' || byte >= 0x20);
		hold(allows_del || byte != 0x7f);
	}
	hold(!lines && text.data[text.size - 1] == '\n');
}

/* Checks the answer in lines: the client reads the same from it, and nothing from a part. */
static void check_lines(const struct answer *answer, struct slice text)
{
	bool many = !answer->status && (answer->form == ANSWER_MANY || answer->form == ANSWER_PAIRS);
	struct call call = {.owner = NULL};

	check_text(text, 1 + (many ? answer->count : 0), false);
	call_renew(&call);
	hold(answer_read(&call, text) == (ssize_t)text.size && call.answer.status == answer->status);
	if (answer->status)
		hold(slice_equals(bytes_slice(&answer->data), bytes_slice(&call.answer.data)));
	else
		check_same_values(answer, &call.answer);
	hold(answer_read(&call, (struct slice){.data = text.data, .size = text.size - 1}) == 0);
	call_discard(&call);
}

static void check_json(const struct answer *answer, struct slice text)
{
	struct call call = {.owner = NULL};

	check_text(text, 1, true);
	text.size--;
	hold(json_value_is(text));
	call_renew(&call);
	hold(json_answer_read(&call, text) == 0 && call.answer.status == answer->status);
	call_discard(&call);
}

/* Checks that an answer in a frame is the line without its newline. */
static void check_frame(const struct answer *answer, struct slice line)
{
	struct bytes frame = {.data = NULL};
	struct slice payload;

	python_put_answer(&frame, answer);
	hold(pyframe_find(bytes_slice(&frame), REQUEST_SIZE_MAX, &payload) == PYFRAME_WHOLE);
	hold(payload.size + 1 == line.size && memcmp(payload.data, line.data, payload.size) == 0);
	bytes_release(&frame);
}

static void check_answer(struct fuzz_client *client)
{
	struct bytes text = {.data = NULL};

	answer_write(&text, &client->call.answer, client->dialect);
	if (client->dialect == WIRE_LINES)
		check_lines(&client->call.answer, bytes_slice(&text));
	else
		check_json(&client->call.answer, bytes_slice(&text));
	if (client == &clients[FRAMES] && client->dialect == WIRE_JSON)
		check_frame(&client->call.answer, bytes_slice(&text));
	bytes_release(&text);
}

/* A call that waited has its answer, or a change for one that watches. */
static void client_answered(struct call *call)
{
	struct fuzz_client *client = container_of(call, struct fuzz_client, call);

	hold(client->is_pending);
	check_answer(client);
	client->is_pending = call->is_waiting;
	if (call->is_waiting)
		answer_begin(call, ANSWER_PAIRS);
}

/* Checks that a request, written in lines or JSON, is read as the same. */
static void check_request(const struct request *request, enum wire_dialect dialect)
{
	struct bytes text = {.data = NULL}, scratch = {.data = NULL};
	struct call call = {.owner = NULL};
	size_t i;

	call_renew(&call);
	if (dialect == WIRE_JSON)
		json_request_put(&text, request);
	else
		request_put(&text, request);
	check_text(bytes_slice(&text), 1, true);
	text.size--;
	hold(request_read(&call, bytes_slice(&text), &scratch, &dialect) == 0);
	hold(call.request.verb == request->verb && call.request.count == request->count);
	hold(call.request.options == request->options && call.request.timeout == request->timeout);
	hold(call.request.max == request->max && call.request.of == request->of);
	for (i = 0; i < request->count; i++)
		hold(slice_equals(call.request.operands[i].text, request->operands[i].text));
	call_discard(&call);
	bytes_release(&text);
	bytes_release(&scratch);
}

/* Carries out what the client has asked, as a connection does. False if it waits. */
static bool client_carry_out(struct fuzz_client *client, struct slice line)
{
	struct call *call = &client->call;

	call_renew(call);
	if (request_read(call, line, &client->scratch, &client->dialect) < 0) {
		hold(call->answer.status == CALL_USAGE);
		return true;
	}
	check_request(&call->request, WIRE_LINES);
	check_request(&call->request, WIRE_JSON);
	/* Some say for whom they act with all that they ask. */
	call->owner = call->request.verb->is_owned || client < &clients[CLIENTS / 2] ? client->owner : NULL;
	return !call->request.verb->run || store_request(store, call, now);
}

static bool is_over(const struct owner *owner)
{
	while (owner && !owner->is_over)
		owner = owner->parent;
	return owner;
}

static void client_ask(struct fuzz_client *client, struct slice text)
{
	struct bytes frame = {.data = NULL};
	struct slice line;

	/* What is over asks for nothing. */
	if (client->is_pending || is_over(client->owner))
		return;
	free(client->line);
	client->line = mem_copy(text.data, text.size);
	line = (struct slice){.data = client->line, .size = text.size};
	if (client == &clients[FRAMES]) {
		pyframe_put(&frame, text);
		hold(python_find_message(bytes_slice(&frame), &line) ==
		     (text.size && text.data[0] == '[' ? (ssize_t)frame.size : -1));
		line.data = client->line;
		bytes_release(&frame);
	}
	client->is_pending = true;
	if (!client_carry_out(client, line)) {
		hold(client->is_pending == client->call.is_waiting);
		return;
	}
	hold(client->is_pending && !client->call.is_waiting);
	check_answer(client);
	client->is_pending = false;
}

/* Makes the owner that a client acts for: two are attempts, whose are others. */
static void client_come(size_t i)
{
	char label[] = {'c', 'l', 'i', 'e', 'n', 't', ' ', (char)('a' + i), '\0'};
	struct owner *parent = i == 2 || i == 3 ? clients[i - 2].owner : i == 4 ? clients[2].owner : NULL;

	clients[i].owner = i < 2 ? store_attempt_began(store, label) : owner_new(store, label, parent);
	clients[i].owner->is_connection = i >= CLIENTS / 2;
	clients[i].owner->is_atomic = i == 1;
}

/* Ends an owner; its calls have their answers by then. */
static void client_end_owner(struct fuzz_client *client, bool well)
{
	const struct owner *owner = client->owner;

	if (owner->is_attempt)
		store_attempt_ended(store, client->owner, well);
	else
		store_owner_ended(store, client->owner);
	client->owner = NULL;
	hold(!client->call.is_waiting || client->call.owner != owner);
}

static void client_go(struct fuzz_client *client)
{
	if (client->call.is_waiting)
		store_cancel(store, &client->call);
	client->is_pending = false;
	client_end_owner(client, false);
}

static bool are_related(const struct owner *a, const struct owner *b)
{
	return owner_is_within(a, b) || owner_is_within(b, a);
}

/* Checks that those that hold a lock may do so beside each other. */
static void check_holds(const struct object *object)
{
	struct list *link, *other;

	for (link = object->holds.next; link != &object->holds; link = link->next) {
		const struct hold *one = container_of(link, struct hold, of_object);

		hold(one->count && one->object == object);
		for (other = link->next; other != &object->holds; other = other->next) {
			const struct hold *two = container_of(other, struct hold, of_object);

			hold(one->owner != two->owner);
			hold(strcmp(object->kind->name, "a lock") != 0 || (one->shared && two->shared) ||
			     are_related(one->owner, two->owner));
		}
	}
}

static bool is_waited_for(const struct object *object)
{
	unsigned line;

	for (line = 0; line < OBJECT_LINES; line++) {
		if (object_first(object, line))
			return true;
	}
	return false;
}

/*
 * True if a call for a shared lock waits whose owner has ancestors: it stands back only while none of them has
 * anything, and what they get is no change of the lock, which would serve it.
 */
static bool may_be_late(void)
{
	size_t i;

	for (i = 0; i < CLIENTS; i++) {
		const struct call *call = &clients[i].call;

		if (call->is_waiting && call->request.options & OPTION_SHARED && call->owner && call->owner->parent)
			return true;
	}
	return false;
}

/* Checks what holds between requests. */
static void check_store(void)
{
	bool late = may_be_late();
	struct entry *entry = NULL;
	size_t waiting = 0, i;

	while ((entry = table_next(&store->objects, entry))) {
		struct object *object = entry->value;
		size_t before = store->waiting_count;

		check_holds(object);
		hold(!object->kind->is_void(object) || is_waited_for(object) || !list_is_empty(&object->holds) ||
		     !list_is_empty(&object->pendings));
		object->kind->serve(store, object);
		hold(late || store->waiting_count == before);
	}
	for (i = 0; i < CLIENTS; i++) {
		hold(clients[i].is_pending == clients[i].call.is_waiting);
		waiting += clients[i].is_pending;
	}
	hold(store->waiting_count == waiting && store->memory <= MEMORY);
}

/* Reads an answer that no server may have written. */
static void read_answer(struct slice text)
{
	struct bytes copy = {.data = NULL};
	struct call call = {.owner = NULL};
	ssize_t size;

	bytes_append(&copy, text.data, text.size);
	bytes_append_text(&copy, "\n");
	call_renew(&call);
	size = answer_read(&call, bytes_slice(&copy));
	hold(size >= -1 && size <= (ssize_t)copy.size);
	call_renew(&call);
	size = json_answer_read(&call, text);
	hold(size == 0 || size == -1);
	call_discard(&call);
	bytes_release(&copy);
}

static size_t digit_of(struct slice step, size_t at)
{
	return step.size > at && step.data[at] >= '0' && step.data[at] <= '9' ? (size_t)(step.data[at] - '0') : 0;
}

/* Lets time pass. */
static void let_pass(size_t power)
{
	nsec time = NSEC_PER_SEC / 1000;

	for (; power; power--)
		time *= 10;
	now += time;
	hold(store_expire(store, now) > now);
}

static void take_step(struct slice step)
{
	struct slice rest = step.size > 2 ? (struct slice){.data = step.data + 2, .size = step.size - 2} : slice_of("");
	char kind = step.size ? step.data[0] : '\0';
	size_t client = (size_t)((rest.size && strchr("!=~", kind) ? rest.data[0] : kind) & FUZZ_LETTER) - 1;

	if (kind >= 'a' && kind < 'a' + CLIENTS) {
		client_ask(&clients[client], rest);
	} else if (kind >= 'A' && kind < 'A' + CLIENTS) {
		client_end_owner(&clients[client], false);
		client_come(client);
	} else if (kind == '=' && client < 2) {
		client_end_owner(&clients[client], true);
		client_come(client);
	} else if (kind == '~' && client < 2) {
		store_attempt_over(store, clients[client].owner);
	} else if (kind == '!' && client < CLIENTS) {
		client_go(&clients[client]);
		client_come(client);
	} else if (kind == '+') {
		let_pass(digit_of(rest, 0));
	} else if (kind == '%') {
		store_foresee(store, (struct store_outlook){.jobs = digit_of(rest, 0), .input_ended = rest.size > 1});
	} else if (kind == '<') {
		read_answer(rest);
	}
}

/* Deletes all that is left; nothing of it is in use. */
static void delete_all(void)
{
	struct call call = {.owner = NULL};
	struct entry *entry;

	while ((entry = table_next(&store->objects, NULL))) {
		struct bytes name = {.data = NULL};

		bytes_append(&name, entry->name, entry->size);
		call_renew(&call);
		call.request.verb = verb_find(slice_of("del"));
		call_add_operand(&call, bytes_slice(&name), VALUE_STRING);
		hold(store_request(store, &call, now) && call.answer.status == CALL_OK);
		bytes_release(&name);
	}
	call_discard(&call);
	hold(!store->memory && !store->waiting_count && !store->watching && !store->attempts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = {.data = (const char *)data, .size = size};
	size_t i;

	now = NSEC_PER_SEC;
	store = store_new(MEMORY);
	for (i = 0; i < CLIENTS; i++) {
		clients[i] = (struct fuzz_client){.call.answered = client_answered};
		call_renew(&clients[i].call);
		client_come(i);
	}
	while (rest.size) {
		const char *end = memchr(rest.data, '\n', rest.size);
		struct slice step = {.data = rest.data, .size = end ? (size_t)(end - rest.data) : rest.size};

		rest.data += step.size + (end ? 1 : 0);
		rest.size -= step.size + (end ? 1 : 0);
		take_step(step);
		check_store();
	}
	for (i = 0; i < CLIENTS; i++) {
		client_go(&clients[i]);
		call_discard(&clients[i].call);
		bytes_release(&clients[i].scratch);
		free(clients[i].line);
	}
	delete_all();
	store_free(store);
	return 0;
}
