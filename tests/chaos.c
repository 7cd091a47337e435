/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs mpmap while processes of the run are killed and stopped at random, and checks all that is promised about it. */

#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MSEC INT64_C(1000000)
#define SECOND (1000 * MSEC)
/* Against hangs only: a run without any progress, and processes left behind. */
#define STALL (60 * SECOND)
#define GOODBYE (20 * SECOND)
/* How old a process of mpmap is when it has surely armed its parent-death signal. */
#define YOUTH (100 * MSEC)
#define MOST_PROCESSES 4096
/* Of /proc/PID/stat: what is between the session and the time of the start. */
#define OTHER_FIELDS "%*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
#define MOST_STOPPED 64
#define BLOCK 65536

static const char usage[] =
	"usage: chaos SEED[+COUNT] METHOD MODE[,slow][,quick][,large|,shell] RECORDS [OPTION OF MPMAP]...\n"
	"  MPMAP is the program's path. Modes:\n"
	"    workers     SIGKILL to workers            crashes     SIGSEGV to workers\n"
	"    stops       SIGSTOP, then SIGCONT, to any process of the run\n"
	"    forkserver  SIGKILL and SIGSTOP to the forkserver\n"
	"    tasks       SIGKILL, SIGSEGV, SIGSTOP to tasks\n"
	"    all         all of these\n"
	"    parent      SIGKILL to mpmap at a random instant, while tasks have children in their groups and\n"
	"                some of its processes may be stopped\n"
	"    together    SIGKILL to mpmap, its workers and the forkserver at once\n"
	"  slow: a slow reader of the output. large: much output. quick: tasks do not sleep. shell: a script.\n";

enum target { WORKERS = 1, FORKSERVER = 2, TASKS = 4, PARENT = 8 };
enum action { KILL = 1, SEGV = 2, STOP = 4 };

struct mode {
	const char *name;
	unsigned targets;
	unsigned actions;
	int64_t pause;        /* between two signals, on average */
	bool harmless;        /* no task can fail of it */
	bool fatal;           /* it ends mpmap */
	void (*strike)(void); /* where it is not one signal to one process of the targets */
};

static void strike_parent(void);
static void strike_together(void);

static const struct mode modes[] = {
	{"workers", WORKERS, KILL, 40 * MSEC, false, false, NULL},
	{"crashes", WORKERS, SEGV, 40 * MSEC, false, false, NULL},
	{"stops", WORKERS | FORKSERVER | TASKS | PARENT, STOP, 15 * MSEC, true, false, NULL},
	{"forkserver", FORKSERVER, KILL | STOP, 25 * MSEC, true, false, NULL},
	{"tasks", TASKS, KILL | SEGV | STOP, 15 * MSEC, false, false, NULL},
	{"all", WORKERS | FORKSERVER | TASKS, KILL | SEGV | STOP, 20 * MSEC, false, false, NULL},
	{"parent", 0, 0, 0, false, true, strike_parent},
	{"together", 0, 0, 0, false, true, strike_together},
};

/* What is asked for. */
static struct {
	char *program;
	char self[4096];
	const char *method;
	const char *mode_text;
	const struct mode *mode;
	bool slow, large, quick, shell;
	uint64_t records;
	char **options;
	int option_count;
	uint64_t retries;
	bool unordered;
} plan;

struct process {
	pid_t pid;
	pid_t parent;
	char state;
	bool is_mpmap;
	bool is_new; /* mpmap's own, and may not have armed what it needs against the death of its parent */
};

struct stopped {
	int pidfd;
	int64_t until;
};

/* One run. */
static struct {
	uint64_t seed;
	uint64_t random;
	char folder[4096];
	pid_t pid;
	int pidfd;
	int reader; /* of mpmap's output, if slow */
	int copy;   /* where what is read goes */
	int64_t begun;
	int64_t grown; /* when a task began last */
	int64_t pause; /* the longest time in which none began */
	int64_t goodbye;
	off_t log_size;
	uint64_t kills; /* signals sent that can make a task fail */
	uint64_t stops;
	struct stopped stopped[MOST_STOPPED];
	size_t stopped_count;
	int status;
	uint64_t failed;
	uint64_t exhausted; /* of these, what is named as failed at the last of its attempts */
	uint64_t streamed;  /* and before it, since its output was too large to be held back */
	bool bad;
} run;

static struct process processes[MOST_PROCESSES];
static size_t process_count;

__attribute__((noreturn, format(printf, 1, 2))) static void fail(const char *format, ...)
{
	va_list list;
	va_start(list, format);
	fputs("chaos: ", stderr);
	vfprintf(stderr, format, list);
	fputc('\n', stderr);
	va_end(list);
	exit(99);
}

/* What is promised does not hold. */
__attribute__((format(printf, 1, 2))) static void bad(const char *format, ...)
{
	va_list list;
	run.bad = true;
	va_start(list, format);
	fputs("  BAD: ", stdout);
	vprintf(format, list);
	putchar('\n');
	va_end(list);
}

static uint64_t number(const char *text)
{
	char *end = NULL;
	errno = 0;
	uint64_t value = strtoull(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0')
		fail("bad number: %s", text);
	return value;
}

static int64_t now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * SECOND + time.tv_nsec;
}

static void nap(int64_t length)
{
	struct timespec time = {.tv_sec = length / SECOND, .tv_nsec = length % SECOND};
	while (nanosleep(&time, &time) != 0)
		;
}

static uint64_t mixed(uint64_t x)
{
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

/* From 0 to below the limit. */
static int64_t chance(int64_t limit)
{
	run.random += UINT64_C(0x9e3779b97f4a7c15);
	return limit > 0 ? (int64_t)(mixed(run.random) % (uint64_t)limit) : 0;
}

static void write_all(int fd, const char *at, size_t size)
{
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

/* The task: what it writes for a record is known to the checks. */

/* "<N:xxx>" and a newline. */
static char *text_of(uint64_t record, bool shell, bool large, size_t *size)
{
	char head[32];
	uint64_t mix = mixed(record);
	size_t middle = large ? (record % 97 == 0 ? 200000 : mix % 20000) : mix % 100;
	if (shell)
		middle = 0;
	int length = snprintf(head, sizeof head, "<%" PRIu64 ":", record);
	char *text = malloc((size_t)length + middle + 2);
	if (text == NULL)
		fail("out of memory");
	memcpy(text, head, (size_t)length);
	memset(text + length, 'x', middle);
	memcpy(text + length + middle, ">\n", 2);
	*size = (size_t)length + middle + 2;
	return text;
}

/* A child in the task's group that holds its output and, if stubborn, ends by nothing but SIGKILL. */
static pid_t start_child(bool stubborn)
{
	int ready[2];
	char byte = 0;
	if (pipe2(ready, O_CLOEXEC) != 0)
		fail("pipe: %s", strerror(errno));
	pid_t pid = fork();
	if (pid == 0) {
		for (int n = SIGHUP; stubborn && n <= SIGTERM; n++)
			signal(n, SIG_IGN);
		write_all(ready[1], &byte, 1);
		for (;;)
			pause();
	}
	if (pid < 0 || read(ready[0], &byte, 1) != 1)
		fail("no background child");
	return pid;
}

static int run_task(const char *style, const char *argument)
{
	uint64_t record = number(argument), mix = mixed(record);
	size_t size;
	int log = open(getenv("CHAOS_LOG"), O_WRONLY | O_APPEND | O_CLOEXEC);
	if (log < 0 || dprintf(log, "%" PRIu64 "\n", record) < 0)
		fail("log: %s", strerror(errno));
	pid_t child = strchr(style, 'b') != NULL && record % 2 == 0 ? start_child(record % 100 == 0) : 0;
	char *text = text_of(record, false, strchr(style, 'l') != NULL, &size);
	size_t half = record % 3 == 0 ? size / 2 : 0;
	write_all(1, text, half);
	/* Now and then one takes long, so that the results of others must wait for it. */
	if (strchr(style, 'q') == NULL)
		nap(record % 97 == 0 ? 60 * MSEC : (int64_t)(mix % 6) * MSEC);
	write_all(1, text + half, size - half);
	/* Few are left behind, since mpmap gives them time. */
	if (child > 0 && record % 50 != 0)
		kill(child, SIGKILL);
	close(log);
	free(text);
	return 0;
}

/* The processes of the run: those of mpmap's session. */

static bool read_process(const char *name, struct process *process)
{
	char path[300], line[1024], target[4096];
	int parent = 0, group = 0, session = 0;
	unsigned long long start = 0;
	snprintf(path, sizeof path, "/proc/%s/stat", name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, line, sizeof line - 1) : -1;
	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return false;
	line[n] = '\0';
	char *end = strrchr(line, ')');
	if (end == NULL || sscanf(end + 1, " %c %d %d %d" OTHER_FIELDS "%llu", &process->state, &parent, &group,
				  &session, &start) != 5)
		return false;
	if (session != run.pid || strchr("ZXx", process->state) != NULL)
		return false;
	process->pid = (pid_t)strtol(name, NULL, 10);
	process->parent = parent;
	snprintf(path, sizeof path, "/proc/%s/exe", name);
	n = readlink(path, target, sizeof target - 1);
	target[n > 0 ? n : 0] = '\0';
	process->is_mpmap = strcmp(target, plan.program) == 0;
	struct timespec time;
	clock_gettime(CLOCK_BOOTTIME, &time);
	int64_t begun = (int64_t)start * (SECOND / sysconf(_SC_CLK_TCK));
	process->is_new = process->is_mpmap && time.tv_sec * SECOND + time.tv_nsec - begun < YOUTH;
	return true;
}

static void scan(void)
{
	DIR *folder = opendir("/proc");
	if (folder == NULL)
		fail("/proc: %s", strerror(errno));
	process_count = 0;
	for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder))
		if (isdigit((unsigned char)entry->d_name[0]) && process_count < MOST_PROCESSES &&
		    read_process(entry->d_name, &processes[process_count]))
			process_count++;
	closedir(folder);
}

/* The forkserver is the one that holds its shared page open. */
static bool is_forkserver(pid_t pid)
{
	char path[300], target[300];
	bool found = false;
	snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
	DIR *folder = opendir(path);
	if (folder == NULL)
		return false;
	for (struct dirent *entry = readdir(folder); entry != NULL && !found; entry = readdir(folder)) {
		ssize_t n = readlinkat(dirfd(folder), entry->d_name, target, sizeof target - 1);
		target[n > 0 ? n : 0] = '\0';
		found = strstr(target, "mpmap-forkserver") != NULL;
	}
	closedir(folder);
	return found;
}

static enum target target_of(const struct process *process)
{
	if (process->pid == run.pid)
		return PARENT;
	if (process->parent != run.pid || !process->is_mpmap)
		return TASKS;
	if (strcmp(plan.method, "forkserver") == 0 && is_forkserver(process->pid))
		return FORKSERVER;
	return WORKERS;
}

static void show_processes(void)
{
	char path[64], words[600];
	for (size_t i = 0; i < process_count; i++) {
		snprintf(path, sizeof path, "/proc/%d/cmdline", (int)processes[i].pid);
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t n = fd >= 0 ? read(fd, words, sizeof words - 1) : 0;
		if (fd >= 0)
			close(fd);
		for (ssize_t at = 0; at < n; at++)
			if (words[at] == '\0')
				words[at] = ' ';
		words[n > 0 ? n : 0] = '\0';
		printf("    %d (of %d) %c %s\n", (int)processes[i].pid, (int)processes[i].parent, processes[i].state,
		       words);
	}
}

/* Signals. */

/* Opens the process, once more seen to be of this run. */
static int open_process(pid_t pid)
{
	struct process process;
	char name[32];
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	snprintf(name, sizeof name, "%d", (int)pid);
	if (fd >= 0 && !read_process(name, &process)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static bool send_signal(int pidfd, int signal_number)
{
	return syscall(SYS_pidfd_send_signal, pidfd, signal_number, NULL, 0) == 0;
}

static void continue_stopped(int64_t moment)
{
	for (size_t i = run.stopped_count; i-- > 0;) {
		if (run.stopped[i].until > moment)
			continue;
		send_signal(run.stopped[i].pidfd, SIGCONT);
		close(run.stopped[i].pidfd);
		run.stopped[i] = run.stopped[--run.stopped_count];
	}
}

static void strike_one(pid_t pid)
{
	static const int signals[] = {SIGKILL, SIGSEGV, SIGSTOP};
	unsigned choice;
	do
		choice = 1U << chance(3);
	while ((plan.mode->actions & choice) == 0);
	if (pid == run.pid)
		choice = STOP;
	int fd = open_process(pid);
	if (fd < 0)
		return;
	if (choice == STOP && run.stopped_count == MOST_STOPPED) {
		close(fd);
		return;
	}
	bool sent = send_signal(fd, signals[choice == KILL ? 0 : choice == SEGV ? 1 : 2]);
	if (sent && choice == STOP) {
		run.stops++;
		run.stopped[run.stopped_count++] = (struct stopped){fd, now() + chance(300 * MSEC)};
		return;
	}
	run.kills += sent;
	close(fd);
}

/* A process of the run of one of these kinds, each kind as likely as the others; 0 if there is none. */
static pid_t choose(unsigned targets)
{
	static unsigned kinds[MOST_PROCESSES];
	unsigned there = 0, kind;
	size_t count = 0;
	scan();
	for (size_t i = 0; i < process_count; i++) {
		kinds[i] = target_of(&processes[i]);
		there |= kinds[i];
	}
	there &= targets;
	if (there == 0)
		return 0;
	do
		kind = 1U << chance(4);
	while ((there & kind) == 0);
	for (size_t i = 0; i < process_count; i++)
		count += kinds[i] == kind;
	size_t chosen = (size_t)chance((int64_t)count);
	for (size_t i = 0; i < process_count; i++)
		if (kinds[i] == kind && chosen-- == 0)
			return processes[i].pid;
	return 0;
}

/* Now and then others are stopped before, for ever: that must not keep them, but at the instant of their birth. */
static void strike_parent(void)
{
	for (int64_t others = chance(4); others > 0; others--) {
		struct process process;
		char name[32];
		pid_t pid = choose(WORKERS | FORKSERVER | TASKS);
		int fd = pid > 0 ? open_process(pid) : -1;
		snprintf(name, sizeof name, "%d", (int)pid);
		if (fd >= 0 && read_process(name, &process) && !process.is_new)
			run.stops += send_signal(fd, SIGSTOP);
		if (fd >= 0)
			close(fd);
	}
	run.kills += send_signal(run.pidfd, SIGKILL);
}

/* Stopped first, the parent before the others, so that none can act on the death of another or start one more. */
static void strike_together(void)
{
	size_t before, after = 0;
	send_signal(run.pidfd, SIGSTOP);
	do {
		before = after;
		after = 0;
		scan();
		for (size_t i = 0; i < process_count; i++) {
			if (target_of(&processes[i]) == TASKS)
				continue;
			after++;
			int fd = open_process(processes[i].pid);
			send_signal(fd, SIGSTOP);
			close(fd);
		}
	} while (after != before);
	for (size_t i = 0; i < process_count; i++) {
		if (target_of(&processes[i]) == TASKS)
			continue;
		int fd = open_process(processes[i].pid);
		run.kills += send_signal(fd, SIGKILL);
		close(fd);
	}
}

static void strike(void)
{
	if (plan.mode->targets == 0) {
		plan.mode->strike();
		return;
	}
	pid_t pid = choose(plan.mode->targets);
	if (pid > 0)
		strike_one(pid);
}

/* The run. */

static int open_in_folder(const char *name, int flags)
{
	char path[4200];
	snprintf(path, sizeof path, "%s/%s", run.folder, name);
	int fd = open(path, flags | O_CLOEXEC, 0644);
	if (fd < 0)
		fail("%s: %s", path, strerror(errno));
	return fd;
}

static void make_folder(void)
{
	const char *base = getenv("TMPDIR");
	char path[4200];
	snprintf(run.folder, sizeof run.folder, "%s/chaos.XXXXXX", base != NULL ? base : "/tmp");
	if (mkdtemp(run.folder) == NULL)
		fail("%s: %s", run.folder, strerror(errno));
	snprintf(path, sizeof path, "%s/tmp", run.folder);
	if (mkdir(path, 0755) != 0)
		fail("%s: %s", path, strerror(errno));
	setenv("CHAOS_TMPDIR", path, 1);
	snprintf(path, sizeof path, "%s/log", run.folder);
	setenv("CHAOS_LOG", path, 1);
	close(open_in_folder("log", O_CREAT | O_WRONLY));
	FILE *records = fdopen(open_in_folder("in", O_CREAT | O_WRONLY), "w");
	for (uint64_t record = 1; record <= plan.records; record++)
		fprintf(records, "%" PRIu64 "\n", record);
	if (fclose(records) != 0)
		fail("records: %s", strerror(errno));
}

static void remove_folder(void)
{
	static const char *const names[] = {"in", "out", "err", "log"};
	char path[4200];
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		snprintf(path, sizeof path, "%s/%s", run.folder, names[i]);
		unlink(path);
	}
	snprintf(path, sizeof path, "%s/tmp", run.folder);
	rmdir(path);
	rmdir(run.folder);
}

__attribute__((noreturn)) static void become_mpmap(int output)
{
	struct rlimit none = {0, 0};
	char method[64], style[] = "---";
	char *words[200];
	int count = 0;
	snprintf(method, sizeof method, "--start-method=%s", plan.method);
	words[count++] = strdup(plan.program);
	words[count++] = method;
	for (int i = 0; i < plan.option_count && i < 150; i++)
		words[count++] = plan.options[i];
	if (plan.shell) {
		words[count++] = strdup("--shell");
		words[count++] = strdup(plan.quick ? "echo \"$1\" >>\"$CHAOS_LOG\"; echo \"<$1:>\""
						   : "echo \"$1\" >>\"$CHAOS_LOG\"; sleep 0.003; echo \"<$1:>\"");
	} else {
		style[0] = plan.large ? 'l' : '-';
		style[1] = strcmp(plan.mode->name, "parent") == 0 ? 'b' : '-';
		style[2] = plan.quick ? 'q' : '-';
		words[count++] = plan.self;
		words[count++] = strdup("--task");
		words[count++] = style;
	}
	words[count] = NULL;
	setrlimit(RLIMIT_CORE, &none);
	setenv("TMPDIR", getenv("CHAOS_TMPDIR"), 1);
	/* A run does not go on without the one that watches it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setsid();
	dup2(open_in_folder("in", O_RDONLY), 0);
	dup2(output, 1);
	dup2(open_in_folder("err", O_CREAT | O_WRONLY), 2);
	execv(plan.program, words);
	fail("%s: %s", plan.program, strerror(errno));
}

static void begin(void)
{
	int ends[2];
	run.reader = -1;
	run.copy = open_in_folder("out", O_CREAT | O_WRONLY);
	if (plan.slow) {
		if (pipe2(ends, O_CLOEXEC) != 0)
			fail("pipe: %s", strerror(errno));
		run.reader = ends[0];
		fcntl(run.reader, F_SETFL, O_NONBLOCK);
	}
	fflush(stdout);
	run.begun = run.grown = now();
	run.pid = fork();
	if (run.pid == 0)
		become_mpmap(plan.slow ? ends[1] : run.copy);
	run.pidfd = run.pid > 0 ? (int)syscall(SYS_pidfd_open, run.pid, 0) : -1;
	if (run.pidfd < 0)
		fail("cannot start: %s", strerror(errno));
	if (plan.slow)
		close(ends[1]);
}

/* A little of the output, or all that there is. */
static void read_output(bool all)
{
	static char block[BLOCK];
	static const size_t sizes[] = {1, 100, 4096, BLOCK};
	ssize_t n;
	do {
		n = read(run.reader, block, all ? BLOCK : sizes[chance(4)]);
		if (n > 0)
			write_all(run.copy, block, (size_t)n);
	} while (all && n > 0);
}

static void watch_progress(int64_t moment)
{
	struct stat info;
	char path[4200];
	snprintf(path, sizeof path, "%s/log", run.folder);
	if (stat(path, &info) == 0 && info.st_size > run.log_size) {
		run.log_size = info.st_size;
		run.grown = moment;
	}
	if (moment - run.grown > run.pause)
		run.pause = moment - run.grown;
}

static bool has_ended(int64_t wait_until)
{
	int64_t length = wait_until - now();
	struct timespec time = {.tv_sec = length / SECOND, .tv_nsec = length % SECOND};
	struct pollfd poll_pidfd = {.fd = run.pidfd, .events = POLLIN};
	if (length < 0)
		time = (struct timespec){0, 0};
	return ppoll(&poll_pidfd, 1, &time, NULL) > 0;
}

/* Signals as the mode says, until mpmap has ended; false if it seems that it never will. */
static bool play(void)
{
	int64_t strike_at = run.begun + chance(2 * plan.mode->pause), read_at = run.begun, moment;
	off_t struck_at = 0;
	if (plan.mode->fatal)
		strike_at = run.begun + chance(chance(3) == 0 ? 60 * MSEC : 1500 * MSEC);
	for (;;) {
		int64_t next = now() + 10 * MSEC;
		if (strike_at < next)
			next = strike_at;
		if (run.reader >= 0 && read_at < next)
			next = read_at;
		if (has_ended(next))
			return true;
		moment = now();
		watch_progress(moment);
		if (moment - run.grown > STALL)
			return false;
		continue_stopped(moment);
		if (run.reader >= 0 && moment >= read_at) {
			read_output(false);
			read_at = moment + (chance(40) == 0 ? chance(100 * MSEC) : chance(MSEC / 2));
		}
		/* Where starting a process takes long, as under a sanitizer, there would be no progress at all. */
		if (moment < strike_at || (struck_at == run.log_size && !plan.mode->fatal))
			continue;
		struck_at = run.log_size;
		strike();
		/* One is enough of what is fatal. */
		strike_at = plan.mode->fatal ? INT64_MAX : moment + chance(2 * plan.mode->pause);
	}
}

/* Nothing may be left of the run; the time that this took is kept. */
static void say_goodbye(void)
{
	int64_t ended = now();
	continue_stopped(INT64_MAX);
	for (scan(); process_count > 0 && now() - ended < GOODBYE; scan())
		nap(2 * MSEC);
	run.goodbye = now() - ended;
	if (process_count == 0)
		return;
	bad("left behind:");
	show_processes();
}

static void kill_all(void)
{
	scan();
	for (size_t i = 0; i < process_count; i++) {
		int fd = open_process(processes[i].pid);
		send_signal(fd, SIGKILL);
		close(fd);
	}
}

/* The checks. */

static char *read_whole(const char *name, size_t *size)
{
	int fd = open_in_folder(name, O_RDONLY);
	struct stat info;
	if (fstat(fd, &info) != 0)
		fail("%s: %s", name, strerror(errno));
	char *text = malloc((size_t)info.st_size + 1);
	if (text == NULL)
		fail("out of memory");
	*size = 0;
	for (ssize_t n; (n = read(fd, text + *size, (size_t)info.st_size - *size)) > 0;)
		*size += (size_t)n;
	text[*size] = '\0';
	close(fd);
	return text;
}

/* The summary and the lines that name tasks; mpmap has nothing else to say. */
static void check_words(void)
{
	size_t size;
	char attempt[40], *text = read_whole("err", &size), *rest = text;
	snprintf(attempt, sizeof attempt, "(attempt %" PRIu64 "): ", plan.retries + 1);
	for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n")) {
		uint64_t failed, total;
		if (sscanf(line, "mpmap: %" SCNu64 " of %" SCNu64 " tasks failed (", &failed, &total) == 2) {
			run.failed = failed;
			if (total != plan.records)
				bad("the summary counts %" PRIu64 " tasks", total);
		} else if (strncmp(line, "mpmap: #", 8) == 0) {
			if (strstr(line, attempt) != NULL)
				run.exhausted++;
			else if (plan.large && strstr(line, "(what it had written is in the output)") != NULL)
				run.streamed++;
		} else if (strncmp(line, "mpmap: ", 7) == 0) {
			bad("stderr: %.200s", line);
		}
	}
	free(text);
}

static void check_status(void)
{
	int expected = run.failed > 0 ? 125 : 0;
	if (!WIFEXITED(run.status) || WEXITSTATUS(run.status) != expected)
		bad("ended by %s %d, with %" PRIu64 " failed tasks", WIFEXITED(run.status) ? "exit" : "signal",
		    WIFEXITED(run.status) ? WEXITSTATUS(run.status) : WTERMSIG(run.status), run.failed);
	if (run.failed > 0 && plan.mode->harmless)
		bad("%" PRIu64 " tasks failed, though none was harmed", run.failed);
	if (plan.retries == 0 && run.failed > run.kills)
		bad("%" PRIu64 " tasks failed of %" PRIu64 " signals", run.failed, run.kills);
	if (plan.retries == 0)
		return;
	/* A long task can be hit at every attempt. */
	if (run.failed > run.exhausted + run.streamed)
		bad("%" PRIu64 " tasks failed, of which %" PRIu64 " had all their attempts", run.failed, run.exhausted);
	if (run.exhausted * (plan.retries + 1) + run.streamed > run.kills)
		bad("%" PRIu64 " tasks failed of %" PRIu64 " signals", run.failed, run.kills);
}

/* How often each task began. */
static void check_log(void)
{
	unsigned *began = calloc(plan.records + 1, sizeof *began);
	uint64_t never = 0, again = 0;
	size_t size;
	char *text = read_whole("log", &size), *rest = text;
	for (char *line = strsep(&rest, "\n"); line != NULL && *line != '\0'; line = strsep(&rest, "\n")) {
		uint64_t record = number(line);
		if (record == 0 || record > plan.records)
			bad("a task for a record that is none: %s", line);
		else if (++began[record] > plan.retries + 1)
			bad("record %" PRIu64 " has begun %u times", record, began[record]);
	}
	for (uint64_t record = 1; record <= plan.records; record++) {
		never += began[record] == 0;
		again += began[record] > 1 ? began[record] - 1 : 0;
	}
	if (!plan.mode->fatal && never > run.failed)
		bad("%" PRIu64 " records were never run, %" PRIu64 " are counted", never, run.failed);
	if (again > run.kills)
		bad("%" PRIu64 " records were run again, for %" PRIu64 " signals", again, run.kills);
	free(text);
	free(began);
}

/*
 * A piece of the output, from one '<' to before the next: the whole text of a record, or the beginning of it. Returns
 * the record if the text is whole, 0 if not.
 */
static uint64_t check_piece(const char *piece, size_t length, uint64_t *last)
{
	uint64_t record = 0;
	size_t size, at = 1;
	while (at < length && isdigit((unsigned char)piece[at]))
		record = record * 10 + (uint64_t)(piece[at++] - '0');
	if (at == length)
		return 0;
	if (record == 0 || record > plan.records) {
		bad("output that is no task's: %.30s", piece);
		return 0;
	}
	if (!plan.unordered && record <= *last)
		bad("record %" PRIu64 " is written after %" PRIu64, record, *last);
	*last = record;
	char *text = text_of(record, plan.shell, plan.large, &size);
	if (length > size || memcmp(piece, text, length) != 0)
		bad("the output of record %" PRIu64 " is not what it wrote (%zu bytes, expected %zu)", record, length,
		    size);
	free(text);
	return length == size ? record : 0;
}

/* Each record's output is there once, in order and whole; what is missing or torn is counted as failed. */
static void check_output(void)
{
	size_t size;
	char *text = read_whole("out", &size), *end = text + size;
	bool *seen = calloc(plan.records + 1, sizeof *seen);
	uint64_t whole = 0, torn = 0, last = 0;
	if (size > 0 && text[0] != '<')
		bad("the output begins with: %.30s", text);
	for (char *piece = text; piece < end;) {
		char *next = memchr(piece + 1, '<', (size_t)(end - piece - 1));
		if (next == NULL)
			next = end;
		uint64_t record = check_piece(piece, (size_t)(next - piece), &last);
		if (record == 0)
			torn++;
		else if (seen[record])
			bad("record %" PRIu64 " is written twice", record);
		else
			whole += seen[record] = true;
		piece = next;
	}
	if (torn > run.failed && !plan.mode->fatal)
		bad("%" PRIu64 " outputs are torn, %" PRIu64 " tasks are counted", torn, run.failed);
	/* mpmap may be killed while it writes. */
	if (torn > 1 && plan.mode->fatal)
		bad("%" PRIu64 " outputs are torn", torn);
	if (plan.records - whole > run.failed && !plan.mode->fatal)
		bad("%" PRIu64 " outputs are not there, %" PRIu64 " tasks are counted", plan.records - whole,
		    run.failed);
	free(seen);
	free(text);
}

static void check_folder(const char *path, const char *pattern)
{
	DIR *folder = opendir(path);
	if (folder == NULL)
		return;
	for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder))
		if (entry->d_name[0] != '.' && strstr(entry->d_name, pattern) != NULL)
			bad("left behind: %s/%s", path, entry->d_name);
	closedir(folder);
}

static void check_all(void)
{
	check_folder(getenv("CHAOS_TMPDIR"), "");
	check_folder("/dev/shm", "mpmap");
	if (!plan.mode->fatal || run.kills == 0) {
		check_words();
		check_status();
	} else if (!WIFSIGNALED(run.status) && WEXITSTATUS(run.status) != 0) {
		bad("ended by exit %d", WEXITSTATUS(run.status));
	}
	check_log();
	check_output();
}

static void put_plan(void)
{
	printf("chaos %" PRIu64 " %s %s %" PRIu64, run.seed, plan.method, plan.mode_text, plan.records);
	for (int i = 0; i < plan.option_count; i++)
		printf(" %s", plan.options[i]);
}

/* One line for each run: what repeats it, and what was seen. */
static bool run_once(uint64_t seed)
{
	memset(&run, 0, sizeof run);
	run.seed = seed;
	run.random = mixed(seed + 1);
	make_folder();
	begin();
	bool ended = play();
	if (!ended) {
		bad("no task began in %d s; the processes:", (int)(STALL / SECOND));
		scan();
		show_processes();
		kill_all();
	}
	while (waitpid(run.pid, &run.status, 0) < 0 && errno == EINTR)
		;
	int64_t took = now() - run.begun;
	if (run.reader >= 0)
		read_output(true);
	if (ended) {
		say_goodbye();
		check_all();
	}
	kill_all();
	put_plan();
	printf(": %s, %" PRIu64 " kills, %" PRIu64 " stops, %" PRIu64
	       " failed, %.2f s, longest pause %.2f s, gone after %.3f s\n",
	       run.bad ? "FAILED" : "ok", run.kills, run.stops, run.failed, (double)took / SECOND,
	       (double)run.pause / SECOND, (double)run.goodbye / SECOND);
	if (run.bad)
		printf("  kept: %s\n", run.folder);
	else
		remove_folder();
	fflush(stdout);
	for (size_t i = 0; i < run.stopped_count; i++)
		close(run.stopped[i].pidfd);
	if (run.reader >= 0)
		close(run.reader);
	close(run.copy);
	close(run.pidfd);
	return !run.bad;
}

static void read_mode(char *text)
{
	char *name = strsep(&text, ",");
	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
		if (strcmp(modes[i].name, name) == 0)
			plan.mode = &modes[i];
	if (plan.mode == NULL)
		fail("no such mode: %s", name);
	for (name = strsep(&text, ","); name != NULL; name = strsep(&text, ",")) {
		if (strcmp(name, "slow") == 0)
			plan.slow = true;
		else if (strcmp(name, "large") == 0)
			plan.large = true;
		else if (strcmp(name, "quick") == 0)
			plan.quick = true;
		else if (strcmp(name, "shell") == 0)
			plan.shell = true;
		else
			fail("no such mode: %s", name);
	}
}

/* The options that change what is promised. */
static void read_options(void)
{
	for (int i = 0; i < plan.option_count; i++) {
		const char *option = plan.options[i];
		if (strcmp(option, "--unordered") == 0)
			plan.unordered = true;
		else if (strncmp(option, "--retries=", 10) == 0)
			plan.retries = number(option + 10);
		else if (strcmp(option, "--retries") == 0 && i + 1 < plan.option_count)
			plan.retries = number(plan.options[i + 1]);
	}
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "--task") == 0)
		return run_task(argv[2], argv[3]);
	plan.program = getenv("MPMAP") != NULL ? realpath(getenv("MPMAP"), NULL) : NULL;
	if (argc < 5 || plan.program == NULL || readlink("/proc/self/exe", plan.self, sizeof plan.self - 1) < 0) {
		fputs(usage, stderr);
		return 2;
	}
	char *count = strchr(argv[1], '+');
	if (count != NULL)
		*count++ = '\0';
	uint64_t first = number(argv[1]), last = first + (count != NULL ? number(count) : 1);
	plan.method = argv[2];
	plan.mode_text = argv[3];
	char *mode = strdup(argv[3]);
	read_mode(mode);
	free(mode);
	plan.records = number(argv[4]);
	plan.options = argv + 5;
	plan.option_count = argc - 5;
	read_options();
	bool well = true;
	for (uint64_t seed = first; seed < last && well; seed++)
		well = run_once(seed);
	free(plan.program);
	return well ? 0 : 1;
}
