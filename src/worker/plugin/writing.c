/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Output and results of a plugin's records. */
#include "worker/plugin/writing.h"

#include "base/mem.h"
#include "codec/json/json_value.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

enum {
	/* Bytes of a record's output that are kept until it ends. */
	KEPT_MAX = 64 * 1024,
	/* Bytes of answers that are prepared at most, and what has to be left of them for another. */
	ROOM_MAX = 64 * 1024,
	ROOM_LEAST = 1024,
	/* Records whose answers are prepared at most. */
	MOST_MAX = 8192,
};

/* Time that prepared answers are to take: half of it means more of them, twice as much fewer. */
#define COMMIT_TIME (2 * NSEC_PER_MSEC)
/* The shortest time between two announcements of results that stand alone. */
#define ANNOUNCE_TIME NSEC_PER_MSEC

/* Returns the output of the record in work that was not sent. */
static struct slice kept_output(const struct writing *writing)
{
	return (struct slice){.data = writing->from, .size = (size_t)(writing->writer.at - writing->from)};
}

/* Lets the record in work write to the memory apart, which is empty. */
static void write_apart(struct writing *writing)
{
	writing->from = writing->writer.at = writing->apart;
	writing->writer.end = writing->apart + KEPT_MAX;
}

/* Moves the output of the record in work there from the ring. */
static void move_apart(struct writing *writing)
{
	struct slice output = kept_output(writing);

	if (writing->from == writing->apart)
		return;
	memcpy(writing->apart, output.data, output.size);
	write_apart(writing);
	writing->writer.at += output.size;
}

/* Commits output of the record in work. */
static void send_output(struct writing *writing, enum stream stream, struct slice bytes)
{
	struct workplace *place = writing->place;
	struct output_header header = {
		.index = writing->index, .stream = (uint32_t)stream, .attempt = writing->attempt};

	if (!bytes.size || writing->parent_gone)
		return;
	writing->has_sent = true;
	writing->output_sent += stream == STREAM_OUTPUT ? bytes.size : 0;
	writing->parent_gone = !workplace_send_output(place, &header, bytes);
}

/* Sends what the record in work has written to standard output, after the answers before it. */
static void send_kept(struct writing *writing)
{
	move_apart(writing);
	writing_commit(writing);
	send_output(writing, STREAM_OUTPUT, kept_output(writing));
	write_apart(writing);
}

/* Sends what the record in work returns as its value, where results have that. Returns 0, or -1 with errno. */
static int set_value(struct writing *writing, struct slice text)
{
	char *line;

	if (writing->has_value || !json_value_is(text)) {
		errno = EINVAL;
		return -1;
	}
	writing->has_value = true;
	if (!(writing->place->briefing.flags & BRIEFING_VALUES))
		return 0;
	line = mem_copy(text.data, text.size);
	json_value_join_lines(line, text.size);
	move_apart(writing);
	writing_commit(writing);
	send_output(writing, STREAM_VALUE, (struct slice){.data = line, .size = text.size});
	free(line);
	if (!writing->parent_gone)
		return 0;
	errno = EPIPE;
	return -1;
}

/* The function write of struct mpmap_writer. */
static int plugin_write(struct mpmap_writer *writer, int stream, const void *data, size_t size)
{
	struct writing *writing = container_of(writer, struct writing, writer);

	if (stream < STREAM_OUTPUT || stream > STREAM_VALUE) {
		errno = EINVAL;
		return -1;
	}
	if (stream == STREAM_VALUE)
		return set_value(writing, (struct slice){.data = data, .size = size});
	move_apart(writing);
	if (stream == STREAM_OUTPUT && size <= (size_t)(writer->end - writer->at)) {
		memcpy(writer->at, data, size);
		writer->at += size;
		return 0;
	}
	if (stream == STREAM_OUTPUT)
		send_kept(writing);
	else
		/* What it says of an end that is near is not lost. */
		writing_commit(writing);
	send_output(writing, (enum stream)stream, (struct slice){.data = data, .size = size});
	if (!writing->parent_gone)
		return 0;
	errno = EPIPE;
	return -1;
}

void writing_open(struct writing *writing, struct workplace *place)
{
	size_t most = ring_packet_max(&place->ring) / 2;

	*writing = (struct writing){
		.writer = {.struct_size = sizeof writing->writer, .write = plugin_write},
		.place = place,
		.room = most < ROOM_MAX ? most : ROOM_MAX,
		.most = 1,
		.pid = getpid(),
		.is_single = place->briefing.flags & BRIEFING_SINGLES,
		.apart = mem_new(1, KEPT_MAX),
	};
}

/* Returns the header of answers from the record in work on. */
static struct answers_header answers_from(const struct writing *writing, nsec now)
{
	return (struct answers_header){
		.index = writing->index,
		.attempt = writing->attempt,
		.row = (uint32_t)writing->place->claim.row,
		.pid = writing->pid,
		.start = clock_wall() - (now - writing->started),
		.duration = now - writing->started,
	};
}

/* Begins to prepare answers from the record in work on. */
static void open_packet(struct writing *writing)
{
	struct workplace *place = writing->place;
	struct answers_header header;
	char *packet = workplace_reserve(place, sizeof header + writing->room);

	writing->parent_gone |= !packet;
	if (!packet)
		return;
	writing->opened = clock_now();
	header = answers_from(writing, writing->opened);
	prepared_begin(&writing->prepared, place->seat, &place->ring, packet, &header);
}

/* True if what is prepared has to be committed before another record. */
static bool has_no_room(const struct writing *writing)
{
	return writing->prepared.size + ROOM_LEAST > writing->room ||
	       writing->started - writing->opened > 2 * COMMIT_TIME;
}

bool writing_begin(struct writing *writing, uint64_t index, uint32_t attempt, nsec started)
{
	struct prepared *prepared = &writing->prepared;

	writing->index = index;
	writing->attempt = attempt;
	writing->started = started;
	writing->output_sent = 0;
	writing->has_sent = writing->has_value = false;
	if (writing->is_single) {
		write_apart(writing);
		return !writing->parent_gone;
	}
	if (prepared->packet && has_no_room(writing))
		writing_commit(writing);
	if (!prepared->packet && !writing->parent_gone)
		open_packet(writing);
	if (writing->parent_gone)
		return false;
	writing->from = writing->writer.at = prepared_end_of(prepared);
	writing->writer.end = writing->from + writing->room - prepared->size;
	return true;
}

/* Announces a result that was committed: the next call may take any time. */
static void announce_result(struct writing *writing, nsec now)
{
	if (now - writing->announced < ANNOUNCE_TIME)
		return;
	writing->announced = now;
	workplace_announce_pending(writing->place);
}

/* Commits the result of the record in work, which stands alone. */
static void commit_result(struct writing *writing, int status)
{
	nsec now = clock_now();
	struct result result = {
		.index = writing->index,
		.attempt = writing->attempt,
		.slot = writing->place->setup.seat + 1,
		.outcome = status ? OUTCOME_FAILED : OUTCOME_OK,
		.status = status,
		.ran = true,
		.pid = writing->pid,
		.start = clock_wall() - (now - writing->started),
		.duration = now - writing->started,
		.user_time = -1,
		.system_time = -1,
	};

	send_kept(writing);
	result.output_size = writing->output_sent;
	if (!writing->parent_gone)
		writing->parent_gone = !claim_commit(writing->place, &result);
	announce_result(writing, now);
}

/* Commits the answer of the record in work, which stands alone, in one packet. */
static void commit_single(struct writing *writing)
{
	nsec now = clock_now();
	struct answers_header header = answers_from(writing, now);

	writing_commit(writing);
	if (!writing->parent_gone)
		writing->parent_gone = !claim_answer(writing->place, &header, kept_output(writing));
	announce_result(writing, now);
}

void writing_end(struct writing *writing, int status)
{
	struct prepared *prepared = &writing->prepared;
	size_t size = (size_t)(writing->writer.at - writing->from);

	if (!status && prepared->packet && writing->from != writing->apart) {
		prepared_add(prepared, size);
		if (prepared->count >= writing->most)
			writing_commit(writing);
	} else if (writing->parent_gone) {
		return;
	} else if (!status && !writing->has_sent && size <= writing->room) {
		commit_single(writing);
	} else {
		commit_result(writing, status);
	}
}

/* Has as many records prepared together as take the time that is wanted. */
static void adapt(struct writing *writing, nsec taken)
{
	if (taken < COMMIT_TIME / 2 && writing->most < MOST_MAX && writing->prepared.count == writing->most)
		writing->most *= 2;
	else if (taken > 2 * COMMIT_TIME && writing->most > 1)
		writing->most /= 2;
}

void writing_commit(struct writing *writing)
{
	struct prepared *prepared = &writing->prepared;
	nsec taken;

	/* What a plugin prints with stdio. */
	fflush(NULL);
	if (!prepared->packet)
		return;
	if (!prepared->count) {
		prepared_end(prepared);
		return;
	}
	taken = clock_now() - writing->opened;
	adapt(writing, taken);
	prepared_complete(prepared, taken);
	writing->parent_gone |= !claim_answer_in_place(writing->place, prepared->packet,
						       sizeof(struct answers_header) + prepared->size);
	prepared_end(prepared);
	/* The next call may take any time. */
	workplace_announce_pending(writing->place);
}

void writing_release(struct writing *writing)
{
	free(writing->apart);
}
