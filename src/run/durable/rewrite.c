/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Writing a journal anew, so that the old one or the new one is whole whenever the program is killed.
 *
 *   1. what it says is written beside it, ended by a commit, stored, and read
 *   2. it takes the journal's name
 *   3. the folder is stored
 */
#include "run/durable/rewrite.h"

#include "base/fault.h"
#include "journal/durable/retell.h"
#include "journal/durable/successor.h"
#include "run/durable/durable.h"

/* Writes all that the journal says. -1 if that cannot be done. */
static int write_successor(struct durable *durable, const struct retelling *retelling)
{
	struct kept *kept = retelling->copy ? retelling->copy : retelling->kept;
	struct successor *successor = retelling->successor;
	struct bytes *group = &durable->scroll.group;
	struct past *past = &durable->past;
	struct error error = {.number = 0};
	int result = -1;

	bytes_append(group, past->header, past->header_size);
	bytes_append_text(group, "\n");
	past->is_second ^= retelling->copy != NULL;
	/* Of the tasks of a first session no two are the same; those that this session notes may be. */
	durable_note_session(durable, past->session);
	if (successor_append(successor, group) == 0 && retell_tasks(retelling, &error) == 0)
		result = kept_flush(kept, true, &error);
	durable_note_session(durable, past->session + 1);
	if (result == 0 && durable_note_commit(durable, past->size, kept, &error) == 0 &&
	    successor_append(successor, group) == 0)
		result = successor_store(successor);
	else
		result = -1;
	error_release(&error);
	bytes_clear(group);
	return result;
}

/* Loads the past of what was written, and lets it take the journal's place. -1 if that cannot be done. */
static int take_successor(struct durable *durable, struct successor *successor)
{
	struct past *past = &durable->past;
	struct error error = {.number = 0};
	size_t placed = past->placed;
	uint64_t size = past->size;
	int result = -1;

	past_release(past);
	if (past_load(past, &successor->scroll, &error) == 0 && past->placed == placed && past->size == size)
		result = successor_install(successor);
	error_release(&error);
	return result;
}

/* Writes the journal anew, with a new outputs file if it copies. -1 if the old one is still in use. */
static int replace_journal(struct durable *durable, bool copies)
{
	struct kept *kept = &durable->stage.kept, copy = {.fd = -1};
	const char *name = durable->scroll.name;
	struct successor successor;
	struct retelling retelling = {
		.past = &durable->past,
		.successor = &successor,
		.kept = kept,
		.copy = copies ? &copy : NULL,
	};
	int result;

	if (successor_begin(&successor, &durable->scroll) < 0)
		return -1;
	kept_begin(&copy, name, !durable->past.is_second);
	result = write_successor(durable, &retelling);
	if (result == 0)
		result = take_successor(durable, &successor);
	successor_release(&successor);
	if (result < 0 || !copies) {
		kept_remove(&copy);
		return result;
	}
	/* The old outputs file is removed when the new journal is stored. */
	kept_close(kept);
	*kept = copy;
	return 0;
}

int rewrite_journal(struct durable *durable, struct error *error)
{
	struct past *past = &durable->past;
	uint64_t kept = kept_end(&durable->stage.kept);
	bool copies = retell_is_worthwhile(kept, retell_kept(past));

	if (past->sequence || (!retell_is_worthwhile(durable->scroll.size, retell_size(past)) &&
			       !(copies && kept > durable->scroll.size)))
		return 0;
	if (replace_journal(durable, copies) < 0) {
		past_release(past);
		return past_load(past, &durable->scroll, error);
	}
	past_attach(past, &durable->scroll);
	(void)fault_at("rewrite_done");
	if (scroll_sync_folder(durable->scroll.name, error) < 0)
		return -1;
	kept_clear(durable->scroll.name, past->is_second);
	return 0;
}
