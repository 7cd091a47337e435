/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Measuring a command between its answers. */
#include "worker/persistent/growth.h"

#include "base/trace.h"
#include "process/survey.h"

#include <inttypes.h>

/* Time between measurements: each takes some microseconds. */
#define MEASURE_PERIOD (20 * NSEC_PER_MSEC)

/* Says that each command is replaced after its first answers, unless a worker of the run has said so. */
static void say_early(struct serving *serving, uint64_t size)
{
	struct workplace *place = serving->place;
	struct bytes words = {.data = NULL};

	if (atomic_exchange(&place->notice->large, 1) || place->briefing.flags & BRIEFING_QUIET)
		return;
	bytes_append_format(&words,
			    "mpmap: %s takes %" PRIu64
			    " bytes of memory by its first answer, more than --max-rss: "
			    "each time it is replaced then\n",
			    place->briefing.words[0], size);
	serving->parent_gone |= !workplace_say(place, bytes_slice(&words));
	bytes_release(&words);
}

bool growth_is_too_large(struct serving *serving)
{
	uint64_t most = serving->place->briefing.max_rss, size;
	bool is_first = !serving->measured_at;
	nsec now;

	/* One that is probed gets few records anyway. */
	if (!most || !serving->has_answered || serving->is_late || serving->halving.state != HALVING_STREAM)
		return false;
	now = clock_now();
	if (!is_first && now - serving->measured_at < MEASURE_PERIOD)
		return false;
	serving->measured_at = now;
	size = survey_memory(serving->command.pid);
	if (size <= most)
		return false;
	trace_event("command_grown", "\"worker\":\"%s\",\"pid\":%ld,\"size\":%" PRIu64, serving->place->setup.name,
		    (long)serving->command.pid, size);
	if (is_first && !serving->was_kept)
		say_early(serving, size);
	return true;
}
