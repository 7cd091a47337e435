/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The object that makes a program a zygote: preloaded, it stops it before main, and forks children that continue there.
 *
 * A child's parent is the worker, not the zygote (CLONE_PARENT), so that its end, its costs and its group are handled
 * as any task's. It is forked ahead and waits for its task itself, so that the worker never waits for a fork. What
 * libc's fork does besides the system call is done here: the thread's id is stored where libc keeps it, and the kernel
 * gets the list of robust mutexes. Functions registered with pthread_atfork are not called: the one thread is just
 * before main.
 *
 * This is part of another program, so nothing here allocates, opens streams, or is visible but __libc_start_main; what
 * libc does for preload_ready.c is an exception. A task's descriptors are received while 0, 1 and 2 are closed as
 * needed, so that the kernel puts them there.
 */
#include "worker/zygote/preload_ready.h"
#include "worker/zygote/request.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

enum { STREAMS = 3, FDS_MAX = 3, TEXT_SIZE = 4096, ENVIRONMENT_SPARE = ZYGOTE_VARIABLES + 1 };

typedef int main_function(int count, char **arguments, char **environment);
typedef int start_function(main_function *function, int count, char **arguments, void (*init)(void), void (*fini)(void),
			   void (*rtld_fini)(void), void *stack_end);

/* The payload of a message. */
union received {
	struct zygote_setup setup;
	struct {
		struct zygote_task head;
		char text[TEXT_SIZE];
	} task;
};

static main_function *real_main;
/* The zygote's own channel, and the channels at which children wait. */
static int channel = -1;
static int tasks[ZYGOTE_TURNS];
static uint32_t turn;
static struct zygote_setup setup;
static pid_t *thread_id;
static void *robust_list;
static size_t robust_size;
static union received received;
/* The arguments of the task being started, and their number. */
static char *task_arguments[TEXT_SIZE + 1];
static size_t task_argument_count;
static char **environment;
static size_t environment_size;
/* The processors of tasks, if the zygote remains on one. */
static cpu_set_t processors;

static void answer(int number, pid_t pid)
{
	struct {
		uint32_t type;
		struct zygote_answer answer;
	} message = {ZYGOTE_ANSWER, {.number = number, .pid = pid, .turn = turn}};

	send(channel, &message, sizeof message, MSG_NOSIGNAL);
}

static NORETURN void give_up(int number)
{
	answer(number, 0);
	_exit(0);
}

static void *memory(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static bool begins_with(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/*
 * Returns the channel, or -1 if this process is not the zygote. Processes that the zygote starts before main have the
 * same variable.
 */
static int find_channel(char **variables)
{
	for (; *variables; variables++) {
		char *end;
		long fd;

		if (!begins_with(*variables, ZYGOTE_VARIABLE))
			continue;
		fd = strtol(*variables + strlen(ZYGOTE_VARIABLE), &end, 10);
		return *end == ':' && strtol(end + 1, NULL, 10) == getppid() ? (int)fd : -1;
	}
	return -1;
}

/* Finds out whether the program's dynamic symbols name __libc_start_main. */
static int look_for_start(struct dl_phdr_info *info, size_t size UNUSED, void *found)
{
	static const char name[] = "__libc_start_main";
	const char *strings = NULL;
	size_t length = 0, i;

	for (i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Dyn) * entry;

		if (info->dlpi_phdr[i].p_type != PT_DYNAMIC)
			continue;
		for (entry = (const void *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr); entry->d_tag != DT_NULL;
		     entry++) {
			if (entry->d_tag == DT_STRTAB)
				strings = (const char *)entry->d_un.d_ptr;
			if (entry->d_tag == DT_STRSZ)
				length = entry->d_un.d_val;
		}
	}
	/* Some systems do not relocate the address. */
	if ((uintptr_t)strings < info->dlpi_addr)
		strings += info->dlpi_addr;
	*(bool *)found = strings && memmem(strings, length, name, sizeof name);
	/* The first object is the program. */
	return 1;
}

/* Ends a zygote that would not be stopped before main. Constructors run before main in any program. */
static __attribute__((constructor)) void check_program(int count UNUSED, char **arguments UNUSED, char **variables)
{
	bool found = false;

	channel = find_channel(variables);
	if (channel < 0)
		return;
	fcntl(channel, F_SETFD, FD_CLOEXEC);
	dl_iterate_phdr(look_for_start, &found);
	if (!found)
		give_up(ZYGOTE_HAS_NO_START);
}

/* True if the variable differs from task to task. */
static bool is_of_task(const char *variable)
{
	static const char *const names[ZYGOTE_VARIABLES] = ZYGOTE_VARIABLE_NAMES;
	size_t i;

	for (i = 0; i < ZYGOTE_VARIABLES; i++) {
		if (begins_with(variable, names[i]))
			return true;
	}
	return false;
}

/* Makes the environment as it was without this object, with room for the task's variables. */
static bool restore_environment(void)
{
	static const char preload[] = "LD_PRELOAD=";
	size_t count = 0, i;

	while (environ[count])
		count++;
	environment = memory((count + ENVIRONMENT_SPARE) * sizeof *environment);
	if (!environment)
		return false;
	for (i = 0; i < count; i++) {
		char *variable = environ[i], *rest;

		if (begins_with(variable, ZYGOTE_VARIABLE) || is_of_task(variable))
			continue;
		if (begins_with(variable, preload)) {
			/* This object is the first in the list. */
			rest = strchr(variable, ':');
			if (!rest)
				continue;
			memmove(variable + strlen(preload), rest + 1, strlen(rest + 1) + 1);
		}
		environment[environment_size++] = variable;
	}
	for (i = 0; i < ZYGOTE_VARIABLES; i++)
		environment[environment_size + i] = received.task.head.variables[i];
	return true;
}

/* True if the process has other threads, which its children would lose. /proc/self/task has a link from each. */
static bool has_threads(void)
{
	struct stat status;

	return stat("/proc/self/task", &status) < 0 || status.st_nlink != 3;
}

/* Finds where libc keeps the thread's id and its robust mutexes. */
static bool find_identity(void)
{
	return prctl(PR_GET_TID_ADDRESS, &thread_id, 0, 0, 0) == 0 && thread_id &&
	       *thread_id == (pid_t)syscall(SYS_gettid) &&
	       syscall(SYS_get_robust_list, 0, &robust_list, &robust_size) == 0;
}

/* Receives a message of a type, with *fd_count descriptors in fds. False at the end of file. */
static bool receive(int from, uint32_t type, size_t *fd_count, int fds[FDS_MAX])
{
	union {
		char data[CMSG_SPACE(sizeof(int) * FDS_MAX)];
		struct cmsghdr align;
	} control;
	uint32_t its_type = 0;
	struct iovec parts[2] = {
		{.iov_base = &its_type, .iov_len = sizeof its_type},
		{.iov_base = &received, .iov_len = sizeof received},
	};
	struct msghdr header = {
		.msg_iov = parts,
		.msg_iovlen = 2,
		.msg_control = control.data,
		.msg_controllen = sizeof control.data,
	};
	struct cmsghdr *message;
	ssize_t size;

	do
		size = recvmsg(from, &header, 0);
	while (size < 0 && errno == EINTR);
	if (size < (ssize_t)sizeof its_type || its_type != type)
		return false;
	message = CMSG_FIRSTHDR(&header);
	*fd_count = 0;
	if (message && message->cmsg_type == SCM_RIGHTS) {
		*fd_count = (message->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(fds, CMSG_DATA(message), *fd_count * sizeof *fds);
	}
	return true;
}

static void close_streams(void)
{
	int stream;

	for (stream = 0; stream < STREAMS; stream++) {
		if (setup.streams >> stream & 1)
			close(stream);
	}
}

/* Receives the setup, and closes the descriptors that come with each task. */
static bool take_setup(void)
{
	int fds[FDS_MAX], stream, i;
	size_t fd_count;

	/* Checked before anything else could have been opened there. */
	for (stream = 0; stream < STREAMS; stream++) {
		if (fcntl(stream, F_GETFD) < 0)
			return false;
	}
	if (!receive(channel, ZYGOTE_SETUP, &fd_count, fds) || fd_count != ZYGOTE_TURNS)
		return false;
	setup = received.setup;
	for (i = 0; i < ZYGOTE_TURNS; i++) {
		tasks[i] = fds[i];
		if (fcntl(tasks[i], F_SETFL, 0) < 0)
			return false;
	}
	close_streams();
	return true;
}

/* Remains on the worker's processor, if it has one, and so do the children until their main. */
static void stay_on_processor(void)
{
	cpu_set_t one;

	if (setup.processor < 0)
		return;
	CPU_ZERO(&one);
	CPU_SET((size_t)setup.processor, &one);
	/* The program may have chosen others. */
	if (sched_getaffinity(0, sizeof processors, &processors) < 0 ||
	    !CPU_ISSET((size_t)setup.processor, &processors) || sched_setaffinity(0, sizeof one, &one) < 0)
		setup.processor = -1;
}

/* Forks as libc does, but for the parent. Returns 0 in the child. */
static pid_t fork_task(void)
{
	unsigned long flags = CLONE_PARENT | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD;

	/* The order of the last two depends on the machine; without CLONE_SETTLS only the id is used. */
	return (pid_t)syscall(SYS_clone, flags, NULL, NULL, thread_id, thread_id);
}

/* True if the task is for this child, not for a child that was killed. */
static bool is_own_task(size_t fd_count)
{
	const struct zygote_task *task = &received.task.head;

	return task->pid == *thread_id && task->count <= TEXT_SIZE &&
	       fd_count == (size_t)__builtin_popcount(setup.streams);
}

/* Completes the start of a child after its fork, up to its main. */
static void become_task(void)
{
	char *place = received.task.text;
	int fds[FDS_MAX], i;
	size_t fd_count;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != setup.worker)
		_exit(127);
	syscall(SYS_set_robust_list, robust_list, robust_size);
	close(channel);
	for (;;) {
		if (!receive(tasks[turn], ZYGOTE_TASK, &fd_count, fds))
			_exit(127);
		if (is_own_task(fd_count))
			break;
		close_streams();
	}
	for (i = 0; i < ZYGOTE_TURNS; i++)
		close(tasks[i]);
	while (task_argument_count < received.task.head.count) {
		task_arguments[task_argument_count++] = place;
		place += strlen(place) + 1;
	}
	environ = environment;
	if (setup.processor >= 0)
		sched_setaffinity(0, sizeof processors, &processors);
}

/* Forks children until the worker has gone. Returns in each of them. */
static void serve(void)
{
	int fds[FDS_MAX];
	size_t fd_count;

	do {
		pid_t pid = fork_task();

		if (pid == 0) {
			become_task();
			return;
		}
		answer(pid < 0 ? errno : 0, pid);
		turn = (turn + 1) % ZYGOTE_TURNS;
	} while (receive(channel, ZYGOTE_FORK, &fd_count, fds));
	_exit(0);
}

static int zygote_main(int count UNUSED, char **arguments UNUSED, char **variables UNUSED)
{
	if (has_threads())
		give_up(ZYGOTE_HAS_THREADS);
	if (fcntl(channel, F_SETFL, 0) < 0 || !restore_environment() || !find_identity() || !take_setup())
		give_up(ZYGOTE_IS_STRANGE);
	ready_locale();
	ready_functions();
	stay_on_processor();
	serve();
	return real_main((int)task_argument_count, task_arguments, environment);
}

__attribute__((visibility("default"))) int __libc_start_main(main_function *function, int count, char **arguments,
							     void (*init)(void), void (*fini)(void),
							     void (*rtld_fini)(void), void *stack_end);

/*
 * Replaces the function that a program's first instructions call with its main; libc's function continues with
 * zygote_main.
 */
int __libc_start_main(main_function *function, int count, char **arguments, void (*init)(void), void (*fini)(void),
		      void (*rtld_fini)(void), void *stack_end)
{
	start_function *next = (start_function *)(uintptr_t)dlsym(RTLD_NEXT, "__libc_start_main");

	if (!next)
		_exit(127);
	real_main = function;
	return next(channel < 0 ? function : zygote_main, count, arguments, init, fini, rtld_fini, stack_end);
}
