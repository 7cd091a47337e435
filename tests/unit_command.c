/* SPDX-License-Identifier: GPL-3.0-or-later */
/* process/command: what an executed program finds, how its end is reported, and errors. */
#include "unit.h"

#include "base/mem.h"
#include "ipc/fd.h"
#include "process/command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Casts const away for argv, which execve does not change. */
#define WORDS(...) words_of((const char *const[]){__VA_ARGS__, NULL})

static char *const *words_of(const char *const *words)
{
	return (char *const *)(uintptr_t)words;
}

/* Returns a command that is a task, with all else as it is here. */
static struct command command_for(const char *path, char *const *arguments)
{
	pid_t *pid = unit_share(sizeof *pid);

	unit_skip_under_valgrind();
	return (struct command){
		.path = path,
		.arguments = arguments,
		.environment = environ,
		.input = -1,
		.output = -1,
		.errors = -1,
		.keep = {-1, -1, -1},
		.is_task = true,
		.pid = pid,
	};
}

/* Starts a command and waits for its end. */
static struct command_end run(const struct command *command)
{
	struct command_end end = {.status = -2};
	enum command_stage stage;
	int pidfd;

	if (!check_int(command_start(command, &pidfd, &stage), 0))
		return end;
	check(stage == COMMAND_EXECUTED && pidfd >= 0);
	check_int(fcntl(pidfd, F_GETFD), FD_CLOEXEC);
	end = command_reap(*command->pid);
	fd_close(&pidfd);
	return end;
}

/* Executes this program as the command, and returns what it finds about itself. */
static struct unit_facts gather(struct command command)
{
	struct unit_facts facts = {.pid = 0};
	int ends[2] = {-1, -1};

	/* Not the descriptors that the tests were started with. */
	close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
	check_int(fd_pipe(ends), 0);
	command.path = "/proc/self/exe";
	command.arguments = WORDS("unit", UNIT_FACTS_ARGUMENT);
	command.output = ends[1];
	check_int(run(&command).status, 0);
	fd_close(&ends[1]);
	check_int(fd_read(ends[0], &facts, sizeof facts), sizeof facts);
	fd_close(&ends[0]);
	check_int(facts.pid, *command.pid);
	return facts;
}

static void test_ends(void)
{
	struct command_end end;
	struct command command = command_for("/bin/sh", WORDS("sh", "-c", "exit 7"));

	end = run(&command);
	check_int(end.status, 7);
	check_int(end.signal, 0);
	check(end.user_time >= 0 && end.system_time >= 0 && end.user_time + end.system_time < NSEC_PER_SEC * 10);
	command.arguments = WORDS("sh", "-c", "kill -9 $$");
	end = run(&command);
	check_int(end.status, -1);
	check_int(end.signal, SIGKILL);
	command.arguments = WORDS("sh", "-c", "exit 255");
	check_int(run(&command).status, 255);
}

static void test_usage(void)
{
	const char *script = "exec dd if=/dev/zero of=/dev/null bs=80M count=1";
	struct command command = command_for("/bin/sh", WORDS("sh", "-c", script));
	struct command_end end;
	int null = fd_null();

	command.errors = null;
	end = run(&command);
	check_int(end.status, 0);
	check(end.max_rss >= 80u << 20 && end.max_rss < 2000u << 20);
	command.arguments = WORDS("sh", "-c", "i=0; while [ $i -lt 100000 ]; do i=$((i + 1)); done");
	end = run(&command);
	check(end.user_time > NSEC_PER_MSEC);
	fd_close(&null);
}

/* Checks that the start fails with the errno of execve, and that the pid was written before. */
static void check_error(const char *path, char *const *arguments, int number)
{
	struct command command = command_for(path, arguments);
	enum command_stage stage = COMMAND_UNBORN;
	int pidfd = 5;
	size_t before = unit_count_fds();

	check_fails(command_start(&command, &pidfd, &stage), number);
	check(stage == COMMAND_EXECUTED);
	check_int(pidfd, -1);
	check(*command.pid > 0);
	check_fails(waitpid(*command.pid, NULL, 0), ECHILD);
	check_int(unit_count_fds(), before);
}

static void test_errors(void)
{
	char *plain, *text, *no_shell, *huge;

	unit_skip_under_valgrind();
	plain = unit_file("plain", "#!/bin/sh\n", 0600);
	text = unit_file("text", "echo hello\n", 0700);
	no_shell = unit_file("no-shell", "#!/no/such/shell\n", 0700);
	huge = mem_new(200000, 1);
	memset(huge, 'x', 199999);
	check_error("/no/such/file", WORDS("x"), ENOENT);
	check_error("", WORDS("x"), ENOENT);
	check_error(plain, WORDS("x"), EACCES);
	check_error(unit_directory(), WORDS("x"), EACCES);
	check_error(text, WORDS("x"), ENOEXEC);
	check_error(no_shell, WORDS("x"), ENOENT);
	check_error("/bin/true", WORDS("true", huge), E2BIG);
	check_error("/etc/passwd/x", WORDS("x"), ENOTDIR);
	free(plain);
	free(text);
	free(no_shell);
	free(huge);
}

static void test_no_process(void)
{
	struct command command = command_for("/bin/true", WORDS("true"));
	struct rlimit limit, none;
	enum command_stage stage = COMMAND_EXECUTED;
	int pidfd;

	check_int(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = 3;
	fflush(stdout);
	check_int(setrlimit(RLIMIT_NOFILE, &none), 0);
	/* No unknown child is left. */
	check_fails(command_start(&command, &pidfd, &stage), EMFILE);
	check_int(setrlimit(RLIMIT_NOFILE, &limit), 0);
	check(stage == COMMAND_UNBORN);
	check_int(pidfd, -1);
	check_int(*command.pid, 0);
}

#ifdef MPMAP_FAULTS

static void test_fault(void)
{
	struct command command = command_for("/bin/true", WORDS("true"));
	size_t before = unit_count_fds();
	enum command_stage stage = COMMAND_EXECUTED;
	int pidfd;

	setenv("MPMAP_FAULT", "task_start:1:EAGAIN", 1);
	check_fails(command_start(&command, &pidfd, &stage), EAGAIN);
	check(stage == COMMAND_UNBORN);
	check_int(pidfd, -1);
	check_int(unit_count_fds(), before);
	check_int(run(&command).status, 0);
}

#endif

static void test_birth(void)
{
	struct command command = command_for(NULL, NULL);
	struct unit_facts facts;

	signals_reset();
	facts = gather(command);
	check_int(facts.parent, getpid());
	check_int(facts.group, facts.pid);
	check_int(facts.death_signal, SIGKILL);
	check_int(facts.blocked, 0);
	check_int(facts.ignored, 0);
	check_int(facts.nice, getpriority(PRIO_PROCESS, 0));
	check_int(facts.fd_count, 3);
}

static void test_not_a_task(void)
{
	struct command command = command_for(NULL, NULL);
	struct unit_facts facts;
	sigset_t set;

	/* The tests may have been started with ignored signals, as nohup does. */
	signals_reset();
	sigfillset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	signals_ignore(UINT64_C(1) << (SIGPIPE - 1));
	command.is_task = false;
	facts = gather(command);
	check_int(facts.group, getpgrp());
	check_int(facts.death_signal, SIGCONT);
	check_int(facts.blocked, 0);
	check_int(facts.ignored, 0);
}

/* Stops the process once it exists. Returns the pid of the process that does it. */
static pid_t stop_as_it_starts(const volatile pid_t *pid)
{
	pid_t stopper = fork();

	if (stopper != 0)
		return stopper;
	while (!*pid)
		;
	kill(*pid, SIGTSTP);
	_exit(0);
}

/* A stop signal at any instant of a start stops the program, never its starter. */
static void test_stopped_as_it_starts(void)
{
	struct command command = command_for("/bin/cat", WORDS("cat"));
	char directory[4000];
	int round;

	/* A long search, so that most stops arrive before the program is found. */
	for (round = 0; round < (int)sizeof directory; round++)
		directory[round] = round % 2 ? '.' : '/';
	directory[sizeof directory - 1] = '\0';
	command.directory = directory;
	command.is_task = false;
	for (round = 0; round < 100; round++) {
		enum command_stage stage;
		int input[2], pidfd;
		siginfo_t info;
		pid_t stopper;

		*command.pid = 0;
		check_int(pipe2(input, O_CLOEXEC), 0);
		command.input = input[0];
		stopper = stop_as_it_starts(command.pid);
		if (!check_int(command_start(&command, &pidfd, &stage), 0))
			return;
		check_int(unit_wait(stopper), 0);
		check_int(waitid(P_PID, (id_t)*command.pid, &info, WSTOPPED), 0);
		kill(*command.pid, SIGCONT);
		fd_close(&input[1]);
		check_int(command_reap(*command.pid).status, 0);
		fd_close(&input[0]);
		fd_close(&pidfd);
	}
}

static void test_choices(void)
{
	struct command command = command_for(NULL, NULL);
	struct unit_facts facts;
	int fds[2] = {fd_null(), fd_null()};

	signals_reset();
	command.ignored = UINT64_C(1) << (SIGHUP - 1) | UINT64_C(1) << (SIGINT - 1) | UINT64_C(1) << (SIGUSR2 - 1);
	command.nice = 5;
	command.keep[0] = fds[1];
	facts = gather(command);
	check_int(facts.ignored, command.ignored);
	check_int(facts.nice, getpriority(PRIO_PROCESS, 0) + 5);
	check_int(facts.fd_count, 4);
	check_int(facts.fds[3], fds[1]);
	/* Only the program keeps it. */
	check_int(fcntl(fds[1], F_GETFD), FD_CLOEXEC);
	/* Another number, which the descriptor here may have, or another one, or none. */
	command.keep_as = fds[1] + 1;
	facts = gather(command);
	check_int(facts.fd_count, 4);
	check_int(facts.fds[3], fds[1] + 1);
	command.keep_as = fds[0];
	facts = gather(command);
	check_int(facts.fd_count, 4);
	check_int(facts.fds[3], fds[0]);
	fd_close(&fds[0]);
	fd_close(&fds[1]);
}

static void test_standard_descriptors(void)
{
	struct command command = command_for("/bin/sh", WORDS("sh", "-c", "cat; echo to errors >&2"));
	char *path = unit_file("input", "from input\n", 0600), got[64] = "";
	int input = open(path, O_RDONLY | O_CLOEXEC), output[2] = {-1, -1}, errors[2] = {-1, -1};

	check_int(fd_pipe(output), 0);
	check_int(fd_pipe(errors), 0);
	command.input = input;
	command.output = output[1];
	command.errors = errors[1];
	check_int(run(&command).status, 0);
	fd_close(&output[1]);
	fd_close(&errors[1]);
	check_int(fd_read(output[0], got, sizeof got), 11);
	check_str(got, "from input\n");
	memset(got, 0, sizeof got);
	check_int(fd_read(errors[0], got, sizeof got), 10);
	check_str(got, "to errors\n");
	fd_close(&output[0]);
	fd_close(&errors[0]);
	fd_close(&input);
	free(path);
}

static void test_descriptor_in_place(void)
{
	struct command command = command_for("/bin/sh", WORDS("sh", "-c", "cat <&0 >/dev/null"));

	check_int(fcntl(0, F_SETFD, FD_CLOEXEC), 0);
	command.input = 0;
	check_int(run(&command).status, 0);
	check_int(fcntl(0, F_GETFD), FD_CLOEXEC);
}

static void test_death_of_starter(void)
{
	struct command command = command_for("/bin/sh", WORDS("sh", "-c", "sleep 100 & wait"));
	enum command_stage stage;
	int pidfd;
	pid_t starter;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	starter = fork();
	if (starter == 0) {
		if (command_start(&command, &pidfd, &stage) < 0)
			_exit(1);
		raise(SIGKILL);
	}
	check_int(unit_wait(starter), 1000 + SIGKILL);
	if (check(*command.pid > 1)) {
		check_int(unit_wait(*command.pid), 1000 + SIGKILL);
		kill(-*command.pid, SIGKILL);
	}
}

static void test_group(void)
{
	struct command command = command_for("/bin/sh", WORDS("sh", "-c", "sleep 100 & sleep 100"));
	enum command_stage stage;
	bool denied = true;
	int pidfd;

	/* Orphans become children of this process, and are zombies until it has waited for them. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (!check_int(command_start(&command, &pidfd, &stage), 0))
		return;
	check(command_signal_group(*command.pid, -1, 0, &denied));
	check(!denied);
	check(command_signal_group(*command.pid, -1, SIGTERM, &denied));
	check_int(command_reap(*command.pid).signal, SIGTERM);
	fd_close(&pidfd);
	/* The group is gone once the process in the background has ended, too. */
	while (command_signal_group(*command.pid, -1, SIGKILL, &denied)) {
		waitpid(-1, NULL, WNOHANG);
		poll(NULL, 0, 1);
	}
	check(!denied);
}

/* True if a group can be signalled by its leader's pidfd. */
static bool has_group_signals(int pidfd)
{
	return syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 4) == 0;
}

/* A pidfd names the group that it led, and no other, also after the leader was waited for. */
static void test_group_by_pidfd(void)
{
	struct command command = command_for("/bin/sh", WORDS("sh", "-c", "sleep 100 & exit 3")),
		       other = command_for("/bin/sleep", WORDS("sleep", "100"));
	enum command_stage stage;
	bool denied = true, has;
	int pidfd;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (!check_int(command_start(&other, NULL, &stage), 0) ||
	    !check_int(command_start(&command, &pidfd, &stage), 0))
		return;
	has = has_group_signals(pidfd);
	check_int(command_reap(*command.pid).status, 3);
	check(command_signal_group(*command.pid, pidfd, 0, &denied));
	check(!denied);
	while (command_signal_group(*command.pid, pidfd, SIGKILL, &denied))
		waitpid(-1, NULL, WNOHANG);
	/* As if the number was another group's by now. */
	check(!has || !command_signal_group(*other.pid, pidfd, SIGKILL, &denied));
	fd_close(&pidfd);
	check_int(command_look(*other.pid, &(struct command_end){.signal = 0}), COMMAND_SAME);
	command_kill(*other.pid);
}

/* The group of a child of another process is signalled only while that is the child's parent. */
static void test_group_of_other_parent(void)
{
	struct command command = command_for("/bin/sleep", WORDS("sleep", "100"));
	enum command_stage stage;
	bool denied = true, has;
	int pidfd;

	if (!check_int(command_start(&command, &pidfd, &stage), 0))
		return;
	/* Linux 6.13 reports the parent. */
	has = ioctl(pidfd, _IOWR(0xff, 11, char[64]), &(char[64]){0}) == 0;
	fd_close(&pidfd);
	check(!has || !command_signal_group_of(1, *command.pid, SIGKILL, &denied));
	check(!has || !denied);
	check_int(command_look(*command.pid, &(struct command_end){.signal = 0}), COMMAND_SAME);
	check(command_signal_group_of(getpid(), *command.pid, SIGTERM, &denied));
	check_int(command_reap(*command.pid).signal, SIGTERM);
	check(!command_signal_group_of(getpid(), *command.pid, SIGTERM, &denied));
}

static void test_pidfd(void)
{
	struct command command = command_for("/bin/sh", WORDS("sh", "-c", "sleep 100 & exit 3"));
	struct fd_wait wait = {.want_input = true};
	enum command_stage stage;
	bool denied;

	if (!check_int(command_start(&command, &wait.fd, &stage), 0))
		return;
	check_int(fd_wait(&wait, 1, NSEC_FOREVER), 1);
	check(command_signal_group(*command.pid, -1, SIGKILL, &denied));
	check_int(command_reap(*command.pid).status, 3);
	fd_close(&wait.fd);
}

static void test_many(void)
{
	struct command command = command_for("/bin/true", WORDS("true"));
	size_t before = unit_count_fds();
	int i;

	for (i = 0; i < 300; i++)
		check_int(run(&command).status, 0);
	check_int(unit_count_fds(), before);
}

const struct unit_test unit_command[] = {
	{"a program's exit status or signal is returned", .run = test_ends},
	{"a program's CPU time and memory are returned", .run = test_usage},
	{"a start fails with the errno of execve", .run = test_errors},
	{"a start without free descriptors makes no process", .run = test_no_process},
#ifdef MPMAP_FAULTS
	{"a start that fails leaves nothing open", .run = test_fault},
#endif
	{"a task has its own group, default signals and three descriptors", .run = test_birth},
	{"a program that is not a task is in our group", .run = test_not_a_task},
	{"a stop signal during a start stops the program", .run = test_stopped_as_it_starts},
	{"a task gets the ignored signals, niceness and descriptor it should", .run = test_choices},
	{"a task gets its standard descriptors", .run = test_standard_descriptors},
	{"a descriptor that has its number already is passed on", .run = test_descriptor_in_place},
	{"a task ends when its starter dies", .run = test_death_of_starter},
	{"a signal reaches the whole group of a task", .run = test_group},
	{"a group is signalled by its leader's pidfd", .run = test_group_by_pidfd},
	{"a group is signalled only while its leader has the given parent", .run = test_group_of_other_parent},
	{"the pidfd reports the end while the group lives", .run = test_pidfd},
	{"many commands leave no descriptor open", .run = test_many},
	{.name = NULL},
};
