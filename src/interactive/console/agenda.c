/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A queue of lines; the lines of files are inserted at its front. */
#include "interactive/console/agenda.h"

#include "base/bytes.h"
#include "base/file.h"
#include "base/mem.h"
#include "ipc/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

enum {
	/* The largest file of lines. */
	FILE_MAX = 16 * 1024 * 1024,
};

/* A file whose lines are in the agenda, or being carried out. */
struct agenda_file {
	char *name;
	dev_t device;
	ino_t inode;
	/* The file that asked for this one, NULL if none. */
	struct agenda_file *parent;
	/* How many lines and files refer to this one. */
	size_t uses;
};

static void release_file(struct agenda_file *file)
{
	while (file && !--file->uses) {
		struct agenda_file *parent = file->parent;

		free(file->name);
		free(file);
		file = parent;
	}
}

void agenda_init(struct agenda *agenda)
{
	list_init(&agenda->lines);
}

static struct agenda_line *line_new(const char *text, size_t size, uint64_t number)
{
	struct agenda_line *line = mem_new(1, sizeof *line);

	*line = (struct agenda_line){.text = mem_format("%.*s", (int)size, text), .number = number};
	list_init(&line->link);
	return line;
}

void agenda_add(struct agenda *agenda, const char *text, uint64_t number)
{
	struct agenda_line *line = line_new(text, strlen(text), number);

	list_append(&agenda->lines, &line->link);
}

/* True if status is that of file, or of a file that asked for it. */
static bool is_within(const struct agenda_file *file, const struct stat *status)
{
	for (; file; file = file->parent) {
		if (file->device == status->st_dev && file->inode == status->st_ino)
			return true;
	}
	return false;
}

/* Reads a whole file. Returns -1 with the error. */
static int agenda_read_all(int fd, const char *name, struct bytes *contents, struct error *error)
{
	if (file_read_all(fd, contents, FILE_MAX) < 0) {
		if (errno == EFBIG)
			return error_set(error, "'%s' is too large for a file of commands (more than 16M)", name);
		return error_set_errno(error, errno, "cannot read '%s'", name);
	}
	if (contents->size && memchr(contents->data, '\0', contents->size))
		return error_set(error, "'%s' holds no text", name);
	return 0;
}

/* Inserts the lines of a file before all others. */
static void insert(struct agenda *agenda, struct agenda_file *file, const struct bytes *contents)
{
	struct list *before = agenda->lines.next;
	const char *next = contents->data, *end = next + contents->size;
	uint64_t number;

	for (number = 1; next < end; number++) {
		const char *newline = memchr(next, '\n', (size_t)(end - next));
		size_t size = (size_t)((newline ? newline : end) - next);
		struct agenda_line *line = line_new(next, size, number);

		line->file = file;
		file->uses++;
		list_append(before, &line->link);
		next += size + 1;
	}
}

int agenda_add_file(struct agenda *agenda, const char *name, const struct agenda_line *by, struct error *error)
{
	struct bytes contents = {.data = NULL};
	struct agenda_file *file;
	struct stat status;
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), added = -1;

	if (fd < 0)
		return error_set_errno(error, errno, "cannot open '%s'", name);
	if (fstat(fd, &status) < 0) {
		error_set_errno(error, errno, "cannot read '%s'", name);
	} else if (S_ISFIFO(status.st_mode)) {
		error_set(error, "'%s' is a pipe, and source reads files", name);
	} else if (is_within(by->file, &status)) {
		error_set(error, "'%s' is being carried out already: a file cannot ask for itself", name);
	} else if (agenda_read_all(fd, name, &contents, error) == 0) {
		file = mem_new(1, sizeof *file);
		*file = (struct agenda_file){
			.name = mem_string(name),
			.device = status.st_dev,
			.inode = status.st_ino,
			.parent = by->file,
			.uses = 1,
		};
		if (by->file)
			by->file->uses++;
		insert(agenda, file, &contents);
		release_file(file);
		added = 0;
	}
	bytes_release(&contents);
	fd_close(&fd);
	return added;
}

bool agenda_take(struct agenda *agenda, struct agenda_line *line)
{
	struct agenda_line *first = container_of(agenda->lines.next, struct agenda_line, link);

	if (list_is_empty(&agenda->lines))
		return false;
	list_remove(&first->link);
	*line = *first;
	list_init(&line->link);
	free(first);
	return true;
}

const char *agenda_file_name(const struct agenda_line *line)
{
	return line->file ? line->file->name : NULL;
}

void agenda_line_release(struct agenda_line *line)
{
	free(line->text);
	release_file(line->file);
	*line = (struct agenda_line){.text = NULL};
}

void agenda_drop_files(struct agenda *agenda)
{
	struct agenda_line line;

	while (!list_is_empty(&agenda->lines) && container_of(agenda->lines.next, struct agenda_line, link)->file &&
	       agenda_take(agenda, &line))
		agenda_line_release(&line);
}

void agenda_clear(struct agenda *agenda)
{
	struct agenda_line line;

	while (agenda_take(agenda, &line))
		agenda_line_release(&line);
}
