/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Running hooks, each in a process group of its own, which is killed after its end. */
#include "worker/hooks.h"

#include "base/error.h"
#include "ipc/fd.h"
#include "process/command.h"
#include "worker/group.h"
#include "worker/launcher.h"

#include <errno.h>

/* Bytes of what it wrote that are passed on, from the end. */
enum { WORDS_MAX = 4096, READ_SIZE = 4096 };

/* Reads what the hook has written, and keeps the end of it. */
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

/* Waits for the end of the hook. False when the parent is gone. */
static bool hooks_follow(struct workplace *place, int pidfd, int *reader, struct bytes *words)
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

/* Notes why the hook could not be started. Returns true, as for one that has ended. */
static bool hook_fail(struct hook_end *hook, int number)
{
	hook->number = number;
	return true;
}

/* Runs a script, and appends the end of its output to *words. False when the parent is gone. */
static bool run_script(struct workplace *place, const char *script, struct hook_end *hook, struct bytes *words)
{
	struct launcher launcher;
	struct command_end end;
	struct group group;
	int ends[2], pidfd;
	bool followed;

	if (launcher_init(&launcher, place) < 0)
		return hook_fail(hook, errno);
	if (fd_pipe(ends) < 0) {
		launcher_release(&launcher);
		return hook_fail(hook, errno);
	}
	if (launcher_start_script(&launcher, place, script, ends[1], &pidfd) < 0)
		hook_fail(hook, errno);
	launcher_release(&launcher);
	fd_close(&ends[1]);
	if (hook->number) {
		fd_close(&ends[0]);
		return true;
	}
	group_init(&group, place->seat->task, pidfd, 0);
	followed = hooks_follow(place, pidfd, &ends[0], words);
	if (!followed)
		group_kill(&group);
	end = command_reap(group.leader);
	hook->status = end.status < 0 ? 0 : end.status;
	hook->signal = end.signal;
	if (group_is_left(&group))
		group_kill(&group);
	group_release(&group);
	fd_close(&ends[0]);
	return followed;
}

/* Runs a hook, which the seat says while it runs. False when the parent is gone. */
static bool run_hook(struct workplace *place, const char *script, struct hook_end *hook, struct bytes *words)
{
	struct seat *seat = place->seat;
	bool ran;

	/* The last task's group is not to be taken for the hook's. */
	seat->task = 0;
	atomic_store(&seat->has_hook, 1);
	ran = run_script(place, script, hook, words);
	seat->task = 0;
	atomic_store(&seat->has_hook, 0);
	if (words->size && words->data[words->size - 1] != '\n')
		bytes_append_text(words, "\n");
	return ran;
}

bool hooks_initialize(struct workplace *place)
{
	struct hook_end hook = {.number = 0};
	struct bytes words = {.data = NULL};
	bool sent = false;

	if (!place->briefing.initializer)
		return true;
	if (run_hook(place, place->briefing.initializer, &hook, &words)) {
		bytes_clear(&place->scratch);
		bytes_append(&place->scratch, &hook, sizeof hook);
		bytes_append(&place->scratch, words.data, words.size);
		sent = workplace_send(place, PACKET_INITIALIZED, bytes_slice(&place->scratch));
		workplace_announce(place);
	}
	bytes_release(&words);
	return sent && hook_succeeded(&hook);
}

bool hooks_finalize(struct workplace *place)
{
	struct hook_end hook = {.number = 0};
	struct bytes words = {.data = NULL};
	struct error error = {.number = 0};
	bool there = true;

	if (!place->briefing.finalizer)
		return true;
	there = run_hook(place, place->briefing.finalizer, &hook, &words) &&
		(!words.size || workplace_say(place, bytes_slice(&words)));
	if (there && !hook_succeeded(&hook)) {
		hook_describe(&hook, &error);
		error_wrap(&error, "the finalizer failed in %s", place->setup.name);
		there = workplace_send(place, PACKET_UNFINISHED, slice_of(error.text));
	}
	error_release(&error);
	bytes_release(&words);
	return there;
}
