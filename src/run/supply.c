/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The part of a session that its feeder uses. */
#include "run/supply.h"

#include "run/session_private.h"

uint64_t supply_index(const struct session *session)
{
	return session->tally.submitted;
}

bool supply_is_open(const struct session *session)
{
	return ending_permits(session)->submits;
}

uint32_t supply_chunk_size(const struct session *session, uint64_t remaining)
{
	return pace_chunk(&session->pace, remaining);
}

struct arena *supply_arena(struct session *session)
{
	return &session->arena;
}

const struct template *supply_template(const struct session *session)
{
	return &session->template;
}

struct loop *supply_loop(const struct session *session)
{
	return session->place.loop;
}

const struct diag_context *supply_context(const struct session *session)
{
	return session->place.context;
}

void supply_flush(struct session *session)
{
	outlet_flush(&session->outlet);
}

void supply_fail(struct session *session)
{
	ending_note_trouble(session);
}
