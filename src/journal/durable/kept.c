/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keeping output in a file, gathered into large writes. */
#include "journal/durable/kept.h"

#include "base/fault.h"
#include "base/file.h"
#include "base/mem.h"
#include "journal/durable/crc.h"
#include "journal/durable/scroll.h"
#include "journal/durable/seals.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

/* Bytes that are written at once. */
enum { KEPT_PIECE = 1 << 16 };

/* Returns the name of one of the files; the caller's. */
static char *kept_name(const char *journal, bool is_second)
{
	return mem_join(journal, is_second ? ".outputs.1" : ".outputs");
}

void kept_begin(struct kept *kept, const char *journal, bool is_second)
{
	*kept = (struct kept){.name = kept_name(journal, is_second), .fd = -1};
}

void kept_clear(const char *journal, bool is_second)
{
	char *name = kept_name(journal, !is_second);

	unlink(name);
	free(name);
}

int kept_resume(struct kept *kept, uint64_t size, bool forces, struct error *error)
{
	struct stat status;

	if (!size)
		return 0;
	kept->fd = open(kept->name, O_RDWR | (forces ? O_CREAT : 0) | O_CLOEXEC | O_NOCTTY, 0666);
	if (kept->fd < 0)
		return error_set_errno(error, errno,
				       "--resume: cannot open %s, the outputs of the journal (--resume --force runs "
				       "the tasks again whose output was in it)",
				       kept->name);
	if (fstat(kept->fd, &status) < 0 || ((uint64_t)status.st_size < size && !forces))
		return error_set(error,
				 "--resume: %s has been shortened: %" PRIu64
				 " bytes of outputs were in it (--resume --force runs the tasks again whose output is "
				 "missing)",
				 kept->name, size);
	kept->stored = kept->added_from = size;
	/* An earlier session may have left storing to the system (--sync=none). */
	kept->is_dirty = true;
	if (ftruncate(kept->fd, (off_t)size) < 0)
		return error_set_errno(error, errno, "--journal: cannot write %s", kept->name);
	return 0;
}

static int kept_fail(const struct kept *kept, int number, struct error *error)
{
	return error_set_errno(error, number, "--journal: cannot write %s", kept->name);
}

/* Makes the file. -1 with the error. */
static int make_kept(struct kept *kept, struct error *error)
{
	kept->fd = open(kept->name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666);
	if (kept->fd < 0)
		return kept_fail(kept, errno, error);
	return scroll_sync_folder(kept->name, error);
}

int kept_put(struct kept *kept, struct slice bytes, struct error *error)
{
	bytes_append(&kept->buffer, bytes.data, bytes.size);
	kept->crc = crc_of(kept->crc, bytes.data, bytes.size);
	return kept->buffer.size >= KEPT_PIECE ? kept_flush(kept, false, error) : 0;
}

void kept_drop(struct kept *kept, uint64_t size)
{
	size = size < kept->added_from ? kept->added_from : size;
	if (size == kept_end(kept))
		return;
	kept->is_unknown = true;
	if (size >= kept->stored) {
		kept->buffer.size = (size_t)(size - kept->stored);
		return;
	}
	bytes_clear(&kept->buffer);
	kept->stored = size;
}

int kept_get(struct kept *kept, uint64_t offset, char *data, size_t size, struct error *error)
{
	if (offset + size > kept->stored && kept_flush(kept, false, error) < 0)
		return -1;
	if (file_read_at(kept->fd, offset, data, size) < 0)
		return error_set_errno(error, errno, "--journal: cannot read %s", kept->name);
	return 0;
}

int kept_flush(struct kept *kept, bool syncs, struct error *error)
{
	if (kept->buffer.size) {
		if (kept->fd < 0 && make_kept(kept, error) < 0)
			return -1;
		if (fault_at("kept_write") || file_write_at(kept->fd, kept->stored, bytes_slice(&kept->buffer)) < 0)
			return kept_fail(kept, errno, error);
		kept->stored += kept->buffer.size;
		bytes_clear(&kept->buffer);
		kept->is_dirty = true;
	}
	if (!syncs || !kept->is_dirty)
		return 0;
	if (fdatasync(kept->fd) < 0)
		return kept_fail(kept, errno, error);
	kept->is_dirty = false;
	return 0;
}

int kept_added(struct kept *kept, uint32_t *crc, struct error *error)
{
	bool has_more = kept->stored > kept->added_from;

	*crc = kept->crc;
	if (kept->is_unknown) {
		*crc = 0;
		if (has_more && seals_read(kept->fd, kept->added_from, kept->stored, crc) < 0)
			return error_set_errno(error, errno, "--journal: cannot read %s", kept->name);
	}
	kept->added_from = kept->stored;
	kept->crc = 0;
	kept->is_unknown = false;
	return has_more;
}

void kept_remove(struct kept *kept)
{
	if (kept->fd >= 0)
		unlink(kept->name);
	kept_close(kept);
}

void kept_close(struct kept *kept)
{
	if (kept->fd >= 0)
		close(kept->fd);
	bytes_release(&kept->buffer);
	free(kept->name);
	*kept = (struct kept){.fd = -1};
}
