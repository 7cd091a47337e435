/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Filling the results folder. */
#include "journal/results_folder.h"

#include "base/file.h"
#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

struct results {
	struct recorder recorder;
	/* The caller's. */
	const char *name;
	enum results_wish wish;
	/* The folder. */
	int fd;
	/* Folders under temporary names. */
	uint64_t unfinished;
};

/* A task's number in a name has this many digits at least. */
enum { DIGITS = 9 };

/* The file of a result, beside those of streams. */
enum { FILE_META = STREAM_ERRORS + 1 };

static const char *const file_names[] =
	{[STREAM_OUTPUT] = "stdout", [STREAM_ERRORS] = "stderr", [FILE_META] = "meta.json"};

static bool is_file_name(const char *name)
{
	size_t i;

	for (i = STREAM_OUTPUT; i < countof(file_names); i++) {
		if (strcmp(file_names[i], name) == 0)
			return true;
	}
	return false;
}

static bool is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* True if a name is a task's folder: SEQ, or .SEQ.ATTEMPT. */
static bool is_folder_name(const char *name)
{
	bool temporary = name[0] == '.';
	size_t digits = strspn(name + temporary, "0123456789");
	const char *rest = name + temporary + digits;

	if (digits < DIGITS)
		return false;
	if (!temporary)
		return !*rest;
	return rest[0] == '.' && rest[1] && !rest[1 + strspn(rest + 1, "0123456789")];
}

static DIR *open_folder(int parent, const char *name)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);

	if (!folder && fd >= 0)
		close(fd);
	return folder;
}

/* True if a name is that of the folder of an earlier attempt, within a task's: attempt-N. */
static bool is_attempt_name(const char *name)
{
	static const char start[] = "attempt-";
	const char *digits = name + sizeof start - 1;

	return strncmp(name, start, sizeof start - 1) == 0 && *digits && !digits[strspn(digits, "0123456789")];
}

/* True if the folder of an attempt holds our files only. */
static bool is_attempt_folder(int parent, const char *name)
{
	DIR *folder = open_folder(parent, name);
	const struct dirent *entry;
	bool ours = folder;

	while (folder && ours && (entry = readdir(folder)))
		ours = is_dots(entry->d_name) || is_file_name(entry->d_name);
	if (folder)
		closedir(folder);
	return ours;
}

/* True if a task's folder holds our files and folders of attempts only. */
static bool is_task_folder(int parent, const char *name)
{
	DIR *folder = open_folder(parent, name);
	const struct dirent *entry;
	bool ours = folder;

	while (folder && ours && (entry = readdir(folder)))
		ours = is_dots(entry->d_name) || is_file_name(entry->d_name) ||
		       (is_attempt_name(entry->d_name) && is_attempt_folder(dirfd(folder), entry->d_name));
	if (folder)
		closedir(folder);
	return ours;
}

/* Removes a folder with our files. -1 with errno. */
static int remove_attempt_folder(int parent, const char *name)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	size_t i;

	if (fd < 0)
		return -1;
	for (i = STREAM_OUTPUT; i < countof(file_names); i++)
		(void)!unlinkat(fd, file_names[i], 0);
	close(fd);
	return unlinkat(parent, name, AT_REMOVEDIR);
}

/* Removes a folder with our files, and with those of earlier attempts. -1 with errno. */
static int remove_task_folder(int parent, const char *name)
{
	DIR *folder = open_folder(parent, name);
	const struct dirent *entry;

	if (!folder)
		return -1;
	while ((entry = readdir(folder))) {
		if (is_attempt_name(entry->d_name))
			(void)!remove_attempt_folder(dirfd(folder), entry->d_name);
	}
	closedir(folder);
	return remove_attempt_folder(parent, name);
}

/* Calls visit for each entry of the folder. -1 with the error at the first that fails. */
static int visit_all(struct results *results,
		     int (*visit)(struct results *results, const char *name, struct error *error), struct error *error)
{
	DIR *folder = open_folder(results->fd, ".");
	const struct dirent *entry;
	int visited = 0;

	if (!folder)
		return error_set_errno(error, errno, "--results: cannot read %s", results->name);
	while (visited == 0 && (entry = readdir(folder))) {
		if (!is_dots(entry->d_name))
			visited = visit(results, entry->d_name, error);
	}
	closedir(folder);
	return visited;
}

/* Accepts an entry of a folder whose contents are replaced. -1 with the error if it is not of an earlier run. */
static int accept_entry(struct results *results, const char *name, struct error *error)
{
	if (is_folder_name(name) && is_task_folder(results->fd, name))
		return 0;
	error_set(error, "--results: %s is not empty, and '%s' in it is not of an earlier run; name another folder",
		  results->name, name);
	error->is_usage = true;
	return -1;
}

static int refuse_entry(struct results *results, const char *name UNUSED, struct error *error)
{
	error_set(error, "--results: %s is not empty (--force replaces the results of an earlier run)", results->name);
	error->is_usage = true;
	return -1;
}

static int remove_entry(struct results *results, const char *name, struct error *error)
{
	if (remove_task_folder(results->fd, name) == 0)
		return 0;
	return error_set_errno(error, errno, "--results: cannot remove %s/%s", results->name, name);
}

static void name_temporary(char *name, size_t size, uint64_t index, uint32_t attempt)
{
	snprintf(name, size, ".%0*" PRIu64 ".%" PRIu32, DIGITS, index + 1, attempt);
}

/* Opens the folder of an attempt, which is made if it is absent, but not through a link. -1 with errno. */
static int open_attempt(struct results *results, uint64_t index, uint32_t attempt)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	char name[64];
	int folder;

	name_temporary(name, sizeof name, index, attempt);
	folder = openat(results->fd, name, flags);
	if (folder >= 0 || errno != ENOENT)
		return folder;
	if (mkdirat(results->fd, name, 0700) < 0)
		return -1;
	results->unfinished++;
	return openat(results->fd, name, flags);
}

/* Opens a file of an attempt for appending. -1 with errno. */
static int results_folder_open_file(struct results *results, uint64_t index, uint32_t attempt, size_t which)
{
	int folder = open_attempt(results, index, attempt), fd, number;

	if (folder < 0)
		return -1;
	fd = openat(folder, file_names[which], O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	number = errno;
	close(folder);
	errno = number;
	return fd;
}

/* Appends a piece to a file of its attempt. -1 with the error. */
static int results_folder_add(struct results *results, const struct recorder_piece *piece, size_t which,
			      struct error *error)
{
	int fd = results_folder_open_file(results, piece->index, piece->attempt, which), number = fd < 0 ? errno : 0;
	struct slice rest = piece->bytes;

	while (rest.size && !number) {
		ssize_t now = write(fd, rest.data, rest.size);

		if (now > 0) {
			rest.data += now;
			rest.size -= (size_t)now;
		} else if (now == 0 || errno != EINTR) {
			number = now == 0 ? ENOSPC : errno;
		}
	}
	if (fd >= 0 && close(fd) < 0 && !number)
		number = errno;
	if (!number)
		return 0;
	return error_set_errno(error, number, "--results: cannot write %s of #%" PRIu64 " in %s", file_names[which],
			       piece->index + 1, results->name);
}

static int results_put(struct recorder *recorder, const struct recorder_piece *piece, struct error *error)
{
	return results_folder_add(container_of(recorder, struct results, recorder), piece, piece->stream, error);
}

/* Removes the folder of an attempt, if it has had output. */
static void results_forget(struct recorder *recorder, uint64_t index, uint32_t attempt)
{
	struct results *results = container_of(recorder, struct results, recorder);
	char folder[64];

	name_temporary(folder, sizeof folder, index, attempt);
	if (results->unfinished && remove_task_folder(results->fd, folder) == 0)
		results->unfinished--;
}

/* Gives a finished folder its name. A run that is continued may have had this task before. -1 with errno. */
static int rename_finished(const struct results *results, const char *temporary, const char *name)
{
	if (renameat(results->fd, temporary, results->fd, name) == 0)
		return 0;
	if (results->wish != RESULTS_CONTINUE || (errno != ENOTEMPTY && errno != EEXIST))
		return -1;
	if (remove_task_folder(results->fd, name) < 0)
		return -1;
	return renameat(results->fd, temporary, results->fd, name);
}

/* Creates the files of an attempt's streams, where it has had no output. -1 with the error. */
static int complete_streams(struct results *results, uint64_t index, uint32_t attempt, struct error *error)
{
	const struct recorder_piece none = {.index = index, .attempt = attempt};

	if (results_folder_add(results, &none, STREAM_OUTPUT, error) < 0)
		return -1;
	return results_folder_add(results, &none, STREAM_ERRORS, error);
}

/* Sets the error for a task whose folder cannot be finished (errno). Returns -1. */
static int refuse_finish(const struct results *results, uint64_t index, struct error *error)
{
	return error_set_errno(error, errno, "--results: cannot finish #%" PRIu64 " in %s", index + 1, results->name);
}

/* Puts the folders of earlier attempts into that of the last. -1 with the error. */
static int gather_attempts(struct results *results, const struct result *result, struct error *error)
{
	char last[64], from[64], to[96];
	uint32_t attempt;

	name_temporary(last, sizeof last, result->index, result->attempt);
	for (attempt = 1; attempt < result->attempt; attempt++) {
		name_temporary(from, sizeof from, result->index, attempt);
		snprintf(to, sizeof to, "%s/attempt-%" PRIu32, last, attempt);
		if (complete_streams(results, result->index, attempt, error) < 0)
			return -1;
		if (renameat(results->fd, from, results->fd, to) < 0)
			return refuse_finish(results, result->index, error);
		results->unfinished--;
	}
	return 0;
}

/* Completes the task's folder with meta.json and with those of earlier attempts. -1 with the error. */
static int results_count(struct recorder *recorder, const struct recorder_entry *entry, struct error *error)
{
	struct results *results = container_of(recorder, struct results, recorder);
	const struct result *result = entry->result;
	struct recorder_piece meta = {.index = result->index, .attempt = result->attempt, .bytes = entry->object};
	char temporary[64], name[32];

	if (complete_streams(results, result->index, result->attempt, error) < 0 ||
	    gather_attempts(results, result, error) < 0 || results_folder_add(results, &meta, FILE_META, error) < 0)
		return -1;
	name_temporary(temporary, sizeof temporary, result->index, result->attempt);
	snprintf(name, sizeof name, "%0*" PRIu64, DIGITS, result->index + 1);
	if (rename_finished(results, temporary, name) < 0)
		return refuse_finish(results, result->index, error);
	results->unfinished--;
	return 0;
}

static int remove_unfinished(struct results *results, const char *name, struct error *error UNUSED)
{
	if (name[0] == '.' && is_folder_name(name))
		(void)!remove_task_folder(results->fd, name);
	return 0;
}

static void results_close(struct recorder *recorder)
{
	struct results *results = container_of(recorder, struct results, recorder);
	struct error error = {.number = 0};

	if (results->unfinished)
		(void)!visit_all(results, remove_unfinished, &error);
	error_release(&error);
	if (results->fd >= 0)
		close(results->fd);
	free(results);
}

static const struct recorder_kind results_kind = {
	.texts = RECORDER_OBJECT,
	.put = results_put,
	.forget = results_forget,
	.count = results_count,
	.close = results_close,
};

/* Opens the folder. -1 with the error. */
static int results_enter(struct results *results, struct error *error)
{
	if (mkdir(results->name, 0700) < 0 && errno != EEXIST)
		return error_set_errno(error, errno, "--results: cannot make %s", results->name);
	results->fd = open(results->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (results->fd < 0)
		return error_set_errno(error, errno, "--results: cannot open %s", results->name);
	if (visit_all(results, accept_entry, error) < 0)
		return -1;
	return results->wish == RESULTS_NEW ? visit_all(results, refuse_entry, error) : 0;
}

struct recorder *results_open(const char *name, enum results_wish wish, struct error *error)
{
	struct results *results = mem_new(1, sizeof *results);

	*results = (struct results){.recorder.kind = &results_kind, .name = name, .wish = wish, .fd = -1};
	if (results_enter(results, error) == 0)
		return &results->recorder;
	results_close(&results->recorder);
	return NULL;
}

int results_clear(struct recorder *recorder, struct error *error)
{
	struct results *results = container_of(recorder, struct results, recorder);

	return visit_all(results, results->wish == RESULTS_CONTINUE ? remove_unfinished : remove_entry, error);
}
