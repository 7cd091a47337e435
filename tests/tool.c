/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The strange tasks of the outside tests: one binary, one subcommand for each thing a task can do or see. */

#define _GNU_SOURCE
#include "tool.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Runs in the thread of before_main. */
static int sleep_on(void *unused)
{
	(void)unused;
	for (;;)
		pause();
	return 0;
}

/* Does what TOOL_BEFORE_MAIN names: strange things before main, which a library could do. */
static __attribute__((constructor)) void before_main(void)
{
	static char stack[65536] __attribute__((aligned(64)));
	const char *what = getenv("TOOL_BEFORE_MAIN");

	if (!what)
		return;
	if (strcmp(what, "exit") == 0)
		_exit(7);
	if (strcmp(what, "kill") == 0)
		raise(SIGKILL);
	if (strcmp(what, "thread") == 0)
		clone(sleep_on, stack + sizeof stack,
		      CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM, NULL);
	unsetenv("TOOL_BEFORE_MAIN");
	if (strcmp(what, "system") == 0 && system("exec cat </dev/null") != 0)
		_exit(8);
	if (strcmp(what, "fork") == 0 && fork() == 0) {
		/* Ends with the worker. */
		while (getppid() != 1 && poll(NULL, 0, 20) == 0)
			;
		_exit(0);
	}
	if (strcmp(what, "close") == 0)
		close(0);
	if (strcmp(what, "setenv") == 0)
		setenv("TOOL_SET_BEFORE_MAIN", "yes", 1);
}

static const char *const signal_names[] = {
	[SIGHUP] = "HUP",   [SIGINT] = "INT",     [SIGQUIT] = "QUIT", [SIGILL] = "ILL",   [SIGTRAP] = "TRAP",
	[SIGABRT] = "ABRT", [SIGBUS] = "BUS",     [SIGFPE] = "FPE",   [SIGKILL] = "KILL", [SIGUSR1] = "USR1",
	[SIGSEGV] = "SEGV", [SIGUSR2] = "USR2",   [SIGPIPE] = "PIPE", [SIGALRM] = "ALRM", [SIGTERM] = "TERM",
	[SIGCHLD] = "CHLD", [SIGCONT] = "CONT",   [SIGSTOP] = "STOP", [SIGTSTP] = "TSTP", [SIGTTIN] = "TTIN",
	[SIGTTOU] = "TTOU", [SIGURG] = "URG",     [SIGXCPU] = "XCPU", [SIGXFSZ] = "XFSZ", [SIGVTALRM] = "VTALRM",
	[SIGPROF] = "PROF", [SIGWINCH] = "WINCH", [SIGIO] = "IO",     [SIGPWR] = "PWR",   [SIGSYS] = "SYS",
};
#define SIGNAL_NAMES (int)(sizeof signal_names / sizeof signal_names[0])

void fail(const char *format, ...)
{
	va_list list;
	va_start(list, format);
	fputs("tool: ", stderr);
	vfprintf(stderr, format, list);
	fputc('\n', stderr);
	va_end(list);
	exit(99);
}

uint64_t number(const char *text)
{
	char *end = NULL;
	uint64_t value;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno != 0 || end == text)
		fail("bad number: %s", text);
	for (const char *unit = "KMGT"; *end != '\0' && *unit != '\0'; unit++) {
		value *= 1024;
		if (*unit == *end)
			return value;
	}
	if (*end != '\0')
		fail("bad number: %s", text);
	return value;
}

int signal_number(const char *name)
{
	if (isdigit((unsigned char)name[0]))
		return (int)number(name);
	if (strncmp(name, "SIG", 3) == 0)
		name += 3;
	for (int n = 1; n < SIGNAL_NAMES; n++)
		if (signal_names[n] != NULL && strcmp(signal_names[n], name) == 0)
			return n;
	fail("no such signal: %s", name);
}

const char *signal_name(int number)
{
	return number > 0 && number < SIGNAL_NAMES ? signal_names[number] : NULL;
}

void put_escaped(const char *text)
{
	putchar('"');
	for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++) {
		if (*p == '"' || *p == '\\')
			printf("\\%c", *p);
		else if (*p >= 0x20 && *p < 0x7f)
			putchar(*p);
		else
			printf("\\x%02x", *p);
	}
	puts("\"");
}

void write_all(int fd, const void *data, size_t size)
{
	const char *at = data;

	while (size > 0) {
		ssize_t n = write(fd, at, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			fail("write: %s", strerror(errno));
		at += n;
		size -= (size_t)n;
	}
}

void write_pid(const char *path, pid_t pid)
{
	char part[4096];
	FILE *file;

	snprintf(part, sizeof part, "%s.part", path);
	file = fopen(part, "we");
	if (file == NULL)
		fail("%s: %s", part, strerror(errno));
	fprintf(file, "%d\n", (int)pid);
	if (fclose(file) != 0 || rename(part, path) != 0)
		fail("%s: %s", path, strerror(errno));
}

void wait_for_ever(void)
{
	for (;;)
		pause();
}

struct command {
	const char *name;
	int least; /* arguments needed */
	const char *args;
	const char *help;
	int (*run)(int argc, char **argv); /* argv[0] is the first argument, not the name */
};

static const struct command commands[] = {
	{"exit", 1, "N", "exits with N", run_exit},
	{"signal", 1, "SIGNAL", "dies by SIGNAL", run_signal},
	{"crash", 0, "", "dies by a memory error", run_crash},
	{"hold", 1, "PATH [TEXT]...", "writes TEXT, waits until the file PATH exists, or the FIFO PATH has ended",
	 run_hold},
	{"catch", 2, "READY TEXT [GATE]",
	 "creates READY, writes TEXT at SIGINT or SIGTERM and exits, or stays until GATE exists", run_catch},
	{"silent", 1, "PATH", "closes its outputs, then as hold", run_silent},
	{"relay", 1, "FIFO [FD]", "copies a FIFO to FD (1) as bytes come", run_relay},
	{"spew", 1, "SIZE [SEED [FD]]", "writes SIZE bytes of a pattern that SEED determines", run_spew},
	{"unspew", 2, "SIZE SEED [LAST]", "checks that stdin is what spew wrote for each seed, prints their order",
	 run_unspew},
	{"both", 1, "TEXT", "writes TEXT to stdout and stderr", run_both},
	{"stutter", 2, "N WORD", "writes N lines WORD to stdout and stderr, one byte at a time", run_stutter},
	{"drip", 0, "", "copies stdin to the pipe that is its stdout, a byte whenever the one before has been read",
	 run_drip},
	{"lines", 3, "N LENGTH CHAR [FD]", "writes N lines of LENGTH times CHAR", run_lines},
	{"pause", 1, "PIDFILE", "writes its pid, waits for ever", run_pause},
	{"ignore", 2, "PIDFILE SIGNAL...", "ignores SIGNALs, then as pause", run_ignore},
	{"background", 1, "PIDFILE [SIGNAL]...", "leaves a child in its group that ignores SIGNALs and waits for ever",
	 run_background},
	{"afterword", 1, "TEXT", "leaves a child in its group that writes TEXT once the task has ended", run_afterword},
	{"daemonise", 1, "PIDFILE [keep]", "leaves a daemon in a session of its own, which may keep the outputs",
	 run_daemonise},
	{"args", 0, "[ARG]...", "prints each ARG on a line, escaped", run_args},
	{"env", 0, "[NAME]...", "prints the variables", run_env},
	{"environ", 0, "", "prints the whole environment, sorted", run_environ},
	{"fds", 0, "", "prints its open descriptors", run_fds},
	{"signals", 0, "", "prints the blocked and the ignored signals", run_signals},
	{"ids", 0, "", "prints pid, process group, parent, session", run_ids},
	{"stdin", 0, "", "prints what stdin is, and how many bytes were in it", run_stdin},
	{"unread", 0, "", "prints how many bytes wait in the pipe that is its stdin", run_unread},
	{"limits", 0, "", "prints the resource limits", run_limits},
	{"processors", 0, "", "prints how many processors it may use, before main and in it", run_processors},
	{"surroundings", 0, "", "prints the folder, the umask and the niceness", run_surroundings},
	{"under", 2, "[default|ignore=S,..|block=S,..|only=FD,..|open=FD,..|close=FD,..]... -- COMMAND...",
	 "runs COMMAND so", run_under},
	{"ending", 2, "FILE COMMAND...", "runs COMMAND, writes to FILE how it ended", run_ending},
	{"keys", 3, "SEED COUNT COMMAND...", "types random sequences of keys at the prompt COMMAND", run_keys},
	{"sizes", 4, "TERM ROWS COLUMNS COMMAND...", "starts the prompt COMMAND on a terminal of that size, resizes it",
	 run_sizes},
	{"unheard", 3, "SIGNAL BYTES COMMAND...",
	 "types its stdin at the prompt COMMAND, reads none of BYTES or more, and ends it by SIGNAL", run_unheard},
	{"filter", 0, "[RULE]...", "answers each record with itself and a !, but for what the rules say", run_filter},
	{"coproc", 0, "[RULE]...", "answers each request of --coproc likewise", run_coproc},
	{"share", 4, "atomic|plain|crawl|crawl-once SEED RECORDS RECORD", "uses the state of its run", run_share},
	{"marked", 1, "NAME=VALUE [SECONDS]", "prints the processes with this in their environment", run_marked},
};

int main(int argc, char **argv)
{
	size_t count = sizeof commands / sizeof commands[0];

	for (size_t i = 0; i < count; i++) {
		const struct command *command = &commands[i];
		int status;
		if (argc < 2 || strcmp(argv[1], command->name) != 0)
			continue;
		if (argc - 2 < command->least)
			fail("usage: tool %s %s", command->name, command->args);
		status = command->run(argc - 2, argv + 2);
		return fflush(stdout) != 0 ? 99 : status;
	}
	for (size_t i = 0; i < count; i++)
		printf("%s %s: %s\n", commands[i].name, commands[i].args, commands[i].help);
	return argc < 2 ? 0 : 2;
}
