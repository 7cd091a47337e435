/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Gathers an answer, or writes it. */
#include "interactive/console/answer.h"

#include "base/file.h"
#include "ipc/fd.h"

#include <errno.h>
#include <unistd.h>

enum {
	/* The most bytes kept in memory. */
	SMALL = 256 * 1024,
};

void answer_init(struct answer *answer, enum answer_kind kind, const char *directory)
{
	*answer = (struct answer){.fd = -1, .is_direct = kind == ANSWER_DIRECT, .directory = directory, .last = '\n'};
}

static void answer_write_all(struct answer *answer, int fd, struct slice bytes)
{
	if (!answer->error.text && file_write_all(fd, bytes) < 0)
		error_set_errno(&answer->error, errno, fd == STDOUT_FILENO ? "write error" : "%s", answer->directory);
}

/* Opens the file without a name. */
static void answer_open_file(struct answer *answer)
{
	answer->fd = file_open_nameless(answer->directory);
	if (answer->fd < 0)
		error_set_errno(&answer->error, errno, "cannot make a temporary file in %s", answer->directory);
}

static void empty(struct answer *answer)
{
	if (answer->fd < 0 && !answer->error.text)
		answer_open_file(answer);
	answer_write_all(answer, answer->fd, bytes_slice(&answer->text));
	bytes_clear(&answer->text);
}

void answer_put(struct answer *answer, struct slice bytes)
{
	size_t i;

	if (!bytes.size)
		return;
	for (i = 0; i < bytes.size; i++)
		answer->lines += bytes.data[i] == '\n';
	answer->last = bytes.data[bytes.size - 1];
	if (answer->is_direct) {
		answer_write_all(answer, STDOUT_FILENO, bytes);
		return;
	}
	bytes_append(&answer->text, bytes.data, bytes.size);
	if (answer->text.size > SMALL)
		empty(answer);
}

bool answer_is_small(const struct answer *answer)
{
	return answer->fd < 0 && !answer->error.text;
}

int answer_to_file(struct answer *answer, struct error *error)
{
	empty(answer);
	if (!answer->error.text && lseek(answer->fd, 0, SEEK_SET) < 0)
		error_set_errno(&answer->error, errno, "%s", answer->directory);
	if (!answer->error.text)
		return 0;
	*error = answer->error;
	answer->error = (struct error){.number = 0};
	return -1;
}

void answer_release(struct answer *answer)
{
	bytes_release(&answer->text);
	error_release(&answer->error);
	fd_close(&answer->fd);
}
