/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sources of records: standard input, files, or the command line's items, each as a stream of bytes. */
#ifndef FEED_SOURCE_H
#define FEED_SOURCE_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "base/error.h"
#include "codec/input.h"

struct source_options {
	/* What ends a record. Items of the command line end with a NUL whatever it is. */
	struct delimiter delimiter;
	/* What a record begins with; its size is 0 if with anything. Unused with items. */
	struct delimiter start;
	/* The byte between the fields of CSV, 0 if records are not CSV. */
	char csv;
	/* The file to read; "-" or NULL: standard input. Unused with items. */
	const char *file;
	/* The name in messages of a descriptor that is read, which the source takes over; NULL where a file is read. */
	const char *handed;
	int fd;
	/* Items of the command line, NULL where a file is read. */
	char **items;
	size_t item_count;
	/* True if a last record without a delimiter is left without one (it is, too, if input has a string). */
	bool is_bare;
	/* True if the source advances together with the source before it (:::+ or ::::+). */
	bool is_linked;
};

struct source {
	const struct source_options *options;
	/* Its name in messages. */
	const char *name;
	/* The descriptor that is read, -1 with items. */
	int fd;
	/* True if the descriptor was opened by the source, and does not block. */
	bool own;
	/* True if the descriptor has been read. */
	bool begun;
	/* The next item, and the number of its bytes that have been returned. */
	size_t item;
	size_t offset;
	/* Bytes that were read with the header and come after it. */
	struct bytes ahead;
	/* Lines of the header of CSV. */
	uint64_t lines;
	/* Bytes of the byte order mark that have been read, which CSV may begin with. */
	size_t marked;
	/* True if no byte order mark can come: it has been skipped, or is absent. */
	bool is_past_mark;
	/* True if the last byte that was read is a delimiter, or none has been read. */
	bool complete;
};

/* Opens a source; options outlive it. -1 with the error when a file cannot be opened. */
int source_open(struct source *source, const struct source_options *options, struct error *error) MUST_CHECK;

/* Returns a scanner of records for the bytes after the header. */
struct input source_input(const struct source *source);

/* Returns how many bytes of records are left of a source that is a regular file, as it is now; 0 for others. */
uint64_t source_size(const struct source *source);

/*
 * Counts the records in the size bytes that are left of a regular file, without reading on. Returns 0, or -1 where
 * their number is not that of their ends (CSV, delimiters of several bytes), or they cannot be read.
 */
int source_count(const struct source *source, uint64_t size, uint64_t *records) MUST_CHECK;

/*
 * Reads the next bytes, at most size (at least 4). Returns how many; 0 at the end; -1 with the error, or without one
 * when nothing can be read now. Adds a delimiter of one byte to a last record without one (input_last adds others), and
 * skips the byte order mark of CSV.
 * Reads the descriptor at most once, so it does not wait when that is ready.
 */
ssize_t source_read(struct source *source, char *data, size_t size, struct error *error) MUST_CHECK;

/*
 * Waits for the first record and takes it off. Returns a new string (free); NULL at the end of the input, and with the
 * error.
 */
char *source_header(struct source *source, struct error *error);

/*
 * Sets the error for a quote in a line that is not closed, at the end of the input or within the limit. Returns -1.
 */
int source_is_unclosed(const struct source *source, uint64_t line, bool at_end, struct error *error);

/*
 * Waits until there is something to read. Returns 0, or -1 with the error if a signal is pending that only the event
 * loop receives: a prompt would not act on it meanwhile.
 */
int source_wait(const struct source *source, struct error *error) MUST_CHECK;

/* Closes the descriptor, if the source opened it. */
void source_close(struct source *source);

#endif
