/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Gathering them. */
#include "run/page/page_facts.h"

#include "machine/capacity.h"
#include "run/session_private.h"

#include <sys/sysinfo.h>

void page_facts_begin(struct session *session)
{
	const struct session_options *options = session->options;
	struct sysinfo machine;

	if (!options->output.report)
		return;
	session->facts = (struct page_facts){
		.command = slice_of(options->output.line ? options->output.line : ""),
		.began = clock_wall(),
		.jobs = options->workers.jobs,
		.processors = capacity_affinity(),
	};
	if (sysinfo(&machine) == 0)
		session->facts.memory = (uint64_t)machine.totalram * machine.mem_unit;
}

/* Returns how a run has ended. */
static const char *describe_ending(const struct ending *ending)
{
	if (ending->signal)
		return error_signal(ending->signal);
	if (ending->halted)
		return "--halt";
	if (ending->out_of_time)
		return "--until";
	if (ending->failure)
		return "an error";
	return ending->lost_output ? "the loss of its output" : NULL;
}

void page_facts_end(struct session *session)
{
	const char *ending = describe_ending(&session->ending);

	if (!session->options->output.report)
		return;
	session->facts.ended = clock_wall();
	session->facts.stopped_by = slice_of(ending ? ending : "");
}
