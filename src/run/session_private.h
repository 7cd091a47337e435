/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A session's parts and state, for the files of run/ alone. */
#ifndef RUN_SESSION_PRIVATE_H
#define RUN_SESSION_PRIVATE_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "board/arena.h"
#include "board/clearance.h"
#include "machine/throttle.h"
#include "order/order.h"
#include "pool/pool.h"
#include "run/companion/prototype.h"
#include "run/companion/sharing.h"
#include "run/durable/durable.h"
#include "run/ending.h"
#include "run/logbook.h"
#include "run/memo/memo.h"
#include "run/origin/origin.h"
#include "run/out_file.h"
#include "run/outlet.h"
#include "run/policy/limit.h"
#include "run/policy/pace.h"
#include "run/policy/until.h"
#include "run/page/page.h"
#include "run/product/products.h"
#include "run/recalled/logged.h"
#include "run/recalled/recalled.h"
#include "run/display/progress.h"
#include "run/session.h"
#include "run/tags/tags.h"
#include "run/times/times.h"
#include "run/tries/tries.h"
#include "state/shared.h"
#include "task/template.h"

struct session {
	const struct session_options *options;
	struct session_place place;
	/* Monotonic time of its start. */
	nsec started;

	/* The parts. */
	struct arena arena;
	struct pool *pool;
	struct pool_owner pool_owner;
	struct order order;
	struct outlet outlet;
	struct watch signals;
	struct pace pace;
	struct limit limit;
	struct until until;
	struct throttle throttle;
	struct progress progress;
	/* For the report. */
	struct page_facts facts;
	struct logbook logbook;
	struct memo memo;
	struct products products;
	struct out_file out;
	struct prototype prototype;
	struct shared shared;
	struct sharing sharing;
	struct durable durable;
	struct recalled recalled;
	struct logged logged;

	/* The briefing of its workers. The templates below are views of it. */
	struct briefing briefing;
	/* A task's command as people see it. */
	struct template template;
	/* A task's command as its worker executes it. */
	struct template command;
	/* The tag of a task's lines, and these where each has its own. */
	struct template tag;
	struct tags tags;
	struct tries tries;
	struct origin origin;
	/* Durations of its tasks; counted only for --stats. */
	struct times times;

	struct session_tally tally;
	/* The most blocks of input that a task was seen to take; 0 if none was seen. */
	size_t task_blocks;
	/* Processes that the OOM killer had killed before; UINT64_MAX until counted. */
	uint64_t oom_kills;
	/* The number of jobs is to be checked: a task has ended since the last time. */
	bool jobs_stale;
	/* No task is begun for now. */
	bool held;
	struct ending ending;
	struct clearance clearance;

	/* The reports that are made once for the run. */
	struct session_reported {
		/* The condition of --halt was met. */
		bool halt;
		/* COMMAND cannot be run. */
		bool command;
		/* What to write instead of COMMAND. */
		bool advice;
		/* COMMAND cannot be a zygote. */
		bool unfit;
		/* Number of workers whose finalizer failed. */
		uint64_t unfinished;
		/* No more output is stored on disk. */
		bool refusal;
		/* Lines on failed tasks. */
		unsigned failures;
		/* The lines on failed tasks, for the summary. */
		struct bytes failure_lines;
	} reported;
};

/* Returns what the session's phase permits. */
static inline const struct ending_permits *ending_permits(const struct session *session)
{
	return &ending_phases[session->ending.phase];
}

#endif
