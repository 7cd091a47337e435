/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finding out that what was typed is for a shell. */
#include "run/display/advice.h"

#include "base/diag.h"
#include "base/mem.h"
#include "base/quote.h"
#include "run/session_private.h"

#include <ctype.h>
#include <errno.h>

/* What a script has for the record. */
static const char value[] = "\"$1\"";

/* Words that are a part of a shell and not a program (mostly). */
static const char *const shell_words[] = {
	".",       "!",       "[[",   "{",       "(",      "((",     "alias",  "builtin", "case",     "cd",
	"command", "declare", "do",   "eval",    "exec",   "exit",   "export", "for",     "function", "if",
	"let",     "local",   "popd", "pushd",   "read",   "return", "select", "set",     "shift",    "shopt",
	"source",  "trap",    "type", "typeset", "ulimit", "umask",  "unset",  "until",   "wait",     "while",
};

/* Words that separate commands in a shell, and redirect what they read and write. */
static const char *const operators[] = {
	"|", "|&", "||", "&", "&&", ";", "<", ">", ">>", "2>", "2>&1", ">&2", "(", ")", "{", "}", "[[", "]]", "!",
};

/* Words with which a command begins that has parts of its own, so that nothing can be appended to it. */
static const char *const compound_words[] = {
	"!", "(", "((", "[[", "case", "for", "function", "if", "select", "until", "while", "{",
};

static bool is_among(const char *word, const char *const *words, size_t count)
{
	size_t i;

	for (i = 0; i < count && strcmp(words[i], word) != 0; i++)
		;
	return i < count;
}

/* True if the word sets a variable in a shell: NAME=VALUE. */
static bool is_assignment(const char *word)
{
	size_t i = 0;

	while (isalnum((unsigned char)word[i]) || word[i] == '_')
		i++;
	return i && !isdigit((unsigned char)*word) && word[i] == '=';
}

/* Returns a replacement string in the text that a script does not have, NULL if there is none. */
static const char *find_replacement(const char *text, size_t *size)
{
	static const char *const strings[] = {"{}", "{.}", "{/}", "{//}", "{/.}", "{#}", "{%}", "{1}", "{2}"};
	const char *found = NULL;
	size_t i;

	for (i = 0; i < countof(strings); i++) {
		const char *at = strstr(text, strings[i]);

		if (at && (!found || at < found)) {
			found = at;
			*size = strlen(strings[i]);
		}
	}
	return found;
}

/* True if the text has the record already, as a script does. */
static bool has_script_value(const char *text)
{
	return strstr(text, "$1") || strstr(text, "${1") || strstr(text, "$@") || strstr(text, "$*");
}

/* Appends a text with what a script has for {}, with or without quotes around it. True if there was one. */
static bool append_script(struct bytes *out, const char *text)
{
	bool found = has_script_value(text);
	const char *at;

	while ((at = strstr(text, "{}"))) {
		bool quoted = at > text && (at[-1] == '"' || at[-1] == '\'') && at[2] == at[-1];

		bytes_append(out, text, (size_t)(at - text) - quoted);
		bytes_append_text(out, value);
		text = at + 2 + quoted;
		found = true;
	}
	bytes_append_text(out, text);
	return found;
}

/* True if what was typed begins with such a word. */
static bool begins_compound(const char *text)
{
	char *first = mem_format("%.*s", (int)strcspn(text, " \t\n"), text);
	bool found = is_among(first, compound_words, countof(compound_words));

	free(first);
	return found;
}

/* Appends "--shell 'SCRIPT'" for words that were meant for a shell, with what a script has for the record. */
static void append_shell(struct bytes *out, const struct template_options *command)
{
	struct bytes script = {.data = NULL};
	bool has_value = false, is_compound;
	size_t i;

	for (i = 0; i < command->word_count; i++) {
		const char *word = command->words[i];

		bytes_append_text(&script, i ? " " : "");
		if (strstr(word, "{}") || command->word_count == 1 || is_among(word, operators, countof(operators)))
			has_value |= append_script(&script, word);
		else
			quote_shell(&script, slice_of(word));
	}
	is_compound = !has_value && begins_compound(command->words[0]);
	if (!has_value && !is_compound)
		bytes_append_format(&script, " %s", value);
	bytes_append_text(out, "--shell ");
	quote_shell(out, bytes_slice(&script));
	if (is_compound)
		bytes_append_format(out, ", with %s where the record goes", value);
	bytes_release(&script);
}

void advice_append(struct bytes *out, const struct template_options *command, const char *name)
{
	const char *word = command->word_count ? command->words[0] : "";
	size_t i;

	if (is_among(word, shell_words, countof(shell_words))) {
		bytes_append_format(out, "%s is a word of the shell: write mpmap ", word);
		append_shell(out, command);
	} else if (is_assignment(word)) {
		bytes_append_format(out, "%s sets a variable in a shell: write mpmap env", word);
		for (i = 0; i < command->word_count; i++) {
			bytes_append_text(out, " ");
			quote_shell(out, slice_of(command->words[i]));
		}
	} else if (strpbrk(word, "|&;<>`") || strstr(word, "$(") || has_script_value(word)) {
		bytes_append_format(out, "\"%s\" is a command line of a shell: write mpmap ", name);
		append_shell(out, command);
	} else if (strpbrk(word, " \t")) {
		bytes_append_format(out, "\"%s\" is one word: write mpmap %s", name, word);
		bytes_append_text(out, ", or --shell for a shell's command line");
	}
}

/* Appends what a script has in place of a replacement string in it; nothing if it has none. */
static void append_for_script(struct bytes *out, const struct template_options *command)
{
	const char *script = command->words[0], *found;
	size_t size;

	found = find_replacement(script, &size);
	if (!found)
		return;
	bytes_append_format(out, "%.*s in the script is left as it is: the record is %s there", (int)size, found,
			    value);
	if (size == 2) {
		bytes_append_text(out, ": write mpmap ");
		append_shell(out, command);
	}
}

void advice_report(struct session *session, const struct result *result, const struct task *task)
{
	const struct command_options *options = &session->options->command;
	bool is_missing = result->outcome == OUTCOME_NOT_STARTED && result->number == ENOENT && !result->astray;
	struct template_values values = {.slot = result->slot};
	struct bytes out = {.data = NULL};
	char **words;

	if (session->reported.advice || options->function[0] || !options->template.word_count || !task ||
	    session->options->input.brings_commands)
		return;
	if (options->shell && result->outcome == OUTCOME_FAILED)
		append_for_script(&out, &options->template);
	else if (!options->shell && is_missing && (words = template_expand(&session->template, task, &values)))
		advice_append(&out, &options->template, words[0]);
	session->reported.advice = out.size;
	if (out.size)
		diag_note("%s", bytes_text(&out));
	bytes_release(&out);
}
