/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading the sources of records. */
#include "feed/source.h"

#include "base/count.h"
#include "base/fault.h"
#include "base/mem.h"
#include "ipc/fd.h"
#include "process/signals.h"
#include "task/task.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

static const char byte_order_mark[] = "\xef\xbb\xbf";

enum { MARK_SIZE = sizeof byte_order_mark - 1 };

/* The time between two checks for signals while a source is waited for. */
#define CHECK_PERIOD (100 * NSEC_PER_MSEC)

int source_open(struct source *source, const struct source_options *options, struct error *error)
{
	*source = (struct source){.options = options, .fd = -1, .complete = true};
	source->is_past_mark = !options->csv || options->items;
	if (options->items) {
		source->name = "the command line";
	} else if (options->handed) {
		source->name = options->handed;
		source->fd = options->fd;
		source->own = true;
	} else if (!options->file || strcmp(options->file, "-") == 0) {
		source->name = "standard input";
		source->fd = STDIN_FILENO;
	} else {
		source->name = options->file;
		source->fd = open(options->file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
		source->own = true;
		if (source->fd < 0)
			return error_set_errno(error, errno, "cannot open %s", options->file);
	}
	return 0;
}

/* Returns what a record begins with, NULL if with anything. */
static const struct delimiter *source_start(const struct source *source)
{
	const struct source_options *options = source->options;

	return !options->items && options->start.size ? &options->start : NULL;
}

/* Returns what ends a record if it has several bytes, or if records have a start; else NULL. */
static const struct delimiter *source_string(const struct source *source)
{
	const struct source_options *options = source->options;

	return !options->items && (options->delimiter.size > 1 || options->start.size) ? &options->delimiter : NULL;
}

/* Returns the byte that ends a record, or begins what does. */
static char source_delimiter(const struct source *source)
{
	return source->options->items ? '\0' : source->options->delimiter.bytes[0];
}

struct input source_input(const struct source *source)
{
	return (struct input){
		.delimiter = source_delimiter(source),
		.string = source_string(source),
		.start = source_start(source),
		.limit = RECORD_MAX,
		.csv = {.separator = source->options->csv, .lines = source->lines},
	};
}

/* Copies as many bytes of items as fit, each item with its NUL. Returns how many. */
static ssize_t copy_items(struct source *source, char *data, size_t size)
{
	size_t done = 0;

	while (source->item < source->options->item_count && done < size) {
		const char *rest = source->options->items[source->item] + source->offset;
		size_t left = strlen(rest) + 1, now = left < size - done ? left : size - done;

		memcpy(data + done, rest, now);
		done += now;
		source->offset += now;
		if (now == left) {
			source->item++;
			source->offset = 0;
		}
	}
	return (ssize_t)done;
}

/*
 * Reads as fd_read, but for a byte order mark at the beginning. While only a part of it has come nothing can be read.
 */
static ssize_t read_after_mark(struct source *source, char *data, size_t size)
{
	size_t begun = source->marked, all;
	ssize_t got = fd_read(source->fd, data + begun, size - begun);

	if (got < 0)
		return got;
	memcpy(data, byte_order_mark, begun);
	all = begun + (size_t)got;
	source->marked = all < MARK_SIZE ? all : MARK_SIZE;
	if (!got || memcmp(data, byte_order_mark, source->marked) != 0) {
		source->is_past_mark = true;
		return (ssize_t)all;
	}
	source->is_past_mark = all >= MARK_SIZE;
	errno = EAGAIN;
	if (all <= MARK_SIZE)
		return -1;
	memmove(data, data + MARK_SIZE, all - MARK_SIZE);
	return (ssize_t)(all - MARK_SIZE);
}

int source_wait(const struct source *source, struct error *error)
{
	struct fd_wait wait = {.fd = source->fd, .want_input = true};

	while (fd_wait(&wait, 1, clock_now() + CHECK_PERIOD) <= 0) {
		if (signals_are_pending())
			return error_set(error, "interrupted while waiting for %s", source->name);
	}
	return 0;
}

/* Reads the next bytes of the source itself: as source_read, without those read ahead. */
static ssize_t read_on(struct source *source, char *data, size_t size, struct error *error)
{
	ssize_t got = -1;

	if (source->options->items)
		return copy_items(source, data, size);
	/* A FIFO without a writer yet would seem to be at its end. */
	if (source->own && !source->begun && source_wait(source, error) < 0)
		return -1;
	source->begun = true;
	errno = EIO;
	if (!fault_at("input_read"))
		got = source->is_past_mark ? fd_read(source->fd, data, size) : read_after_mark(source, data, size);
	if (got > 0) {
		source->complete = data[got - 1] == source_delimiter(source);
		return got;
	}
	if (got < 0) {
		if (errno != EAGAIN && errno != EWOULDBLOCK)
			error_set_errno(error, errno, "cannot read %s", source->name);
		return -1;
	}
	if (source->complete || source->options->is_bare || source_string(source))
		return 0;
	source->complete = true;
	*data = source_delimiter(source);
	return 1;
}

ssize_t source_read(struct source *source, char *data, size_t size, struct error *error)
{
	size_t ahead = source->ahead.size < size ? source->ahead.size : size;

	if (!ahead)
		return read_on(source, data, size, error);
	memcpy(data, source->ahead.data, ahead);
	bytes_consume(&source->ahead, ahead);
	return (ssize_t)ahead;
}

uint64_t source_size(const struct source *source)
{
	struct stat status;
	off_t at;

	if (source->fd < 0 || fstat(source->fd, &status) < 0 || !S_ISREG(status.st_mode))
		return 0;
	at = lseek(source->fd, 0, SEEK_CUR);
	if (at < 0 || at > status.st_size)
		return 0;
	return (uint64_t)(status.st_size - at) + source->ahead.size;
}

int source_count(const struct source *source, uint64_t size, uint64_t *records)
{
	const char delimiter = source_delimiter(source);
	char data[65536], last = delimiter;
	off_t at = lseek(source->fd, 0, SEEK_CUR);
	uint64_t left = size - source->ahead.size;
	ssize_t got;

	if (source_string(source) || source->options->csv || at < 0)
		return -1;
	*records = count_bytes(source->ahead.data, source->ahead.size, delimiter);
	if (source->ahead.size)
		last = source->ahead.data[source->ahead.size - 1];
	for (; left; left -= (uint64_t)got, at += got) {
		got = pread(source->fd, data, left < sizeof data ? (size_t)left : sizeof data, at);
		if (got <= 0)
			return -1;
		*records += count_bytes(data, (size_t)got, delimiter);
		last = data[got - 1];
	}
	*records += last != delimiter;
	return 0;
}

int source_is_unclosed(const struct source *source, uint64_t line, bool at_end, struct error *error)
{
	char within[64] = "";

	if (!at_end)
		snprintf(within, sizeof within, " within %d bytes", RECORD_MAX);
	return error_set(error, "%s: line %" PRIu64 ": the quote that opens a field here is not closed%s", source->name,
			 line, within);
}

/* Sets the error for a header that cannot be one. Returns -1. */
static int refuse_header(const struct source *source, const struct input *input, const struct input_step *step,
			 struct error *error)
{
	char reason[INPUT_REASON_MAX];
	uint64_t line = step->line;

	if (step->event == INPUT_UNCLOSED || (step->event == INPUT_MORE && input_is_quoted(input, &line)))
		return source_is_unclosed(source, line, false, error);
	if (step->event == INPUT_TOO_LONG || step->event == INPUT_MORE)
		return error_set(error, "%s: the header is longer than %d bytes", source->name, RECORD_MAX);
	if (step->event == INPUT_NUL)
		return error_set(error, "%s: the header has a NUL in it", source->name);
	input_explain(input, step, reason, sizeof reason);
	return error_set(error, "%s: the header: %s", source->name, reason);
}

/* Ends the header that is the last record, without a delimiter, of a source whose delimiter has several bytes. */
static struct input_step end_header(struct source *source, struct input *input)
{
	size_t size = source->ahead.size;
	struct input_step step;

	bytes_reserve(&source->ahead, input->string->size);
	step = input_last(input, source->ahead.data, size);
	source->ahead.size += step.consumed - size;
	return step;
}

char *source_header(struct source *source, struct error *error)
{
	struct input input = source_input(source);
	struct input_step step = {.event = INPUT_MORE};
	uint64_t line;
	char *header;

	while (step.event == INPUT_MORE && !step.consumed) {
		char data[4096];
		ssize_t got = read_on(source, data, sizeof data, error);

		if (got < 0 && !error->text && source_wait(source, error) == 0)
			continue;
		if (got == 0 && input_is_quoted(&input, &line))
			source_is_unclosed(source, line, true, error);
		if (got < 0 || (got == 0 && !input_has_last(&input, source->ahead.size)))
			return NULL;
		bytes_append(&source->ahead, data, (size_t)got);
		step = got ? input_next(&input, source->ahead.data, source->ahead.size) : end_header(source, &input);
	}
	if (step.event != INPUT_RECORD) {
		refuse_header(source, &input, &step, error);
		return NULL;
	}
	header = mem_string(source->ahead.data);
	bytes_consume(&source->ahead, step.consumed);
	source->lines = input.csv.lines;
	return header;
}

void source_close(struct source *source)
{
	if (source->own)
		fd_close(&source->fd);
	source->fd = -1;
	bytes_release(&source->ahead);
}
