/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Running the initializer in a process group of its own, which is killed after its end. */
#include "worker/initializer.h"

#include "ipc/fd.h"
#include "process/command.h"
#include "worker/group.h"
#include "worker/launcher.h"

#include <errno.h>

/* Bytes of what it wrote that are passed on, from the end. */
enum { WORDS_MAX = 4096, READ_SIZE = 4096 };

/* Reads what the initializer has written, and keeps the end of it. */
static void take_words(int *reader, struct bytes *words)
{
	char data[READ_SIZE];
	ssize_t got = 1;

	while (*reader >= 0 && got > 0) {
		got = fd_read(*reader, data, sizeof data);
		if (got < 0 && errno == EAGAIN)
			return;
		if (got <= 0)
			fd_close(reader);
		else
			bytes_append(words, data, (size_t)got);
		if (words->size > WORDS_MAX) {
			memmove(words->data, words->data + words->size - WORDS_MAX, WORDS_MAX);
			words->size = WORDS_MAX;
		}
	}
}

/* Waits for the end of the initializer. False when the parent is gone. */
static bool initializer_follow(struct workplace *place, int pidfd, int *reader, struct bytes *words)
{
	bool ended = false;

	while (!ended) {
		struct fd_wait waits[] = {
			{.fd = -1},
			{.fd = pidfd, .want_input = true},
			{.fd = *reader, .want_input = true},
		};

		if (!workplace_await(place, waits, countof(waits), NSEC_FOREVER))
			return false;
		ended = waits[1].input;
		take_words(reader, words);
	}
	return true;
}

/* Runs the initializer, and appends the end of its output to *words. False when the parent is gone. */
static bool run(struct workplace *place, struct launcher *launcher, struct initialized *initialized,
		struct bytes *words)
{
	struct command_end end;
	struct group group;
	int ends[2], started, pidfd;
	bool followed;

	if (fd_pipe(ends) < 0) {
		initialized->number = errno;
		return true;
	}
	started = launcher_start_script(launcher, place, place->briefing.initializer, ends[1], &pidfd);
	initialized->number = started < 0 ? errno : 0;
	fd_close(&ends[1]);
	if (started < 0) {
		fd_close(&ends[0]);
		return true;
	}
	group_init(&group, place->seat->task, pidfd, 0);
	followed = initializer_follow(place, pidfd, &ends[0], words);
	if (!followed)
		group_kill(&group);
	end = command_reap(group.leader);
	initialized->status = end.status < 0 ? 0 : end.status;
	initialized->signal = end.signal;
	if (group_is_left(&group))
		group_kill(&group);
	place->seat->task = 0;
	group_release(&group);
	fd_close(&ends[0]);
	return followed;
}

bool initializer_run(struct workplace *place)
{
	struct initialized initialized = {.number = 0};
	struct bytes words = {.data = NULL};
	struct launcher launcher;
	bool fit = false;

	if (!place->briefing.initializer)
		return true;
	if (launcher_init(&launcher, place) < 0)
		return false;
	bytes_clear(&place->scratch);
	if (run(place, &launcher, &initialized, &words)) {
		bytes_append(&place->scratch, &initialized, sizeof initialized);
		bytes_append(&place->scratch, words.data, words.size);
		if (words.size && words.data[words.size - 1] != '\n')
			bytes_append_text(&place->scratch, "\n");
		fit = workplace_send(place, PACKET_INITIALIZED, bytes_slice(&place->scratch)) && !initialized.number &&
		      !initialized.status && !initialized.signal;
		workplace_announce(place);
	}
	bytes_release(&words);
	launcher_release(&launcher);
	return fit;
}
