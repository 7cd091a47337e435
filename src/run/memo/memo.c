/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keeping what tasks have written: the recorder. */
#include "run/memo/memo.h"

#include "base/diag.h"
#include "run/session_private.h"
#include "worker/executor.h"

#include <unistd.h>

/* How long pages wait for others, and how many bytes of them may: what is not written is lost by SIGKILL. */
#define MEMO_TIME NSEC_PER_SEC
enum { MEMO_BYTES = 4 << 20 };

static int memo_put(struct recorder *recorder, const struct recorder_piece *piece, struct error *error UNUSED)
{
	struct memo *memo = container_of(recorder, struct memo, recorder);

	if (!memo->is_taking && !memo->has_failed)
		gathering_put(&memo->gathering, piece->index, piece->attempt, piece->stream, piece->bytes);
	return 0;
}

static void memo_forget(struct recorder *recorder, uint64_t index, uint32_t attempt UNUSED)
{
	gathering_forget(&container_of(recorder, struct memo, recorder)->gathering, index);
}

/* True if the outcome of a task is kept: it succeeded, and all that it wrote is known. */
static bool memo_keeps(const struct memo *memo, const struct recorder_entry *entry)
{
	const struct result *result = entry->result;

	return !memo->has_failed && entry->task && result->outcome == OUTCOME_OK && result->ran && !result->further &&
	       !result->output_cut;
}

static int memo_count(struct recorder *recorder, const struct recorder_entry *entry, struct error *error UNUSED)
{
	struct memo *memo = container_of(recorder, struct memo, recorder);
	const struct result *result = entry->result;
	struct page page;

	if (memo->is_taking)
		return 0;
	if (memo_keeps(memo, entry) && gathering_read(&memo->gathering, result->index, result->attempt, &page)) {
		page.key = key_of_task(&memo->keys, entry->task);
		shards_add(memo->shards, &page);
		if (!memo->due)
			memo->due = clock_now() + MEMO_TIME;
	}
	gathering_forget(&memo->gathering, result->index);
	return 0;
}

/* Reports why the folder cannot be written to. The run goes on, which does not need it. */
static void memo_fail(struct memo *memo, struct error *error)
{
	diag_note("%s; no more results are kept there", error_text(error));
	error_release(error);
	memo->has_failed = true;
	gathering_release(&memo->gathering);
}

static int memo_flush(struct recorder *recorder, struct error *error UNUSED)
{
	struct memo *memo = container_of(recorder, struct memo, recorder);
	struct error problem = {.number = 0};

	if (!memo->due || memo->has_failed)
		return 0;
	if (shards_waiting(memo->shards) < MEMO_BYTES && clock_now() < memo->due)
		return 0;
	if (shards_flush(memo->shards, &problem) < 0)
		memo_fail(memo, &problem);
	memo->due = shards_waiting(memo->shards) ? clock_now() + MEMO_TIME : 0;
	return 0;
}

static const struct recorder_kind memo_recorder = {
	.takes_values = true,
	.put = memo_put,
	.forget = memo_forget,
	.count = memo_count,
	.flush = memo_flush,
};

/* Appends words, with their number. */
static void put_words(struct bytes *out, const char *const *words, size_t count)
{
	size_t i;

	bytes_put_u64(out, count);
	for (i = 0; i < count; i++)
		bytes_put_text(out, words[i] ? words[i] : "");
}

/*
 * Appends what the output of tasks depends on besides their records and expanded words. A command that stays has its
 * words here, and what it is given of a record: its columns and their names.
 */
static void put_surroundings(struct bytes *out, const struct session *session)
{
	const struct command_options *command = &session->options->command;
	const struct template_options *template = &command->template;
	char *here = getcwd(NULL, 0);

	bytes_put_text(out, command->executor->name);
	bytes_put_u8(out, command->shell);
	bytes_put_u8(out, session->options->input.to_stdin);
	bytes_put_u8(out, session->options->input.is_json);
	bytes_put_u8(out, session->briefing.flags & BRIEFING_VALUES ? 1 : 0);
	bytes_put_text(out, here ? here : "");
	bytes_put_text(out, command->directory ? command->directory : "");
	free(here);
	if (!command->executor->persists)
		return;
	put_words(out, (const char *const *)template->words, template->word_count);
	put_words(out, command->function, countof(command->function));
	put_words(out, (const char *const *)template->names, template->name_count);
	bytes_put_text(out, template->separator ? template->separator : "");
	bytes_put_u8(out, (uint8_t) template->csv);
}

int memo_open(struct memo *memo, struct session *session, struct error *error)
{
	const struct session_options *options = session->options;

	if (!options->output.memo || !options->command.executor->runs_tasks)
		return 0;
	memo->recorder.kind = &memo_recorder;
	memo_go_on(memo);
	put_surroundings(&memo->surroundings, session);
	memo->keys.surroundings = bytes_slice(&memo->surroundings);
	memo->keys.command = options->command.executor->persists ? NULL : &session->command;
	memo->shards = shards_open(options->output.memo, error);
	return memo->shards ? 0 : -1;
}

nsec memo_deadline(const struct memo *memo)
{
	if (memo_pauses(memo))
		return 0;
	return memo->due && !memo->has_failed ? memo->due : NSEC_FOREVER;
}

void memo_finish(struct memo *memo)
{
	struct error error = {.number = 0};

	if (memo->due && !memo->has_failed && shards_finish(memo->shards, &error) < 0)
		memo_fail(memo, &error);
	memo->due = 0;
}

void memo_close(struct memo *memo)
{
	shards_close(memo->shards);
	memo->shards = NULL;
	gathering_release(&memo->gathering);
	key_release(&memo->keys);
	bytes_release(&memo->surroundings);
}
