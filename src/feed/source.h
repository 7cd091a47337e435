/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where records come from: standard input, files, or the command line's items, each as a stream of bytes. */
#ifndef FEED_SOURCE_H
#define FEED_SOURCE_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "base/error.h"

struct source_options {
	/* What ends a record. Items of the command line always end with a NUL. */
	char delimiter;
	/* A file to read ("-" or NULL: standard input), unless there are items. */
	const char *file;
	/* Items; NULL when records are read. */
	char **items;
	size_t item_count;
	/* Bytes are handed out as they are: the last record gets no delimiter. */
	bool is_bare;
	/* Goes along with the source before it, value by value. */
	bool is_linked;
};

struct source {
	const struct source_options *options;
	/* What people call it. */
	const char *name;
	/* What is read; -1 with items. Our own never blocks. */
	int fd;
	bool own;
	/* It has been read from. */
	bool begun;
	/* The next item, and how much of it has been handed out. */
	size_t item;
	size_t offset;
	/* Bytes that were read ahead: behind the header. */
	struct bytes ahead;
	/* The last byte handed out was a delimiter, or there was none yet. */
	bool complete;
};

/* 0; -1 with the error, when a file cannot be opened. options must outlive the source. */
int source_open(struct source *source, const struct source_options *options, struct error *error) MUST_CHECK;

/* The byte behind each record. */
char source_delimiter(const struct source *source);

/*
 * The next bytes, at most size (at least 2): how many; 0 at the end; -1 with the error, or with none set when nothing
 * is there now. A last record without a delimiter gets one. Reads a descriptor once, so it does not wait when that is
 * ready.
 */
ssize_t source_read(struct source *source, char *data, size_t size, struct error *error) MUST_CHECK;

/* Takes the first record off, waiting for it: a new string (free); NULL at the end of the input, or with the error. */
char *source_header(struct source *source, struct error *error);

void source_close(struct source *source);

#endif
