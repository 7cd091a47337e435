/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Batch mode: a loop, a session, and the feeder for the sources that the command line names. */
#include "front/batch.h"

#include "base/diag.h"
#include "base/mem.h"
#include "process/signals.h"
#include "run/companion/companions.h"
#include "run/supply.h"
#include "feed/feeder.h"

#include <errno.h>

struct batch {
	struct loop loop;
	struct session_owner owner;
	struct session *session;
	struct session_options run;
	struct feeder *feeder;
};

static void batch_on_room(struct session_owner *owner)
{
	struct batch *batch = container_of(owner, struct batch, owner);

	feeder_feed(batch->feeder);
	if (feeder_is_fed(batch->feeder))
		session_last_call(batch->session);
}

/* Opens the parts of a run. Returns EXIT_OK, or the exit status with the error; the caller releases what is open. */
static int batch_begin(struct batch *batch, const struct options *options, unsigned closed, struct error *error)
{
	const struct session_place place = {
		.loop = &batch->loop,
		.owner = &batch->owner,
		.closed = closed,
		.is_alone = true,
	};

	if (loop_init(&batch->loop) < 0) {
		error_set_errno(error, errno, "cannot begin");
		return EXIT_TROUBLE;
	}
	if (companions_begin(&options->run, error) < 0)
		return EXIT_TROUBLE;
	batch->run = options->run;
	batch->feeder = feeder_open_with_queue(&options->feed, &batch->run, error);
	if (!batch->feeder)
		return error->is_usage ? EXIT_USAGE : EXIT_TROUBLE;
	batch->session = session_open(&batch->run, &place, error);
	if (!batch->session)
		return error->is_usage ? EXIT_USAGE : EXIT_TROUBLE;
	batch->owner.on_room = batch_on_room;
	feeder_begin(batch->feeder, batch->session);
	return EXIT_OK;
}

int batch_run(const struct options *options, unsigned closed)
{
	struct batch *batch = mem_new(1, sizeof *batch);
	struct error error = {.number = 0};
	int status = batch_begin(batch, options, closed, &error), signal = 0;

	if (status != EXIT_OK) {
		diag_error("%s", error_text(&error));
		error_release(&error);
		if (batch->feeder)
			feeder_close(batch->feeder);
		companions_end();
		loop_release(&batch->loop);
		free(batch);
		return status;
	}
	batch_on_room(&batch->owner);
	supply_flush(batch->session);
	while (!feeder_is_fed(batch->feeder) || !ending_is_settled(batch->session))
		session_step(batch->session);
	status = session_close(batch->session, &signal);
	feeder_close(batch->feeder);
	loop_release(&batch->loop);
	free(batch);
	if (signal)
		signals_die(signal);
	return status;
}
