/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading a job log. */
#include "journal/joblog_past.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/number.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	/* Numbers of a page. */
	LOGGED_PAGE = 1 << 16,
	/* Bytes read at once while the log is loaded. */
	LOGGED_READ = 1 << 18,
	/* Bytes read around a line: tasks end nearly in the order of their numbers, so its neighbours follow. */
	LOGGED_WINDOW = 1 << 14,
	LOGGED_BEFORE = 1 << 12,
	/* Columns before the command, and those that are read. */
	LOGGED_COLUMNS = 8,
	COLUMN_NUMBER = 0,
	COLUMN_DURATION = 3,
	COLUMN_STATUS = 6,
	COLUMN_SIGNAL = 7,
};

/* The largest number: a table for it has 8 MiB. */
#define LOGGED_MAX (UINT64_C(1) << 36)

/* The beginning of the first line, whichever program has written it. */
static const char logged_header[] = "Seq\tHost\t";

static bool is_header(struct slice line)
{
	size_t size = sizeof logged_header - 1;

	return line.size >= size && memcmp(line.data, logged_header, size) == 0;
}

/* Parses a column. False if it is not a number from minimum to maximum. */
static bool parse_column(struct slice column, int64_t minimum, int64_t maximum, int64_t *value)
{
	char text[NUMBER_TEXT_MAX + 1];

	if (column.size >= sizeof text)
		return false;
	memcpy(text, column.data, column.size);
	text[column.size] = '\0';
	return number_parse_signed(text, minimum, maximum, value) == 0;
}

/* Returns the time that a column says, which is padded with blanks; 0 if it says none. */
static nsec parse_duration(struct slice column)
{
	char text[NUMBER_TEXT_MAX + 1];
	nsec time = 0;

	while (column.size && *column.data == ' ') {
		column.data++;
		column.size--;
	}
	if (column.size >= sizeof text)
		return 0;
	memcpy(text, column.data, column.size);
	text[column.size] = '\0';
	return number_parse_time(text, &time) == 0 ? time : 0;
}

/* Parses a line. False if it is not one of a job log. */
static bool parse_logged(struct slice text, struct joblog_line *line)
{
	struct slice columns[LOGGED_COLUMNS];
	const char *at = text.data, *end = text.data + text.size, *tab;
	int64_t number, status, signal;
	size_t i;

	for (i = 0; i < LOGGED_COLUMNS; i++) {
		tab = memchr(at, '\t', (size_t)(end - at));
		if (!tab)
			return false;
		columns[i] = (struct slice){.data = at, .size = (size_t)(tab - at)};
		at = tab + 1;
	}
	if (!parse_column(columns[COLUMN_NUMBER], 1, (int64_t)LOGGED_MAX, &number) ||
	    !parse_column(columns[COLUMN_STATUS], INT32_MIN, INT32_MAX, &status) ||
	    !parse_column(columns[COLUMN_SIGNAL], 0, INT32_MAX, &signal))
		return false;
	*line = (struct joblog_line){
		.number = (uint64_t)number,
		.duration = parse_duration(columns[COLUMN_DURATION]),
		.status = (int)status,
		.signal = (int)signal,
		.command = {.data = at, .size = (size_t)(end - at)},
	};
	return true;
}

/* Returns the place of a number's offset; a page is made if there is none. */
static uint64_t *reach_offset(struct joblog_past *past, uint64_t number)
{
	size_t page = (size_t)((number - 1) / LOGGED_PAGE), count = past->page_count;

	if (page >= count) {
		past->page_count = page + 1 > 2 * count ? page + 1 : 2 * count;
		past->pages = mem_resize(past->pages, past->page_count, sizeof *past->pages);
		memset(past->pages + count, 0, (past->page_count - count) * sizeof *past->pages);
	}
	if (!past->pages[page])
		past->pages[page] = mem_new(LOGGED_PAGE, sizeof *past->pages[page]);
	return &past->pages[page][(number - 1) % LOGGED_PAGE];
}

/* Returns the offset of a number's last line plus 1, 0 if it has none. */
static uint64_t find_offset(const struct joblog_past *past, uint64_t number)
{
	size_t page = (size_t)((number - 1) / LOGGED_PAGE);

	return page < past->page_count && past->pages[page] ? past->pages[page][(number - 1) % LOGGED_PAGE] : 0;
}

/* Enters a line, the count-th. -1 with the error. */
static int enter_line(struct joblog_past *past, struct slice text, uint64_t count, struct error *error)
{
	struct joblog_line line;
	uint64_t *offset;

	if (count == 1 && !is_header(text))
		return error_refuse(error, "--resume: %s is not a job log: its first line is not Seq, Host, ...",
				    past->name);
	if (is_header(text))
		return 0;
	if (!parse_logged(text, &line))
		return error_refuse(error, "--resume: %s:%" PRIu64 " is not a line of a job log", past->name, count);
	offset = reach_offset(past, line.number);
	past->count += !*offset;
	past->last = line.number > past->last ? line.number : past->last;
	*offset = past->size + 1;
	return 0;
}

/* Enters the whole lines of what was read, and drops them. -1 with the error. */
static int enter_lines(struct joblog_past *past, struct bytes *read, uint64_t *count, struct error *error)
{
	const char *at = read->data, *end = read->data + read->size, *newline;

	while (at < end && (newline = memchr(at, '\n', (size_t)(end - at)))) {
		struct slice text = {.data = at, .size = (size_t)(newline - at)};

		if (enter_line(past, text, ++*count, error) < 0)
			return -1;
		past->size += text.size + 1;
		at = newline + 1;
	}
	bytes_consume(read, (size_t)(at - read->data));
	return 0;
}

/* True if what a log without a line has is how a header begins. */
static bool is_torn_header(struct slice rest)
{
	size_t size = sizeof logged_header - 1;

	return memcmp(rest.data ? rest.data : "", logged_header, rest.size < size ? rest.size : size) == 0;
}

/* Reads the whole log. -1 with the error. */
static int load_lines(struct joblog_past *past, struct bytes *read_bytes, struct error *error)
{
	uint64_t count = 0;
	ssize_t size;

	do {
		size = read(past->fd, bytes_reserve(read_bytes, LOGGED_READ), LOGGED_READ);
		if (size < 0 && errno != EINTR)
			return error_set_errno(error, errno, "--resume: cannot read %s", past->name);
		if (size > 0)
			read_bytes->size += (size_t)size;
		if (size > 0 && enter_lines(past, read_bytes, &count, error) < 0)
			return -1;
	} while (size);
	if (!count && !is_torn_header(bytes_slice(read_bytes)))
		return error_refuse(error, "--resume: %s is not a job log: its first line is not Seq, Host, ...",
				    past->name);
	return 0;
}

int joblog_past_load(struct joblog_past *past, const char *name, struct error *error)
{
	struct bytes bytes = {.data = NULL};
	struct stat status;
	int result;

	*past = (struct joblog_past){.name = name, .fd = -1};
	/* Opened only if it is a file: opening anything else may have effects. */
	if (stat(name, &status) == 0 && !S_ISREG(status.st_mode))
		return error_refuse(error, "--resume: %s is not a regular file, which a job log has to be", name);
	past->fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (past->fd < 0 && errno == ENOENT)
		return error_refuse(error, "--resume: there is no job log %s (without --resume a new run begins)",
				    name);
	if (past->fd < 0)
		return error_set_errno(error, errno, "--resume: cannot read %s", name);
	result = load_lines(past, &bytes, error);
	bytes_release(&bytes);
	return result;
}

/* Reads up to size bytes around an offset. -1 with errno. */
static int move_window(struct joblog_past *past, uint64_t offset, size_t size)
{
	past->window_at = offset > LOGGED_BEFORE ? offset - LOGGED_BEFORE : 0;
	if (past->window_at >= past->size)
		return errno = EIO, -1;
	if (size > past->size - past->window_at)
		size = (size_t)(past->size - past->window_at);
	bytes_clear(&past->window);
	if (file_read_at(past->fd, past->window_at, bytes_reserve(&past->window, size), size) < 0)
		return -1;
	past->window.size = size;
	return 0;
}

/* Sets the line at an offset, a view of the window. -1 with errno. */
static int read_logged(struct joblog_past *past, uint64_t offset, struct slice *line)
{
	size_t size;

	for (size = LOGGED_WINDOW;; size *= 2) {
		if (offset >= past->window_at && offset < past->window_at + past->window.size) {
			size_t left = (size_t)(past->window_at + past->window.size - offset);
			const char *at = past->window.data + (offset - past->window_at);
			const char *newline = memchr(at, '\n', left);

			if (newline) {
				*line = (struct slice){.data = at, .size = (size_t)(newline - at)};
				return 0;
			}
			if (past->window_at + past->window.size >= past->size)
				return errno = EIO, -1;
		}
		if (move_window(past, offset, size) < 0)
			return -1;
	}
}

int joblog_past_find(struct joblog_past *past, uint64_t number, struct joblog_line *line, struct error *error)
{
	uint64_t offset = find_offset(past, number);
	struct slice text;

	if (!offset)
		return 0;
	if (read_logged(past, offset - 1, &text) < 0)
		return error_set_errno(error, errno, "--resume: cannot read %s again", past->name);
	if (!parse_logged(text, line) || line->number != number)
		return error_set(error, "--resume: %s was changed while it was read", past->name);
	return 1;
}

uint64_t joblog_past_line(struct joblog_past *past, uint64_t number)
{
	uint64_t end = find_offset(past, number), at, count = 1;

	for (at = 0; at + 1 < end; at += past->window.size) {
		size_t size = end - 1 - at < LOGGED_READ ? (size_t)(end - 1 - at) : LOGGED_READ, i;

		bytes_clear(&past->window);
		past->window_at = at;
		if (file_read_at(past->fd, at, bytes_reserve(&past->window, size), size) < 0)
			return 0;
		past->window.size = size;
		for (i = 0; i < size; i++)
			count += past->window.data[i] == '\n';
	}
	return count;
}

/* What a shell reads next of a command, besides bytes. */
enum { QUOTED_END = 256, QUOTED_BLANK, QUOTED_NOTHING };

/* A position in a command. */
struct quoted {
	const char *at;
	const char *end;
	/* The quotes that are open, 0 if none. */
	char mark;
};

/* Returns the next byte without its quotes, or one of the above. */
static int quoted_next(struct quoted *quoted)
{
	while (quoted->at < quoted->end) {
		char byte = *quoted->at++;
		bool is_mark = byte == '\'' || byte == '"', has_next = quoted->at < quoted->end;

		if (quoted->mark && byte == quoted->mark) {
			quoted->mark = 0;
		} else if (!quoted->mark && is_mark && has_next && *quoted->at == byte) {
			quoted->at++;
			return QUOTED_NOTHING;
		} else if (!quoted->mark && is_mark) {
			quoted->mark = byte;
		} else if (!quoted->mark && byte == ' ') {
			return QUOTED_BLANK;
		} else if (byte == '\\' && has_next &&
			   (!quoted->mark || (quoted->mark == '"' && strchr("$`\"\\", *quoted->at)))) {
			return (unsigned char)*quoted->at++;
		} else {
			return (unsigned char)byte;
		}
	}
	return QUOTED_END;
}

bool joblog_past_equals(struct slice a, struct slice b)
{
	struct quoted left = {.at = a.data, .end = a.data + a.size}, right = {.at = b.data, .end = b.data + b.size};
	int byte;

	if (slice_equals(a, b))
		return true;
	do {
		byte = quoted_next(&left);
		if (byte != quoted_next(&right))
			return false;
	} while (byte != QUOTED_END);
	return left.mark == right.mark;
}

void joblog_past_release(struct joblog_past *past)
{
	size_t i;

	for (i = 0; i < past->page_count; i++)
		free(past->pages[i]);
	free(past->pages);
	bytes_release(&past->window);
	if (past->name && past->fd >= 0)
		close(past->fd);
	*past = (struct joblog_past){.name = NULL};
}
