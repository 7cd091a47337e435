/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The plugin of tests/plugin.bats: functions that do what a record says. Compiled with -DABI=N it has that version,
 * with -DNO_ABI none; with -DHOOKS=STATUS it has hooks, which write to the file hooks.
 */
#include <mpmap-plugin.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef ABI
const unsigned mpmap_plugin_abi = ABI;
#elif !defined NO_ABI
MPMAP_PLUGIN;
#endif

int echo(const struct mpmap_record *record, struct mpmap_writer *writer)
{
	return mpmap_write(writer, record->data, record->size) | mpmap_puts(writer, "\n");
}

/* Writes all that it is given, in brackets. */
int show(const struct mpmap_record *record, struct mpmap_writer *writer)
{
	char number[64];
	size_t i;

	snprintf(number, sizeof number, "%llu.%u ", (unsigned long long)record->seq, record->attempt);
	mpmap_puts(writer, number);
	mpmap_write(writer, record->data, record->size);
	for (i = 0; i < record->value_count; i++) {
		mpmap_puts(writer, " [");
		if (record->names) {
			mpmap_puts(writer, record->names[i]);
			mpmap_puts(writer, "=");
		}
		if (record->values[i])
			mpmap_write(writer, record->values[i], record->value_sizes[i]);
		else
			mpmap_puts(writer, "(none)");
		mpmap_puts(writer, "]");
		if (record->values[i] && record->values[i][record->value_sizes[i]])
			return 99;
	}
	mpmap_puts(writer, "\n");
	return record->data[record->size] || record->struct_size != sizeof *record ? 98 : 0;
}

/* Waits until the file has been made. */
static void await(const char *name)
{
	while (access(name, F_OK) < 0)
		usleep(2000);
}

static void make(const char *name)
{
	close(open(name, O_CREAT | O_WRONLY, 0600));
}

/* Writes 10 MB in pieces of that many bytes. */
static void write_much(struct mpmap_writer *writer, size_t piece)
{
	static char text[1 << 20];
	size_t left, i;

	for (i = 0; i < sizeof text; i++)
		text[i] = i % 64 == 63 ? '\n' : (char)('a' + i % 26);
	for (left = 10 << 20; left; left -= piece)
		mpmap_write(writer, text, piece);
}

static int overflow(volatile int *depth)
{
	volatile int next = *depth + 1;

	return *depth < 0 ? 0 : overflow(&next) + *depth;
}

/* Goes on in two processes; waits for the other. */
static int copy(void)
{
	pid_t child = fork();
	int status;

	return child && (waitpid(child, &status, 0) != child || status);
}

/* Memory that is never released. */
void *volatile kept;

/* Does what a record's word says, then writes the record with an exclamation mark. */
static int act(const struct mpmap_record *record, struct mpmap_writer *writer, const char *word, int number)
{
	int zero = 0;

	if (strcmp(word, "fail") == 0)
		return number;
	else if (strcmp(word, "complain") == 0)
		mpmap_complain(writer, "oh\n");
	else if (strcmp(word, "signal") == 0)
		raise(number);
	else if (strcmp(word, "exit") == 0)
		exit(number);
	else if (strcmp(word, "abort") == 0)
		abort();
	else if (strcmp(word, "segv") == 0)
		*(volatile int *)(uintptr_t)number = 1;
	else if (strcmp(word, "overflow") == 0)
		return overflow(&number);
	else if (strcmp(word, "hang") == 0)
		await("never");
	else if (strcmp(word, "await") == 0)
		await("gate");
	else if (strcmp(word, "make") == 0)
		make("gate");
	else if (strcmp(word, "much") == 0)
		write_much(writer, (size_t)number);
	else if (strcmp(word, "print") == 0)
		printf("printed\n");
	else if (strcmp(word, "read") == 0)
		return getchar() != EOF;
	else if (strcmp(word, "value") == 0)
		zero = mpmap_value(writer, number ? "{\"a\":\n[1.10, 123456789012345678901]}" : "{no");
	else if (strcmp(word, "fork") == 0)
		zero = copy();
	else if (strcmp(word, "grow") == 0)
		kept = memset(malloc((size_t)number << 20), 1, (size_t)number << 20);
	else if (strcmp(word, "stream") == 0)
		zero = writer->write(writer, number, "x", 1);
	if (zero)
		return errno == EINVAL ? 22 : 1;
	mpmap_write(writer, record->data, record->size);
	mpmap_puts(writer, "!\n");
	return 0;
}

/* A record is a word and a number, or anything else. One that is to fail writes "before" first. */
int work(const struct mpmap_record *record, struct mpmap_writer *writer)
{
	char word[32] = "";
	int number = 0;

	if (strncmp(record->data, "late ", 5) != 0) {
		sscanf(record->data, "%31s %d", word, &number);
		return act(record, writer, word, number);
	}
	sscanf(record->data + 5, "%31s %d", word, &number);
	mpmap_puts(writer, "before\n");
	mpmap_complain(writer, "problem\n");
	return act(record, writer, word, number);
}

/* Fails at the first attempt. */
int retry(const struct mpmap_record *record, struct mpmap_writer *writer)
{
	if (record->attempt == 1)
		raise(SIGSEGV);
	return echo(record, writer);
}

/* Answers with a NUL in it. */
int nul(const struct mpmap_record *record, struct mpmap_writer *writer)
{
	mpmap_write(writer, record->data, record->size);
	return mpmap_write(writer, "\0\n", 2);
}

/* Notes each record in the file calls, once its output is written. */
int note(const struct mpmap_record *record, struct mpmap_writer *writer)
{
	int file = open("calls", O_CREAT | O_WRONLY | O_APPEND, 0600);
	char line[32];

	snprintf(line, sizeof line, "%llu\n", (unsigned long long)record->seq);
	if (write(file, line, strlen(line)) < 0)
		return 1;
	close(file);
	if (record->seq % 97 == 0)
		raise(SIGBUS);
	return echo(record, writer);
}

#ifdef HOOKS
static void note_hook(const char *what, unsigned slot)
{
	int file = open("hooks", O_CREAT | O_WRONLY | O_APPEND, 0600);
	char line[64];

	snprintf(line, sizeof line, "%s %u\n", what, slot);
	if (write(file, line, strlen(line)) < 0)
		_exit(9);
	close(file);
}

int mpmap_plugin_init(unsigned slot)
{
	note_hook("init", slot);
	return HOOKS;
}

void mpmap_plugin_exit(void)
{
	note_hook("exit", 0);
}
#endif

/* Writes what the environment has under the record's name, and the size of the file of that name. */
int variable(const struct mpmap_record *record, struct mpmap_writer *writer)
{
	const char *value = getenv(record->data);
	struct stat status;
	char size[32] = "";

	if (value && stat(value, &status) == 0)
		snprintf(size, sizeof size, " %lld", (long long)status.st_size);
	mpmap_puts(writer, !value ? "(none)" : *size ? "a file of" : value);
	mpmap_puts(writer, size);
	mpmap_puts(writer, "\n");
	return 0;
}
