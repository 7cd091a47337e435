/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The checks of a chaos run that has ended: status, words, how often each task began, and its output. */

#define _GNU_SOURCE
#include "chaos.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char *read_whole(const char *name, size_t *size)
{
	int fd = open_in_folder(name, O_RDONLY);

	struct stat info;
	char *text;
	if (fstat(fd, &info) != 0)
		fail("%s: %s", name, strerror(errno));
	text = malloc((size_t)info.st_size + 1);
	if (text == NULL)
		fail("out of memory");
	*size = 0;
	for (ssize_t n; (n = read(fd, text + *size, (size_t)info.st_size - *size)) > 0;)
		*size += (size_t)n;
	text[*size] = '\0';
	close(fd);
	return text;
}

/* Reads the summary and the lines that name tasks, and checks that stderr has no others. */
static void check_words(void)
{
	size_t size;
	char attempt[40], *text = read_whole("err", &size), *rest = text;

	snprintf(attempt, sizeof attempt, "(attempt %" PRIu64 "): ", plan.retries + 1);
	for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n")) {
		uint64_t failed, total;
		if (sscanf(line, "mpmap: %" SCNu64 " of %" SCNu64 " tasks failed:", &failed, &total) == 2) {
			run.failed = failed;
			if (total != plan.records)
				bad("the summary counts %" PRIu64 " tasks", total);
		} else if (strstr(line, " needed more than one attempt") != NULL) {
			if (plan.retries == 0 || sscanf(line, "mpmap: %" SCNu64 " task", &total) != 1 ||
			    total > plan.records)
				bad("tasks that were tried again: %.200s", line);
		} else if (strstr(line, " failed at its end (") != NULL ||
			   strstr(line, " failed at their end") != NULL) {
			run.unfinished++;
			if (plan.mode->harmless)
				bad("nothing was harmed: %.200s", line);
		} else if (strncmp(line, "mpmap: #", 8) == 0) {
			if (strstr(line, attempt) != NULL)
				run.exhausted++;
			else if (plan.large && strstr(line, "(what it had written is in the output)") != NULL)
				run.streamed++;
		} else if (strncmp(line, "mpmap: ", 7) == 0 && strncmp(line, "mpmap: ... and ", 15) != 0) {
			bad("stderr: %.200s", line);
		}
	}
	free(text);
}

static void check_status(void)
{
	/* A teardown that was killed is a failure of the run. */
	int expected = run.unfinished > 0 ? 1 : run.failed > 0 ? 125 : 0;

	if (!WIFEXITED(run.status) || WEXITSTATUS(run.status) != expected)
		bad("ended by %s %d, with %" PRIu64 " failed tasks", WIFEXITED(run.status) ? "exit" : "signal",
		    WIFEXITED(run.status) ? WEXITSTATUS(run.status) : WTERMSIG(run.status), run.failed);
	if (run.failed > 0 && (plan.mode->harmless || (plan.filter && !(plan.mode->targets & TASKS))))
		bad("%" PRIu64 " tasks failed, though none was harmed", run.failed);
	if (plan.retries == 0 && run.failed > run.kills)
		bad("%" PRIu64 " tasks failed of %" PRIu64 " signals", run.failed, run.kills);
	if (plan.retries == 0)
		return;
	/* A long task can be hit at every attempt. */
	if (run.failed > run.exhausted + run.streamed)
		bad("%" PRIu64 " tasks failed, of which %" PRIu64 " had all their attempts", run.failed, run.exhausted);
	if (run.exhausted * (plan.retries + 1) + run.streamed > run.kills)
		bad("%" PRIu64 " tasks failed of %" PRIu64 " signals", run.failed, run.kills);
}

/* Checks how often each task began. */
static void check_log(void)
{
	unsigned *began = calloc(plan.records + 1, sizeof *began);
	uint64_t never = 0, again = 0;
	size_t size;
	char *text = read_whole("log", &size), *rest = text;

	for (char *line = strsep(&rest, "\n"); line != NULL && *line != '\0'; line = strsep(&rest, "\n")) {
		uint64_t record = number(line);
		if (record == 0 || record > plan.records)
			bad("a task for a record that is none: %s", line);
		else if (++began[record] > plan.retries + 1)
			bad("record %" PRIu64 " has begun %u times", record, began[record]);
	}
	for (uint64_t record = 1; record <= plan.records; record++) {
		never += began[record] == 0;
		again += began[record] > 1 ? began[record] - 1 : 0;
	}
	if (!plan.mode->fatal && never > run.failed)
		bad("%" PRIu64 " records were never run, %" PRIu64 " are counted", never, run.failed);
	if (again > run.kills)
		bad("%" PRIu64 " records were run again, for %" PRIu64 " signals", again, run.kills);
	free(text);
	free(began);
}

/*
 * Checks a piece of the output, from a '<' to before the next: the whole text of a record, or the beginning of it.
 * Returns the record if the text is whole, 0 if not.
 */
static uint64_t check_piece(const char *piece, size_t length, uint64_t *last)
{
	uint64_t record = 0;
	size_t size, at = 1;
	char *text;

	while (at < length && isdigit((unsigned char)piece[at]))
		record = record * 10 + (uint64_t)(piece[at++] - '0');
	if (at == length)
		return 0;
	if (record == 0 || record > plan.records) {
		bad("output that is no task's: %.30s", piece);
		return 0;
	}
	if (!plan.unordered && record <= *last)
		bad("record %" PRIu64 " is written after %" PRIu64, record, *last);
	*last = record;
	text = text_of(record, plan.shell, plan.large, &size);
	if (length > size || memcmp(piece, text, length) != 0)
		bad("the output of record %" PRIu64 " is not what it wrote (%zu bytes, expected %zu)", record, length,
		    size);
	free(text);
	return length == size ? record : 0;
}

/* Checks that each record's output is there once, whole and in order, and that the others are counted as failed. */
static void check_output(void)
{
	size_t size;
	char *text = read_whole("out", &size), *end = text + size;
	bool *seen = calloc(plan.records + 1, sizeof *seen);
	uint64_t whole = 0, torn = 0, last = 0;

	if (size > 0 && text[0] != '<')
		bad("the output begins with: %.30s", text);
	for (char *piece = text; piece < end;) {
		char *next = memchr(piece + 1, '<', (size_t)(end - piece - 1));
		uint64_t record;
		if (next == NULL)
			next = end;
		record = check_piece(piece, (size_t)(next - piece), &last);
		if (record == 0)
			torn++;
		else if (seen[record])
			bad("record %" PRIu64 " is written twice", record);
		else
			whole += seen[record] = true;
		piece = next;
	}
	if (torn > run.failed && !plan.mode->fatal)
		bad("%" PRIu64 " outputs are torn, %" PRIu64 " tasks are counted", torn, run.failed);
	/* mpmap may be killed while it writes. */
	if (torn > 1 && plan.mode->fatal)
		bad("%" PRIu64 " outputs are torn", torn);
	if (plan.records - whole > run.failed && !plan.mode->fatal)
		bad("%" PRIu64 " outputs are not there, %" PRIu64 " tasks are counted", plan.records - whole,
		    run.failed);
	free(seen);
	free(text);
}

static void check_folder(const char *path, const char *pattern)
{
	DIR *folder = opendir(path);

	if (folder == NULL)
		return;
	for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder))
		if (entry->d_name[0] != '.' && strstr(entry->d_name, pattern) != NULL)
			bad("left behind: %s/%s", path, entry->d_name);
	closedir(folder);
}

void check_all(void)
{
	check_folder(getenv("CHAOS_TMPDIR"), "");
	check_folder("/dev/shm", "mpmap");
	if (!plan.mode->fatal || run.kills == 0) {
		check_words();
		check_status();
	} else if (!WIFSIGNALED(run.status) && WEXITSTATUS(run.status) != 0) {
		bad("ended by exit %d", WEXITSTATUS(run.status));
	}
	/* What a filter had not answered is asked again. */
	if (!plan.filter)
		check_log();
	check_output();
}
