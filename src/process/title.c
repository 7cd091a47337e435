/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Titles of processes.
 *
 * The kernel shows the bytes between two addresses as the arguments of a process. These addresses are moved to the
 * title (PR_SET_MM_MAP, which needs no rights, but a kernel with CONFIG_CHECKPOINT_RESTORE). Where that is refused the
 * title is written over the arguments, cut to their length. It is never written beyond them as some programs do: the
 * environment is there.
 */
#include "process/title.h"

#include "base/fault.h"
#include "ipc/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/prctl.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { STAT_SIZE = 2048 };

/* Numbers in /proc/PID/stat (proc(5)). */
enum stat_field {
	STAT_STATE = 3,
	STAT_START_CODE = 26,
	STAT_END_CODE,
	STAT_START_STACK,
	STAT_START_DATA = 45,
	STAT_END_DATA,
	STAT_START_BRK,
	STAT_ARG_START,
	STAT_ARG_END,
	STAT_ENV_START,
	STAT_ENV_END,
	STAT_FIELDS,
};

/* The memory of this process as it was executed, which its forks have too; unknown while arg_start is 0. */
static struct prctl_mm_map layout;

/* Reads the numbers of a line of /proc/PID/stat. False if there are fewer. */
static bool read_fields(char *line, uint64_t fields[STAT_FIELDS])
{
	/* The command may contain anything, so the line is read from its end on. */
	char *place = strrchr(line, ')'), *end;
	size_t field;

	/* The state, a letter, is between two blanks. */
	if (!place || strnlen(place, 4) < 4)
		return false;
	place += 3;
	for (field = STAT_STATE + 1; field < STAT_FIELDS; field++, place = end) {
		/* Some are negative. */
		fields[field] = (uint64_t)strtoull(place, &end, 10);
		if (end == place)
			return false;
	}
	return true;
}

/* Finds the layout, or leaves it unknown. */
static void find_layout(void)
{
	char line[STAT_SIZE];
	uint64_t fields[STAT_FIELDS];
	int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : fd_read(fd, line, sizeof line - 1);

	fd_close(&fd);
	line[got > 0 ? got : 0] = '\0';
	if (!read_fields(line, fields) || fields[STAT_ARG_START] >= fields[STAT_ARG_END])
		return;
	/* Under an interpreter of machine code, such as valgrind, the kernel knows that program's arguments. */
	if ((uintptr_t)program_invocation_name != fields[STAT_ARG_START])
		return;
	layout = (struct prctl_mm_map){
		.start_code = fields[STAT_START_CODE],
		.end_code = fields[STAT_END_CODE],
		.start_data = fields[STAT_START_DATA],
		.end_data = fields[STAT_END_DATA],
		.start_brk = fields[STAT_START_BRK],
		.start_stack = fields[STAT_START_STACK],
		.arg_start = fields[STAT_ARG_START],
		.arg_end = fields[STAT_ARG_END],
		.env_start = fields[STAT_ENV_START],
		.env_end = fields[STAT_ENV_END],
		.exe_fd = (uint32_t)-1,
	};
}

void title_prepare(void)
{
	int saved = errno;

	if (!layout.arg_start)
		find_layout();
	errno = saved;
}

/* Makes the kernel show size bytes at title as the arguments. -1 if it refuses. */
static int move_arguments(const char *title, size_t size)
{
	struct prctl_mm_map map = layout;

	if (fault_at("title"))
		return -1;
	map.arg_start = (uintptr_t)title;
	map.arg_end = map.arg_start + size;
	map.brk = (uintptr_t)sbrk(0);
	return prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof map, 0);
}

/* Writes the title over the arguments. */
static void overwrite_arguments(const char *title, size_t length)
{
	size_t size = (size_t)(layout.arg_end - layout.arg_start);
	char *place = (char *)(uintptr_t)layout.arg_start;

	memset(place, 0, size);
	memcpy(place, title, length < size ? length : size - 1);
}

void title_set(char title[TITLE_SIZE], const char *name)
{
	size_t length = strlen(TITLE_PREFIX), more = strnlen(name, TITLE_SIZE - length - 1);

	memcpy(title, TITLE_PREFIX, length);
	memcpy(title + length, name, more);
	length += more;
	title[length] = '\0';
	title_prepare();
	if (layout.arg_start && move_arguments(title, length + 1) < 0)
		overwrite_arguments(title, length);
}

void title_set_command(void)
{
	prctl(PR_SET_NAME, "mpmap");
}
