/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tags of tasks, and of lines. */
#include "run/tags/tags.h"

#include "base/mem.h"
#include "base/quote.h"
#include "run/session_private.h"
#include "worker/executor.h"

/* Bytes of a tag. */
enum { TAG_MAX = 512 };

char *tags_label(struct session *session, const struct task *task, uint32_t slot)
{
	struct template_values values = {.slot = slot};
	struct bytes text = {.data = NULL}, label = {.data = NULL};
	char **words, **word;

	if (session->tag.shows_time) {
		values.time = clock_wall();
		values.elapsed = clock_now() - session->started;
	}
	words = template_expand(&session->tag, task, &values);
	for (word = words; word && *word; word++) {
		bytes_append(&text, " ", word != words);
		bytes_append_text(&text, *word);
	}
	/* A record for standard input has its delimiter. */
	if (session->options->input.to_stdin &&
	    delimiter_ends(&session->options->input.delimiter, text.data, text.size))
		text.size -= session->options->input.delimiter.size;
	if (text.size > TAG_MAX) {
		text.size = TAG_MAX;
		bytes_append_text(&text, "...");
	}
	quote_terminal(&label, bytes_slice(&text));
	bytes_append(&label, "\t", 2);
	bytes_release(&text);
	return label.data;
}

/* Returns the state of a task's lines; it is within none at its first output. */
static struct output_state *tagged_lines_of(struct tags *tags, const struct output_header *header, uint32_t slot)
{
	struct tags_writer *writer;

	if (slot >= tags->count) {
		tags->writers = mem_resize(tags->writers, slot + 1, sizeof *tags->writers);
		memset(tags->writers + tags->count, 0, (slot + 1 - tags->count) * sizeof *tags->writers);
		tags->count = slot + 1;
	}
	writer = &tags->writers[slot];
	if (writer->index != header->index || writer->attempt != header->attempt)
		*writer = (struct tags_writer){.index = header->index, .attempt = header->attempt};
	return &writer->lines;
}

int tags_apply(struct session *session, const struct output_header *header, uint32_t slot, struct slice *bytes)
{
	/* Answers of a command that stays come whole, with their result. */
	bool by_line = session->tag.shows_time && !session->options->command.executor->persists;
	struct tags *tags = &session->tags;
	struct task task;
	char *label;
	int set = 0;

	if (!session->options->output.tag ||
	    (!by_line && order_has_label(&session->order, header->index, header->attempt)))
		return 0;
	if (!pool_task(session->pool, header->index, header->attempt, &task))
		return -1;
	label = tags_label(session, &task, slot);
	if (by_line) {
		bytes_clear(&tags->bytes);
		output_lines.data(tagged_lines_of(tags, header, slot), label, (enum stream)header->stream, *bytes,
				  &tags->bytes);
		*bytes = bytes_slice(&tags->bytes);
	} else {
		set = order_set_label(&session->order, header->index, header->attempt, label);
	}
	free(label);
	return set;
}

void tags_release(struct tags *tags)
{
	free(tags->writers);
	bytes_release(&tags->bytes);
}
