/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A prompt on a terminal of its own, with strange keys, of strange sizes, and whose output is not always read.
 *
 * Whatever comes, the prompt has to live and to act on signals: each command waits for that, and fails after PATIENCE.
 */

#define _GNU_SOURCE
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	/* How many sequences are typed before the prompt is started anew. */
	ROUND = 20,
	/* Seconds within which the prompt has to do what is waited for. */
	PATIENCE = 30,
};

static uint64_t state;

/* A prompt and its terminal. */
static struct {
	pid_t pid;
	int master;
	/* The text that is waited for, how often it has come, and as many of the last bytes as it has. */
	const char *marker;
	int seen;
	char tail[64];
	/* What was typed, and how the prompt was set up, for reports. */
	char typed[4096];
	size_t typed_size;
	char setting[200];
} prompt;

static uint64_t below(uint64_t limit)
{
	state = state * 6364136223846793005U + 1442695040888963407U;
	return (state >> 33) % limit;
}

static void note(const char *bytes, size_t size)
{
	for (size_t i = 0; i < size && prompt.typed_size + 5 < sizeof prompt.typed; i++) {
		unsigned char byte = (unsigned char)bytes[i];
		bool is_plain = byte >= 0x21 && byte <= 0x7e;
		char *at = prompt.typed + prompt.typed_size;

		prompt.typed_size +=
			(size_t)(is_plain ? snprintf(at, 2, "%c", byte) : snprintf(at, 5, "\\x%02x", byte));
	}
}

static void give_up(const char *what)
{
	kill(prompt.pid, SIGKILL);
	waitpid(prompt.pid, NULL, 0);
	fail("keys: %s; in %s, after the keys %s", what, prompt.setting, prompt.typed);
}

static void watch_for(const char *marker)
{
	prompt.marker = marker;
	prompt.seen = 0;
	memset(prompt.tail, 0, sizeof prompt.tail);
}

static void count_markers(const char *bytes, size_t size)
{
	size_t length = strlen(prompt.marker);

	for (size_t i = 0; i < size; i++) {
		memmove(prompt.tail, prompt.tail + 1, length - 1);
		prompt.tail[length - 1] = bytes[i];
		prompt.seen += memcmp(prompt.tail, prompt.marker, length) == 0;
	}
}

/* Reads what the prompt has written, waiting for it for some milliseconds. False if the terminal is closed. */
static bool read_output(int milliseconds)
{
	struct pollfd ready = {.fd = prompt.master, .events = POLLIN};
	char bytes[4096];
	ssize_t got;

	if (poll(&ready, 1, milliseconds) <= 0)
		return true;
	got = read(prompt.master, bytes, sizeof bytes);
	if (got > 0)
		count_markers(bytes, (size_t)got);
	return got > 0;
}

static uint64_t now(void)
{
	struct timespec moment;

	clock_gettime(CLOCK_MONOTONIC, &moment);
	return (uint64_t)moment.tv_sec;
}

/* Types bytes while it reads what comes: the terminal may take no input until that is done. */
static void type(const char *bytes, size_t size)
{
	uint64_t end = now() + PATIENCE;

	note(bytes, size);
	while (size) {
		ssize_t done = write(prompt.master, bytes, size);

		if (done > 0) {
			bytes += done;
			size -= (size_t)done;
		} else if (now() > end) {
			give_up("no key is read any more");
		}
		read_output(0);
	}
}

/* Fails if the prompt has ended. */
static void check_alive(void)
{
	int status;
	char what[100];

	if (waitpid(prompt.pid, &status, WNOHANG) != prompt.pid)
		return;
	snprintf(what, sizeof what, "it has ended with %s %d", WIFSIGNALED(status) ? "signal" : "status",
		 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	prompt.pid = 0;
	fail("keys: %s; in %s, after the keys %s", what, prompt.setting, prompt.typed);
}

/* Reads output until the marker has come more often than before; sends a signal now and then, unless that is 0. */
static void await_marker(int before, int signal)
{
	uint64_t end = now() + PATIENCE;

	for (unsigned i = 0; prompt.seen <= before; i++) {
		if (now() > end)
			give_up("it does not answer");
		if (signal && i % 20 == 0)
			kill(prompt.pid, signal);
		read_output(20);
		check_alive();
	}
}

static void set_size(unsigned rows, unsigned columns)
{
	struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
	char text[40];

	note(text, (size_t)snprintf(text, sizeof text, "{%ux%u}", rows, columns));
	ioctl(prompt.master, TIOCSWINSZ, &size);
}

static void resize(void)
{
	static const unsigned sizes[] = {0, 1, 2, 3, 4, 5, 7, 9, 20, 80};

	set_size(sizes[below(10)], sizes[below(10)]);
}

/* Types one of the words of a text at random. */
static void type_word(const char *words)
{
	size_t count = 1, i;
	const char *at;

	for (at = words; *at; at++)
		count += *at == ' ';
	for (at = words, i = below(count); i; i--)
		at = strchr(at, ' ') + 1;
	type(at, strcspn(at, " "));
}

static void type_sequence(void)
{
	static const char keys[] =
		"a b 1 \t ? \177 \001 \005 \002 \006 \013 \031 \014 \020 \016 \r \003 \007 \022 \023 \021 \026 \035 "
		"\033 \037 \024 \017 \030( \030) \030e \030 \030\030 \033\035 \033. \033\177 \0331 \033- \033\020x "
		"\033< \033> \033\t \033[200~ \033[201~ \033[200~a\rb\033[201~ \033[200~pasted \033[20 \033[ \033[A "
		"\033[C \033OD \xc3\xa9 \xc3 \xe9 \xe2\x82 \xe2\x82\xac \xf0\x9f\x98 \xf0\x9f\x98\x80 \xe6\xbc\xa2 "
		"\xff \022\xe9 \035\xe9 \026\xe9 \030(\030)\030e \0333\030e aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
	uint64_t count = 1 + below(6);

	while (count--) {
		if (below(8) == 0)
			resize();
		else if (below(10) == 0)
			type(" ", 1);
		else
			type_word(keys);
		if (below(4) == 0)
			read_output(1);
	}
}

/* In the child: becomes the prompt, on a terminal of its own. */
__attribute__((noreturn)) static void become_prompt(const char *terminal, char **argv)
{
	static const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
	int fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setsid();
	/* As a terminal's shell has them, whatever started the tests: nohup, or a shell in the background. */
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
		signal(signals[i], SIG_DFL);
	fd = open(terminal, O_RDWR);
	if (fd < 0 || ioctl(fd, TIOCSCTTY, 0) < 0)
		_exit(98);
	for (int i = 0; i < 3; i++)
		dup2(fd, i);
	if (fd > 2)
		close(fd);
	execvp(argv[0], argv);
	_exit(97);
}

static void set_term(const char *term)
{
	if (*term)
		setenv("TERM", term, 1);
	else
		unsetenv("TERM");
}

/* Chooses how the prompt is set up. */
static void choose_setting(void)
{
	static const char *const terms[] = {"xterm", "dumb", "vt100", "no-such-terminal", "linux", "", "screen"};
	static const char *const settings[] = {
		"",
		"set editing-mode vi\nset keyseq-timeout 100000",
		"\"\\C-t\": \"\\C-x(\\C-x)\\C-xe\"",
		"\"\\C-t\": \"\\e[200~abc\"\n\"\\C-o\": \"\\C-ra\"",
		"\"\\e[\": skip-csi-sequence\nset bell-style visible",
		"set completion-query-items 2\nset page-completions on\nset show-all-if-ambiguous on",
		"set horizontal-scroll-mode on",
		"set enable-bracketed-paste off",
		"set convert-meta on",
		"set show-mode-in-prompt on\nset editing-mode vi",
		"set mark-modified-lines on\nset blink-matching-paren on",
	};
	const char *term = terms[below(sizeof terms / sizeof *terms)];
	const char *setting = settings[below(sizeof settings / sizeof *settings)];
	FILE *file = fopen("inputrc", "we");

	if (!file || fprintf(file, "%s\n", setting) < 0 || fclose(file) != 0)
		fail("keys: inputrc: %s", strerror(errno));
	setenv("INPUTRC", "inputrc", 1);
	set_term(term);
	snprintf(prompt.setting, sizeof prompt.setting, "TERM=%s, %s", term, setting);
}

/* Starts the prompt on a terminal of that size, and waits until it is there. */
static void start_prompt(char **argv, unsigned rows, unsigned columns)
{
	prompt.typed_size = 0;
	prompt.typed[0] = '\0';
	watch_for("quit leaves");
	prompt.master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (prompt.master < 0 || grantpt(prompt.master) < 0 || unlockpt(prompt.master) < 0)
		fail("keys: no terminal: %s", strerror(errno));
	fcntl(prompt.master, F_SETFL, O_NONBLOCK);
	set_size(rows, columns);
	prompt.pid = fork();
	if (prompt.pid == 0)
		become_prompt(ptsname(prompt.master), argv);
	if (prompt.pid < 0)
		fail("keys: fork: %s", strerror(errno));
	await_marker(0, 0);
}

/*
 * Waits for the end of the prompt, and reads what it writes, or not. Fails unless the signal, or 0 for none, ended it.
 */
static void await_end(int signal, bool is_read)
{
	uint64_t end = now() + PATIENCE;
	int status = 0;

	while (waitpid(prompt.pid, &status, WNOHANG) != prompt.pid) {
		if (now() > end)
			give_up("it does not end");
		if (is_read)
			read_output(5);
		else
			poll(NULL, 0, 5);
	}
	if (signal ? !WIFSIGNALED(status) || WTERMSIG(status) != signal : status)
		fail("keys: it has ended with %#x, not by signal %d; in %s, after the keys %s", (unsigned)status,
		     signal, prompt.setting, prompt.typed);
	close(prompt.master);
}

static void type_text(const char *text)
{
	type(text, strlen(text));
}

/* Types sequences while a task waits for ever, each followed by SIGUSR1, and the last one by the end. */
static uint64_t play_round(char **argv, uint64_t count)
{
	choose_setting();
	start_prompt(argv, 24, 80);
	watch_for("done, 0 failed");
	type_text("map --shell 'exec \"$TOOL\" hold never' ::: 1\r");
	await_marker(0, SIGUSR1);
	for (uint64_t i = 0; i < count; i++) {
		type_sequence();
		/* ^Q, since the output may be stopped. */
		type_text("\021");
		await_marker(prompt.seen, SIGUSR1);
	}
	type_sequence();
	kill(prompt.pid, count % 2 ? SIGHUP : SIGTERM);
	await_end(count % 2 ? SIGHUP : SIGTERM, below(2));
	return count;
}

int run_keys(int argc, char **argv)
{
	uint64_t seed = number(argv[0]), left = number(argv[1]);

	(void)argc;
	/* Each round has a seed of its own, which repeats it. */
	for (; left; seed++) {
		uint64_t count;

		state = seed;
		below(1);
		count = ROUND / 2 + below(ROUND);
		left -= play_round(argv + 2, count < left ? count : left);
		printf("seed %llu: well\n", (unsigned long long)seed);
		fflush(stdout);
	}
	return 0;
}

/* Types a line, and waits for what its command writes. */
static void check_command(void)
{
	watch_for("x42y");
	type_text("! echo x$((6 * 7))y\r");
	await_marker(0, 0);
}

/*
 * Types ^C, and waits until it has been handled: what is typed before that is dropped. The kernel sends the signal
 * before it drops output, so that the answer may be among that: then ^C is typed again.
 */
static void interrupt(void)
{
	uint64_t end = now() + PATIENCE;

	watch_for("^C");
	while (!prompt.seen) {
		if (now() > end)
			give_up("^C is not answered");
		type_text("\003");
		for (int i = 0; i < 50 && !prompt.seen; i++)
			read_output(20);
		check_alive();
	}
}

int run_sizes(int argc, char **argv)
{
	unsigned rows = (unsigned)number(argv[1]), columns = (unsigned)number(argv[2]);

	(void)argc;
	state = rows * 100 + columns;
	set_term(argv[0]);
	snprintf(prompt.setting, sizeof prompt.setting, "TERM=%s", argv[0]);
	start_prompt(argv + 3, rows, columns);
	check_command();
	for (int i = 0; i < 100; i++) {
		type_text(below(3) ? "a" : "\xe6\xbc\xa2");
		resize();
		if (below(20) == 0)
			interrupt();
	}
	interrupt();
	check_command();
	type_text("quit\r");
	await_end(0, true);
	return 0;
}

/* Waits until the terminal has that much output that is not read, and no more comes. */
static void await_silence(int least)
{
	uint64_t end = now() + PATIENCE;
	int unread = 0, before = -1, quiet = 0;

	while (quiet < 20) {
		if (now() > end)
			give_up("its output does not fill the terminal");
		ioctl(prompt.master, FIONREAD, &unread);
		quiet = unread >= least && unread == before ? quiet + 1 : 0;
		before = unread;
		poll(NULL, 0, 10);
	}
}

int run_unheard(int argc, char **argv)
{
	char keys[1000];
	ssize_t size = read(0, keys, sizeof keys);
	int signal = signal_number(argv[0]);

	(void)argc;
	if (size < 0)
		fail("unheard: %s", strerror(errno));
	start_prompt(argv + 2, 24, 80);
	if (write(prompt.master, keys, (size_t)size) != size)
		fail("unheard: cannot type: %s", strerror(errno));
	note(keys, (size_t)size);
	await_silence((int)number(argv[1]));
	kill(prompt.pid, signal);
	await_end(signal, false);
	return 0;
}
