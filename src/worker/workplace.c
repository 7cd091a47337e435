/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Setting a worker up, then sending packets and waiting for the parent. */
#include "worker/workplace.h"

#include "base/fault.h"
#include "base/mem.h"
#include "base/trace.h"
#include "board/product.h"
#include "ipc/channel.h"
#include "ipc/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/resource.h>
#include <unistd.h>

/* A process that is continued so much later than it was to wake has been stopped. Longer than a busy machine takes. */
#define LATE (250 * NSEC_PER_MSEC)
/* What counts at least of a wait in which this process was stopped: where all are late, limits are reached, too. */
#define COUNTED_LEAST (50 * NSEC_PER_MSEC)

/* Sets the limit on descriptors that the program was started with, for the tasks. */
static void restore_descriptor_limit(uint64_t soft)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur == soft)
		return;
	limit.rlim_cur = soft;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* Compiles a template, which cannot fail: the parent has compiled the same words. */
static void compile_again(struct template *template, const struct template_options *options)
{
	struct error error = {.number = 0};

	if (template_compile(template, options, &error) < 0)
		BUG("a template that only its parent can compile");
}

/* Reads the briefing from the memory that holds it; takes over fd. -1 if it is not a briefing. */
static int read_run(struct workplace *place, int fd)
{
	struct template_options options;
	struct bytes bytes = {.data = NULL};
	struct cursor cursor;
	int taken = -1;

	if (shm_read(fd, &bytes) == 0) {
		cursor = cursor_of(bytes_slice(&bytes));
		taken = briefing_take(&cursor, &place->briefing);
	}
	bytes_release(&bytes);
	fd_close(&fd);
	if (taken < 0)
		return -1;
	options = briefing_template(&place->briefing);
	compile_again(&place->template, &options);
	if (place->briefing.tag) {
		options = briefing_tag_template(&place->briefing);
		compile_again(&place->tag, &options);
	}
	if (place->briefing.product) {
		options = product_template(&place->briefing);
		compile_again(&place->product, &options);
	}
	return 0;
}

int workplace_open(struct workplace *place, int channel)
{
	struct message message;
	struct cursor cursor;
	struct setup *setup = &place->setup;

	*place = (struct workplace){.channel = channel, .home = -1, .board.shm.fd = -1, .arena.fd = -1};
	/* A WAKE that was sent while the worker left another run belongs to that run. */
	do {
		if (channel_wait(channel, &message, NSEC_FOREVER) <= 0)
			return 0;
	} while (message.type == MESSAGE_WAKE);
	if (message.type != MESSAGE_SETUP || message.fd_count != 3)
		return -1;
	cursor = cursor_of(message.payload);
	if (setup_take(&cursor, setup) < 0)
		return -1;
	if (board_attach(&place->board, message.fds[0], setup->seats, setup->queue_rows, (size_t)setup->ring_size) <
		    0 ||
	    shm_attach(&place->arena, message.fds[1]) < 0 || read_run(place, message.fds[2]) < 0)
		return -1;
	/* The board never grows, so its descriptor is not needed after the mapping. */
	fd_close(&place->board.shm.fd);
	place->notice = board_notice(&place->board);
	place->seat = board_seat(&place->board, setup->seat);
	place->ring = board_ring(&place->board, setup->seat);
	doorbell_init(&place->doorbell, &place->board.doorbells, setup->seat);
	restore_descriptor_limit(setup->descriptor_limit);
	if (!place->briefing.directory)
		return 1;
	if (setup->stays && (place->home = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0)
		return -1;
	if (chdir(place->briefing.directory) == 0)
		return 1;
	workplace_report_unable(place, place->briefing.directory);
	return -1;
}

int workplace_close(struct workplace *place)
{
	int back = place->home < 0 ? 0 : fchdir(place->home);

	fd_close(&place->home);
	board_release(&place->board);
	shm_release(&place->arena);
	template_release(&place->template);
	template_release(&place->tag);
	template_release(&place->product);
	briefing_release(&place->briefing);
	bytes_release(&place->scratch);
	free(place->setup.name);
	return back;
}

bool workplace_listen(struct workplace *place)
{
	struct message message;
	int got;

	place->listened = true;
	while ((got = channel_receive(place->channel, &message)) > 0) {
		while (message.fd_count)
			fd_close(&message.fds[--message.fd_count]);
		place->woken = true;
	}
	return got == 0;
}

/* Waits until the parent has sent a message or the deadline has passed. False when the parent is gone. */
static bool wait_for_wake(struct workplace *place, nsec deadline)
{
	struct fd_wait wait;

	while (!place->woken) {
		if (!workplace_listen(place))
			return false;
		if (place->woken || clock_now() >= deadline)
			break;
		if (!workplace_await(place, &wait, 1, deadline))
			return false;
	}
	return true;
}

bool workplace_wait_until(struct workplace *place, workplace_condition *condition, void *context, nsec deadline)
{
	do {
		/* Cleared before the check, so that the WAKE for a change after the check is not overlooked. */
		place->woken = false;
		if (condition(place, context))
			return true;
		if (!wait_for_wake(place, deadline))
			return false;
	} while (place->woken);
	return true;
}

bool workplace_want_room(struct workplace *place, size_t size)
{
	place->woken = false;
	if (!ring_want(&place->ring, size))
		return false;
	workplace_announce(place);
	return true;
}

bool workplace_await(struct workplace *place, struct fd_wait *waits, size_t count, nsec deadline)
{
	nsec due;

	workplace_announce_if_due(place);
	due = doorbell_deadline(&place->doorbell);
	waits[0] = (struct fd_wait){.fd = place->channel, .want_input = true};
	fd_wait(waits, count, due < deadline ? due : deadline);
	place->listened = true;
	return !waits[0].input || workplace_listen(place);
}

void workplace_announce(struct workplace *place)
{
	if (!doorbell_ring(&place->doorbell))
		return;
	/* If the parent is gone, the channel is at its end of file. Otherwise memory was short, or the parent is slow.
	 */
	if (fault_at("ring") || channel_send(place->channel, MESSAGE_RING, (struct slice){.data = NULL}, NULL, 0) < 0) {
		doorbell_failed(&place->doorbell);
		return;
	}
	fault_at("rung");
	doorbell_rung(&place->doorbell);
}

void workplace_announce_pending(struct workplace *place)
{
	if (place->doorbell.state == DOORBELL_PENDING)
		workplace_announce(place);
}

char *workplace_reserve(struct workplace *place, size_t size)
{
	char *to;
	size_t room;

	while (!(to = ring_reserve(&place->ring, size, &room))) {
		if (workplace_want_room(place, size) && !wait_for_wake(place, NSEC_FOREVER))
			return NULL;
	}
	return to;
}

bool workplace_send(struct workplace *place, enum packet_type type, struct slice payload)
{
	char *to = workplace_reserve(place, payload.size);

	if (!to)
		return false;
	memcpy(to, payload.data, payload.size);
	ring_commit(&place->ring, type, payload.size);
	return true;
}

bool workplace_send_output(struct workplace *place, const struct output_header *header, struct slice bytes)
{
	size_t most = ring_packet_max(&place->ring) - sizeof *header;

	while (bytes.size) {
		size_t size = bytes.size < most ? bytes.size : most;
		char *to = workplace_reserve(place, sizeof *header + size);

		if (!to)
			return false;
		memcpy(to, header, sizeof *header);
		memcpy(to + sizeof *header, bytes.data, size);
		ring_commit(&place->ring, PACKET_OUTPUT, sizeof *header + size);
		doorbell_committed(&place->doorbell);
		workplace_announce_if_due(place);
		bytes.data += size;
		bytes.size -= size;
	}
	return true;
}

bool workplace_say(struct workplace *place, struct slice words)
{
	size_t limit = ring_packet_max(&place->ring);

	while (words.size) {
		size_t size = words.size < limit ? words.size : limit;

		if (!workplace_send(place, PACKET_WORDS, (struct slice){.data = words.data, .size = size}))
			return false;
		words.data += size;
		words.size -= size;
	}
	doorbell_committed(&place->doorbell);
	workplace_announce_if_due(place);
	return true;
}

void workplace_report_unable(struct workplace *place, const char *what)
{
	char *words = mem_format("%s: %s", what, strerror(errno));

	/* Where the parent is gone, nothing more can be done. */
	(void)!workplace_send(place, PACKET_UNABLE, slice_of(words));
	free(words);
}

void workplace_note_length(struct workplace *place, bool is_long)
{
	/* All workers call this after each task, so the value is written only if it changes. */
	if (atomic_load_explicit(&place->notice->long_tasks, memory_order_relaxed) != is_long)
		atomic_store_explicit(&place->notice->long_tasks, is_long, memory_order_relaxed);
}

nsec workplace_timeout(const struct workplace *place)
{
	nsec own = atomic_load_explicit(&place->seat->limit, memory_order_relaxed);

	return own ? own : atomic_load(&place->notice->timeout);
}

void workplace_note_stop(struct workplace *place, nsec before, nsec wanted)
{
	nsec waited = workplace_time(place) - before, counted = wanted / 2;

	if (counted < COUNTED_LEAST)
		counted = wanted < COUNTED_LEAST ? wanted : COUNTED_LEAST;
	if (waited > wanted + LATE)
		place->asleep += waited - counted;
}

struct template_values workplace_values(const struct workplace *place)
{
	return (struct template_values){.slot = place->setup.seat + 1};
}

char **workplace_expand(struct workplace *place, const struct task *task)
{
	struct template_values values = workplace_values(place);

	if (place->briefing.tag && !template_expand(&place->tag, task, &values))
		return NULL;
	return template_expand(&place->template, task, &values);
}

void workplace_quote(struct workplace *place, const struct task *task, struct bytes *line)
{
	struct template_values values = workplace_values(place);

	template_quote(&place->template, task, &values, line);
	if (place->briefing.product) {
		bytes_append_text(line, " > ");
		template_quote(&place->product, task, &values, line);
	}
	bytes_append_text(line, "\n");
}
