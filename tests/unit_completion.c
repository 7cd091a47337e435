/* SPDX-License-Identifier: GPL-3.0-or-later */
/* interactive/prompt/completion: what TAB offers. */
#include "unit.h"

#include "base/mem.h"
#include "interactive/commands/commands.h"
#include "interactive/prompt/completion.h"

static char **make_ids(void *context)
{
	char **ids = mem_new(4, sizeof *ids);

	ids[0] = mem_string("last");
	ids[1] = mem_string("3.17");
	ids[2] = mem_string(context);
	return ids;
}

/* "renice" is a command that does not exist: completion knows only the kind of its operands. */
static enum operands operands_of(struct slice name)
{
	return slice_equals(name, slice_of("renice")) ? OPERANDS_IDS : commands.operands(name);
}

/* Returns the candidates at the end of text, with a blank after each; "files" if names of files are wanted. */
static char *offers(const char *text, size_t start)
{
	static const char *const names[] = {"map", "help", "history", "out", NULL};
	const struct completion completion = {
		.commands = names,
		.operands = operands_of,
		.ids = make_ids,
		.context = mem_string("3.2"),
		.path = "/missing::/bin:/bin",
	};
	char **found = completion_find(&completion, text, start), **each, *shown;
	struct bytes out = {.data = NULL};

	for (each = found; each && *each; each++) {
		bytes_append_format(&out, "%s ", *each);
		free(*each);
	}
	free(found);
	free(completion.context);
	shown = mem_string(found ? bytes_text(&out) : "files");
	bytes_release(&out);
	return shown;
}

static const struct offer_case {
	/* A line; | marks the beginning of the word that is completed. */
	const char *line;
	const char *offers;
} offer_cases[] = {
	{"|", "help history map out "},
	{"|h", "help history "},
	{"  |hi", "history "},
	{"|x", ""},
	{"help |h", "help history "},
	{"out |", "3.17 3.2 last "},
	{"show 3.17 |3.2", "3.2 "},
	{"cancel |x", ""},
	{"pause |", "3.17 3.2 last "},
	{"resume |3", "3.17 3.2 "},
	{"stats |l", "last "},
	{"renice |3", "3.17 3.2 "},
	{"workers |", "files"},
	{"source |", "files"},
	{"! ls |", "files"},
	{"!|l", "files"},
	{"<|l", "files"},
	{"unknown |", "files"},
	{"map |", "files"},
	{"map |chow", "chown "},
	{"map -j4 --stdin |chow", "chown "},
	{"map |no-program-of-this", "files"},
	{"map |./chow", "files"},
	{"map echo |chow", "files"},
	{"map -o |chow", ""},
	{"apply |chow", "chown "},
	{"map |--start", "--start-method= "},
	{"map |--key", ""},
	{"map |--keep", "--keep-order "},
	{"map |--progr", "--progress "},
	{"map --start-method=|", "fork forkserver spawn "},
	{"map --start-method=|fork", "fork forkserver "},
	{"map |--start-method=s", "--start-method=spawn "},
	{"map --output=|j", "json jsonl "},
	{"map --output |j", "json jsonl "},
	{"map -o |j", "json jsonl "},
	{"map -ko |", "json jsonl none text "},
	{"map -oj |", "files"},
	{"map --jobs=|", ""},
	{"map --jobs |", ""},
	{"map --jobs 4 |--keep", "--keep-order "},
	{"map --tagstring 'a b' |--keep", "--keep-order "},
	{"map -j4 -k |--keep", "--keep-order "},
	{"map < list |--keep", "--keep-order "},
	{"map <list |--keep", "--keep-order "},
	{"map < |l", "files"},
	{"map gzip |--keep", "files"},
	{"map -- |--keep", "files"},
	{"map --joblog=|", "files"},
	{"map --joblog |", "files"},
	{"map --workdir=|", "files"},
	{"map --no-such=|", ""},
	{"apply |--dry", "--dry-run "},
	{"set |keep", "keep-order "},
	{"set |start", "start-method "},
	{"set output |", "json jsonl none text "},
	{"set jobs |", ""},
	{"set no-such |", ""},
	{"map 'a b' |", "files"},
	{"map '|a b", "files"},
};

static void test_offers(void)
{
	size_t i;

	for (i = 0; i < countof(offer_cases); i++) {
		const char *line = offer_cases[i].line, *bar = strchr(line, '|');
		size_t start = (size_t)(bar - line);
		char *text = mem_format("%.*s%s", (int)start, line, bar + 1), *shown = offers(text, start);

		if (!check_str(shown, offer_cases[i].offers))
			printf("# at: %s\n", line);
		free(shown);
		free(text);
	}
}

/* "map --" offers all options, sorted, and nothing else. */
static void test_all_options(void)
{
	char *dashes = offers("map --", 4), *dash = offers("map -", 4), *names = offers("set ", 4);

	check_str(dash, dashes);
	check(strncmp(names, "arg-file ", 9) == 0);
	check(strstr(names, " jobs "));
	check(strstr(dashes, " --jobs= "));
	free(dashes);
	free(dash);
	free(names);
}

const struct unit_test unit_completion[] = {
	{"candidates for each kind of operand", .run = test_offers},
	{"all options are offered", .run = test_all_options},
	{.name = NULL},
};
