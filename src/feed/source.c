/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading the sources of records. */
#include "feed/source.h"

#include "base/fault.h"
#include "base/mem.h"
#include "ipc/fd.h"
#include "task/task.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int source_open(struct source *source, const struct source_options *options, struct error *error)
{
	*source = (struct source){.options = options, .fd = -1, .complete = true};
	if (options->items) {
		source->name = "the command line";
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

char source_delimiter(const struct source *source)
{
	return source->options->items ? '\0' : source->options->delimiter;
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

/* Reads the next bytes of the source itself: as source_read, without those read ahead. */
static ssize_t read_on(struct source *source, char *data, size_t size, struct error *error)
{
	struct fd_wait wait = {.fd = source->fd, .want_input = true};
	ssize_t got = -1;

	if (source->options->items)
		return copy_items(source, data, size);
	/* A FIFO without a writer yet would seem to be at its end. */
	if (source->own && !source->begun)
		fd_wait(&wait, 1, NSEC_FOREVER);
	source->begun = true;
	errno = EIO;
	if (!fault_at("input_read"))
		got = fd_read(source->fd, data, size);
	if (got > 0) {
		source->complete = data[got - 1] == source_delimiter(source);
		return got;
	}
	if (got < 0) {
		if (errno != EAGAIN && errno != EWOULDBLOCK)
			error_set_errno(error, errno, "cannot read %s", source->name);
		return -1;
	}
	if (source->complete || source->options->is_bare)
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

char *source_header(struct source *source, struct error *error)
{
	char delimiter = source_delimiter(source), *end = NULL, *header;
	struct fd_wait wait = {.fd = source->fd, .want_input = true};

	while (!end) {
		char data[4096];
		ssize_t got = read_on(source, data, sizeof data, error);

		if (got < 0 && !error->text) {
			fd_wait(&wait, 1, NSEC_FOREVER);
			continue;
		}
		if (got <= 0)
			return NULL;
		bytes_append(&source->ahead, data, (size_t)got);
		end = memchr(source->ahead.data, delimiter, source->ahead.size);
		if (!end && source->ahead.size > RECORD_MAX) {
			error_set(error, "%s: the header is longer than %d bytes", source->name, RECORD_MAX);
			return NULL;
		}
	}
	if (memchr(source->ahead.data, '\0', (size_t)(end - source->ahead.data))) {
		error_set(error, "%s: the header has a NUL in it", source->name);
		return NULL;
	}
	*end = '\0';
	header = mem_string(source->ahead.data);
	bytes_consume(&source->ahead, (size_t)(end - source->ahead.data) + 1);
	return header;
}

void source_close(struct source *source)
{
	if (source->own)
		fd_close(&source->fd);
	source->fd = -1;
	bytes_release(&source->ahead);
}
