/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading the command line: options anywhere before "--", and the words of a request. */
#include "state/client/arguments.h"

#include "base/number.h"
#include "state/store/store.h"
#include "state/wire/words.h"

/* A command line on its way. */
struct reading {
	struct arguments *arguments;
	struct words words;
	/* The operands, at the beginning of the command line. */
	char **operands;
	size_t count;
	struct error *error;
};

static const struct verb *reading_verb(const struct reading *reading)
{
	return reading->arguments->call.request.verb;
}

bool arguments_verb_is(const struct arguments *arguments, const char *name)
{
	return arguments->call.request.verb && strcmp(arguments->call.request.verb->name, name) == 0;
}

/* True if a COMMAND may follow "--". */
static bool reading_takes_command(const struct reading *reading)
{
	const struct arguments *arguments = reading->arguments;

	return arguments->mode == ARGUMENTS_SERVE || arguments_verb_is(arguments, "lock") ||
	       (arguments_verb_is(arguments, "once") && !arguments->call.request.options);
}

/* Takes a word of the request. */
static int reading_take(struct reading *reading, const char *word)
{
	struct call *call = &reading->arguments->call;

	if (words_take(&reading->words, slice_of(word), VALUE_WORD) == 0)
		return 0;
	return error_set(reading->error, "%s (mpmap-state --help)", bytes_text(&call->answer.data));
}

/* Takes an option of mpmap-state itself. Returns the number of its words, 0 for another word, or -1. */
static int reading_take_own(struct reading *reading, char **words)
{
	struct arguments *arguments = reading->arguments;
	const char *word = words[0];
	bool is_memory = arguments->mode == ARGUMENTS_SERVE && strcmp(word, "--memory") == 0;

	if (strcmp(word, "-0") == 0 || strcmp(word, "--json") == 0)
		arguments->format = word[1] == '0' ? FORMAT_NUL : FORMAT_JSON;
	else if (strcmp(word, "--help") == 0 || strcmp(word, "--version") == 0)
		arguments->mode = word[2] == 'h' ? ARGUMENTS_HELP : ARGUMENTS_VERSION;
	else if (strcmp(word, "--socket") != 0 && !is_memory)
		return 0;
	else if (!words[1])
		return error_set(reading->error, "%s needs a value: %s", word,
				 is_memory ? "a size, such as 64M" : "the path of a socket");
	else if (!is_memory)
		arguments->socket = words[1];
	else if (number_parse_size(words[1], &arguments->memory) < 0)
		return error_set(reading->error, "--memory is a size, such as 64M, not \"%s\"", words[1]);
	return strcmp(word, "--socket") == 0 || is_memory ? 2 : 1;
}

/* Takes an option of the verb. Returns likewise. */
static int reading_take_verbs(struct reading *reading, char **words)
{
	const struct verb *verb = reading_verb(reading);
	int length = verb ? words_option_length(verb, slice_of(words[0])) : 0;

	if (!length || reading_take(reading, words[0]) < 0)
		return length ? -1 : 0;
	if (length == 1)
		return 1;
	if (!words[1])
		return error_set(reading->error, "%s needs a value (mpmap-state --help)", words[0]);
	return reading_take(reading, words[1]) < 0 ? -1 : 2;
}

/* Takes a word that is no option. */
static int reading_take_word(struct reading *reading, char *word)
{
	if (reading_verb(reading) || reading->arguments->mode == ARGUMENTS_SERVE) {
		reading->operands[reading->count++] = word;
		return 1;
	}
	if (strcmp(word, "serve") == 0)
		reading->arguments->mode = ARGUMENTS_SERVE;
	else if (reading_take(reading, word) < 0)
		return -1;
	return 1;
}

/* Takes the words up to "--". Returns what follows, or NULL with the error. */
static char **reading_take_words(struct reading *reading, char **words)
{
	while (*words && strcmp(*words, "--") != 0) {
		int length = reading_take_verbs(reading, words);

		if (length == 0)
			length = reading_take_own(reading, words);
		if (length == 0 && strncmp(*words, "--", 2) == 0)
			length = error_set(reading->error, "there is no option \"%s\" here (mpmap-state --help)",
					   *words);
		if (length == 0)
			length = reading_take_word(reading, *words);
		if (length < 0)
			return NULL;
		words += length;
	}
	return words;
}

/* Takes the operands of the request. */
static int reading_take_operands(struct reading *reading)
{
	struct arguments *arguments = reading->arguments;
	size_t i;

	reading->words.past_options = true;
	for (i = 0; i < reading->count; i++) {
		if (reading_take(reading, reading->operands[i]) < 0)
			return -1;
	}
	/* An item that is not given is read from standard input. */
	if (arguments_verb_is(arguments, "push") && arguments->call.request.count == 1)
		return 0;
	if (words_end(&reading->words) == 0)
		return 0;
	return error_set(reading->error, "%s (mpmap-state --help)", bytes_text(&arguments->call.answer.data));
}

static int reading_end(struct reading *reading)
{
	struct arguments *arguments = reading->arguments;

	if (arguments->mode == ARGUMENTS_HELP || arguments->mode == ARGUMENTS_VERSION)
		return 0;
	if (arguments->command && !arguments->command[0])
		return error_set(reading->error, "there is no COMMAND after --");
	if (arguments->mode == ARGUMENTS_SERVE && reading->count)
		return error_set(reading->error, "serve has no operand \"%s\": its COMMAND follows --",
				 reading->operands[0]);
	if (arguments->mode == ARGUMENTS_SERVE)
		return 0;
	if (!reading_verb(reading))
		return error_set(reading->error, "there is no verb (mpmap-state --help)");
	if (arguments_verb_is(arguments, "once") && !arguments->command && !arguments->call.request.options)
		return error_set(reading->error, "once needs a COMMAND: once NAME -- COMMAND...");
	return reading_take_operands(reading);
}

int arguments_read(struct arguments *arguments, char **words, struct error *error)
{
	struct reading reading = {.arguments = arguments, .operands = words, .error = error};

	*arguments = (struct arguments){.memory = STORE_MEMORY};
	call_renew(&arguments->call);
	reading.words.call = &arguments->call;
	words = reading_take_words(&reading, words + 1);
	if (!words)
		return -1;
	if (*words && reading_takes_command(&reading)) {
		arguments->command = words + 1;
	} else if (*words) {
		for (words++; *words; words++)
			reading.operands[reading.count++] = *words;
	}
	return reading_end(&reading);
}
