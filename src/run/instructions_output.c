/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the options of a run to where its output goes, in which form and order. */
#include "run/instructions.h"

#include "run/session_private.h"
#include "worker/executor.h"

#include <unistd.h>

/* True if the output of tasks is written to standard output, not dropped or written there by the tasks themselves. */
static bool writes_output(const struct session_options *options)
{
	const struct output_format *format = options->output.format;
	bool is_captured = !options->output.ungrouped && !options->command.terminal;

	return !(format && format->is_silent) && (is_captured || !options->command.executor->runs_tasks);
}

struct out_file instructions_out_file(const struct session_options *options, const struct session_place *place)
{
	return (struct out_file){
		/* Where nothing runs, no file is made that would be in the way of the run. */
		.name = options->command.executor->runs_tasks ? options->output.file : NULL,
		.fd = -1,
		.replaces = options->output.force,
		.is_unknown = options->durable.resumes && !options->durable.journal,
		/* A signal ends this process before its only run begins, but not between the runs of a console. */
		.waits = !place->reserve,
	};
}

struct outlet_options instructions_outlet(const struct session *session)
{
	const struct session_options *options = session->options;
	bool has_output =
		writes_output(options) && !session->place.screen && !(session->place.closed & 1u << STDOUT_FILENO);
	struct outlet_options outlet = {
		.format = options->output.format ? options->output.format : &output_text,
		.worker_prefix = options->workers.method->prefix,
		.columns = session->origin.columns.data,
		.column_count = session->origin.column_count,
		.output = session->out.fd >= 0 ? session->out.fd
			  : has_output         ? STDOUT_FILENO
					       : -1,
	};

	if (outlet.format == &output_text && (options->output.tag || options->output.order == ORDER_LINES))
		outlet.format = &output_lines;
	return outlet;
}

struct order_options instructions_order(const struct session *session)
{
	const struct session_options *options = session->options;
	const struct output_options *output = &options->output;
	bool is_durable = durable_is_on(&session->durable);

	return (struct order_options){
		.memory = output->buffer,
		.disk = output->spill,
		.directory = options->machine.temporary,
		.kind = is_durable ? ORDER_COMPLETION : output->order,
		.whole = is_durable || (output->format && output->format->is_whole),
		.holds = options->command.executor->persists,
		.attempts = options->policy.retries < UINT32_MAX ? (uint32_t)options->policy.retries + 1 : UINT32_MAX,
	};
}
