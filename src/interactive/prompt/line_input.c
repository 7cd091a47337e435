/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What readline calls for a key, and never waits in. */
#include "interactive/prompt/line_input.h"

#include "ipc/fd.h"
#include "interactive/prompt/line_state.h"

#include <errno.h>
#include <readline/readline.h>

/* How long the rest of a sequence that begins with ESC is waited for. In vi's mode the user decides. */
#define ESCAPE_WAIT (100 * NSEC_PER_MSEC)

static struct line *input_line;

bool line_input_is_waiting(void)
{
	struct fd_wait input = {.fd = STDIN_FILENO, .want_input = true};

	return fd_wait(&input, 1, 0) > 0 && input.input;
}

bool line_input_receive(struct line *line)
{
	bool is_vi = rl_editing_mode == 0;
	const char *wait = is_vi ? rl_variable_value("keyseq-timeout") : NULL;
	ssize_t got;
	char byte;

	line->keys.pastes_are_typed = RL_ISSTATE(RL_STATE_ISEARCH | RL_STATE_NSEARCH);
	line->keys.escape_wait = wait ? strtol(wait, NULL, 10) * NSEC_PER_MSEC : ESCAPE_WAIT;
	/* Byte by byte, since what follows a line may be meant for the program that the line starts. */
	do {
		got = line_state_read(line, &byte, 1);
		if (got < 0 && errno == EAGAIN)
			break;
		if (got <= 0)
			return false;
		keys_put(&line->keys, byte, clock_now());
	} while (!keys_are_ready(&line->keys) && line_input_is_waiting());
	return true;
}

/*
 * Returns what ends a key for whose rest readline asks in vain: a paste is closed, a character broken. Where it asks
 * for a new key, as after a macro that is empty, it returns from there as if that key had been ^G.
 */
static int end_key(struct line *line)
{
	static const char closing[] = "\033[201~";

	if (RL_ISSTATE(RL_STATE_READCMD)) {
		RL_UNSETSTATE(RL_STATE_READCMD);
		rl_abort(1, 0);
	}
	return line->missed < sizeof closing - 1 ? closing[line->missed++] : EOF;
}

static int read_key(FILE *stream UNUSED)
{
	int key;

	/* line_input_drop_macro reads, too. */
	if (!input_line || input_line->state != LINE_PROMPT)
		return EOF;
	key = keys_take(&input_line->keys);
	return key < 0 ? end_key(input_line) : key;
}

/* True if readline can read another key at once. */
static int key_is_available(void)
{
	struct line *line = input_line;

	if (!keys_are_ready(&line->keys) && line_input_is_waiting())
		(void)!line_input_receive(line);
	return keys_are_ready(&line->keys);
}

void line_input_drop_macro(void)
{
	RL_SETSTATE(RL_STATE_CALLBACK | RL_STATE_READCMD);
	while (RL_ISSTATE(RL_STATE_MACROINPUT))
		rl_read_key();
	RL_UNSETSTATE(RL_STATE_CALLBACK | RL_STATE_READCMD);
	rl_clear_pending_input();
}

/*
 * Moves to the end of a word in vi's mode. readline 8.2 never returns from that if the line ends within a character of
 * several bytes: nothing is done where bytes are no characters.
 */
static int vi_end_of_word(int count, int key)
{
	if (mbstowcs(NULL, rl_line_buffer, 0) != (size_t)-1)
		return rl_vi_end_word(count, key);
	rl_ding();
	return 0;
}

void line_input_begin(struct line *line)
{
	input_line = line;
	rl_bind_key_in_map('e', vi_end_of_word, vi_movement_keymap);
	rl_bind_key_in_map('E', vi_end_of_word, vi_movement_keymap);
	rl_getc_function = read_key;
	rl_input_available_hook = key_is_available;
}

void line_input_end(void)
{
	input_line = NULL;
}
