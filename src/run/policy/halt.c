/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The condition of --halt. */
#include "run/policy/halt.h"

#include "base/number.h"

/* Parses the part after the comma: "fail=10%". -1 if it is wrong. */
static int parse_why(const char *text, struct halt *halt)
{
	static const char *const words[] = {
		[HALT_FAIL] = "fail=",
		[HALT_SUCCESS] = "success=",
		[HALT_DONE] = "done=",
	};
	char digits[32];
	size_t why, length;

	for (why = 0; why < countof(words); why++) {
		if (strncmp(text, words[why], strlen(words[why])) == 0)
			break;
	}
	if (why == countof(words))
		return -1;
	text += strlen(words[why]);
	length = strlen(text);
	halt->why = (enum halt_why)why;
	halt->is_percent = length && text[length - 1] == '%';
	length -= halt->is_percent;
	if (length >= sizeof digits)
		return -1;
	memcpy(digits, text, length);
	digits[length] = '\0';
	return number_parse(digits, halt->is_percent ? 100 : INT64_MAX, &halt->count) || !halt->count ? -1 : 0;
}

int halt_parse(const char *text, struct halt *halt, struct error *error)
{
	struct halt parsed = {.when = HALT_NEVER};
	bool wrong = false;

	if (strncmp(text, "now,", strlen("now,")) == 0) {
		parsed.when = HALT_NOW;
		wrong = parse_why(text + strlen("now,"), &parsed) < 0;
	} else if (strncmp(text, "soon,", strlen("soon,")) == 0) {
		parsed.when = HALT_SOON;
		wrong = parse_why(text + strlen("soon,"), &parsed) < 0;
	} else {
		wrong = strcmp(text, "never") != 0;
	}
	if (wrong)
		return error_set(
			error,
			"--halt '%s': write never, or when (now or soon) and why (fail, success or done) with a "
			"number or a share: now,fail=1 or soon,done=50%%",
			text);
	*halt = parsed;
	return 0;
}

uint32_t halt_outcomes(const struct halt *halt)
{
	uint32_t all = (1u << OUTCOMES) - 1, success = 1u << OUTCOME_OK;

	if (halt->when == HALT_NEVER)
		return 0;
	if (halt->why == HALT_DONE)
		return all;
	return halt->why == HALT_SUCCESS ? success : all & ~success;
}

bool halt_is_due(const struct halt *halt, uint64_t failed, uint64_t succeeded, uint64_t total)
{
	uint64_t count = failed + succeeded;

	if (halt->when == HALT_NEVER)
		return false;
	if (halt->why == HALT_FAIL)
		count = failed;
	else if (halt->why == HALT_SUCCESS)
		count = succeeded;
	if (!halt->is_percent)
		return count >= halt->count;
	return total && (double)count * 100 >= (double)total * (double)halt->count;
}
