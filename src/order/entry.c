/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The phases of an entry, and the memory that its output, result and label take. */
#include "order/entry.h"

#include "base/mem.h"

#define NO ENTRY_REFUSED

/* The table of entry.h: for each event the next phase by the current one. */
static const uint8_t transitions[ENTRY_EVENTS][ENTRY_PHASES] = {
	[ENTRY_PUT] = {NO, ENTRY_RUNNING, ENTRY_COMMITTED, NO, NO, NO, NO},
	[ENTRY_ATTEMPT] = {ENTRY_RUNNING, NO, NO, ENTRY_RUNNING, NO, NO, NO},
	[ENTRY_COMMIT] = {NO, ENTRY_COMMITTED, ENTRY_COMMITTED, NO, NO, NO, NO},
	[ENTRY_RETRY] = {NO, ENTRY_PROVISIONAL, NO, NO, NO, NO, NO},
	[ENTRY_CONFIRM] = {NO, NO, NO, ENTRY_FINISHED, NO, NO, NO},
	[ENTRY_FINISH] = {ENTRY_FINISHED, ENTRY_FINISHED, ENTRY_FINISHED, ENTRY_FINISHED, NO, NO, NO},
	[ENTRY_BEGIN] = {NO, NO, NO, NO, ENTRY_BEGUN, NO, NO},
	[ENTRY_LEAVE] = {NO, NO, NO, NO, ENTRY_GONE, ENTRY_GONE, NO},
};

enum entry_phase entry_next(enum entry_phase phase, enum entry_event event)
{
	return (enum entry_phase)transitions[event][phase];
}

bool entry_move(struct entry *entry, enum entry_event event)
{
	enum entry_phase next = entry_next(entry->phase, event);

	if (next == ENTRY_REFUSED)
		return false;
	entry->phase = next;
	return true;
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
}

/* Copies a text to *to and moves *to past the copy. Returns the copy, or NULL if text is NULL. */
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

void entry_drop_output(struct entry *entry, struct held *held)
{
	size_t i;

	for (i = 0; i < ENTRY_LISTS; i++)
		held_drop(held, &entry->held[i]);
	memset(entry->text, 0, sizeof entry->text);
}

bool entry_begin_attempt(struct entry *entry, struct held *held, uint32_t attempt)
{
	if (!entry || !attempt)
		return false;
	if (attempt == entry->attempt)
		return entry_move(entry, ENTRY_PUT);
	if (attempt != entry->attempt + 1 || !entry_move(entry, ENTRY_ATTEMPT))
		return false;
	entry_drop_output(entry, held);
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
	entry_drop_output(entry, held);
	entry_drop_label(entry, held);
	entry_drop_result(entry, held);
}
