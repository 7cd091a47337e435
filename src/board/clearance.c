/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ending or naming what tasks left, at the end of a run. */
#include "board/clearance.h"

#include "base/bytes.h"
#include "base/diag.h"

#include <inttypes.h>
#include <signal.h>

/* The longest wait after SIGKILL. */
#define KILL_TIME NSEC_PER_SEC
/* The time between checks of what is ending, at first and at most. */
#define POLL_PERIOD (2 * NSEC_PER_MSEC)
#define POLL_PERIOD_MAX (50 * NSEC_PER_MSEC)

void clearance_init(struct clearance *clearance, const struct leftovers *leftovers, nsec grace, bool kills)
{
	*clearance = (struct clearance){.leftovers = leftovers, .grace = grace, .kills = kills};
}

void clearance_signal(struct clearance *clearance, int number)
{
	/* Seats were checked before: a group is in the table before its worker clears it from the seat. */
	atomic_thread_fence(memory_order_seq_cst);
	if (leftovers_is_unused(clearance->leftovers))
		return;
	leftovers_signal(clearance->leftovers, number);
	/* Not from SIGINT on, which shells have ignored by what they start in the background. */
	if (number != SIGINT && !clearance->due)
		clearance->due = clock_now() + clearance->grace;
}

/* Sends what is due. */
static void take_clearance_step(struct clearance *clearance, bool at_once)
{
	if (clearance->step == CLEARANCE_NONE && !at_once) {
		/* Some may have been left after the run's signal. */
		leftovers_signal(clearance->leftovers, SIGTERM);
		clearance->step = CLEARANCE_TERMINATED;
		if (!clearance->due)
			clearance->due = clock_now() + clearance->grace;
	} else if (clearance->step < CLEARANCE_KILLED && (at_once || clock_now() >= clearance->due)) {
		leftovers_signal(clearance->leftovers, SIGKILL);
		clearance->step = CLEARANCE_KILLED;
		clearance->due = clock_now() + KILL_TIME;
		clearance->period = 0;
	}
}

bool clearance_advance(struct clearance *clearance, bool at_once)
{
	nsec now;

	if (leftovers_is_unused(clearance->leftovers) || clearance->step == CLEARANCE_DONE)
		return true;
	take_clearance_step(clearance, at_once);
	now = clock_now();
	if (clearance->period && now < clearance->poll_at)
		return false;
	if (!leftovers_signal(clearance->leftovers, 0) ||
	    (clearance->step == CLEARANCE_KILLED && now >= clearance->due)) {
		clearance->step = CLEARANCE_DONE;
		clearance->poll_at = 0;
		return true;
	}
	clearance->period = clearance->period ? 2 * clearance->period : POLL_PERIOD;
	if (clearance->period > POLL_PERIOD_MAX)
		clearance->period = POLL_PERIOD_MAX;
	clearance->poll_at = now + clearance->period;
	return false;
}

nsec clearance_deadline(const struct clearance *clearance)
{
	return clearance->poll_at ? clearance->poll_at : NSEC_FOREVER;
}

/* Adds a task to the notes of a kind. */
static void note_task(struct clearance_notes *notes, const struct result *result)
{
	struct clearance_note note = {.index = result->index, .leftovers = result->leftovers};
	size_t i;

	for (i = 0; i < countof(notes->first); i++) {
		struct clearance_note other = notes->first[i];

		if (i >= notes->count) {
			notes->first[i] = note;
			break;
		}
		if (note.index < other.index) {
			notes->first[i] = note;
			note = other;
		}
	}
	notes->count++;
}

void clearance_count(struct clearance *clearance, const struct result *result)
{
	if (result->output_cut)
		note_task(&clearance->cut, result);
	if (result->leftovers && clearance->kills)
		note_task(&clearance->ended, result);
}

/* Returns how many of count tasks have lines of their own. */
static size_t lines_of(uint64_t count)
{
	return count < LEFTOVER_NAMED ? (size_t)count : LEFTOVER_NAMED;
}

/* Reports how many tasks there are besides those with lines of their own. */
static void report_more(uint64_t count, const char *what)
{
	if (count > LEFTOVER_NAMED)
		diag_note("%" PRIu64 " more task%s %s", count - LEFTOVER_NAMED, count - LEFTOVER_NAMED > 1 ? "s" : "",
			  what);
}

static void report_cut(const struct clearance_notes *cut)
{
	size_t i;

	for (i = 0; i < lines_of(cut->count); i++)
		diag_note("#%" PRIu64
			  ": output cut: a process that it left still held it 0.2 s after its end "
			  "(--leftovers=wait waits for that)",
			  cut->first[i].index + 1);
	report_more(cut->count, "had their output cut in the same way");
}

static void report_ended(const struct clearance_notes *ended)
{
	size_t i;

	for (i = 0; i < lines_of(ended->count); i++) {
		uint32_t count = ended->first[i].leftovers;

		diag_note("#%" PRIu64 ": ended %" PRIu32 " process%s that it left (--leftovers=leave lets %s run)",
			  ended->first[i].index + 1, count, count > 1 ? "es" : "", count > 1 ? "them" : "it");
	}
	report_more(ended->count, "left processes, which were ended");
}

/* Reports what a task left, with the names of the first of its processes. */
static void report_left(const struct leftover *leftover)
{
	struct bytes words = {.data = NULL};
	unsigned i;

	if (leftover->count > 1)
		bytes_append_format(&words, "%u processes running", leftover->count);
	else
		bytes_append_text(&words, "a process running");
	for (i = 0; i < LEFTOVER_NAMED && leftover->named[i].pid; i++)
		bytes_append_format(&words, "%s %s (pid %ld)", i ? "," : ":", leftover->named[i].name,
				    (long)leftover->named[i].pid);
	if (!i)
		bytes_append_format(&words, " (process group %ld)", (long)leftover->group);
	else if (leftover->count > i)
		bytes_append_text(&words, ", ...");
	diag_note("#%" PRIu64 " left %s", leftover->index + 1, bytes_text(&words));
	bytes_release(&words);
}

/* Reports what still runs. */
static void report_running(const struct leftovers *leftovers)
{
	uint64_t dropped = atomic_load(&leftovers->shared->dropped);
	struct leftover *found;
	size_t count = leftovers_find(leftovers, &found), i;

	for (i = 0; i < lines_of(count); i++)
		report_left(&found[i]);
	report_more(count, "left processes running");
	if (dropped)
		report_more(dropped + LEFTOVER_NAMED, "left processes, too many to remember which");
	free(found);
}

void clearance_report(const struct clearance *clearance, bool is_ended)
{
	if (!is_ended) {
		report_cut(&clearance->cut);
		report_ended(&clearance->ended);
	}
	if (!leftovers_is_unused(clearance->leftovers))
		report_running(clearance->leftovers);
}
