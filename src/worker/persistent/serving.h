/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The state of a worker that serves chunks with a persistent command: the command, the records held, what is known of
 * the present command. Its loop: worker/persistent/service.h.
 */
#ifndef WORKER_PERSISTENT_SERVING_H
#define WORKER_PERSISTENT_SERVING_H

#include "base/bytes.h"
#include "base/clock.h"
#include "base/dialect.h"
#include "worker/launcher.h"
#include "worker/persistent/halving.h"
#include "worker/persistent/hand.h"
#include "worker/persistent/standing.h"
#include "worker/workplace.h"

struct serving;

/* How a kind of persistent command gets records and answers. None of these waits for the command. */
struct protocol {
	/*
	 * The command answers each record once it is done, and does not keep answers in a buffer. So the oldest record
	 * is known to be the one that takes long, and one that is alone to be the one that ended the command. It may
	 * end after an answer, with status 0.
	 */
	bool answers_each;
	/*
	 * The command marks the record in work, so that it is known which one that is, though several are. It is ended
	 * by a signal once a record takes too long. With status 0 and without an answer the record went well.
	 */
	bool marks;
	/* True once the command has said that it is ready: it gets no records before. NULL: it need not say so. */
	bool (*is_ready)(const struct serving *serving);
	/* Begins with a command that was just started. */
	void (*begin)(struct serving *serving);
	/* True if something can be fed now. */
	bool (*has_unfed)(const struct serving *serving);
	/* True if nothing more can be fed before another answer. NULL: there is no such limit. */
	bool (*is_full)(const struct serving *serving);
	/* Feeds as much as the command takes. */
	void (*feed)(struct serving *serving);
	/* Reads and commits answers; closes command.output at its end of file. May wait for the parent. */
	void (*collect)(struct serving *serving);
	/*
	 * Reads what the command prints besides its answers, and commits it as output of the oldest record. Called
	 * while a record is in work, and after the command's end. NULL: standard error is passed on.
	 */
	void (*take_prints)(struct serving *serving);
	/* Reads what remains after the command's end, and commits answers. */
	void (*finish)(struct serving *serving);
	/* Releases what the protocol holds. */
	void (*release)(struct serving *serving);
};

/* Why no more answers are taken, other than that there are none. */
enum serving_flaw {
	SERVING_FLAWLESS,
	/* There are more answers than records. */
	SERVING_TOO_MANY,
	/* None: the last answer has ended the run (--halt), and those after it do not count. */
	SERVING_STOPPED,
	/* There is something that is no answer to the oldest record. */
	SERVING_MALFORMED,
	/* None: the command cannot begin, and has said why. The run was ended for that. */
	SERVING_REFUSED,
};

/* A record whose result is known, but for which others before it have none yet. */
struct serving_culprit {
	bool is_known;
	/* Its index, outcome, and how its command ended. */
	struct result result;
	/* What the command printed last. */
	struct bytes printed;
	struct bytes errors;
};

struct serving {
	struct workplace *place;
	const struct protocol *protocol;
	/* What the command reads from and answers on. */
	enum standing_wiring wiring;
	/* The protocol's own. */
	void *own;
	struct launcher launcher;
	struct standing command;
	struct hand hand;
	struct halving halving;
	/* True once the prototype could not fork an adapter: this worker starts its own. */
	bool is_alone;
	/* Number of commands started. */
	uint64_t starts;
	/* Records that have results, of this worker. */
	uint64_t done;
	/* Bytes held at which no further chunk is claimed. */
	size_t window;
	/* The quickest first answer of a command: time from its start or its first record; 0 if none. */
	nsec quickest;
	/* What the command has written to standard error and is not passed on. */
	struct bytes errors;
	/* What it has printed otherwise, and is kept until it is known of which record it is. */
	struct bytes printed;
	/* Of the present command: how many records it may be fed, UINT64_MAX if there is no limit. */
	uint64_t allowed;
	/* When it was fed first, monotonic; 0 before. */
	nsec fed_at;
	/* When the oldest record in work became that: monotonic, UTC, and on the workplace's clock. */
	nsec oldest_since;
	nsec oldest_wall;
	nsec oldest_time;
	bool has_answered;
	/* True if it served the run before. */
	bool was_kept;
	/* Number of its records that have results, the first that it was fed, and the last that has one. */
	uint64_t answered;
	uint64_t first_fed;
	uint64_t last_answered;
	/* After its end: number of records that it was given and has not answered. */
	uint64_t unanswered;
	/* True if output of the oldest record is in the ring, without a result. */
	bool has_output;
	/* Bytes of its standard output among that. */
	uint64_t output_size;
	enum serving_flaw flaw;
	/* Why the oldest record fails without an exit status; NULL if it has one. A view of the protocol's memory. */
	const char *reason;
	/* With SERVING_TOO_MANY: answers beyond those of the records, as far as they have been read. */
	uint64_t surplus;
	/* The time limit that a record has exceeded, 0 if none, and its index. It was the oldest, unless marks tell. */
	nsec exceeded;
	uint64_t late_index;
	/* The mark as last seen, and since when, on the workplace's clock. */
	uint64_t marked;
	nsec marked_since;
	/* True if it was sent a signal since a record took too long, whatever came of that record. */
	bool was_terminated;
	/* A record that is known to have ended an earlier command: the oldest once those before it are answered. */
	struct serving_culprit culprit;
	/* Starts in a row of commands that ended before they were ready. */
	unsigned unready;
	/* True once a record took too long, or the command has grown too large: it gets no other records. */
	bool is_late;
	/* When its memory was measured, monotonic; 0 if it was not. */
	nsec measured_at;
	/* When it is killed, on the workplace's clock; NSEC_FOREVER if it is not to be. */
	nsec kill_at;
	bool was_killed;
	/* True if it had ended before the last wait, and that reported no output. */
	bool is_quiet;
	/* Time that checks of the answers of commands that failed have taken (diagnosis). */
	nsec checked_for;
	/* Until when chunks are left to other workers, monotonic; 0 if they are not. */
	nsec shares_until;
	/* No chunk will come. */
	bool is_over;
	/* Starts in a row that failed for want of resources. */
	unsigned starved;
	/* The worker leaves once nothing is in work; then it ends, if it is used up. */
	bool is_leaving;
	bool is_used_up;
	bool parent_gone;
};

/* Bytes of standard error that are kept of a command whose end is not known. */
enum { SERVING_ERRORS_MAX = 1024 * 1024 };

/*
 * The open of executors: makes the serving that is their state, with own_size zeroed bytes of the protocol's own.
 * Returns NULL after reporting why this worker cannot serve.
 */
struct serving *serving_open(struct workplace *place, const struct protocol *protocol, size_t own_size) MUST_CHECK;

/* True if the command gets records: it has said that it is ready, or need not say so. */
static inline bool serving_is_ready(const struct serving *serving)
{
	return !serving->protocol->is_ready || serving->protocol->is_ready(serving);
}

/* True if the command has answered everything, and could be given more. */
bool serving_is_idle(const struct serving *serving);

/* Reports an adapter that has failed at its end, in its teardown: it had answered everything. */
void serving_report_bad_end(struct serving *serving);

/* The close of executors whose state is a serving. */
void serving_close(struct workplace *place, void *state);

/* For protocols: notes that the oldest record is in work from now on. */
void serving_note_oldest(struct serving *serving);

/* Lets the command have no further records, but the rest of the one that it is being fed. */
void serving_stop_feeding(struct serving *serving);

/* Notes that the oldest count records have results. */
void serving_note_results(struct serving *serving, uint64_t count);

/* For protocols: the same where the results are answers of the present command. */
void serving_note_answers(struct serving *serving, uint64_t count);

/* For protocols: reads no more answers if one with that outcome, which was committed, has ended the run. */
void serving_note_judgement(struct serving *serving, enum outcome outcome);

/* Returns the most bytes of answers that can be committed together. */
size_t serving_answers_max(const struct serving *serving);

/*
 * For protocols: commits answers to the oldest count records, which are all of one row and were answered by the present
 * command, with the rest of their output. They are done with it, and ok.
 */
void serving_commit_answers(struct serving *serving, uint64_t count, struct slice bytes);

/* Commits output of the oldest record. */
void serving_commit_output(struct serving *serving, enum stream stream, struct slice bytes);

/* While the run is stopped (SIGTSTP): stops the command, waits, and continues it. False when the parent is gone. */
bool serving_pause(struct serving *serving);

/* Waits like workplace_await; time in which this process is stopped (SIGSTOP) is not that of the oldest record. */
bool serving_await(struct serving *serving, struct fd_wait *waits, size_t count, nsec deadline) MUST_CHECK;

/* True if nothing more is to be found out: the run is ending, or the parent is gone. */
bool serving_is_cut_short(const struct serving *serving);

/* Shows in the seat which record is the oldest in work. */
void serving_show(struct serving *serving);

/* True if what the command writes to standard error belongs to one record, or to none until its end is known. */
bool serving_holds_errors(const struct serving *serving);

/* Passes on what the command has written to standard error: whole lines, or all of it. */
void serving_pass_errors(struct serving *serving, bool all);

#endif
