/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The process of a persistent command. */
#include "worker/persistent/standing.h"

#include "base/fault.h"
#include "base/mem.h"
#include "base/number.h"
#include "base/trace.h"
#include "ipc/fd.h"

#include <errno.h>
#include <signal.h>

enum {
	/* Bytes that its pipes are made to hold, where the system permits that. */
	PIPE_WANTED = 1 << 20,
	/* The number of the first further descriptor in the command. */
	FIRST_NUMBER = 3,
	/* Bytes of the mark: a number. */
	MARK_SIZE = sizeof(uint64_t),
};

/* Makes a pipe whose own end does not block, for a command's stream. -1 with errno. */
static int open_pipe(int *own, int *other, bool is_input)
{
	int ends[2];

	if (fd_pipe_blocking(ends) < 0)
		return -1;
	*own = ends[is_input];
	*other = ends[!is_input];
	fd_unblock(*own);
	return 0;
}

/* Makes the pipes that records go to and answers come from. -1 with errno. */
static int open_pipes(struct standing *standing, int *requests, int *answers)
{
	if (open_pipe(&standing->input, requests, true) < 0 || open_pipe(&standing->output, answers, false) < 0)
		return -1;
	fd_widen(standing->input, PIPE_WANTED);
	fd_widen(standing->output, PIPE_WANTED);
	return 0;
}

/* Makes the socket that both go over. -1 with errno. */
static int open_socket_pair(struct standing *standing, struct command *command)
{
	int ends[2];

	if (fd_socket_pair(ends) < 0)
		return -1;
	standing->input = ends[0];
	command->keep[0] = ends[1];
	standing->output = fd_copy(ends[0]);
	return standing->output < 0 ? -1 : 0;
}

/* Makes pipes and the mark, with numbers that are not those they have in the command. -1 with errno. */
static int open_blocks(struct standing *standing, struct command *command)
{
	int i;

	if (open_pipes(standing, &command->keep[0], &command->keep[1]) < 0 ||
	    shm_create_sealed(&standing->mark, "mpmap-mark", MARK_SIZE) < 0 ||
	    (command->keep[2] = fd_copy(standing->mark.fd)) < 0)
		return -1;
	for (i = 0; i < COMMAND_KEPT; i++) {
		if (fd_raise(&command->keep[i], FIRST_NUMBER + COMMAND_KEPT) < 0)
			return -1;
	}
	return 0;
}

int standing_open(struct standing *standing, struct command *command)
{
	if (open_pipe(&standing->errors, &command->errors, false) < 0)
		return -1;
	if (standing->wiring == STANDING_PIPES)
		return open_pipes(standing, &command->input, &command->output);
	command->keep_as = FIRST_NUMBER;
	if (open_pipe(&standing->prints, &command->output, false) < 0)
		return -1;
	return standing->wiring == STANDING_SOCKET ? open_socket_pair(standing, command)
						   : open_blocks(standing, command);
}

void standing_close(struct standing *standing)
{
	fd_close(&standing->input);
	fd_close(&standing->output);
	fd_close(&standing->errors);
	fd_close(&standing->prints);
	shm_release(&standing->mark);
	fd_close(&standing->status);
	fd_close(&standing->life);
}

/* What the command shares with other tasks remains open. */
void standing_close_theirs(const struct standing *standing, struct command *command)
{
	int i;

	if (standing->wiring == STANDING_PIPES)
		fd_close(&command->input);
	fd_close(&command->output);
	fd_close(&command->errors);
	for (i = 0; i < COMMAND_KEPT; i++)
		fd_close(&command->keep[i]);
}

/* Executes the briefing's words as they stand, without a task's variables. -1 with errno and the stage. */
static int execute(struct launcher *launcher, const struct workplace *place, struct command *command,
		   struct launched *launched, enum standing_wiring wiring)
{
	char socket[] = "MPMAP_COPROC_FD=3", blocks[] = "MPMAP_BLOCK=1";
	const struct briefing *briefing = &place->briefing;
	char **arguments = mem_new(briefing->word_count + 1, sizeof *arguments);
	char **environment = mem_new(launcher->first_of_task + 2, sizeof *environment);
	char *found = NULL;
	int started = -1;

	memcpy(arguments, briefing->words, briefing->word_count * sizeof *arguments);
	memcpy(environment, launcher->environment, launcher->first_of_task * sizeof *environment);
	if (wiring != STANDING_PIPES)
		environment[launcher->first_of_task] = wiring == STANDING_SOCKET ? socket : blocks;
	command->arguments = arguments;
	command->environment = environment;
	command->path = briefing->command;
	launched->stage = COMMAND_EXECUTED;
	if (!command->path)
		command->path = found = command_find(arguments[0], briefing->path);
	if (command->path)
		started = launcher_execute(command, launched);
	free(found);
	free(environment);
	free(arguments);
	return started;
}

int standing_watch(struct standing *standing, pid_t pid)
{
	int pidfd = fault_at("standing_watch") ? -1 : command_open(pid);

	if (pidfd < 0)
		return -1;
	standing->pid = pid;
	standing->started = clock_now();
	group_init(&standing->group, pid, pidfd, 0);
	return 0;
}

/* Makes the end of a started process be reported. -1 with errno after killing it, as if it had not been started. */
static int start_watching(struct standing *standing, struct launched *launched)
{
	int number;

	if (standing_watch(standing, launched->pid) == 0)
		return 0;
	number = errno;
	command_kill(launched->pid);
	launched->stage = COMMAND_UNBORN;
	errno = number;
	return -1;
}

int standing_start(struct standing *standing, struct launcher *launcher, struct workplace *place,
		   enum standing_wiring wiring, enum command_stage *stage)
{
	struct command command = launcher_common(launcher, place);
	struct launched launched = {.stage = COMMAND_UNBORN};
	int started = -1, number;

	*standing = STANDING_NONE;
	standing->wiring = wiring;
	if (wiring == STANDING_PIPES)
		command.input = -1;
	if (standing_open(standing, &command) == 0) {
		place->seat->task = 0;
		started = execute(launcher, place, &command, &launched, wiring);
	}
	if (started == 0)
		started = start_watching(standing, &launched);
	number = errno;
	*stage = launched.stage;
	standing_close_theirs(standing, &command);
	if (started < 0) {
		place->seat->task = 0;
		standing_close(standing);
		errno = number;
		return -1;
	}
	atomic_store(&place->seat->executed, 1);
	standing_show_mark(standing, place);
	trace_event("command_start", "\"worker\":\"%s\",\"pid\":%ld", place->setup.name, (long)standing->pid);
	return 0;
}

void standing_close_input(struct standing *standing)
{
	if (standing->wiring == STANDING_SOCKET && standing->input >= 0)
		fd_end_writing(standing->input);
	fd_close(&standing->input);
}

void standing_expect(const struct standing *standing, bool to_write, bool to_read, struct fd_wait *waits)
{
	waits[0] = (struct fd_wait){.fd = to_write ? standing->input : -1, .want_output = true};
	waits[1] = (struct fd_wait){.fd = to_read ? standing->output : -1, .want_input = true};
	waits[2] = (struct fd_wait){.fd = standing->errors, .want_input = true};
	waits[3] = (struct fd_wait){.fd = standing->status < 0 ? standing->group.pidfd : standing->status};
	waits[3].want_input = true;
	if (standing->has_ended)
		waits[3].fd = -1;
	waits[4] = (struct fd_wait){.fd = standing->prints, .want_input = true};
}

bool standing_read_status(struct standing *standing)
{
	size_t room = sizeof standing->lines - 1 - standing->lines_size;
	ssize_t got = fd_read(standing->status, standing->lines + standing->lines_size, room);

	standing->lines_size += got > 0 ? (size_t)got : 0;
	standing->lines[standing->lines_size] = '\0';
	return got > 0 || (got < 0 && errno == EAGAIN);
}

bool standing_find_line(const struct standing *standing, const char *word, uint64_t *number)
{
	const char *line = strstr(standing->lines, word), *end = line ? strchr(line, '\n') : NULL;
	char digits[STANDING_LINES] = "";

	if (!end || line[strlen(word)] != ' ')
		return false;
	line += strlen(word) + 1;
	memcpy(digits, line, (size_t)(end - line));
	return number_parse(digits, INT32_MAX, number) == 0;
}

/* Takes the end of a forked adapter from what its watcher has written. False if it has not ended. */
static bool take_forked_end(struct standing *standing)
{
	bool is_open = standing_read_status(standing);
	uint64_t status;

	if (standing_find_line(standing, "ended", &status)) {
		standing->end = command_end_of((int)status);
		return true;
	}
	if (is_open)
		return false;
	/* The watcher was killed: nobody knows how the adapter ends, but that it has to. */
	group_kill(&standing->group);
	standing->end = (struct command_end){.status = -1, .signal = SIGKILL, .user_time = -1, .system_time = -1};
	return true;
}

void standing_note_end(struct standing *standing, const struct fd_wait *waits)
{
	if (!standing->pid || standing->has_ended || !waits[3].input)
		return;
	if (standing->status >= 0 && !take_forked_end(standing))
		return;
	if (standing->status < 0)
		standing->end = command_reap(standing->pid);
	standing->has_ended = true;
	standing->ended = clock_now();
}

/* Reads and drops what is there to be read. */
static void drop_written(int *fd, const struct fd_wait *wait)
{
	char words[4096];

	if (wait->input && fd_read(*fd, words, sizeof words) <= 0)
		fd_close(fd);
}

bool standing_await_end(struct standing *standing, nsec deadline)
{
	standing_close_input(standing);
	while (!standing->has_ended && clock_now() < deadline) {
		struct fd_wait waits[STANDING_WAITS];

		standing_expect(standing, false, true, waits);
		fd_wait(waits, countof(waits), deadline);
		standing_note_end(standing, waits);
		drop_written(&standing->output, &waits[1]);
		drop_written(&standing->errors, &waits[2]);
		drop_written(&standing->prints, &waits[4]);
	}
	return standing->has_ended;
}

void standing_show_mark(const struct standing *standing, struct workplace *place)
{
	bool has_mark = standing && standing->mark.base;

	atomic_store(&place->seat->mark_fd, has_mark ? (uint32_t)standing->mark.fd + 1 : 0);
}

uint64_t standing_marked(const struct standing *standing)
{
	return standing->mark.base ? atomic_load((const _Atomic uint64_t *)(const void *)standing->mark.base) : 0;
}

void standing_signal(const struct standing *standing, int signal)
{
	bool denied;

	if (standing->pid && !standing->has_ended)
		command_signal_group(standing->pid, standing->group.pidfd, signal, &denied);
}

void standing_kill(struct standing *standing)
{
	if (standing->pid && !standing->has_ended)
		group_kill(&standing->group);
}

void standing_release(struct standing *standing)
{
	if (group_is_left(&standing->group))
		group_kill(&standing->group);
	group_release(&standing->group);
	standing_close(standing);
	*standing = STANDING_NONE;
}

void standing_end(struct standing *standing, struct workplace *place)
{
	if (!standing->pid)
		return;
	trace_event("command_end", "\"worker\":\"%s\",\"pid\":%ld,\"status\":%d,\"signal\":%d", place->setup.name,
		    (long)standing->pid, standing->end.status, standing->end.signal);
	standing_release(standing);
	standing_show_mark(NULL, place);
	place->seat->task = 0;
	place->seat->forked_by = 0;
}

void standing_drop(struct standing *standing, struct workplace *place)
{
	if (standing->pid && !standing->has_ended) {
		standing_kill(standing);
		if (standing->status < 0)
			standing->end = command_reap(standing->pid);
		standing->has_ended = true;
	}
	standing_end(standing, place);
}
