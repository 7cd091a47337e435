/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The helpers of unit tests: processes that carry out orders, the facts of a process, files, random numbers. */
#include "unit.h"

#include "base/mem.h"
#include "ipc/channel.h"
#include "ipc/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ANSWER_TIME (20 * NSEC_PER_SEC)

char *unit_file(const char *name, const char *contents, mode_t mode)
{
	char *path = mem_format("%s/%s", unit_directory(), name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	check(fd >= 0 && fd_write(fd, contents, strlen(contents)) == (ssize_t)strlen(contents) &&
	      fchmod(fd, mode) == 0);
	fd_close(&fd);
	return path;
}

/* Stores the open descriptors but except, at most size of them. Returns how many there are. */
static size_t list_fds(int *fds, size_t size, int except)
{
	DIR *directory = opendir("/proc/self/fd");
	struct dirent *entry;
	size_t count = 0;

	while (directory && (entry = readdir(directory))) {
		char *end;
		long fd = strtol(entry->d_name, &end, 10);

		if (*end || end == entry->d_name || fd == dirfd(directory) || fd == except)
			continue;
		if (count < size)
			fds[count] = (int)fd;
		count++;
	}
	if (directory)
		closedir(directory);
	return count;
}

size_t unit_count_fds(void)
{
	return list_fds(NULL, 0, -1);
}

int unit_wait(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

void unit_wait_for_hangup(int fd)
{
	struct fd_wait wait = {.fd = fd};

	while (!wait.hangup)
		fd_wait(&wait, 1, NSEC_FOREVER);
}

void *unit_share(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		BUG("no memory to share");
	return memory;
}

uint64_t unit_below(struct unit_random *random, uint64_t limit)
{
	uint64_t value = random->state += UINT64_C(0x9e3779b97f4a7c15);

	value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
	return (value ^ value >> 31) % limit;
}

void unit_fill(char *data, size_t size, uint64_t seed)
{
	uint64_t value = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	size_t i;

	for (i = 0; i < size; i++) {
		value = value * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		data[i] = (char)(value >> 56);
	}
}

void unit_gather(struct unit_facts *facts, int except)
{
	sigset_t blocked;
	int number;

	*facts = (struct unit_facts){.pid = getpid(), .parent = getppid(), .group = getpgrp(), .except = except};
	sigprocmask(SIG_SETMASK, NULL, &blocked);
	for (number = 1; number <= 64; number++) {
		signal_mask bit = UINT64_C(1) << (number - 1);
		struct sigaction action;

		if (sigismember(&blocked, number) == 1)
			facts->blocked |= bit;
		if (sigaction(number, NULL, &action) < 0)
			continue;
		if (action.sa_handler == SIG_IGN)
			facts->ignored |= bit;
		else if (action.sa_handler != SIG_DFL)
			facts->caught |= bit;
	}
	prctl(PR_GET_PDEATHSIG, &facts->death_signal);
	facts->nice = getpriority(PRIO_PROCESS, 0);
	facts->fd_count = list_fds(facts->fds, UNIT_FDS_MAX, except);
}

static void linger(int channel)
{
	pid_t pid = fork();

	if (pid == 0) {
		unit_wait_for_hangup(channel);
		_exit(0);
	}
}

static int answer(int channel, uint32_t type, const void *data, size_t size)
{
	return channel_send(channel, type, (struct slice){.data = data, .size = size}, NULL, 0);
}

static int obey(int channel, const struct message *message, int value)
{
	struct unit_facts facts;

	switch (message->type) {
	case PUPPET_RAISE:
		raise(value);
		return 0;
	case PUPPET_IGNORE:
		signals_ignore(UINT64_C(1) << (value - 1));
		break;
	case PUPPET_LINGER:
		linger(channel);
		break;
	case PUPPET_OPEN:
		if (fd_null() < 0)
			_exit(97);
		break;
	case PUPPET_GATHER:
		unit_gather(&facts, channel);
		return answer(channel, message->type, &facts, sizeof facts);
	default:
		_exit(99);
	}
	return answer(channel, message->type, NULL, 0);
}

int puppet_main(int channel)
{
	struct message message;

	while (channel_wait(channel, &message, NSEC_FOREVER) > 0) {
		int value = 0;

		if (message.payload.size == sizeof value)
			memcpy(&value, message.payload.data, sizeof value);
		if (message.type == PUPPET_EXIT)
			return value;
		if (obey(channel, &message, value) < 0)
			return 98;
	}
	return 0;
}

bool puppet_start(struct puppet *puppet, const struct start_method *method)
{
	struct error error = {.number = 0};
	int ends[2] = {-1, -1};
	bool started;

	unit_skip_under_valgrind();
	process_init(&puppet->process, "Puppet");
	check_int(channel_pair(ends), 0);
	puppet->channel = ends[0];
	started = process_start(&puppet->process, method, role_find(PUPPET_ROLE), ends[1], &error) == 0;
	fd_close(&ends[1]);
	if (!started) {
		check_str(error_text(&error), "");
		fd_close(&puppet->channel);
	}
	error_release(&error);
	return started;
}

void puppet_order(struct puppet *puppet, enum puppet_order order, int value)
{
	struct slice payload = {.data = (char *)&value, .size = sizeof value};

	check_int(channel_send(puppet->channel, order, payload, NULL, 0), 0);
}

bool puppet_ask(struct puppet *puppet, enum puppet_order order, int value, void *reply, size_t size)
{
	struct message message;

	puppet_order(puppet, order, value);
	if (!check_int(channel_wait(puppet->channel, &message, clock_now() + ANSWER_TIME), 1))
		return false;
	if (size && check_int(message.payload.size, size))
		memcpy(reply, message.payload.data, size);
	return check_int(message.type, order);
}

void puppet_release(struct puppet *puppet)
{
	fd_close(&puppet->channel);
	check_int(process_join(&puppet->process, clock_now() + ANSWER_TIME), 0);
	check_int(process_close(&puppet->process), 0);
}
