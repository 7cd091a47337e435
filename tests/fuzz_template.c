/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzzes task/template: for any words and records the arguments must have the properties that its header states.
 *
 * The bytes are fields that end with NULs. The first has letters, which take the next field, or set something:
 *
 *   w a word, n a name, r the string in place of {}, s the separator (each takes a field)
 *   . the names since the last dot are those of one more source
 *   1 to 9 values for each task, l literal words, g groups, e no values
 *
 * All that follows is a chunk of tasks.
 */
#include "fuzz.h"

#include "base/mem.h"
#include "task/chunk.h"
#include "task/template.h"

enum { FIELDS_MAX = 16, TASKS_MAX = 32, SEPARATOR_MAX = 32, PLUSES_MAX = 4 };

/* The case that the bytes describe. */
struct script {
	struct template_options options;
	char *words[FIELDS_MAX];
	char *names[FIELDS_MAX];
	uint32_t widths[FIELDS_MAX];
	char *replace;
	char *separator;
	uint32_t width;
	struct slice rest;
};

/* The arguments of a task, each with its NUL, or the reason why it has none. */
struct outcome_of_task {
	bool expanded;
	size_t count;
	struct bytes bytes;
};

/* Takes the next field off. Returns it in a block of exactly its size (free). */
static char *take_field(struct slice *rest)
{
	const char *end = rest->size ? memchr(rest->data, '\0', rest->size) : NULL;
	size_t size = end ? (size_t)(end - rest->data) : rest->size;
	char *field = mem_new(size + 1, 1);

	if (size)
		memcpy(field, rest->data, size);
	size += end != NULL;
	if (size)
		rest->data += size;
	rest->size -= size;
	return field;
}

static void replace_field(char **field, struct slice *rest)
{
	free(*field);
	*field = take_field(rest);
}

static void read_letter(struct script *script, char letter)
{
	struct template_options *options = &script->options;

	if (letter == 'w' && options->word_count < FIELDS_MAX)
		script->words[options->word_count++] = take_field(&script->rest);
	else if (letter == 'n' && options->name_count < FIELDS_MAX)
		script->names[options->name_count++] = take_field(&script->rest);
	else if (letter == '.' && options->width_count < FIELDS_MAX)
		script->widths[options->width_count++] = (uint32_t)options->name_count;
	else if (letter == 'r')
		replace_field(&script->replace, &script->rest);
	else if (letter == 's')
		replace_field(&script->separator, &script->rest);
	else if (letter >= '1' && letter <= '9')
		script->width = (uint32_t)(letter - '0');
	options->is_literal |= letter == 'l';
	options->is_grouped |= letter == 'g';
	options->has_no_values |= letter == 'e';
}

/* Changes the script to a possible command line. */
static void settle(struct script *script)
{
	struct template_options *options = &script->options;
	size_t i;

	options->words = script->words;
	options->names = options->name_count ? script->names : NULL;
	options->replace = script->replace;
	options->separator = script->separator;
	if (options->has_no_values) {
		script->width = 0;
		options->separator = NULL;
		options->names = NULL;
		options->name_count = 0;
	}
	if (!options->separator || options->is_grouped)
		options->width_count = 0;
	/* Sources with columns: one value for each name. */
	if (options->width_count) {
		script->width = (uint32_t)options->width_count;
		options->name_count = script->widths[options->width_count - 1];
		for (i = options->width_count - 1; i; i--)
			script->widths[i] -= script->widths[i - 1];
		options->widths = script->widths;
	}
	if (!options->separator && !options->is_grouped)
		options->value_count = script->width;
}

static void read_script(struct script *script, struct slice bytes)
{
	char *letters, *letter;

	*script = (struct script){.rest = bytes, .width = 1};
	letters = take_field(&script->rest);
	for (letter = letters; *letter; letter++)
		read_letter(script, *letter);
	free(letters);
	settle(script);
}

static void release_script(struct script *script)
{
	size_t i;

	for (i = 0; i < FIELDS_MAX; i++) {
		free(script->words[i]);
		free(script->names[i]);
	}
	free(script->replace);
	free(script->separator);
}

/*
 * The C library takes unbounded time and memory for some expressions: back references, large counts, and repeated
 * repetitions (each + of "x+++" doubles its memory).
 */
static bool is_bearable(const char *separator)
{
	const char *at;
	size_t pluses = 0, braces = 0;

	if (!separator)
		return true;
	for (at = separator; *at; at++) {
		pluses += *at == '+';
		braces += *at == '{';
		if (*at == '{' && strspn(at + 1, "0123456789,") > 3)
			return false;
		if (*at == '\\' && at[1] >= '1' && at[1] <= '9')
			return false;
	}
	return pluses <= PLUSES_MAX && braces <= 1 && at - separator <= SEPARATOR_MAX;
}

static void expand(struct template *template, const struct task *task, struct outcome_of_task *outcome)
{
	struct template_values values = {.slot = 7};
	char **words = template_expand(template, task, &values);

	*outcome = (struct outcome_of_task){.expanded = words};
	if (!words)
		bytes_append_text(&outcome->bytes, error_text(&template->problem));
	for (; words && words[outcome->count]; outcome->count++)
		bytes_append(&outcome->bytes, words[outcome->count], strlen(words[outcome->count]) + 1);
}

static void check_same(const struct outcome_of_task *a, const struct outcome_of_task *b)
{
	hold(a->expanded == b->expanded);
	hold(a->count == b->count);
	hold(slice_equals(bytes_slice(&a->bytes), bytes_slice(&b->bytes)));
}

/* Returns the byte for an escape of $'...' and advances after it; *at is after the backslash. */
static char read_escape(const char **at)
{
	static const char letters[] = "nrt'\\", bytes[] = "\n\r\t'\\";
	const char *letter = strchr(letters, *(*at)++);
	int digits, value = 0;

	if (letter && *letter)
		return bytes[letter - letters];
	for ((*at)--, digits = 0; digits < 3; digits++, (*at)++) {
		hold(**at >= '0' && **at <= '7');
		value = value * 8 + (**at - '0');
	}
	return (char)value;
}

/* Appends quoted words as a shell reads them, each with a NUL. Returns how many. */
static size_t read_back(const char *at, struct bytes *words)
{
	size_t count = *at != '\0';
	bool dollar;
	char byte;

	hold(*at != ' ');
	while (*at) {
		if (*at == ' ') {
			bytes_append(words, "", 1);
			count++;
			at++;
			hold(*at && *at != ' ');
			continue;
		}
		if (*at == '\\') {
			bytes_append(words, at + 1, 1);
			at += 2;
			continue;
		}
		dollar = *at == '$';
		if (dollar)
			hold(at[1] == '\'');
		at += dollar;
		if (*at != '\'') {
			bytes_append(words, at++, 1);
			continue;
		}
		for (at++; *at != '\''; bytes_append(words, &byte, 1)) {
			hold(*at);
			byte = *at++;
			if (dollar && byte == '\\')
				byte = read_escape(&at);
		}
		at++;
	}
	if (count)
		bytes_append(words, "", 1);
	return count;
}

/* The quoted line is one line without control characters, and a shell reads the arguments from it. */
static void check_quoted(struct template *template, const struct task *task, const struct outcome_of_task *outcome)
{
	struct template_values values = {.slot = 7};
	struct bytes line = {.data = NULL}, words = {.data = NULL};
	const char *text;
	size_t i;

	bytes_append_text(&line, "# ");
	template_quote(template, task, &values, &line);
	for (i = 0; i < line.size; i++)
		hold((unsigned char)line.data[i] >= ' ' && line.data[i] != '\x7f');
	text = bytes_text(&line);
	hold(strncmp(text, "# ", 2) == 0);
	if (!outcome->expanded) {
		hold(slice_equals(slice_of(text + 2), bytes_slice(&outcome->bytes)));
	} else {
		hold(read_back(text + 2, &words) == outcome->count);
		hold(slice_equals(bytes_slice(&words), bytes_slice(&outcome->bytes)));
	}
	bytes_release(&line);
	bytes_release(&words);
}

/* Without replacement strings and columns the arguments are the words, then the values. */
static void check_plain(const struct script *script, const struct task *task, const struct outcome_of_task *outcome)
{
	const struct template_options *options = &script->options;
	bool plain = options->is_literal || (options->replace && !*options->replace);
	struct bytes expected = {.data = NULL};
	const char *value = task->record.data;
	size_t i;

	for (i = 0; i < options->word_count; i++) {
		if (!plain && (options->replace || strchr(options->words[i], '{')))
			break;
		bytes_append(&expected, options->words[i], strlen(options->words[i]) + 1);
	}
	if (i == options->word_count && !options->separator) {
		for (i = 0; !options->has_no_values && i < task->value_count; i++, value += strlen(value) + 1)
			bytes_append(&expected, value, strlen(value) + 1);
		hold(outcome->expanded);
		hold(slice_equals(bytes_slice(&outcome->bytes), bytes_slice(&expected)));
	}
	bytes_release(&expected);
}

/* True if a word that is repeated for each value may have another replacement string, whose size is not in the cost. */
static bool has_mixed_word(const struct template_options *options)
{
	static const char *const all[] = {"{}", "{.}", "{/}", "{//}", "{/.}"};
	size_t i, j;

	for (i = 0; i < options->word_count; i++) {
		const char *at = options->words[i];
		bool has_position = options->names, has_value = options->replace;

		for (j = 0; j < countof(all); j++)
			has_value |= strstr(at, all[j]) != NULL;
		while ((at = strchr(at, '{')))
			has_position |= strchr("-123456789", *++at) != NULL;
		if (has_position && has_value)
			return true;
	}
	return false;
}

/* The arguments of a group take at most the cost that was computed for it, since groups are made to fit by it. */
static void check_cost(const struct template *template, const struct task *task, const struct outcome_of_task *outcome)
{
	size_t taken = outcome->bytes.size + (outcome->count + 1) * sizeof(char *),
	       most = template_fixed_cost(template), size;
	const char *value = task->record.data;
	uint32_t i;

	if (!template->options.is_grouped || !outcome->expanded || has_mixed_word(&template->options))
		return;
	for (i = 0; i < task->value_count; i++, value += size) {
		size = strlen(value) + 1;
		most += template_cost(template, size);
	}
	hold(taken <= most);
}

/* Compiles the template again, perhaps of fewer words, and expands the task as its first. */
static bool expand_anew(const struct template_options *options, const struct task *task,
			struct outcome_of_task *outcome)
{
	struct error error = {.number = 0};
	struct template template;
	bool appends;

	hold(template_compile(&template, options, &error) == 0);
	expand(&template, task, outcome);
	appends = template.appends;
	template_release(&template);
	return appends;
}

/* A word yields the same arguments alone as among the others. */
static void check_words(const struct script *script, const struct task *task, const struct outcome_of_task *outcome)
{
	struct template_options options = script->options;
	struct bytes expected = {.data = NULL};
	struct outcome_of_task alone;
	size_t i;

	options.word_count = 1;
	for (i = 0; i < script->options.word_count; i++) {
		options.words = script->options.words + i;
		/* Without a replacement string the values would be added after it. */
		if (expand_anew(&options, task, &alone))
			bytes_append(&expected, script->words[i], strlen(script->words[i]) + 1);
		else
			bytes_append(&expected, alone.bytes.data, alone.bytes.size);
		hold(alone.expanded);
		bytes_release(&alone.bytes);
	}
	hold(slice_equals(bytes_slice(&outcome->bytes), bytes_slice(&expected)));
	bytes_release(&expected);
}

static void check_task(struct script *script, struct template *template, const struct task *task)
{
	struct outcome_of_task first, again, other;

	expand(template, task, &first);
	check_plain(script, task, &first);
	check_cost(template, task, &first);
	if (template->command_is_fixed && first.expanded)
		hold(first.count && strcmp(first.bytes.data, script->words[0]) == 0);
	check_quoted(template, task, &first);
	expand(template, task, &again);
	check_same(&first, &again);
	expand_anew(&script->options, task, &other);
	check_same(&first, &other);
	if (first.expanded && !template->appends)
		check_words(script, task, &first);
	bytes_release(&first.bytes);
	bytes_release(&again.bytes);
	bytes_release(&other.bytes);
}

static void check_tasks(struct script *script, struct template *template)
{
	char *copy = mem_copy(script->rest.data, script->rest.size);
	struct chunk_reader reader = chunk_read((struct slice){.data = copy, .size = script->rest.size}, 0,
						script->width ? TASKS_MAX : 1, script->width);
	struct task task;

	while (chunk_next(&reader, &task)) {
		/* Only a group may be smaller than the width. */
		if (script->options.is_grouped || task.value_count == script->width)
			check_task(script, template, &task);
	}
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error error = {.number = 0};
	struct template template;
	struct script script;
	int compiled;

	read_script(&script, (struct slice){.data = (const char *)data, .size = size});
	if (is_bearable(script.separator)) {
		compiled = template_compile(&template, &script.options, &error);
		hold((compiled == 0) == !error.text);
		if (compiled == 0)
			check_tasks(&script, &template);
		template_release(&template);
	}
	error_release(&error);
	release_script(&script);
	return 0;
}
