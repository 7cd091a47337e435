/* SPDX-License-Identifier: GPL-3.0-or-later */
/* interactive/prompt/history and entered: lines that were entered, and the file that keeps them. */
#include "unit.h"

#include "base/mem.h"
#include "ipc/fd.h"
#include "interactive/prompt/entered.h"
#include "interactive/prompt/history.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static struct bytes seen;

static void see(const char *text)
{
	bytes_append_format(&seen, "%s|", text);
}

static void check_history(const char *path, const char *expected)
{
	bytes_clear(&seen);
	history_read(path, see);
	check_str(bytes_text(&seen), expected);
}

static void test_file(void)
{
	char *path = mem_format("%s/a/b/history", unit_directory()), *folder = mem_format("%s/a", unit_directory());
	size_t before = unit_count_fds();
	struct stat status;

	umask(0);
	check_history(path, "");
	history_trim(path, 5);
	check(access(folder, F_OK) < 0);
	history_append(path, "one 1");
	history_append(path, "# two");
	history_append(path, "three");
	check_history(path, "one 1|# two|three|");
	check_int(stat(path, &status), 0);
	check_int(status.st_mode & 07777, 0600);
	check_int(stat(folder, &status), 0);
	check_int(status.st_mode & 07777, 0700);
	history_trim(path, 3);
	check_history(path, "one 1|# two|three|");
	history_trim(path, 2);
	check_history(path, "# two|three|");
	history_append(path, "four");
	check_history(path, "# two|three|four|");
	history_trim(path, 0);
	check_history(path, "");
	check_int(unit_count_fds(), before);
	bytes_release(&seen);
	free(folder);
	free(path);
}

/* A link is followed, to a file that does not exist too, and remains one. One that leads nowhere is ignored. */
static void test_link(void)
{
	char *path = mem_format("%s/link", unit_directory()), *target = mem_format("%s/target", unit_directory());
	char *loop = mem_format("%s/loop", unit_directory());
	struct stat status;

	check_int(symlink(target, path), 0);
	check_history(path, "");
	history_append(path, "one");
	history_append(path, "two");
	history_trim(path, 1);
	check_history(path, "two|");
	check_history(target, "two|");
	check(lstat(path, &status) == 0 && S_ISLNK(status.st_mode));
	check_int(symlink(loop, loop), 0);
	history_append(loop, "one");
	history_trim(loop, 1);
	check_history(loop, "");
	bytes_release(&seen);
	free(loop);
	free(target);
	free(path);
}

/* A file that is not a history, or cannot be written, is ignored. */
static void test_strange_files(void)
{
	char *path = unit_file("whole", "a\n\nb\n\n\nc", 0600);
	char *fifo = mem_format("%s/fifo", unit_directory()), *below = mem_format("%s/below", path);
	struct stat status;

	check_history(path, "a|b|c|");
	history_trim(path, 1);
	check_history(path, "c|");
	check_int(mkfifo(fifo, 0600), 0);
	history_append(fifo, "x");
	check_history(fifo, "");
	history_append(unit_directory(), "x");
	history_append("/dev/null", "x");
	history_trim("/dev/null", 0);
	history_append("", "x");
	history_append(below, "x");
	check_history(below, "");
	check_int(stat("/dev/null", &status), 0);
	check(S_ISCHR(status.st_mode));
	bytes_release(&seen);
	free(fifo);
	free(below);
	free(path);
}

/* Several programs add and drop lines at once: every line stays whole, and the newest remain. */
static void test_together(void)
{
	enum { PROGRAMS = 4, LINES = 50, KEPT = 10 };
	char *path = mem_format("%s/history", unit_directory());
	pid_t pids[PROGRAMS];
	const char *at;
	size_t i, lines = 0;

	for (i = 0; i < PROGRAMS; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			int line;

			for (line = 0; line < LINES; line++) {
				history_append(path, "a line that is whole");
				if (line % 7 == 0)
					history_trim(path, KEPT);
			}
			_exit(0);
		}
	}
	for (i = 0; i < PROGRAMS; i++)
		check_int(unit_wait(pids[i]), 0);
	history_trim(path, KEPT);
	history_read(path, see);
	for (at = bytes_text(&seen); *at; at = strchr(at, '|') + 1) {
		check(strncmp(at, "a line that is whole|", 21) == 0);
		lines++;
	}
	check_int(lines, KEPT);
	bytes_release(&seen);
	free(path);
}

static void test_entered(void)
{
	static const char *const expected[] = {"one", "", "two 2"};
	struct bytes entered = {.data = NULL};
	size_t i;

	check(!entered_take(&entered));
	bytes_append_text(&entered, "one\n\ntwo 2\nthr");
	for (i = 0; i < countof(expected); i++) {
		char *text = entered_take(&entered);

		if (check(text))
			check_str(text, expected[i]);
		free(text);
	}
	check(!entered_take(&entered));
	check_slice(bytes_slice(&entered), slice_of("thr"));
	bytes_release(&entered);
}

const struct unit_test unit_history[] = {
	{"lines are kept, and the oldest dropped", .run = test_file},
	{"a history that is a link", .run = test_link},
	{"files that are not a history are ignored", .run = test_strange_files},
	{"several programs share a file", .run = test_together},
	{"entered lines are taken one by one", .run = test_entered},
	{.name = NULL},
};
