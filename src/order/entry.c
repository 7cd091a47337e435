/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keeping a task's output, result and label, and accounting for what that takes. */
#include "order/entry.h"

#include "base/mem.h"

bool entry_is_finished(const struct entry *entry)
{
	return entry->result && !entry->aside;
}

bool entry_is_open(const struct entry *entry)
{
	return entry && !entry_is_finished(entry) && !entry->gone;
}

bool entry_has_output(const struct entry *entry)
{
	return entry->held[0].first || entry->held[1].first;
}

static size_t text_size(const char *text)
{
	return text ? strlen(text) + 1 : 0;
}

static size_t result_size(const struct result *result)
{
	return sizeof *result + text_size(result->reason) + text_size(result->line);
}

void entry_drop_result(struct entry *entry, struct held *held)
{
	if (!entry->result)
		return;
	held->overhead -= result_size(entry->result);
	free(entry->result);
	entry->result = NULL;
	entry->aside = false;
}

/* Copies a text to where *to points, and moves that behind it. */
static const char *keep_text(char **to, const char *text)
{
	char *kept = *to;

	if (!text)
		return NULL;
	memcpy(kept, text, strlen(text) + 1);
	*to += strlen(text) + 1;
	return kept;
}

void entry_keep_result(struct entry *entry, struct held *held, const struct result *result)
{
	size_t size = result_size(result);
	char *texts;

	entry_drop_result(entry, held);
	entry->result = mem_resize(NULL, size, 1);
	*entry->result = *result;
	texts = (char *)(entry->result + 1);
	entry->result->reason = keep_text(&texts, result->reason);
	entry->result->line = keep_text(&texts, result->line);
	held->overhead += size;
}

void entry_drop_label(struct entry *entry, struct held *held)
{
	held->overhead -= text_size(entry->label);
	free(entry->label);
	entry->label = NULL;
}

/* Drops the output that is held of a task. */
static void drop_output(struct entry *entry, struct held *held)
{
	held_drop(held, &entry->held[0]);
	held_drop(held, &entry->held[1]);
	memset(entry->text, 0, sizeof entry->text);
}

bool entry_begin_attempt(struct entry *entry, struct held *held, uint32_t attempt)
{
	if (!entry_is_open(entry) || !attempt)
		return false;
	if (attempt == entry->attempt)
		return !entry->aside;
	if (attempt != entry->attempt + 1 || (entry->attempt && !entry->aside))
		return false;
	drop_output(entry, held);
	entry_drop_result(entry, held);
	entry_drop_label(entry, held);
	entry->attempt = attempt;
	return true;
}

void entry_keep_label(struct entry *entry, struct held *held, const char *label)
{
	entry_drop_label(entry, held);
	entry->label = mem_string(label);
	held->overhead += text_size(label);
}

void entry_release(struct entry *entry, struct held *held)
{
	drop_output(entry, held);
	entry_drop_label(entry, held);
	entry_drop_result(entry, held);
}
