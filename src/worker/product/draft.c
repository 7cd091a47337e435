/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Making, naming and removing the file of a task. */
#include "worker/product/draft.h"

#include "base/fault.h"
#include "base/mem.h"
#include "board/product.h"
#include "ipc/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* True if a file may take this name: a folder, a device or a pipe is not replaced. Sets errno. */
static bool is_replaceable(const char *name)
{
	struct stat status;

	if (lstat(name, &status) < 0)
		return errno == ENOENT;
	errno = S_ISDIR(status.st_mode) ? EISDIR : EEXIST;
	return S_ISREG(status.st_mode) || S_ISLNK(status.st_mode);
}

/* Makes the folders that a file lies in. -1 with errno. */
static int draft_make_folders(const char *path)
{
	char *copy = mem_string(path), *at = copy;
	int made = 0;

	while (made == 0 && (at = strchr(at + 1, '/'))) {
		*at = '\0';
		if (mkdir(copy, 0777) < 0 && errno != EEXIST)
			made = -1;
		*at = '/';
	}
	free(copy);
	return made;
}

/* Opens a new file, as the redirection of a shell would. -1 with errno. */
static int create_draft(const char *path)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOCTTY | O_CLOEXEC;
	int fd = fault_at("draft") ? -1 : open(path, flags, 0666);

	if (fd < 0 && errno == ENOENT && draft_make_folders(path) == 0)
		fd = open(path, flags, 0666);
	/* Another worker had begun the task, and has died. */
	if (fd < 0 && errno == EEXIST && unlink(path) == 0)
		fd = open(path, flags, 0666);
	return fd;
}

static void draft_forget(struct draft *draft)
{
	fd_close(&draft->fd);
	free(draft->path);
	free(draft->name);
	*draft = (struct draft){.fd = -1};
}

int draft_open(struct draft *draft, struct workplace *place, const struct task *task)
{
	const char *name;

	if (!place->briefing.product)
		return 0;
	name = product_name(&place->product, task);
	if (!name || !is_replaceable(name))
		return -1;
	draft->name = mem_string(name);
	draft->path = product_draft(name, &place->briefing, task);
	draft->fd = create_draft(draft->path);
	if (draft->fd < 0)
		draft_discard(draft);
	return draft->fd < 0 ? -1 : 0;
}

/* Has the folder of a file stored. -1 with errno. */
static int store_folder(const char *name)
{
	const char *slash = strrchr(name, '/');
	char *folder = slash ? mem_format("%.*s", (int)(slash + 1 - name), name) : mem_string(".");
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), stored = fd < 0 ? -1 : fsync(fd);

	free(folder);
	fd_close(&fd);
	/* Some file systems cannot, and need not. */
	return stored < 0 && errno != EINVAL && errno != EACCES ? -1 : 0;
}

int draft_publish(struct draft *draft, const struct workplace *place, uint64_t *size)
{
	bool stores = place->briefing.flags & BRIEFING_STORED;
	struct stat status;

	if (fstat(draft->fd, &status) < 0 || (stores && fsync(draft->fd) < 0) || fault_at("publish") ||
	    rename(draft->path, draft->name) < 0 || (stores && store_folder(draft->name) < 0)) {
		draft_discard(draft);
		return -1;
	}
	*size = (uint64_t)status.st_size;
	draft_forget(draft);
	return 0;
}

void draft_discard(struct draft *draft)
{
	int number = errno;

	if (draft->fd >= 0)
		unlink(draft->path);
	draft_forget(draft);
	errno = number;
}
