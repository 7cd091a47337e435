/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Putting and taking the messages between parent and workers. */
#include "board/message.h"

#include "base/mem.h"

/* More words than any exec would take. */
enum { WORDS_MAX = 1024 * 1024 };

void setup_put(struct bytes *bytes, const struct setup *setup)
{
	bytes_put_u32(bytes, MESSAGE_VERSION);
	bytes_put_u32(bytes, setup->number);
	bytes_put_u32(bytes, setup->seat);
	bytes_put_u32(bytes, setup->seats);
	bytes_put_u32(bytes, setup->queue_rows);
	bytes_put_u64(bytes, setup->ring_size);
	bytes_put_u64(bytes, setup->max_tasks);
	bytes_put_u64(bytes, setup->descriptor_limit);
	bytes_put_u8(bytes, setup->stays);
	bytes_put_text(bytes, setup->name);
}

int setup_take(struct cursor *cursor, struct setup *setup)
{
	uint32_t version = cursor_u32(cursor);

	*setup = (struct setup){.number = cursor_u32(cursor)};
	setup->seat = cursor_u32(cursor);
	setup->seats = cursor_u32(cursor);
	setup->queue_rows = cursor_u32(cursor);
	setup->ring_size = cursor_u64(cursor);
	setup->max_tasks = cursor_u64(cursor);
	setup->descriptor_limit = cursor_u64(cursor);
	setup->stays = cursor_u8(cursor);
	setup->name = cursor_text(cursor);
	if (!cursor_failed(cursor) && version == MESSAGE_VERSION && setup->seat < setup->seats && setup->number)
		return 0;
	free(setup->name);
	setup->name = NULL;
	return -1;
}

/* Appends a text that may be NULL. */
static void put_optional(struct bytes *bytes, const char *text)
{
	bytes_put_u8(bytes, text != NULL);
	bytes_put_text(bytes, text ? text : "");
}

static char *take_optional(struct cursor *cursor)
{
	bool present = cursor_u8(cursor);
	char *text = cursor_text(cursor);

	if (present)
		return text;
	free(text);
	return NULL;
}

static void put_texts(struct bytes *bytes, char **texts, uint32_t count)
{
	uint32_t i;

	bytes_put_u32(bytes, count);
	for (i = 0; i < count; i++)
		bytes_put_text(bytes, texts[i]);
}

/* Returns -1 if a text is missing. The caller frees *texts and those that were taken, also then. */
static int take_texts(struct cursor *cursor, char ***texts, uint32_t *count)
{
	uint32_t wanted = cursor_u32(cursor);

	if (cursor_failed(cursor) || wanted > WORDS_MAX)
		return -1;
	*texts = mem_new(wanted, sizeof **texts);
	for (*count = 0; *count < wanted; ++*count)
		(*texts)[*count] = cursor_text(cursor);
	return cursor_failed(cursor) ? -1 : 0;
}

static void free_texts(char **texts, uint32_t count)
{
	uint32_t i;

	for (i = 0; i < count; i++)
		free(texts[i]);
	free(texts);
}

void briefing_put(struct bytes *bytes, const struct briefing *briefing)
{
	uint32_t i;

	bytes_put_text(bytes, briefing->executor);
	bytes_put_u32(bytes, briefing->flags);
	bytes_put_u32(bytes, (uint32_t)briefing->nice);
	bytes_put_u64(bytes, briefing->ignored);
	bytes_put_u64(bytes, (uint64_t)briefing->grace);
	bytes_put_u64(bytes, (uint64_t)briefing->delay);
	bytes_put_u64(bytes, (uint64_t)briefing->slack);
	bytes_put_u64(bytes, briefing->max_rss);
	bytes_put_u32(bytes, briefing->judged);
	bytes_put_u32(bytes, briefing->prototype);
	put_optional(bytes, briefing->initializer);
	put_optional(bytes, briefing->finalizer);
	bytes_put_text(bytes, briefing->id);
	put_optional(bytes, briefing->directory);
	put_optional(bytes, briefing->path);
	put_optional(bytes, briefing->input);
	put_optional(bytes, briefing->command);
	put_optional(bytes, briefing->replace);
	put_optional(bytes, briefing->separator);
	bytes_put_u8(bytes, (uint8_t)briefing->csv);
	put_optional(bytes, briefing->tag);
	put_optional(bytes, briefing->product);
	put_optional(bytes, briefing->state);
	bytes_put_u32(bytes, briefing->state_number);
	bytes_put_u32(bytes, briefing->value_count);
	put_texts(bytes, briefing->words, briefing->word_count);
	put_texts(bytes, briefing->names, briefing->name_count);
	put_texts(bytes, briefing->variables, briefing->variable_count);
	put_texts(bytes, briefing->slot_variables, briefing->slot_variable_count);
	bytes_put_u32(bytes, briefing->width_count);
	for (i = 0; i < briefing->width_count; i++)
		bytes_put_u32(bytes, briefing->widths[i]);
}

int briefing_take(struct cursor *cursor, struct briefing *briefing)
{
	uint32_t count;

	*briefing = (struct briefing){.executor = cursor_text(cursor)};
	briefing->flags = cursor_u32(cursor);
	briefing->nice = (int32_t)cursor_u32(cursor);
	briefing->ignored = cursor_u64(cursor);
	briefing->grace = (nsec)cursor_u64(cursor);
	briefing->delay = (nsec)cursor_u64(cursor);
	briefing->slack = (nsec)cursor_u64(cursor);
	briefing->max_rss = cursor_u64(cursor);
	briefing->judged = cursor_u32(cursor);
	briefing->prototype = cursor_u32(cursor);
	briefing->initializer = take_optional(cursor);
	briefing->finalizer = take_optional(cursor);
	briefing->id = cursor_text(cursor);
	briefing->directory = take_optional(cursor);
	briefing->path = take_optional(cursor);
	briefing->input = take_optional(cursor);
	briefing->command = take_optional(cursor);
	briefing->replace = take_optional(cursor);
	briefing->separator = take_optional(cursor);
	briefing->csv = (char)cursor_u8(cursor);
	briefing->tag = take_optional(cursor);
	briefing->product = take_optional(cursor);
	briefing->state = take_optional(cursor);
	briefing->state_number = cursor_u32(cursor);
	briefing->value_count = cursor_u32(cursor);
	if (take_texts(cursor, &briefing->words, &briefing->word_count) < 0 ||
	    take_texts(cursor, &briefing->names, &briefing->name_count) < 0 ||
	    take_texts(cursor, &briefing->variables, &briefing->variable_count) < 0 ||
	    take_texts(cursor, &briefing->slot_variables, &briefing->slot_variable_count) < 0)
		return -1;
	count = cursor_u32(cursor);
	if (cursor_failed(cursor) || count > WORDS_MAX)
		return -1;
	briefing->widths = mem_new(count, sizeof *briefing->widths);
	for (briefing->width_count = 0; briefing->width_count < count; briefing->width_count++)
		briefing->widths[briefing->width_count] = cursor_u32(cursor);
	return cursor_failed(cursor) ? -1 : 0;
}

/* True if a variable has the name of one in the list. */
static bool texts_name(char *const *texts, uint32_t count, const char *variable)
{
	for (uint32_t i = 0; i < count; i++) {
		if (strncmp(variable, texts[i], strcspn(texts[i], "=") + 1) == 0)
			return true;
	}
	return false;
}

bool briefing_sets(const struct briefing *briefing, const char *variable)
{
	return texts_name(briefing->variables, briefing->variable_count, variable) ||
	       texts_name(briefing->slot_variables, briefing->slot_variable_count, variable);
}

struct template_options briefing_template(const struct briefing *briefing)
{
	return (struct template_options){
		.words = briefing->words,
		.word_count = briefing->word_count,
		.is_literal = briefing->flags & (BRIEFING_LITERAL | BRIEFING_AS_IS),
		.replace = briefing->replace,
		.separator = briefing->separator,
		.csv = briefing->csv,
		.names = briefing->flags & BRIEFING_NAMED ? briefing->names : NULL,
		.name_count = briefing->name_count,
		.widths = briefing->widths,
		.width_count = briefing->width_count,
		.is_grouped = briefing->flags & BRIEFING_GROUPED,
		.has_no_values = briefing->flags & (BRIEFING_STDIN | BRIEFING_AS_IS),
		.names_vary = briefing->flags & BRIEFING_NAMES_VARY,
		.value_count = briefing->value_count,
	};
}

struct template_options briefing_tag_template(const struct briefing *briefing)
{
	struct template_options options = briefing_template(briefing);

	options.words = &briefing->tag;
	options.word_count = 1;
	options.is_literal = false;
	/* The tag may show the record even if the command gets no arguments. */
	options.has_no_values = false;
	options.is_complete = true;
	options.has_times = true;
	/* A tag of {} is the record, also where --replace names another string for the command. */
	if (strcmp(briefing->tag, "{}") == 0)
		options.replace = NULL;
	return options;
}

void briefing_release(struct briefing *briefing)
{
	free(briefing->tag);
	free(briefing->product);
	free(briefing->state);
	free_texts(briefing->words, briefing->word_count);
	free_texts(briefing->names, briefing->name_count);
	free_texts(briefing->variables, briefing->variable_count);
	free_texts(briefing->slot_variables, briefing->slot_variable_count);
	free(briefing->widths);
	free(briefing->replace);
	free(briefing->separator);
	free(briefing->executor);
	free(briefing->id);
	free(briefing->initializer);
	free(briefing->finalizer);
	free(briefing->directory);
	free(briefing->path);
	free(briefing->input);
	free(briefing->command);
	*briefing = (struct briefing){.words = NULL};
}

void result_put(struct bytes *bytes, const struct result *result, uint32_t queue_row)
{
	bytes_put_u64(bytes, result->index);
	bytes_put_u32(bytes, result->attempt);
	bytes_put_u32(bytes, queue_row);
	bytes_put_u8(bytes, (uint8_t)result->outcome);
	bytes_put_u32(bytes, (uint32_t)result->status);
	bytes_put_u32(bytes, (uint32_t)result->signal);
	bytes_put_u32(bytes, (uint32_t)result->number);
	bytes_put_u32(bytes, (uint32_t)result->pid);
	bytes_put_u32(bytes, result->slot);
	bytes_put_u64(bytes, (uint64_t)result->limit);
	bytes_put_u8(bytes, (uint8_t)(result->ran | result->wanted_terminal << 1 | result->astray << 2 |
				      result->output_cut << 3 | result->misfiled << 4));
	bytes_put_u32(bytes, result->leftovers);
	bytes_put_u64(bytes, result->output_size);
	bytes_put_u64(bytes, (uint64_t)result->start);
	bytes_put_u64(bytes, (uint64_t)result->duration);
	bytes_put_u64(bytes, (uint64_t)result->user_time);
	bytes_put_u64(bytes, (uint64_t)result->system_time);
	bytes_put_u64(bytes, result->max_rss);
	bytes_put_slice(
		bytes, (struct slice){.data = result->reason, .size = result->reason ? strlen(result->reason) + 1 : 0});
}

/* Takes a text with its NUL, or none. -1 if the bytes are not that. */
static int take_reason(struct cursor *cursor, const char **reason)
{
	struct slice text = cursor_slice(cursor);

	*reason = text.size ? text.data : NULL;
	return !text.size || memchr(text.data, '\0', text.size) == text.data + text.size - 1 ? 0 : -1;
}

int result_take(struct cursor *cursor, struct result *result, uint32_t *queue_row)
{
	uint8_t outcome, flags;

	*result = (struct result){.index = cursor_u64(cursor)};
	result->attempt = cursor_u32(cursor);
	*queue_row = cursor_u32(cursor);
	outcome = cursor_u8(cursor);
	result->status = (int32_t)cursor_u32(cursor);
	result->signal = (int32_t)cursor_u32(cursor);
	result->number = (int32_t)cursor_u32(cursor);
	result->pid = (pid_t)cursor_u32(cursor);
	result->slot = cursor_u32(cursor);
	result->limit = (nsec)cursor_u64(cursor);
	flags = cursor_u8(cursor);
	result->ran = flags & 1;
	result->wanted_terminal = flags & 2;
	result->astray = flags & 4;
	result->output_cut = flags & 8;
	result->misfiled = flags & 16;
	result->leftovers = cursor_u32(cursor);
	result->output_size = cursor_u64(cursor);
	result->start = (nsec)cursor_u64(cursor);
	result->duration = (nsec)cursor_u64(cursor);
	result->user_time = (nsec)cursor_u64(cursor);
	result->system_time = (nsec)cursor_u64(cursor);
	result->max_rss = cursor_u64(cursor);
	if (take_reason(cursor, &result->reason) < 0 || cursor_failed(cursor) || outcome >= OUTCOMES)
		return -1;
	result->outcome = (enum outcome)outcome;
	return 0;
}

void hook_describe(const struct hook_end *end, struct error *error)
{
	if (end->number)
		error_set_errno(error, end->number, "cannot be started");
	else if (end->signal)
		error_set(error, "killed by %s", error_signal(end->signal));
	else
		error_set(error, "exit status %d", end->status);
}
