/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Receiving signals, and setting dispositions and masks. */
#include "process/signals.h"

#include <errno.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* The signals that signals_open receives. */
static const int received[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGTSTP, SIGWINCH, SIGCHLD};
/* The signals that would stop a process that has to notice the end of its channel. */
static const int stopping[] = {SIGTSTP, SIGTTIN, SIGTTOU};

static signal_mask ignored_at_start;
/* Signals that may not have their default. Never shrinks: a child in this memory (command_start) sets its own too. */
static signal_mask altered;

static signal_mask mask_of(int number)
{
	return UINT64_C(1) << (number - 1);
}

/* Sets a disposition. A signal that cannot be set (SIGKILL, libc's own) is ignored. */
static void set_disposition(int number, void (*handler)(int))
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};

	altered |= mask_of(number);
	sigemptyset(&action.sa_mask);
	sigaction(number, &action, NULL);
}

/* Blocks or unblocks (how) one signal. */
static void signals_change_mask(int how, int number)
{
	sigset_t only;

	sigemptyset(&only);
	sigaddset(&only, number);
	sigprocmask(how, &only, NULL);
}

void signals_init(void)
{
	int number;

	for (number = 1; number <= 64; number++) {
		struct sigaction action;

		if (sigaction(number, NULL, &action) < 0 || action.sa_handler == SIG_DFL)
			continue;
		altered |= mask_of(number);
		if (action.sa_handler == SIG_IGN)
			ignored_at_start |= mask_of(number);
	}
	set_disposition(SIGPIPE, SIG_IGN);
	set_disposition(SIGXFSZ, SIG_IGN);
	set_disposition(SIGCHLD, SIG_DFL);
}

signal_mask signals_ignored_at_start(void)
{
	return ignored_at_start;
}

int signals_open(void)
{
	sigset_t wanted;
	size_t i;

	sigemptyset(&wanted);
	for (i = 0; i < countof(received); i++) {
		/* SIGCHLD is not ignored any more (signals_init). */
		if (received[i] == SIGCHLD || !(ignored_at_start & mask_of(received[i])))
			sigaddset(&wanted, received[i]);
	}
	if (sigprocmask(SIG_BLOCK, &wanted, NULL) < 0)
		return -1;
	return signalfd(-1, &wanted, SFD_NONBLOCK | SFD_CLOEXEC);
}

int signals_next(int fd)
{
	struct signalfd_siginfo info;
	ssize_t got;

	do
		got = read(fd, &info, sizeof info);
	while (got < 0 && errno == EINTR);
	return got == (ssize_t)sizeof info ? (int)info.ssi_signo : 0;
}

bool signals_are_pending(void)
{
	static const int urgent[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
	sigset_t pending;
	size_t i;

	sigemptyset(&pending);
	sigpending(&pending);
	for (i = 0; i < countof(urgent); i++) {
		if (sigismember(&pending, urgent[i]) == 1)
			return true;
	}
	return false;
}

static void (*stop_handler)(int number);
static pid_t stop_owner;

static void be_stopped(int number)
{
	int saved = errno;

	/* A worker that was just forked is in this process group and has not reset its dispositions yet. */
	if (getpid() == stop_owner)
		stop_handler(number);
	errno = saved;
}

void signals_on_stop(void (*handler)(int number))
{
	static const int by_terminal[] = {SIGTTIN, SIGTTOU};
	size_t i;

	stop_handler = handler;
	stop_owner = getpid();
	for (i = 0; i < countof(by_terminal); i++) {
		if (!(ignored_at_start & mask_of(by_terminal[i])))
			set_disposition(by_terminal[i], handler ? be_stopped : SIG_DFL);
	}
}

static void (*crash_handler)(void);

static void crash(int number)
{
	crash_handler();
	signals_die(number);
}

void signals_on_crash(void (*handler)(void))
{
	static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
	struct sigaction now;
	size_t i;

	if (handler)
		crash_handler = handler;
	for (i = 0; i < countof(crashes); i++) {
		if (sigaction(crashes[i], NULL, &now) == 0 && now.sa_handler == (handler ? SIG_DFL : crash))
			set_disposition(crashes[i], handler ? crash : SIG_DFL);
	}
}

void signals_stop(int number)
{
	struct sigaction before;
	sigset_t only, mask;

	sigaction(number, NULL, &before);
	set_disposition(number, SIG_DFL);
	sigemptyset(&only);
	sigaddset(&only, number);
	raise(number);
	/* This process stops here, until SIGCONT. */
	sigprocmask(SIG_UNBLOCK, &only, &mask);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	sigaction(number, &before, NULL);
}

void signals_hold_stops(sigset_t *before)
{
	sigset_t stops;
	size_t i;

	sigemptyset(&stops);
	for (i = 0; i < countof(stopping); i++)
		sigaddset(&stops, stopping[i]);
	sigprocmask(SIG_BLOCK, &stops, before);
}

void signals_catch_stops(void (*handler)(int number))
{
	size_t i;

	for (i = 0; i < countof(stopping); i++)
		set_disposition(stopping[i], handler);
}

static void do_nothing(int number UNUSED)
{
}

void signals_catch_pipe(void)
{
	set_disposition(SIGPIPE, do_nothing);
}

void signals_reset(void)
{
	sigset_t none;
	int number;

	for (number = 1; number <= 64; number++) {
		if (altered & mask_of(number))
			set_disposition(number, SIG_DFL);
	}
	signals_catch_stops(do_nothing);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

void signals_ignore(signal_mask mask)
{
	int number;

	for (number = 1; mask; number++, mask >>= 1) {
		if (mask & 1)
			set_disposition(number, SIG_IGN);
	}
}

void signals_block_children(void)
{
	signals_change_mask(SIG_BLOCK, SIGCHLD);
}

int signals_open_children(void)
{
	sigset_t wanted;

	sigemptyset(&wanted);
	sigaddset(&wanted, SIGCHLD);
	return signalfd(-1, &wanted, SFD_NONBLOCK | SFD_CLOEXEC);
}

void signals_take_children(int fd)
{
	/* SIGCHLD does not queue: at most one is pending. */
	(void)signals_next(fd);
}

void signals_tell_self(int number)
{
	raise(number);
}

void signals_tell_group(int number)
{
	kill(0, number);
}

void signals_tell_parent(int number)
{
	kill(getppid(), number);
}

void signals_block_terminal(void)
{
	signals_change_mask(SIG_BLOCK, SIGTTOU);
}

void signals_unblock_terminal(void)
{
	signals_change_mask(SIG_UNBLOCK, SIGTTOU);
}

bool signals_in_background(int fd)
{
	pid_t foreground = tcgetpgrp(fd);

	return foreground >= 0 && foreground != getpgrp();
}

void signals_unblock(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

void signals_die(int number)
{
	set_disposition(number, SIG_DFL);
	raise(number);
	signals_change_mask(SIG_UNBLOCK, number);
	_exit(128 + number);
}
