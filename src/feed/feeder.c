/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The part that all kinds of feeders share: the way to the session, and the end. */
#include "feed/feeder.h"

#include "run/durable/recall.h"
#include "run/supply.h"
#include "run/verdict.h"

static uint64_t feeder_sink_index(struct packer_sink *sink)
{
	return supply_index(container_of(sink, struct feeder, sink)->session);
}

static uint32_t feeder_sink_chunk_size(struct packer_sink *sink, uint64_t remaining)
{
	return supply_chunk_size(container_of(sink, struct feeder, sink)->session, remaining);
}

static void feeder_sink_expect_size(struct packer_sink *sink, size_t blocks)
{
	session_expect_size(container_of(sink, struct feeder, sink)->session, blocks);
}

static void feeder_sink_submit(struct packer_sink *sink, const struct chunk *chunk)
{
	session_submit(container_of(sink, struct feeder, sink)->session, chunk);
}

static bool feeder_sink_knows(struct packer_sink *sink, const struct task *task)
{
	return supply_knows(container_of(sink, struct feeder, sink)->session, task);
}

static void feeder_sink_recall(struct packer_sink *sink, const struct task *task)
{
	supply_take(container_of(sink, struct feeder, sink)->session, task);
}

void feeder_begin(struct feeder *feeder, struct session *session)
{
	feeder->session = session;
	feeder->sink = (struct packer_sink){
		.index = feeder_sink_index,
		.chunk_size = feeder_sink_chunk_size,
		.expect_size = feeder_sink_expect_size,
		.submit = feeder_sink_submit,
		.knows = supply_may_know(session) ? feeder_sink_knows : NULL,
		.recall = feeder_sink_recall,
	};
	packer_init(&feeder->packer, supply_arena(session), &feeder->sink);
	feeder->kind->begin(feeder);
}

void feeder_feed(struct feeder *feeder)
{
	feeder->kind->feed(feeder);
}

bool feeder_is_fed(struct feeder *feeder)
{
	return !supply_is_open(feeder->session) || feeder->kind->is_fed(feeder);
}

void feeder_flush(struct feeder *feeder, bool at_end)
{
	if (packer_has_tasks(&feeder->packer) && session_has_room(feeder->session) &&
	    (at_end || session_is_hungry(feeder->session)))
		packer_submit(&feeder->packer);
}

void feeder_refuse(struct feeder *feeder, const char *reason)
{
	packer_gap(&feeder->packer, 0);
	supply_refuse(feeder->session, reason);
}

void feeder_close(struct feeder *feeder)
{
	size_t i;

	if (feeder->kind->close)
		feeder->kind->close(feeder);
	for (i = 0; feeder->sources && i < feeder->options->source_count; i++)
		source_close(&feeder->sources[i]);
	for (i = 0; i < feeder->name_count; i++)
		free(feeder->names[i]);
	free(feeder->names);
	free(feeder->widths);
	free(feeder->sources);
	free(feeder);
}
