/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a coverage build is linked with: processes that end by _exit or a signal write down which lines they ran. */
#include <signal.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

/* The linker's --wrap makes calls of NAME calls of __wrap_NAME; the C library's own is __real_NAME. */
pid_t __real_fork(void);
int __real_raise(int number);
void __real__exit(int status) __attribute__((noreturn));
void __real_abort(void) __attribute__((noreturn));
pid_t __wrap_fork(void);
int __wrap_raise(int number);
void __wrap__exit(int status) __attribute__((noreturn));
void __wrap_abort(void) __attribute__((noreturn));

/* libgcov's. */
void __gcov_dump(void);
void __gcov_reset(void);

/* The process whose memory this is: a child that shares it (CLONE_VM) has a small stack and leaves the counts to it. */
static pid_t owner;

static __attribute__((constructor)) void note_owner(void)
{
	owner = getpid();
}

/* Writes the counts of this process so far, once: it may go on, and end in another way. */
static void dump(void)
{
	if (getpid() != owner)
		return;
	__gcov_dump();
	__gcov_reset();
}

pid_t __wrap_fork(void)
{
	pid_t pid = __real_fork();

	if (pid == 0)
		note_owner();
	return pid;
}

int __wrap_raise(int number)
{
	dump();
	return __real_raise(number);
}

void __wrap__exit(int status)
{
	dump();
	__real__exit(status);
}

void __wrap_abort(void)
{
	dump();
	__real_abort();
}
