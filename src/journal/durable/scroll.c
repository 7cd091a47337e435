/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opening, reading and appending to the file of a journal. */
#include "journal/durable/scroll.h"

#include "base/fault.h"
#include "base/file.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	/* Bytes that are read at once. */
	SCROLL_PIECE = 1 << 20,
	/* Bytes of a line at most; none of ours is as long. */
	SCROLL_LINE_MAX = 64 << 20,
};

/* What a journal was found to be. */
struct scroll_scan {
	/* The offset after the last commit. */
	uint64_t committed;
	/* The offset of the first line that is no note; UINT64_MAX if all are. */
	uint64_t bad;
	/* A note follows that line. */
	bool is_damaged;
	/* The number of the format, 0 if the first line is no note that says it. */
	uint64_t format;
	/* True if all bytes so far could be the beginning of a first note. */
	bool is_blank;
};

/* Lines of a file, one after the other. */
struct scroll_lines {
	int fd;
	/* Where the file is read next, and where it ends. */
	uint64_t next;
	uint64_t end;
	/* Bytes that were read; those before taken are done with. */
	struct bytes bytes;
	size_t taken;
	/* The offset of the next line. */
	uint64_t offset;
};

/* Reads more of the file behind the bytes not taken yet. 0 at the end, -1 with errno. */
static int scroll_more(struct scroll_lines *lines)
{
	uint64_t left = lines->end - lines->next;
	size_t size = left < SCROLL_PIECE ? (size_t)left : SCROLL_PIECE;

	bytes_consume(&lines->bytes, lines->taken);
	lines->taken = 0;
	if (!size)
		return 0;
	if (lines->bytes.size > SCROLL_LINE_MAX) {
		errno = EFBIG;
		return -1;
	}
	if (file_read_at(lines->fd, lines->next, bytes_reserve(&lines->bytes, size), size) < 0)
		return -1;
	lines->bytes.size += size;
	lines->next += size;
	return 1;
}

/*
 * Returns the next line in *line, without its newline; *is_whole is false for a last one that has none. 0 at the end,
 * -1 with errno.
 */
static int scroll_line(struct scroll_lines *lines, struct slice *line, bool *is_whole)
{
	for (;;) {
		const char *at = lines->bytes.data + lines->taken;
		size_t size = lines->bytes.size - lines->taken;
		const char *end = size ? memchr(at, '\n', size) : NULL;
		int more = end ? 0 : scroll_more(lines);

		if (more < 0)
			return -1;
		if (more)
			continue;
		if (!end && !lines->bytes.size)
			return 0;
		/* scroll_more has moved what is left. */
		at = lines->bytes.data + lines->taken;
		*is_whole = end;
		*line = (struct slice){.data = at, .size = end ? (size_t)(end - at) : size};
		lines->taken += line->size + *is_whole;
		lines->offset += line->size + *is_whole;
		return 1;
	}
}

/* True if a line is a part of what a journal begins with, or nothing but NULs. */
static bool is_beginning(struct slice line)
{
	static const char after[] = " {\"journal\":";
	size_t i;

	for (i = 0; i < line.size && !line.data[i]; i++)
		;
	if (i == line.size)
		return true;
	for (i = 0; i < line.size; i++) {
		if (i < 8 && !memchr("0123456789abcdef", line.data[i], 16))
			return false;
		if (i >= 8 && i < 8 + sizeof after - 1 && line.data[i] != after[i - 8])
			return false;
	}
	return true;
}

/* Notes what a good line says that concerns the file. */
static void scan_note(struct scroll_scan *scan, struct slice line, uint64_t end)
{
	struct note note;

	if (note_begins(line, "commit") && note_read(line, &note))
		scan->committed = end;
	else if (note_begins(line, "journal") && !scan->committed && note_read(line, &note))
		scan->format = note_value(&note, "journal");
}

/* Finds out what a file of size bytes is. -1 with errno. */
static int scan_file(int fd, uint64_t size, struct scroll_scan *scan)
{
	struct scroll_lines lines = {.fd = fd, .end = size};
	struct slice line;
	bool is_whole;
	int got;

	*scan = (struct scroll_scan){.bad = UINT64_MAX, .is_blank = true};
	while ((got = scroll_line(&lines, &line, &is_whole)) > 0) {
		uint64_t end = lines.offset, start = end - line.size - is_whole;
		bool is_good = is_whole && note_check(line);

		scan->is_blank = scan->is_blank && (start ? scan->format : is_beginning(line) && is_good == is_whole);
		if (!is_good && scan->bad == UINT64_MAX)
			scan->bad = start;
		else if (is_good && scan->bad != UINT64_MAX)
			scan->is_damaged = true;
		else if (is_good)
			scan_note(scan, line, end);
	}
	bytes_release(&lines.bytes);
	return got;
}

/* Judges what a scan has found, for the wish. -1 with the error. */
static int judge_scan(const struct scroll *scroll, const struct scroll_scan *scan, enum scroll_wish wish,
		      struct error *error)
{
	bool is_begun = scan->committed || scan->is_damaged || !scan->is_blank;

	if (wish == SCROLL_REPLACE && (is_begun ? scan->format : 1))
		return 0;
	if (scan->format > SCROLL_FORMAT)
		return error_refuse(error,
				    "--journal: %s has format %" PRIu64
				    ", which a later mpmap wrote; this one reads up to %d",
				    scroll->name, scan->format, SCROLL_FORMAT);
	if (!scan->format && is_begun && !(scan->is_damaged && scan->bad == 0 && scan->is_blank))
		return error_refuse(error, "--journal: %s is not a journal of mpmap", scroll->name);
	if (scan->is_damaged && wish != SCROLL_SALVAGE && wish != SCROLL_CREATE)
		return error_refuse(error,
				    "--journal: %s is damaged at byte %" PRIu64
				    " (--resume --force drops what follows; a copy of the file is worth keeping)",
				    scroll->name, scan->bad);
	if (wish == SCROLL_CREATE && is_begun)
		return error_refuse(error,
				    "--journal: %s exists (--resume continues its run, --force begins a new one)",
				    scroll->name);
	return 0;
}

/* Opens the descriptor. -1 with the error. */
static int open_scroll(struct scroll *scroll, enum scroll_wish wish, struct error *error)
{
	int flags = (wish == SCROLL_LOOK ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	struct stat status;

	/* Opened only if it is a file: opening anything else may have effects. */
	if (stat(scroll->name, &status) == 0 && !S_ISREG(status.st_mode)) {
		error_refuse(error, "--journal: %s is not a regular file", scroll->name);
		return -1;
	}
	scroll->fd = open(scroll->name, flags);
	if (scroll->fd < 0 && errno == ENOENT && (wish == SCROLL_CREATE || wish == SCROLL_REPLACE)) {
		scroll->fd = open(scroll->name, flags | O_CREAT | O_EXCL, 0666);
		scroll->is_new = scroll->fd >= 0;
		/* Another run was faster, if it is no link. */
		if (scroll->fd < 0 && errno == EEXIST && (scroll->fd = open(scroll->name, flags)) < 0)
			errno = errno == ENOENT ? EEXIST : errno;
	}
	if (scroll->fd >= 0)
		return 0;
	if (errno == EEXIST)
		return error_refuse(error, "--journal: %s is a symbolic link to a file that does not exist",
				    scroll->name);
	if (errno == ENOENT && wish == SCROLL_LOOK)
		return error_refuse(error, "--status: there is no journal %s", scroll->name);
	if (errno == ENOENT && (wish == SCROLL_RESUME || wish == SCROLL_SALVAGE)) {
		error_refuse(error, "--resume: there is no journal %s (without --resume a new run begins)",
			     scroll->name);
		return -1;
	}
	return error_set_errno(error, errno, "--journal: cannot %s %s", wish == SCROLL_LOOK ? "read" : "write",
			       scroll->name);
}

/* True if the file still has the journal's name. */
static bool is_named(const struct scroll *scroll)
{
	struct stat status;

	return stat(scroll->name, &status) == 0 && status.st_dev == scroll->device && status.st_ino == scroll->inode;
}

int scroll_open(struct scroll *scroll, const char *name, enum scroll_wish wish, struct error *error)
{
	struct scroll_scan scan;
	struct stat status;

	*scroll = (struct scroll){.name = name, .fd = -1};
	if (open_scroll(scroll, wish, error) < 0)
		return -1;
	if (wish == SCROLL_LOOK && scroll_identify(scroll, error) < 0)
		return -1;
	while (wish != SCROLL_LOOK) {
		if (scroll_lock(scroll, error) < 0)
			return -1;
		if (is_named(scroll))
			break;
		/* Another run has written it anew before it was locked. */
		scroll_close(scroll);
		scroll->is_new = false;
		if (open_scroll(scroll, wish, error) < 0)
			return -1;
	}
	/* Its size may have changed until it was locked. */
	if (fstat(scroll->fd, &status) < 0 || scan_file(scroll->fd, (uint64_t)status.st_size, &scan) < 0)
		return error_set_errno(error, errno, "--journal: cannot read %s", name);
	if (judge_scan(scroll, &scan, wish, error) < 0)
		return -1;
	scroll->size = scan.committed;
	return 0;
}

int scroll_read(const struct scroll *scroll, struct scroll_reader *reader, struct error *error)
{
	struct scroll_lines lines = {.fd = scroll->fd, .end = scroll->size};
	struct slice line;
	struct note note;
	bool is_whole;
	int got, result = 0;

	while (!result && (got = scroll_line(&lines, &line, &is_whole)) > 0) {
		uint64_t start = lines.offset - line.size - 1;

		if (!note_read(line, &note)) {
			result =
				error_refuse(error, "--journal: %s: byte %" PRIu64 ": a note that mpmap does not write",
					     scroll->name, start);
		} else {
			result = reader->note(reader, &note, start, error);
		}
	}
	if (!result && got < 0)
		result = error_set_errno(error, errno, "--journal: cannot read %s", scroll->name);
	bytes_release(&lines.bytes);
	return result;
}

int scroll_cut(struct scroll *scroll, bool all, struct error *error)
{
	if (all)
		scroll->size = 0;
	if (ftruncate(scroll->fd, (off_t)scroll->size) == 0 && fsync(scroll->fd) == 0)
		return 0;
	return error_set_errno(error, errno, "--journal: cannot write %s", scroll->name);
}

int scroll_append(struct scroll *scroll, bool syncs, struct error *error)
{
	int number = 0;

	if (fault_at("journal_write") || file_write_at(scroll->fd, scroll->size, bytes_slice(&scroll->group)) < 0)
		number = errno;
	else if (syncs && (fault_at("journal_sync") || fdatasync(scroll->fd) < 0))
		number = errno;
	if (!number)
		scroll->size += scroll->group.size;
	else
		(void)!ftruncate(scroll->fd, (off_t)scroll->size);
	bytes_clear(&scroll->group);
	return number ? error_set_errno(error, number, "--journal: cannot write %s", scroll->name) : 0;
}

int scroll_sync_folder(const char *name, struct error *error)
{
	const char *slash = strrchr(name, '/');
	char *folder = slash ? mem_copy(name, (size_t)(slash - name) + 2) : mem_string(".");
	int fd, result = 0;

	if (slash)
		folder[slash - name + 1] = '\0';
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* A folder that cannot be read, or a file system that cannot do this, is not worth an end. */
	if (fd >= 0 && fsync(fd) < 0 && errno != EINVAL && errno != EROFS)
		result = error_set_errno(error, errno, "--journal: cannot store the name of %s", name);
	if (fd >= 0)
		close(fd);
	free(folder);
	return result;
}

void scroll_discard(struct scroll *scroll)
{
	if (scroll->fd >= 0 && scroll->is_new)
		unlink(scroll->name);
	scroll_close(scroll);
}

void scroll_close(struct scroll *scroll)
{
	scroll_unlock(scroll);
	scroll_close_file(scroll);
	bytes_release(&scroll->group);
}
