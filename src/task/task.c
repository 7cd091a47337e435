/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The names of outcomes. */
#include "task/task.h"

const char *outcome_name(enum outcome outcome)
{
	static const char *const names[OUTCOMES] = {
		[OUTCOME_OK] = "ok",           [OUTCOME_FAILED] = "failed", [OUTCOME_SIGNALED] = "signaled",
		[OUTCOME_TIMEOUT] = "timeout", [OUTCOME_LOST] = "lost",     [OUTCOME_NOT_STARTED] = "not-started",
		[OUTCOME_SKIPPED] = "skipped",
	};

	return names[outcome];
}
