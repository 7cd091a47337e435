/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The interface between the parts of tests/tool: the commands, and helpers. */
#ifndef TOOL_H
#define TOOL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { BLOCK = 65536, SIGNAL_LAST = 64 };

/* Prints a message and ends with status 99. */
__attribute__((noreturn, format(printf, 1, 2))) void fail(const char *format, ...);

/* Returns the number that the text is, with a suffix K, M, G or T; fails if it is not one. */
uint64_t number(const char *text);

/*
 * Returns the number of a signal by its name, with or without SIG, or by its number; fails if the signal does not
 * exist.
 */
int signal_number(const char *name);

/* Returns a signal's name without SIG, or NULL if it has none here. */
const char *signal_name(int number);

/* Prints a text in quotes on a line, with escapes. */
void put_escaped(const char *text);

/* Writes all of the data; fails if that cannot be done. */
void write_all(int fd, const void *data, size_t size);

/* Writes a pid to a new file, which appears whole: a reader that sees it sees the number. */
void write_pid(const char *path, pid_t pid);

/* Waits for signals only. */
__attribute__((noreturn)) void wait_for_ever(void);

/* The commands; argv[0] is the first argument, not the name. tool_task.c: what a task does. */
int run_exit(int argc, char **argv);
int run_signal(int argc, char **argv);
int run_crash(int argc, char **argv);
int run_hold(int argc, char **argv);
int run_catch(int argc, char **argv);
int run_relay(int argc, char **argv);
int run_spew(int argc, char **argv);
int run_unspew(int argc, char **argv);
int run_both(int argc, char **argv);
int run_stutter(int argc, char **argv);
int run_drip(int argc, char **argv);
int run_lines(int argc, char **argv);
int run_silent(int argc, char **argv);
int run_pause(int argc, char **argv);
int run_ignore(int argc, char **argv);
int run_background(int argc, char **argv);
int run_afterword(int argc, char **argv);
int run_daemonise(int argc, char **argv);

/* tool_look.c: what a task sees. */
int run_args(int argc, char **argv);
int run_env(int argc, char **argv);
int run_environ(int argc, char **argv);
int run_fds(int argc, char **argv);
int run_signals(int argc, char **argv);
int run_ids(int argc, char **argv);
int run_stdin(int argc, char **argv);
int run_limits(int argc, char **argv);
int run_processors(int argc, char **argv);
int run_surroundings(int argc, char **argv);
int run_unread(int argc, char **argv);

/* tool_keys.c: a prompt on a terminal of its own. */
int run_keys(int argc, char **argv);
int run_sizes(int argc, char **argv);
int run_unheard(int argc, char **argv);

/* tool_serve.c: commands that stay for many records. */
int run_filter(int argc, char **argv);
int run_coproc(int argc, char **argv);

/* tool_share.c: a task that uses the state of its run. */
int run_share(int argc, char **argv);

/* tool_around.c: what a test needs around mpmap. */
int run_under(int argc, char **argv);
int run_ending(int argc, char **argv);
int run_marked(int argc, char **argv);

#endif
