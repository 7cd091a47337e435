/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Output to descriptor 1, in one write each. */
#include "state/client/printing.h"

#include "base/bytes.h"
#include "base/file.h"
#include "state/store/store.h"

#include <unistd.h>

/* The column of the verbs' descriptions. */
enum { PRINTING_COLUMN = 34 };

int printing_text(struct slice text)
{
	return file_write_all(STDOUT_FILENO, text);
}

/* True if the values are keys, each followed by its value. */
static bool printing_pairs(const struct arguments *arguments)
{
	return arguments_verb_is(arguments, "items") || arguments_verb_is(arguments, "list") ||
	       arguments_verb_is(arguments, "stat") || arguments_verb_is(arguments, "watch");
}

int printing_answer(const struct arguments *arguments, const struct answer *answer)
{
	const char *end = arguments->format == FORMAT_NUL ? "" : "\n";
	bool pairs = printing_pairs(arguments) && arguments->format == FORMAT_LINES;
	struct cursor cursor = answer_values(answer);
	struct bytes out = {.data = NULL};
	enum value_kind kind;
	struct slice text;
	int result;
	size_t i;

	for (i = 0; answer_next(&cursor, &kind, &text); i++) {
		bytes_append(&out, text.data, text.size);
		bytes_append(&out, pairs && i % 2 == 0 ? "\t" : end, 1);
	}
	result = printing_text(bytes_slice(&out));
	bytes_release(&out);
	return result;
}

static const char printing_usage[] =
	"Usage: mpmap-state [OPTION]... VERB [OPERAND]...\n"
	"       mpmap-state serve [--socket PATH] [--memory SIZE] [-- COMMAND [ARG]...]\n"
	"\n"
	"State that processes share: numbers, texts, dictionaries, lists, queues, locks.\n"
	"What a process has locked or popped is free as soon as it ends, however it ends.\n"
	"\n"
	"  mpmap-state serve -- ./script     runs ./script, in which mpmap-state works\n"
	"  n=$(mpmap-state add done 1)       counts, without a lock\n"
	"  mpmap-state lock disk -- tar ...  runs tar alone\n"
	"\n"
	"Verbs:\n";

static const char printing_trailer[] =
	"  serve                           serve until COMMAND has ended, or until a signal\n"
	"\n"
	"Options:\n"
	"  -0, --json                      end values with NUL instead of newline; print JSON\n"
	"  --socket PATH                   the server's socket, instead of $MPMAP_STATE\n"
	"  --timeout S                     wait at most S seconds\n"
	"  --help, --version               print this help; the version\n"
	"\n"
	"Exit status: 0 success, 1 no such thing, empty, not acquired or timed out, 2 wrong\n"
	"usage, 3 it would have deadlocked, 4 a broken barrier or an owner that has ended, 7 no\n"
	"server; with COMMAND its own, or 124 timed out, 125 failed, 126 or 127 COMMAND cannot\n"
	"be run. The manual, mpmap-state(1), tells the rest.\n";

int printing_help(void)
{
	struct bytes out = {.data = NULL};
	const struct verb *verb;
	int result;

	bytes_append_text(&out, printing_usage);
	for (verb = state_verbs; verb->name; verb++) {
		size_t start = out.size, width;

		bytes_append_format(&out, "  %s %s", verb->name, verb->operands);
		width = out.size - start;
		if (width >= PRINTING_COLUMN) {
			bytes_append_text(&out, "\n");
			width = 0;
		}
		bytes_append_format(&out, "%*s%s\n", (int)(PRINTING_COLUMN - width), "", verb->summary);
	}
	bytes_append_text(&out, printing_trailer);
	result = printing_text(bytes_slice(&out));
	bytes_release(&out);
	return result;
}

int printing_version(void)
{
	return printing_text(slice_of("mpmap-state " PACKAGE_VERSION "\n"));
}
