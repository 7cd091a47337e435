/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Making and checking the folder. What is in it is believed, so it must be this user's alone. The file that names the
 * format is renamed to its place, whole: two runs that make a folder at once put the same there.
 */
#include "journal/memo/memo_folder.h"

#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char format_name[] = "mpmap-memo";
static const char format_text[] = "mpmap memo 1\n";
static const char making_name[] = ".mpmap-memo.";

/* Sets the error, a usage error. Returns -1. */
static int refuse_folder(const char *name, const char *why, struct error *error)
{
	error_set(error, "--memo: %s %s", name, why);
	error->is_usage = true;
	return -1;
}

/* Checks that nothing but another run that is making it is in a folder without a format. -1 with the error. */
static int check_empty(int folder, const char *name, struct error *error)
{
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *entries = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	bool empty = true;

	if (!entries) {
		error_set_errno(error, errno, "--memo: cannot read %s", name);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	while (empty && (entry = readdir(entries)))
		empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
			strcmp(entry->d_name, format_name) == 0 ||
			strncmp(entry->d_name, making_name, sizeof making_name - 1) == 0;
	closedir(entries);
	if (empty)
		return 0;
	return refuse_folder(name, "is not empty, and not a folder of --memo; name another", error);
}

/* Writes the file that names the format. -1 with errno. */
static int write_format(int folder)
{
	char name[40];
	int fd, number;

	snprintf(name, sizeof name, "%s%ld", making_name, (long)getpid());
	fd = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	number = file_write_all(fd, slice_of(format_text)) < 0 ? errno : 0;
	close(fd);
	if (!number && renameat(folder, name, folder, format_name) == 0)
		return 0;
	number = number ? number : errno;
	(void)!unlinkat(folder, name, 0);
	errno = number;
	return -1;
}

/* Checks the format, which an empty folder is given. -1 with the error. */
static int check_format(int folder, const char *name, struct error *error)
{
	int fd = openat(folder, format_name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct bytes text = {.data = NULL};
	bool is_ours;

	if (fd < 0 && errno != ENOENT)
		return error_set_errno(error, errno, "--memo: cannot read %s/%s", name, format_name);
	if (fd < 0) {
		if (check_empty(folder, name, error) < 0)
			return -1;
		if (write_format(folder) < 0)
			return error_set_errno(error, errno, "--memo: cannot write to %s", name);
		return 0;
	}
	is_ours = file_read_all(fd, &text, sizeof format_text) == 0 &&
		  slice_equals(bytes_slice(&text), slice_of(format_text));
	close(fd);
	bytes_release(&text);
	if (is_ours)
		return 0;
	return refuse_folder(name, "has another format than this version's; name another folder", error);
}

/* Checks who may write to the folder. -1 with the error. */
static int check_owner(int folder, const char *name, struct error *error)
{
	struct stat status;

	if (fstat(folder, &status) < 0)
		return error_set_errno(error, errno, "--memo: cannot read %s", name);
	if (status.st_uid != geteuid())
		return refuse_folder(name, "belongs to another user, and what is in it would be believed", error);
	if (status.st_mode & (S_IWGRP | S_IWOTH))
		return refuse_folder(
			name, "may be written to by others, and what is in it would be believed (chmod go-w)", error);
	if (faccessat(folder, ".", R_OK | W_OK | X_OK, AT_EACCESS) < 0)
		return error_set_errno(error, errno, "--memo: cannot write to %s", name);
	return 0;
}

int memo_folder_open(const char *name, struct error *error)
{
	int folder;

	if (mkdir(name, 0700) < 0 && errno != EEXIST)
		return error_set_errno(error, errno, "--memo: cannot make %s", name);
	folder = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return error_set_errno(error, errno, "--memo: cannot open %s", name);
	if (check_owner(folder, name, error) == 0 && check_format(folder, name, error) == 0)
		return folder;
	close(folder);
	return -1;
}
