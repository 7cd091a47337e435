/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of --retry-on. */
#include "run/policy/again.h"

#include "base/number.h"
#include "base/slice.h"

enum {
	STATUS_MOST = 255,
	STATUS_BITS = 64,
	/* Bytes of the longest item, with its NUL. */
	ITEM_SIZE = 16,
};

/* Parses an exit status. -1 if no failure has it. */
static int parse_status(const char *text, uint64_t *status)
{
	return number_parse(text, STATUS_MOST, status) < 0 || !*status ? -1 : 0;
}

/* Parses a status, or two with a dash between them. -1 if it is neither. */
static int parse_statuses(char *item, struct again_options *options)
{
	char *dash = strchr(item, '-');
	uint64_t first, last;

	if (dash)
		*dash = '\0';
	if (parse_status(item, &first) < 0 || parse_status(dash ? dash + 1 : item, &last) < 0 || last < first)
		return -1;
	for (; first <= last; first++)
		options->statuses[first / STATUS_BITS] |= UINT64_C(1) << first % STATUS_BITS;
	return 0;
}

/* Parses one item of the list. -1 if it is wrong. */
static int parse_item(struct slice text, struct again_options *options)
{
	static const struct {
		const char *word;
		enum outcome outcome;
	} words[] = {
		{.word = "signal", .outcome = OUTCOME_SIGNALED},
		{.word = "timeout", .outcome = OUTCOME_TIMEOUT},
		{.word = "lost", .outcome = OUTCOME_LOST},
	};
	char item[ITEM_SIZE];
	size_t i;

	for (i = 0; i < countof(words); i++) {
		if (slice_equals(text, slice_of(words[i].word))) {
			options->outcomes |= 1u << words[i].outcome;
			return 0;
		}
	}
	if (text.size >= sizeof item)
		return -1;
	memcpy(item, text.data, text.size);
	item[text.size] = '\0';
	return parse_statuses(item, options);
}

int again_parse(const char *text, struct again_options *options, struct error *error)
{
	struct again_options parsed = {.text = text};
	struct slice item = {.data = text};
	bool is_last;

	do {
		item.size = strcspn(item.data, ",");
		if (parse_item(item, &parsed) < 0)
			return error_set(error,
					 "--retry-on '%s': not a list of exit statuses (7, 1-99), signal, timeout and "
					 "lost, such as 75,100-120,timeout",
					 text);
		is_last = !item.data[item.size];
		item.data += item.size + 1;
	} while (!is_last);
	*options = parsed;
	return 0;
}

bool again_applies(const struct again_options *options, const struct result *result)
{
	unsigned status = (unsigned)result->status;

	if (!options->text)
		return true;
	if (result->outcome != OUTCOME_FAILED)
		return options->outcomes >> result->outcome & 1;
	return status <= STATUS_MOST && options->statuses[status / STATUS_BITS] >> status % STATUS_BITS & 1;
}
