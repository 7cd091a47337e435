/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sources of records. */
#include "front/source.h"

#include "base/fault.h"
#include "ipc/fd.h"

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
		source->fd = open(options->file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
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

/* Copies items, each with its NUL, as many as fit. */
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

ssize_t source_read(struct source *source, char *data, size_t size, struct error *error)
{
	ssize_t got = -1;

	if (source->options->items)
		return copy_items(source, data, size);
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
	if (source->complete)
		return 0;
	source->complete = true;
	*data = source_delimiter(source);
	return 1;
}

void source_close(struct source *source)
{
	if (source->own)
		fd_close(&source->fd);
	source->fd = -1;
}
