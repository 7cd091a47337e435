/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The commands about the prompt itself: wait, source, !, cd, clear, quit. */
#include "interactive/commands/commands.h"

#include "base/mem.h"
#include "base/number.h"

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

/* Returns the text if it is a time with a unit (10s), and so no id; else NULL. */
static const char *time_in(const char *text)
{
	nsec time;

	return text && !text[strspn(text, "0123456789.")]    ? NULL
	       : text && number_parse_time(text, &time) == 0 ? text
							     : NULL;
}

int command_await(struct console *console, const struct entered *entered, struct error *error)
{
	struct selection selection = {.index = ARCHIVE_NONE};
	const char *id = entered_id(entered), *most = entered->words.count > 2 ? entered->words.words[2] : time_in(id);
	nsec time = 0;

	if (id && id != most && selection_parse(&console->runs, id, &selection, error) < 0)
		return -1;
	if (most && number_parse_time(most, &time) < 0)
		return error_set(error, "wait: '%s' is not a time (10 or 10s, 5m, 1h)", most);
	console_wait(console, &selection, most ? clock_now() + time : NSEC_FOREVER);
	return 0;
}

int command_source(struct console *console, const struct entered *entered, struct error *error)
{
	return agenda_add_file(&console->agenda, entered->words.words[1], &console->at, error);
}

int command_shell(struct console *console, const struct entered *entered, struct error *error)
{
	const char *script = entered->line + 1;

	script += strspn(script, " \t");
	if (!*script)
		return error_set(error, "! needs a COMMAND for the shell");
	return console_call(console, script, error);
}

int command_cd(struct console *console, const struct entered *entered, struct error *error)
{
	const char *home = console->options->home, *folder = entered_id(entered) ? entered_id(entered) : home;

	if (!folder || !*folder)
		return error_set(error, "cd: HOME is not set, so it needs a folder");
	if (console->runs.active)
		return error_set(error, "cd: tasks still run, which belong to this folder (wait waits for them)");
	if (!console->first_folder)
		console->first_folder = getcwd(NULL, 0);
	if (chdir(folder) < 0)
		return error_set_errno(error, errno, "cd: %s", folder);
	free(console->folder);
	console->folder = getcwd(NULL, 0);
	return 0;
}

int command_clear(struct console *console, const struct entered *entered UNUSED, struct error *error UNUSED)
{
	if (console->is_terminal)
		screen_say(&console->screen, slice_of("\033[H\033[2J"));
	return 0;
}

int command_quit(struct console *console, const struct entered *entered UNUSED, struct error *error UNUSED)
{
	if (!console->is_terminal || console_may_leave(console, "quit"))
		console_leave(console);
	return 0;
}
