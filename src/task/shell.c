/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words of a shell and its arguments. */
#include "task/shell.h"

static const char blanks[] = " \t\n";

const char *shell_program(const char *given)
{
	return given ? given : "/bin/sh";
}

struct slice shell_word(const char **rest)
{
	const char *word = *rest + strspn(*rest, blanks);

	*rest = word + strcspn(word, blanks);
	return (struct slice){.data = word, .size = (size_t)(*rest - word)};
}

struct slice shell_name(const char *program)
{
	struct slice word = shell_word(&program);
	const char *slash = word.size ? memrchr(word.data, '/', word.size) : NULL;

	if (!slash || slash + 1 == word.data + word.size)
		return word;
	return (struct slice){.data = slash + 1, .size = (size_t)(word.data + word.size - slash - 1)};
}
