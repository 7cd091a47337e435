/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing a file that takes a journal's place. */
#include "journal/durable/successor.h"

#include "base/fault.h"
#include "base/file.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Sets the names. False if the journal has none. */
static bool name_successor(struct successor *successor, const struct scroll *scroll)
{
	successor->name = realpath(scroll->name, NULL);
	if (successor->name)
		successor->temporary = mem_join(successor->name, ".rewriting");
	return successor->name;
}

void successor_clear(const struct scroll *scroll)
{
	struct successor successor = {.scroll.fd = -1};

	if (name_successor(&successor, scroll))
		unlink(successor.temporary);
	free(successor.name);
	free(successor.temporary);
}

/* Locks the file, and gives it the owner and the mode of the old one. -1 with errno. */
static int take_identity(struct scroll *scroll, const struct stat *old)
{
	struct stat status;
	int fd = scroll->fd;

	if (scroll_lock_file(fd) < 0 || fstat(fd, &status) < 0)
		return -1;
	scroll->device = status.st_dev;
	scroll->inode = status.st_ino;
	if ((status.st_uid != old->st_uid || status.st_gid != old->st_gid) && fchown(fd, old->st_uid, old->st_gid) < 0)
		return -1;
	return fchmod(fd, old->st_mode & 07777);
}

int successor_begin(struct successor *successor, struct scroll *old)
{
	struct stat status;

	*successor = (struct successor){.old = old, .scroll = {.name = old->name, .fd = -1}};
	/* A journal of two names would lose one of them. */
	if (fstat(old->fd, &status) < 0 || status.st_nlink != 1 || !name_successor(successor, old))
		return -1;
	unlink(successor->temporary);
	successor->scroll.fd = open(successor->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0600);
	if (successor->scroll.fd >= 0 && take_identity(&successor->scroll, &status) == 0)
		return 0;
	successor_release(successor);
	return -1;
}

int successor_append(struct successor *successor, struct bytes *notes)
{
	struct scroll *scroll = &successor->scroll;

	if (fault_at("rewrite_write") || file_write_at(scroll->fd, scroll->size, bytes_slice(notes)) < 0)
		return -1;
	scroll->size += notes->size;
	bytes_clear(notes);
	return 0;
}

int successor_store(struct successor *successor)
{
	return fault_at("rewrite_sync") ? -1 : fsync(successor->scroll.fd);
}

int successor_install(struct successor *successor)
{
	if (fault_at("rewrite_rename") || rename(successor->temporary, successor->name) < 0)
		return -1;
	scroll_continue(successor->old, &successor->scroll);
	return 0;
}

void successor_release(struct successor *successor)
{
	/* After it was installed the descriptor is the journal's. */
	if (successor->scroll.fd >= 0) {
		unlink(successor->temporary);
		close(successor->scroll.fd);
	}
	free(successor->name);
	free(successor->temporary);
	*successor = (struct successor){.scroll.fd = -1};
}
