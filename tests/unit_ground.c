/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base/mem, base/error, base/number, base/list and base/file. */
#include "unit.h"

#include "base/error.h"
#include "base/file.h"
#include "base/list.h"
#include "base/mem.h"
#include "base/number.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void test_sizes(void)
{
	check(size_add(1, 2) == 3);
	check(size_add(SIZE_MAX, 0) == SIZE_MAX);
	check(size_add(SIZE_MAX - 1, 1) == SIZE_MAX);
	check(size_add(SIZE_MAX, 1) == SIZE_MAX);
	check(size_add(SIZE_MAX, SIZE_MAX) == SIZE_MAX);
	check(size_multiply(3, 5) == 15);
	check(size_multiply(0, SIZE_MAX) == 0);
	check(size_multiply(SIZE_MAX / 2, 3) == SIZE_MAX);
	check(size_multiply(SIZE_MAX, SIZE_MAX) == SIZE_MAX);
}

static void test_grow(void)
{
	size_t capacity = 0, length, moves = 0;
	uint32_t *array = NULL;

	for (length = 0; length < 100000; length++) {
		size_t before = capacity;

		array = mem_grow(array, length, &capacity, sizeof *array);
		moves += capacity != before;
		if (!check(capacity > length))
			break;
		array[length] = (uint32_t)length;
	}
	check(moves < 20);
	for (length = 0; length < 100000; length++) {
		if (!check(array[length] == length))
			break;
	}
	free(array);
}

static void test_nothing(void)
{
	void *one = mem_new(0, 0), *two = mem_resize(NULL, 0, 1), *three = mem_copy(NULL, 0);
	char *text = mem_string(""), *format = mem_format("%d-%s", 7, "x");

	check(one && two && three);
	check_str(text, "");
	check_str(format, "7-x");
	free(one);
	free(two);
	free(three);
	free(text);
	free(format);
}

static void resize_too_far(void)
{
	free(mem_resize(NULL, SIZE_MAX, 1));
}

static void multiply_too_far(void)
{
	free(mem_resize(NULL, SIZE_MAX / 2, 3));
}

/* Calls a function that must end its process in a child, without its message. Returns the exit status. */
static int status_of(void (*last)(void))
{
	pid_t pid = fork();

	if (pid == 0) {
		close(STDERR_FILENO);
		last();
		_exit(0);
	}
	return unit_wait(pid);
}

static void test_no_memory(void)
{
	check_int(status_of(resize_too_far), 1);
	check_int(status_of(multiply_too_far), 1);
}

static void test_error(void)
{
	struct error error = {.number = 0};

	check_str(error_text(&error), "no error");
	check_int(error_set(&error, "%s %d", "plain", 1), -1);
	check_str(error_text(&error), "plain 1");
	check_int(error.number, 0);
	check_int(error_wrap(&error, "around %s", "it"), -1);
	check_str(error_text(&error), "around it: plain 1");
	check_int(error_set_errno(&error, ENOENT, "cannot open %s", "x"), -1);
	check_str(error_text(&error), "cannot open x: No such file or directory");
	check_int(error.number, ENOENT);
	error_wrap(&error, "a");
	error_wrap(&error, "b");
	check_str(error_text(&error), "b: a: cannot open x: No such file or directory");
	check_int(error.number, ENOENT);
	error_set(&error, "again: %s", error_text(&error));
	check_str(error_text(&error), "again: b: a: cannot open x: No such file or directory");
	check_int(error.number, 0);
	error_release(&error);
	check_str(error_text(&error), "no error");
	error_release(&error);
}

struct number_case {
	const char *text;
	/* The errno, 0 if none. */
	int fails;
	int64_t value;
};

static void test_number(void)
{
	static const struct number_case cases[] = {
		{"0", 0, 0},
		{"00", 0, 0},
		{"7", 0, 7},
		{"0100", 0, 100},
		{"100", 0, 100},
		{"101", ERANGE, 0},
		{"", EINVAL, 0},
		{" 1", EINVAL, 0},
		{"1 ", EINVAL, 0},
		{"+1", EINVAL, 0},
		{"-1", EINVAL, 0},
		{"1x", EINVAL, 0},
		{"x", EINVAL, 0},
		{"0x1", EINVAL, 0},
		{"1.0", EINVAL, 0},
		{"1\n", EINVAL, 0},
		{"99999999999999999999999999", ERANGE, 0},
	};
	char text[NUMBER_TEXT_MAX];
	uint64_t value;
	size_t i;

	for (i = 0; i < countof(cases); i++) {
		value = 12345;
		errno = 0;
		check_int(number_parse(cases[i].text, 100, &value), cases[i].fails ? -1 : 0);
		check_int(cases[i].fails ? errno : 0, cases[i].fails);
		check_int(value, cases[i].fails ? 12345 : cases[i].value);
	}
	check_int(number_parse("18446744073709551615", UINT64_MAX, &value), 0);
	check(value == UINT64_MAX);
	check_fails(number_parse("18446744073709551616", UINT64_MAX, &value), ERANGE);
	check_fails(number_parse("18446744073709551620", UINT64_MAX, &value), ERANGE);
	check_fails(number_parse("1", 0, &value), ERANGE);
	number_print(text, 0);
	check_str(text, "0");
	number_print(text, 1090);
	check_str(text, "1090");
	number_print(text, UINT64_MAX);
	check_str(text, "18446744073709551615");
}

static void test_signed_number(void)
{
	static const struct number_case cases[] = {
		{"0", 0, 0},
		{"-0", 0, 0},
		{"+0", 0, 0},
		{"-20", 0, -20},
		{"19", 0, 19},
		{"+19", 0, 19},
		{"-21", ERANGE, 0},
		{"20", ERANGE, 0},
		{"", EINVAL, 0},
		{"-", EINVAL, 0},
		{"+", EINVAL, 0},
		{"--1", EINVAL, 0},
		{"+-1", EINVAL, 0},
		{"-+1", EINVAL, 0},
		{"- 1", EINVAL, 0},
		{"1-", EINVAL, 0},
		{"-99999999999999999999", ERANGE, 0},
	};
	int64_t value;
	size_t i;

	for (i = 0; i < countof(cases); i++) {
		value = 12345;
		errno = 0;
		check_int(number_parse_signed(cases[i].text, -20, 19, &value), cases[i].fails ? -1 : 0);
		check_int(cases[i].fails ? errno : 0, cases[i].fails);
		check_int(value, cases[i].fails ? 12345 : cases[i].value);
	}
	check_int(number_parse_signed("-9223372036854775808", INT64_MIN, INT64_MAX, &value), 0);
	check(value == INT64_MIN);
	check_int(number_parse_signed("9223372036854775807", INT64_MIN, INT64_MAX, &value), 0);
	check(value == INT64_MAX);
	check_fails(number_parse_signed("9223372036854775808", INT64_MIN, INT64_MAX, &value), ERANGE);
	check_fails(number_parse_signed("-9223372036854775809", INT64_MIN, INT64_MAX, &value), ERANGE);
}

static void test_number_size(void)
{
	static const struct number_case cases[] = {
		{"0", 0, 0},
		{"1", 0, 1},
		{"1K", 0, 1024},
		{"1k", 0, 1024},
		{"3M", 0, 3 << 20},
		{"2g", 0, INT64_C(2) << 30},
		{"1T", 0, INT64_C(1) << 40},
		{"0T", 0, 0},
		{"", EINVAL, 0},
		{"K", EINVAL, 0},
		{"1KB", EINVAL, 0},
		{"1KK", EINVAL, 0},
		{"1P", EINVAL, 0},
		{"1 K", EINVAL, 0},
		{"-1K", EINVAL, 0},
		{"1.5M", EINVAL, 0},
		{"1\v", EINVAL, 0},
		{"1k ", EINVAL, 0},
		{"9223372036854775807", 0, INT64_MAX},
		{"9223372036854775808", ERANGE, 0},
		{"8388607T", 0, INT64_C(8388607) << 40},
		{"8388608T", ERANGE, 0},
		{"16777216T", ERANGE, 0},
		{"18446744073709551615K", ERANGE, 0},
	};
	uint64_t value;
	size_t i;

	for (i = 0; i < countof(cases); i++) {
		value = 12345;
		errno = 0;
		check_int(number_parse_size(cases[i].text, &value), cases[i].fails ? -1 : 0);
		check_int(cases[i].fails ? errno : 0, cases[i].fails);
		check_int(value, cases[i].fails ? 12345 : cases[i].value);
	}
}

static void test_number_time(void)
{
	static const struct number_case cases[] = {
		{"0", 0, 0},
		{"5", 0, 5 * NSEC_PER_SEC},
		{"5.", 0, 5 * NSEC_PER_SEC},
		{".5", 0, NSEC_PER_SEC / 2},
		{"0.000000001", 0, 1},
		{"0.0000000019", 0, 1},
		{"1.25", 0, NSEC_PER_SEC * 5 / 4},
		{"1h", 0, 3600 * NSEC_PER_SEC},
		{"2m", 0, 120 * NSEC_PER_SEC},
		{"90s", 0, 90 * NSEC_PER_SEC},
		{"1h30m10s", 0, 5410 * NSEC_PER_SEC},
		{"1h10s", 0, 3610 * NSEC_PER_SEC},
		{"0h0m0s", 0, 0},
		{"100m", 0, 6000 * NSEC_PER_SEC},
		{"3162240000", 0, 3162240000 * NSEC_PER_SEC},
		{"", EINVAL, 0},
		{".", EINVAL, 0},
		{"-1", EINVAL, 0},
		{"+1", EINVAL, 0},
		{" 1", EINVAL, 0},
		{"1 ", EINVAL, 0},
		{"1,5", EINVAL, 0},
		{"1e3", EINVAL, 0},
		{"1.5.5", EINVAL, 0},
		{"1.5s", EINVAL, 0},
		{"1d", EINVAL, 0},
		{"s", EINVAL, 0},
		{"1s1m", EINVAL, 0},
		{"1h1h", EINVAL, 0},
		{"1h5", EINVAL, 0},
		{"1hm", EINVAL, 0},
		{"h1", EINVAL, 0},
		{"1H", EINVAL, 0},
		{"1h-1m", EINVAL, 0},
		{"0x1", EINVAL, 0},
		{"3162240001", ERANGE, 0},
		{"99999999999999999999", ERANGE, 0},
		{"99999999999999999999s", ERANGE, 0},
		{"878401h", ERANGE, 0},
		{"3162240001s", ERANGE, 0},
		{"878400h1s", ERANGE, 0},
	};
	nsec value;
	size_t i;

	for (i = 0; i < countof(cases); i++) {
		value = 12345;
		errno = 0;
		if (!check_int(number_parse_time(cases[i].text, &value), cases[i].fails ? -1 : 0))
			check_str(cases[i].text, "?");
		check_int(cases[i].fails ? errno : 0, cases[i].fails);
		check_int(value, cases[i].fails ? 12345 : cases[i].value);
	}
}

struct element {
	int value;
	struct list link;
};

static void test_list(void)
{
	struct list head, *link;
	struct element elements[5];
	int sum = 0, i;

	list_init(&head);
	check(list_is_empty(&head));
	for (i = 0; i < 5; i++) {
		elements[i].value = i;
		list_init(&elements[i].link);
		list_append(&head, &elements[i].link);
	}
	list_remove(&elements[0].link);
	list_remove(&elements[2].link);
	list_remove(&elements[4].link);
	list_remove(&elements[4].link);
	check(list_is_empty(&elements[2].link));
	list_append(&head, &elements[0].link);
	for (link = head.next; link != &head; link = link->next)
		sum = sum * 10 + container_of(link, struct element, link)->value;
	check_int(sum, 130);
	for (i = 0; i < 5; i++)
		list_remove(&elements[i].link);
	check(list_is_empty(&head));
}

/* A nameless file is private, empty, close-on-exec, and no directory entry remains. */
static void check_nameless(int fd)
{
	struct stat status;

	if (!check(fd >= 0) || !check_int(fstat(fd, &status), 0))
		return;
	check_int(status.st_nlink, 0);
	check_int(status.st_size, 0);
	check_int(status.st_mode & 07777, 0600);
	check_int(fcntl(fd, F_GETFD), FD_CLOEXEC);
	check_int(rmdir("nameless"), 0);
}

static void test_nameless(void)
{
	int fd;

	check_int(chdir(unit_directory()), 0);
	check_int(mkdir("nameless", 0700), 0);
	fd = file_open_nameless("nameless");
	check_nameless(fd);
	close(fd);
	check_fails(file_open_nameless("nameless"), ENOENT);
	check_fails(file_open_nameless("/dev/null"), ENOTDIR);
}

#ifdef MPMAP_FAULTS

/* Where O_TMPFILE is not supported a name is made and removed; other errors are reported. */
static void test_nameless_fallback(void)
{
	char data[4];
	int fd;

	setenv("MPMAP_FAULT", "tmpfile:1:EOPNOTSUPP,tmpfile:2:ENOSPC", 1);
	check_int(chdir(unit_directory()), 0);
	check_int(mkdir("nameless", 0700), 0);
	fd = file_open_nameless("nameless");
	check_nameless(fd);
	check_int(file_write_at(fd, 2, slice_of("data")), 0);
	check_int(file_read_at(fd, 2, data, sizeof data), 0);
	check(memcmp(data, "data", sizeof data) == 0);
	close(fd);
	check_fails(file_open_nameless("."), ENOSPC);
}

#endif

static void test_whole_transfers(void)
{
	enum { SIZE = 200000 };
	struct bytes in = {.data = NULL}, out = {.data = NULL};
	int fd = file_open_nameless(unit_directory()), full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	size_t i;
	char byte;

	for (i = 0; i < SIZE; i++)
		bytes_put_u8(&out, (uint8_t)(i * 31));
	check_int(file_write_all(fd, bytes_slice(&out)), 0);
	check_int(lseek(fd, 0, SEEK_SET), 0);
	check_int(file_read_all(fd, &in, SIZE), 0);
	check(slice_equals(bytes_slice(&in), bytes_slice(&out)));
	check_int(file_read_at(fd, SIZE - 1, &byte, 1), 0);
	check_int((uint8_t)byte, (uint8_t)out.data[SIZE - 1]);
	check_fails(file_read_at(fd, SIZE, &byte, 1), EIO);
	check_int(lseek(fd, 0, SEEK_SET), 0);
	bytes_clear(&in);
	check_fails(file_read_all(fd, &in, SIZE - 1), EFBIG);
	check_fails(file_read_all(-1, &in, SIZE), EBADF);
	check_fails(file_write_all(full, slice_of("x")), ENOSPC);
	check_fails(file_write_at(full, 0, slice_of("x")), ENOSPC);
	check_fails(file_read_at(-1, 0, &byte, 1), EBADF);
	close(fd);
	close(full);
	bytes_release(&in);
	bytes_release(&out);
}

const struct unit_test unit_ground[] = {
	{"sizes saturate instead of wrapping", .run = test_sizes},
	{"a growing array", .run = test_grow},
	{"an allocation of 0 bytes is not NULL", .run = test_nothing},
	{"a lack of memory ends the process", .run = test_no_memory},
	{"the words of an error", .run = test_error},
	{"parsing numbers", .run = test_number},
	{"parsing signed numbers", .run = test_signed_number},
	{"parsing sizes", .run = test_number_size},
	{"parsing times", .run = test_number_time},
	{"a list", .run = test_list},
	{"a file without a name", .run = test_nameless},
#ifdef MPMAP_FAULTS
	{"a file without a name where O_TMPFILE is not supported", .run = test_nameless_fallback},
#endif
	{"reading and writing all", .run = test_whole_transfers},
	{.name = NULL},
};
