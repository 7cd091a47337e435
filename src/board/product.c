/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The names of products. */
#include "board/product.h"

#include "base/mem.h"

#include <inttypes.h>

struct template_options product_template(const struct briefing *briefing)
{
	struct template_options options = briefing_template(briefing);

	options.words = &briefing->product;
	options.word_count = 1;
	options.is_literal = false;
	options.is_complete = true;
	options.is_text = true;
	options.has_no_values = briefing->flags & BRIEFING_STDIN;
	return options;
}

const char *product_name(struct template *template, const struct task *task)
{
	const struct template_values values = {.slot = 0};
	char **words = template_expand(template, task, &values);

	return words ? words[0] : NULL;
}

char *product_draft(const char *name, const struct briefing *briefing, const struct task *task)
{
	const char *slash = strrchr(name, '/');

	return mem_format("%.*s.mpmap-%s-%" PRIu64, slash ? (int)(slash + 1 - name) : 0, name, briefing->id,
			  task->index + 1);
}
