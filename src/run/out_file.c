/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opening and closing the file of --out. */
#include "run/out_file.h"

#include "base/fault.h"
#include "ipc/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static int refuse_existing(const struct out_file *file, struct error *error)
{
	if (file->is_unknown)
		return error_refuse(error,
				    "--out: %s exists, and a job log does not say what of it counts (another file, or "
				    "without --out: '>> %s')",
				    file->name, file->name);
	return error_refuse(error, "--out: %s exists (--force replaces it)", file->name);
}

/* True if the descriptor is that of a regular file, which has contents to lose. */
static bool is_regular(int fd)
{
	struct stat status;

	return fstat(fd, &status) < 0 || S_ISREG(status.st_mode);
}

/* Opens a file that exists, or a symbolic link to one that does not. -1 with the error. */
static int open_existing(struct out_file *file, struct error *error)
{
	int flags = (file->is_read ? O_RDWR : O_WRONLY) | O_CLOEXEC | O_NOCTTY | (file->waits ? 0 : O_NONBLOCK);
	struct stat status;
	bool is_there = stat(file->name, &status) == 0;

	/* Not opened if it is refused: opening may have effects, or wait for the reader of a pipe. */
	if (!file->replaces && (!is_there || (S_ISREG(status.st_mode) && !(file->may_be_empty && !status.st_size))))
		return refuse_existing(file, error);
	file->fd = open(file->name, flags | (is_there ? 0 : O_CREAT), 0666);
	if (file->fd < 0 && errno == ENXIO && is_there && S_ISFIFO(status.st_mode))
		return error_set(error, "--out: %s is a pipe that nobody reads", file->name);
	if (file->fd < 0)
		return error_set_errno(error, errno, "--out: cannot write %s", file->name);
	if (!file->replaces && !file->may_be_empty && is_regular(file->fd)) {
		fd_close(&file->fd);
		return refuse_existing(file, error);
	}
	return 0;
}

/* Opens the file of an earlier session. -1 with the error. */
static int reopen_file(struct out_file *file, struct error *error)
{
	file->fd = open(file->name, O_RDWR | (file->has_parts ? 0 : O_CREAT) | O_CLOEXEC | O_NOCTTY, 0666);
	if (file->fd >= 0)
		return 0;
	if (errno == ENOENT && file->earlier && strcmp(file->earlier, file->name) != 0)
		return error_refuse(error, "--resume: %s is not there; the output of the run is in %s", file->name,
				    file->earlier);
	if (errno == ENOENT)
		return error_refuse(error,
				    "--resume: %s, to which the run has written, is not there (--force instead of "
				    "--resume begins anew)",
				    file->name);
	return error_set_errno(error, errno, "--out: cannot write %s", file->name);
}

int out_file_open(struct out_file *file, struct error *error)
{
	if (!file->name)
		return 0;
	if (file->resumes)
		return reopen_file(file, error);
	file->fd =
		open(file->name, (file->is_read ? O_RDWR : O_WRONLY) | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0666);
	file->is_new = file->fd >= 0;
	if (file->is_new)
		return 0;
	if (errno == EEXIST)
		return open_existing(file, error);
	return error_set_errno(error, errno, "--out: cannot write %s", file->name);
}

int out_file_clear(const struct out_file *file, struct error *error)
{
	if (file->fd < 0 || file->is_new || file->resumes || !is_regular(file->fd))
		return 0;
	if (!fault_at("out_empty") && ftruncate(file->fd, 0) == 0)
		return 0;
	return error_set_errno(error, errno, "--out: cannot empty %s", file->name);
}

void out_file_discard(struct out_file *file)
{
	if (file->is_new)
		unlink(file->name);
	out_file_close(file);
}

int out_file_check(const struct out_file *file)
{
	int copy = file->fd < 0 ? -1 : fcntl(file->fd, F_DUPFD_CLOEXEC, 3);

	if (copy < 0)
		return 0;
	return close(copy) < 0 || fault_at("out_check") ? -1 : 0;
}

void out_file_close(struct out_file *file)
{
	fd_close(&file->fd);
}
