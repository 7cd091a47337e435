/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The part of a session that its feeder uses. */
#include "run/supply.h"

#include "run/session.h"

uint64_t supply_index(const struct session *session)
{
	return session->submitted;
}

bool supply_is_open(const struct session *session)
{
	return session->phase == SESSION_RUNNING;
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

void supply_flush(struct session *session)
{
	outlet_flush(&session->outlet);
}

void supply_fail(struct session *session)
{
	session->failure = EXIT_TROUBLE;
}
