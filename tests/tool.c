/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The strange tasks of the outside tests: one binary, one subcommand for each thing a task can do or see. */

#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BLOCK 65536
#define SPEW_MARK UINT64_C(0x6d706d6170000000)
#define SEED_MASK UINT64_C(0xffffff)

extern char **environ;

/* What a thread of before_main does. */
static int sleep_on(void *unused)
{
	(void)unused;
	for (;;)
		pause();
	return 0;
}

/* TOOL_BEFORE_MAIN says what is strange before main: what a library could do there. */
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
		/* It goes when the worker does. */
		while (getppid() != 1 && poll(NULL, 0, 20) == 0)
			;
		_exit(0);
	}
	if (strcmp(what, "close") == 0)
		close(0);
	if (strcmp(what, "setenv") == 0)
		setenv("TOOL_SET_BEFORE_MAIN", "yes", 1);
}

struct command {
	const char *name;
	int least; /* arguments needed */
	const char *args;
	const char *help;
	int (*run)(int argc, char **argv); /* argv[0] is the first argument, not the name */
};

static const char *const signal_names[] = {
	[SIGHUP] = "HUP",   [SIGINT] = "INT",     [SIGQUIT] = "QUIT", [SIGILL] = "ILL",   [SIGTRAP] = "TRAP",
	[SIGABRT] = "ABRT", [SIGBUS] = "BUS",     [SIGFPE] = "FPE",   [SIGKILL] = "KILL", [SIGUSR1] = "USR1",
	[SIGSEGV] = "SEGV", [SIGUSR2] = "USR2",   [SIGPIPE] = "PIPE", [SIGALRM] = "ALRM", [SIGTERM] = "TERM",
	[SIGCHLD] = "CHLD", [SIGCONT] = "CONT",   [SIGSTOP] = "STOP", [SIGTSTP] = "TSTP", [SIGTTIN] = "TTIN",
	[SIGTTOU] = "TTOU", [SIGURG] = "URG",     [SIGXCPU] = "XCPU", [SIGXFSZ] = "XFSZ", [SIGVTALRM] = "VTALRM",
	[SIGPROF] = "PROF", [SIGWINCH] = "WINCH", [SIGIO] = "IO",     [SIGPWR] = "PWR",   [SIGSYS] = "SYS",
};
#define SIGNAL_NAMES (int)(sizeof signal_names / sizeof signal_names[0])
#define SIGNAL_LAST 64

__attribute__((noreturn, format(printf, 1, 2))) static void fail(const char *format, ...)
{
	va_list list;
	va_start(list, format);
	fputs("tool: ", stderr);
	vfprintf(stderr, format, list);
	fputc('\n', stderr);
	va_end(list);
	exit(99);
}

static uint64_t number(const char *text)
{
	char *end = NULL;
	errno = 0;
	uint64_t value = strtoull(text, &end, 10);
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

static int signal_number(const char *name)
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

static void put_signal(int n)
{
	if (n < SIGNAL_NAMES && signal_names[n] != NULL)
		printf("%s", signal_names[n]);
	else
		printf("%d", n);
}

static void put_escaped(const char *text)
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

static void write_all(int fd, const void *data, size_t size)
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

/* The file appears whole: a reader that sees it sees the number. */
static void write_pid(const char *path, pid_t pid)
{
	char part[4096];
	snprintf(part, sizeof part, "%s.part", path);
	FILE *file = fopen(part, "we");
	if (file == NULL)
		fail("%s: %s", part, strerror(errno));
	fprintf(file, "%d\n", (int)pid);
	if (fclose(file) != 0 || rename(part, path) != 0)
		fail("%s: %s", path, strerror(errno));
}

__attribute__((noreturn)) static void wait_for_ever(void)
{
	for (;;)
		pause();
}

/* What a task does. */

static int run_exit(int argc, char **argv)
{
	(void)argc;
	return (int)number(argv[0]);
}

static int run_signal(int argc, char **argv)
{
	(void)argc;
	struct rlimit none = {0, 0};
	sigset_t empty;
	int n = signal_number(argv[0]);
	setrlimit(RLIMIT_CORE, &none);
	signal(n, SIG_DFL);
	sigemptyset(&empty);
	sigprocmask(SIG_SETMASK, &empty, NULL);
	raise(n);
	fail("still alive after signal %d", n);
}

static int run_crash(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	struct rlimit none = {0, 0};
	setrlimit(RLIMIT_CORE, &none);
	/* Raised, not caused: a sanitizer would make an exit status of a real one. */
	signal(SIGSEGV, SIG_DFL);
	raise(SIGSEGV);
	fail("still alive after SIGSEGV");
}

/* A FIFO is read until its other side closes; anything else is waited for until it exists. */
static int run_hold(int argc, char **argv)
{
	struct stat info;
	char block[BLOCK];
	for (int i = 1; i < argc; i++)
		write_all(1, argv[i], strlen(argv[i]));
	if (stat(argv[0], &info) == 0 && S_ISFIFO(info.st_mode)) {
		int fd = open(argv[0], O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			fail("%s: %s", argv[0], strerror(errno));
		while (read(fd, block, sizeof block) > 0)
			;
		return 0;
	}
	char folder[4096];
	snprintf(folder, sizeof folder, "%s", argv[0]);
	char *slash = strrchr(folder, '/');
	if (slash != NULL)
		*slash = '\0';
	int watch = inotify_init1(IN_CLOEXEC);
	if (watch < 0 || inotify_add_watch(watch, slash != NULL ? folder : ".", IN_CREATE | IN_MOVED_TO) < 0)
		fail("inotify: %s: %s", argv[0], strerror(errno));
	while (access(argv[0], F_OK) != 0)
		if (read(watch, block, sizeof block) < 0 && errno != EINTR)
			fail("inotify: %s", strerror(errno));
	return 0;
}

static const char *caught_text;
static bool ends_when_caught;

static void on_caught(int number)
{
	(void)number;
	write_all(1, caught_text, strlen(caught_text));
	if (ends_when_caught)
		_exit(0);
}

/* One process: a shell that waits for a child can lose the signal to that child before its exec. */
static int run_catch(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = on_caught, .sa_flags = SA_RESTART};
	caught_text = argv[1];
	ends_when_caught = argc < 3;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	int ready = open(argv[0], O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (ready < 0)
		fail("%s: %s", argv[0], strerror(errno));
	close(ready);
	if (argc > 2)
		return run_hold(1, argv + 2);
	wait_for_ever();
}

/* Bytes as they come from a FIFO, until its other side closes. */
static int run_relay(int argc, char **argv)
{
	int out = argc > 1 ? (int)number(argv[1]) : 1;
	int fd = open(argv[0], O_RDONLY | O_CLOEXEC);
	char block[BLOCK];
	ssize_t n;
	if (fd < 0)
		fail("%s: %s", argv[0], strerror(errno));
	while ((n = read(fd, block, sizeof block)) > 0)
		write_all(out, block, (size_t)n);
	return 0;
}

static uint64_t spew_word(uint64_t seed, uint64_t index)
{
	uint64_t x = (seed & SEED_MASK) * UINT64_C(0x9e3779b97f4a7c15) + index;
	if (index == 0)
		return SPEW_MARK | (seed & SEED_MASK);
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	return x ^ (x >> 27);
}

static void spew_fill(uint64_t *words, uint64_t seed, uint64_t at)
{
	for (uint64_t i = 0; i < BLOCK / 8; i++)
		words[i] = spew_word(seed, at / 8 + i);
}

static int run_spew(int argc, char **argv)
{
	static uint64_t words[BLOCK / 8];
	uint64_t size = number(argv[0]);
	uint64_t seed = argc > 1 ? number(argv[1]) : 1;
	int out = argc > 2 ? (int)number(argv[2]) : 1;
	for (uint64_t at = 0; at < size; at += BLOCK) {
		spew_fill(words, seed, at);
		write_all(out, words, size - at < BLOCK ? (size_t)(size - at) : BLOCK);
	}
	return 0;
}

static void unspew_one(uint64_t size, uint64_t seed)
{
	static uint64_t words[BLOCK / 8];
	static char got[BLOCK];
	for (uint64_t at = 0; at < size; at += BLOCK) {
		size_t part = size - at < BLOCK ? (size_t)(size - at) : BLOCK;
		size_t skip = at == 0 ? 8 : 0;
		spew_fill(words, seed, at);
		memcpy(got, words, skip);
		if (fread(got + skip, 1, part - skip, stdin) != part - skip)
			fail("seed %d: ends after %llu of %llu bytes", (int)seed, (unsigned long long)at,
			     (unsigned long long)size);
		if (memcmp(got, words, part) != 0)
			fail("seed %d: wrong byte after %llu", (int)seed, (unsigned long long)at);
	}
}

/* What spew wrote with these seeds, in any order and nothing else; prints the order found. */
static int run_unspew(int argc, char **argv)
{
	uint64_t size = number(argv[0]);
	uint64_t first = number(argv[1]);
	uint64_t last = argc > 2 ? number(argv[2]) : first;
	char *seen = calloc(1, (size_t)(last - first + 1));
	uint64_t mark = 0;
	if (seen == NULL || size < 8)
		fail("unspew: bad arguments");
	while (fread(&mark, 1, sizeof mark, stdin) == sizeof mark) {
		uint64_t seed = mark & SEED_MASK;
		if ((mark & ~SEED_MASK) != SPEW_MARK || seed < first || seed > last)
			fail("not the beginning of a spew: %016llx", (unsigned long long)mark);
		if (seen[seed - first]++)
			fail("seed %d: twice", (int)seed);
		unspew_one(size, seed);
		printf("%d\n", (int)seed);
	}
	for (uint64_t seed = first; seed <= last; seed++)
		if (!seen[seed - first])
			fail("seed %d: missing", (int)seed);
	free(seen);
	return 0;
}

static int run_both(int argc, char **argv)
{
	(void)argc;
	for (int fd = 1; fd <= 2; fd++)
		dprintf(fd, "%s\n", argv[0]);
	return 0;
}

static int run_stutter(int argc, char **argv)
{
	(void)argc;
	uint64_t count = number(argv[0]);
	for (uint64_t i = 0; i < count; i++)
		for (const char *p = argv[1];; p++) {
			write_all(1, *p != '\0' ? p : "\n", 1);
			write_all(2, *p != '\0' ? p : "\n", 1);
			if (*p == '\0')
				break;
		}
	return 0;
}

/* The next byte is written when the reader of the pipe has taken the one before: it never sees two at once. */
static int run_drip(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	char block[BLOCK];
	ssize_t n = 0;
	while ((n = read(0, block, sizeof block)) > 0)
		for (ssize_t i = 0; i < n; i++) {
			int unread = 0;
			write_all(1, block + i, 1);
			while (ioctl(1, FIONREAD, &unread) == 0 && unread > 0)
				if (poll(&(struct pollfd){.fd = 1}, 1, 0) > 0)
					return 0; /* nobody reads any more */
		}
	return 0;
}

static int run_lines(int argc, char **argv)
{
	uint64_t count = number(argv[0]);
	size_t length = (size_t)number(argv[1]);
	int out = argc > 3 ? (int)number(argv[3]) : 1;
	char *line = malloc(length + 1);
	if (line == NULL)
		fail("out of memory");
	memset(line, argv[2][0], length);
	line[length] = '\n';
	for (uint64_t i = 0; i < count; i++)
		write_all(out, line, length + 1);
	free(line);
	return 0;
}

static int run_silent(int argc, char **argv)
{
	close(1);
	close(2);
	return run_hold(argc, argv);
}

static int run_pause(int argc, char **argv)
{
	(void)argc;
	write_pid(argv[0], getpid());
	wait_for_ever();
}

static int run_ignore(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		signal(signal_number(argv[i]), SIG_IGN);
	return run_pause(argc, argv);
}

/* Leaves a child in the task's own group, which holds the task's output. */
static int run_background(int argc, char **argv)
{
	int ready[2];
	char byte = 0;
	if (pipe2(ready, O_CLOEXEC) != 0)
		fail("pipe: %s", strerror(errno));
	pid_t pid = fork();
	if (pid == 0) {
		for (int i = 1; i < argc; i++)
			signal(signal_number(argv[i]), SIG_IGN);
		write_all(ready[1], &byte, 1);
		wait_for_ever();
	}
	if (pid < 0 || read(ready[0], &byte, 1) != 1)
		fail("no background child");
	write_pid(argv[0], pid);
	return 0;
}

/* Leaves a child in the task's own group that writes once the task has ended. */
static int run_afterword(int argc, char **argv)
{
	(void)argc;
	int alive[2];
	char byte;
	if (pipe2(alive, O_CLOEXEC) != 0)
		fail("pipe: %s", strerror(errno));
	pid_t pid = fork();
	if (pid < 0)
		fail("no background child");
	if (pid > 0)
		return 0;
	close(alive[1]);
	while (read(alive[0], &byte, 1) != 0)
		;
	dprintf(1, "%s\n", argv[0]);
	return 0;
}

static int run_daemonise(int argc, char **argv)
{
	bool keep = argc > 1 && strcmp(argv[1], "keep") == 0;
	pid_t pid = fork();
	if (pid > 0) {
		int status = 0;
		waitpid(pid, &status, 0);
		return WIFEXITED(status) ? WEXITSTATUS(status) : 98;
	}
	if (pid < 0 || setsid() < 0)
		fail("daemonise: %s", strerror(errno));
	pid = fork();
	if (pid > 0) {
		write_pid(argv[0], pid);
		_exit(0);
	}
	if (!keep)
		for (int fd = 0; fd <= 2; fd++)
			close(fd);
	wait_for_ever();
}

/* What a task sees. */

static int run_args(int argc, char **argv)
{
	for (int i = 0; i < argc; i++)
		put_escaped(argv[i]);
	return 0;
}

static int run_env(int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		const char *value = getenv(argv[i]);
		printf("%s=", argv[i]);
		if (value != NULL)
			put_escaped(value);
		else
			puts("unset");
	}
	return 0;
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int run_environ(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	size_t count = 0;
	while (environ[count] != NULL)
		count++;
	qsort(environ, count, sizeof *environ, compare_texts);
	for (size_t i = 0; i < count; i++)
		put_escaped(environ[i]);
	return 0;
}

static int compare_numbers(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static int run_fds(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	static int fds[65536];
	size_t count = 0;
	char path[64], target[4096];
	DIR *folder = opendir("/proc/self/fd");
	if (folder == NULL)
		fail("/proc/self/fd: %s", strerror(errno));
	for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
		if (isdigit((unsigned char)entry->d_name[0]) && count < sizeof fds / sizeof fds[0])
			fds[count++] = (int)number(entry->d_name);
	}
	qsort(fds, count, sizeof fds[0], compare_numbers);
	for (size_t i = 0; i < count; i++) {
		if (fds[i] == dirfd(folder))
			continue;
		snprintf(path, sizeof path, "/proc/self/fd/%d", fds[i]);
		ssize_t n = readlink(path, target, sizeof target - 1);
		target[n > 0 ? n : 0] = '\0';
		printf("%d -> %s\n", fds[i], target);
	}
	closedir(folder);
	return 0;
}

static uint64_t status_mask(const char *field)
{
	char line[256];
	unsigned long long mask = 0;
	FILE *file = fopen("/proc/self/status", "re");
	if (file == NULL)
		fail("/proc/self/status: %s", strerror(errno));
	while (fgets(line, sizeof line, file) != NULL)
		if (strncmp(line, field, strlen(field)) == 0)
			sscanf(line + strlen(field), "%llx", &mask);
	fclose(file);
	/* Signals 32 and 33 are libc's own: no program can ask for them, or set them as they were. */
	return mask & ~(UINT64_C(3) << 31);
}

static void put_signals(const char *title, uint64_t mask)
{
	printf("%s:", title);
	for (int n = 1; n <= SIGNAL_LAST; n++)
		if (mask & (UINT64_C(1) << (n - 1))) {
			putchar(' ');
			put_signal(n);
		}
	putchar('\n');
}

static int run_signals(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	put_signals("blocked", status_mask("SigBlk:"));
	put_signals("ignored", status_mask("SigIgn:"));
	return 0;
}

static int run_ids(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	printf("pid=%d pgid=%d ppid=%d sid=%d\n", (int)getpid(), (int)getpgrp(), (int)getppid(), (int)getsid(0));
	return 0;
}

static int run_stdin(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	char target[4096] = "closed", block[BLOCK];
	size_t total = 0;
	ssize_t n = readlink("/proc/self/fd/0", target, sizeof target - 1);
	if (n > 0)
		target[n] = '\0';
	while ((n = read(0, block, sizeof block)) > 0)
		total += (size_t)n;
	printf("%s %s%zu bytes\n", target, n < 0 ? "unreadable " : "", total);
	return 0;
}

static int run_limits(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	for (int i = 0; i < (int)RLIM_NLIMITS; i++) {
		struct rlimit limit;
		if (getrlimit((__rlimit_resource_t)i, &limit) == 0)
			printf("%d %lld %lld\n", i, (long long)limit.rlim_cur, (long long)limit.rlim_max);
	}
	return 0;
}

static int run_surroundings(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	char folder[4096];
	mode_t mask = umask(0);
	printf("cwd=%s umask=%03o nice=%d\n", getcwd(folder, sizeof folder), (unsigned)mask,
	       getpriority(PRIO_PROCESS, 0));
	return 0;
}

/* What a test needs around mpmap. */

/* Calls the function for each comma-separated item; "all" is every signal. */
static void each_signal(char *list, void (*act)(int n, sigset_t *set), sigset_t *set)
{
	if (strcmp(list, "all") == 0)
		for (int n = 1; n <= SIGNAL_LAST; n++)
			act(n, set);
	else
		for (char *name = strsep(&list, ","); name != NULL; name = strsep(&list, ","))
			act(signal_number(name), set);
}

static void make_ignored(int n, sigset_t *set)
{
	(void)set;
	signal(n, SIG_IGN);
}

static void make_default(int n, sigset_t *set)
{
	(void)set;
	signal(n, SIG_DFL);
}

static void make_blocked(int n, sigset_t *set)
{
	sigaddset(set, n);
}

static void close_descriptors(char *list, bool listed)
{
	bool chosen[4096] = {false};
	for (char *item = strsep(&list, ","); item != NULL; item = strsep(&list, ","))
		chosen[number(item) % 4096] = true;
	for (int fd = 0; fd < 4096; fd++)
		if (chosen[fd] == listed)
			close(fd);
}

static void open_descriptors(char *list)
{
	for (char *item = strsep(&list, ","); item != NULL; item = strsep(&list, ",")) {
		int wanted = (int)number(item), fd = open("/dev/null", O_RDONLY);
		if (fd < 0 || (fd != wanted && (dup2(fd, wanted) < 0 || close(fd) < 0)))
			fail("under: cannot open %s: %s", item, strerror(errno));
	}
}

static void apply_setting(char *setting)
{
	char all[] = "all";
	sigset_t set;
	sigemptyset(&set);
	if (strcmp(setting, "default") == 0) {
		each_signal(all, make_default, &set);
		sigprocmask(SIG_SETMASK, &set, NULL);
	} else if (strncmp(setting, "ignore=", 7) == 0) {
		each_signal(setting + 7, make_ignored, &set);
	} else if (strncmp(setting, "block=", 6) == 0) {
		each_signal(setting + 6, make_blocked, &set);
		sigprocmask(SIG_BLOCK, &set, NULL);
	} else if (strncmp(setting, "only=", 5) == 0) {
		close_descriptors(setting + 5, false);
	} else if (strncmp(setting, "open=", 5) == 0) {
		open_descriptors(setting + 5);
	} else if (strncmp(setting, "close=", 6) == 0) {
		close_descriptors(setting + 6, true);
	} else {
		fail("under: no such setting: %s", setting);
	}
}

static int run_under(int argc, char **argv)
{
	int i = 0;
	while (i < argc && strcmp(argv[i], "--") != 0)
		apply_setting(argv[i++]);
	if (i + 1 >= argc)
		fail("under: no command");
	execvp(argv[i + 1], argv + i + 1);
	fail("%s: %s", argv[i + 1], strerror(errno));
}

/* The true end of a command, which a shell tells as a number only, and the most memory any process of it took. */
static int run_ending(int argc, char **argv)
{
	(void)argc;
	struct rusage usage;
	int status = 0;
	pid_t pid = fork();
	if (pid == 0) {
		execvp(argv[1], argv + 1);
		_exit(97);
	}
	if (pid < 0 || wait4(pid, &status, 0, &usage) != pid)
		fail("ending: %s", strerror(errno));
	FILE *file = fopen(argv[0], "we");
	if (file == NULL)
		fail("%s: %s", argv[0], strerror(errno));
	if (WIFSIGNALED(status)) {
		int n = WTERMSIG(status);
		fprintf(file, "signal %s\n", n < SIGNAL_NAMES && signal_names[n] != NULL ? signal_names[n] : "?");
	} else {
		fprintf(file, "exit %d\n", WEXITSTATUS(status));
	}
	fprintf(file, "max_rss %ld\n", usage.ru_maxrss);
	return fclose(file) != 0;
}

static bool holds_marker(const char *pid, const char *marker)
{
	char path[300];
	char *line = NULL;
	size_t room = 0;
	bool found = false;
	snprintf(path, sizeof path, "/proc/%s/environ", pid);
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return false;
	while (!found && getdelim(&line, &room, 0, file) > 0)
		found = strcmp(line, marker) == 0;
	free(line);
	fclose(file);
	return found;
}

static void put_process(const char *pid)
{
	char path[300], words[400] = "";
	snprintf(path, sizeof path, "/proc/%s/cmdline", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, words, sizeof words - 1) : 0;
	for (ssize_t i = 0; i + 1 < n; i++)
		if (words[i] == '\0')
			words[i] = ' ';
	if (fd >= 0)
		close(fd);
	printf("%s %s\n", pid, words);
}

static int put_marked(const char *marker, bool print)
{
	DIR *folder = opendir("/proc");
	int found = 0;
	if (folder == NULL)
		fail("/proc: %s", strerror(errno));
	for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
		const char *pid = entry->d_name;
		if (!isdigit((unsigned char)pid[0]) || (pid_t)number(pid) == getpid() || !holds_marker(pid, marker))
			continue;
		found++;
		if (print)
			put_process(pid);
	}
	closedir(folder);
	return found;
}

/* Every process that has this in its environment; with SECONDS, waits that long for them to end. */
static int run_marked(int argc, char **argv)
{
	uint64_t rounds = argc > 1 ? number(argv[1]) * 100 : 0;
	struct timespec moment = {0, 10000000};
	while (rounds-- > 0 && put_marked(argv[0], false) > 0)
		nanosleep(&moment, NULL);
	return put_marked(argv[0], true) > 0;
}

static int run_unread(int argc, char **argv)
{
	int count = 0;

	(void)argc;
	(void)argv;
	if (ioctl(0, FIONREAD, &count) < 0)
		fail("FIONREAD: %s", strerror(errno));
	printf("%d\n", count);
	return 0;
}

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
	{"surroundings", 0, "", "prints the folder, the umask and the niceness", run_surroundings},
	{"under", 2, "[default|ignore=S,..|block=S,..|only=FD,..|open=FD,..|close=FD,..]... -- COMMAND...",
	 "runs COMMAND so", run_under},
	{"ending", 2, "FILE COMMAND...", "runs COMMAND, writes to FILE how it ended", run_ending},
	{"marked", 1, "NAME=VALUE [SECONDS]", "prints the processes with this in their environment", run_marked},
};

int main(int argc, char **argv)
{
	size_t count = sizeof commands / sizeof commands[0];
	for (size_t i = 0; i < count; i++) {
		const struct command *command = &commands[i];
		if (argc < 2 || strcmp(argv[1], command->name) != 0)
			continue;
		if (argc - 2 < command->least)
			fail("usage: tool %s %s", command->name, command->args);
		int status = command->run(argc - 2, argv + 2);
		return fflush(stdout) != 0 ? 99 : status;
	}
	for (size_t i = 0; i < count; i++)
		printf("%s %s: %s\n", commands[i].name, commands[i].args, commands[i].help);
	return argc < 2 ? 0 : 2;
}
