/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Locking the file of a journal. */
#include "journal/durable/scroll.h"

#include "base/fault.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* The journals that this process has locked. */
static struct scroll *locked_scrolls;

/* Returns the journal by which this process has locked the file already, for another run; NULL if it has not. */
static struct scroll *find_own(const struct scroll *scroll)
{
	struct scroll *other = locked_scrolls;

	while (other && (other->device != scroll->device || other->inode != scroll->inode))
		other = other->next;
	return other;
}

pid_t scroll_holder(const struct scroll *scroll)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	/* The kernel says nothing of the locks of the process that asks. */
	if (find_own(scroll))
		return getpid();
	return fcntl(scroll->fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK ? lock.l_pid : 0;
}

/* Sets the error for a journal that a run is writing. Returns -1. */
static int refuse_locked(struct scroll *scroll, pid_t holder, struct error *error)
{
	/* It is not ours to remove: another run was faster. */
	scroll->is_new = false;
	if (holder > 0)
		error_refuse(error, "--journal: %s is in use by a run that lives (pid %ld)", scroll->name,
			     (long)holder);
	else
		error_refuse(error, "--journal: %s is in use by a run that lives", scroll->name);
	return -1;
}

int scroll_lock_file(int fd)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	return fcntl(fd, F_SETLK, &lock);
}

int scroll_identify(struct scroll *scroll, struct error *error)
{
	struct stat status;

	if (fstat(scroll->fd, &status) < 0)
		return error_set_errno(error, errno, "--journal: cannot read %s", scroll->name);
	scroll->device = status.st_dev;
	scroll->inode = status.st_ino;
	return 0;
}

int scroll_lock(struct scroll *scroll, struct error *error)
{
	if (scroll_identify(scroll, error) < 0)
		return -1;
	(void)fault_at("journal_lock");
	if (find_own(scroll))
		return refuse_locked(scroll, getpid(), error);
	if (scroll_lock_file(scroll->fd) == 0) {
		scroll->is_locked = true;
		scroll->next = locked_scrolls;
		locked_scrolls = scroll;
		return 0;
	}
	if (errno == EAGAIN || errno == EACCES)
		return refuse_locked(scroll, scroll_holder(scroll), error);
	return error_set_errno(error, errno, "--journal: cannot lock %s", scroll->name);
}

void scroll_unlock(struct scroll *scroll)
{
	struct scroll **place = &locked_scrolls;

	while (*place && *place != scroll)
		place = &(*place)->next;
	if (*place)
		*place = scroll->next;
	scroll->is_locked = false;
}

void scroll_close_file(struct scroll *scroll)
{
	struct scroll *own = find_own(scroll);

	if (scroll->fd >= 0 && own) {
		own->others = mem_grow(own->others, own->other_count, &own->other_capacity, sizeof *own->others);
		own->others[own->other_count++] = scroll->fd;
	} else if (scroll->fd >= 0) {
		close(scroll->fd);
	}
	scroll->fd = -1;
	while (scroll->other_count)
		close(scroll->others[--scroll->other_count]);
	free(scroll->others);
	scroll->others = NULL;
	scroll->other_capacity = 0;
}

void scroll_continue(struct scroll *scroll, struct scroll *other)
{
	close(scroll->fd);
	scroll->fd = other->fd;
	scroll->size = other->size;
	scroll->device = other->device;
	scroll->inode = other->inode;
	other->fd = -1;
}
