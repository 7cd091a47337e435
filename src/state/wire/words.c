/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading verbs, options and operands. */
#include "state/wire/words.h"

#include "base/number.h"
#include "state/store/store.h"

/* The longest value of an option, bytes. */
enum { OPTION_VALUE_MAX = 64 };

struct word_option {
	const char *name;
	enum call_option flag;
	/* Reads the value; NULL if the option has none. -1 if it is wrong. */
	int (*read)(struct request *request, const char *value);
	/* What the value has to be. */
	const char *wanted;
};

static int word_read_timeout(struct request *request, const char *value)
{
	return number_parse_time(value, &request->timeout);
}

static int word_read_max(struct request *request, const char *value)
{
	return number_parse_signed(value, 1, INT64_MAX, &request->max);
}

static int word_read_of(struct request *request, const char *value)
{
	return number_parse_signed(value, 1, INT64_MAX, &request->of);
}

static const struct word_option word_options[] = {
	{"--timeout", OPTION_TIMEOUT, word_read_timeout, "seconds, such as 1.5, or 1h30m"},
	{"--max", OPTION_MAX, word_read_max, "a number from 1"},
	{"--of", OPTION_OF, word_read_of, "a number from 1"},
	{"--ack", OPTION_ACK, NULL, NULL},
	{"--shared", OPTION_SHARED, NULL, NULL},
	{"--done", OPTION_DONE, NULL, NULL},
	{"--failed", OPTION_FAILED, NULL, NULL},
};

static const struct word_option *word_option_find(const struct verb *verb, struct slice word)
{
	size_t i;

	for (i = 0; i < countof(word_options); i++) {
		if (verb->options & word_options[i].flag && slice_equals(slice_of(word_options[i].name), word))
			return &word_options[i];
	}
	return NULL;
}

int words_option_length(const struct verb *verb, struct slice word)
{
	const struct word_option *option = word_option_find(verb, word);

	return !option ? 0 : option->read ? 2 : 1;
}

/* Fails with a word in the reason, of which not more than is read at a glance. */
static int words_fail(struct words *words, const char *before, struct slice word, const char *after)
{
	answer_fail(words->call, CALL_USAGE, "%s\"%.*s\"%s", before, word.size < 80 ? (int)word.size : 80, word.data,
		    after);
	return -1;
}

static int words_take_verb(struct words *words, struct slice word)
{
	words->call->request.verb = verb_find(word);
	return words->call->request.verb ? 0 : words_fail(words, "there is no verb ", word, "");
}

/* Takes the value of an option. */
static int words_take_value(struct words *words, struct slice word)
{
	const struct word_option *option = words->option;
	char value[OPTION_VALUE_MAX + 1];

	words->option = NULL;
	if (word.size <= OPTION_VALUE_MAX) {
		memcpy(value, word.data, word.size);
		value[word.size] = '\0';
		if (strlen(value) == word.size && option->read(&words->call->request, value) == 0)
			return 0;
	}
	answer_fail(words->call, CALL_USAGE, "%s is %s, not \"%.*s\"", option->name, option->wanted,
		    word.size < 80 ? (int)word.size : 80, word.data);
	return -1;
}

static int words_take_option(struct words *words, struct slice word)
{
	const struct word_option *option;

	if (word.size == 2) {
		words->past_options = true;
		return 0;
	}
	option = word_option_find(words->call->request.verb, word);
	if (!option) {
		answer_fail(words->call, CALL_USAGE, "%s has no option \"%.*s\"", words->call->request.verb->name,
			    word.size < 80 ? (int)word.size : 80, word.data);
		return -1;
	}
	words->call->request.options |= option->flag;
	if (option->read)
		words->option = option;
	return 0;
}

int words_take(struct words *words, struct slice word, enum value_kind kind)
{
	struct request *request = &words->call->request;

	if (!request->verb)
		return words_take_verb(words, word);
	if (words->option)
		return words_take_value(words, word);
	if (!words->past_options && word.size >= 2 && memcmp(word.data, "--", 2) == 0)
		return words_take_option(words, word);
	words->past_options = true;
	if (request->count == request->verb->most) {
		answer_fail(words->call, CALL_USAGE, "too many words for %s: %s %s", request->verb->name,
			    request->verb->name, request->verb->operands);
		return -1;
	}
	call_add_operand(words->call, word, kind);
	return 0;
}

bool words_want_rest(const struct words *words)
{
	const struct request *request = &words->call->request;

	return request->verb && request->verb->ends_with_value && !words->option &&
	       request->count + 1 == request->verb->most;
}

int words_end(struct words *words)
{
	const struct request *request = &words->call->request;

	if (!request->verb) {
		answer_fail(words->call, CALL_USAGE, "a request is empty");
		return -1;
	}
	if (words->option) {
		answer_fail(words->call, CALL_USAGE, "%s needs a value: %s", words->option->name,
			    words->option->wanted);
		return -1;
	}
	if (request->count < request->verb->least) {
		answer_fail(words->call, CALL_USAGE, "too few words for %s: %s %s", request->verb->name,
			    request->verb->name, request->verb->operands);
		return -1;
	}
	return 0;
}

void words_put_options(struct bytes *out, const struct request *request)
{
	if (request->options & OPTION_TIMEOUT)
		bytes_append_format(out, " --timeout %lld.%09lld", (long long)(request->timeout / NSEC_PER_SEC),
				    (long long)(request->timeout % NSEC_PER_SEC));
	if (request->options & OPTION_MAX)
		bytes_append_format(out, " --max %lld", (long long)request->max);
	if (request->options & OPTION_OF)
		bytes_append_format(out, " --of %lld", (long long)request->of);
	if (request->options & OPTION_ACK)
		bytes_append_text(out, " --ack");
	if (request->options & OPTION_SHARED)
		bytes_append_text(out, " --shared");
	if (request->options & OPTION_DONE)
		bytes_append_text(out, " --done");
	if (request->options & OPTION_FAILED)
		bytes_append_text(out, " --failed");
	bytes_append_text(out, " --");
}
