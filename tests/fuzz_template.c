/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzzes task/template: for any words and records the arguments must have the properties that its header states.
 *
 * The bytes are fields that end with NULs. The first has letters, which take the next field, or set something:
 *
 *   w a word, n a name, r the string in place of {}, s the separator (each takes a field)
 *   . the names since the last dot are those of one more source
 *   1 to 9 values for each task, l literal words, g groups, e no values, c records of CSV
 *   o each task is an object, whose keys are the names and whose values are all the record
 *
 * All that follows is a chunk of tasks.
 */
#include "fuzz.h"

#include "base/mem.h"
#include "task/chunk.h"
#include "task/frame.h"
#include "task/replacement.h"
#include "task/template.h"

enum { FIELDS_MAX = 16, TASKS_MAX = 32, SEPARATOR_MAX = 32, PLUSES_MAX = 4 };

/* The case that the bytes describe. */
struct script {
	struct template_options options;
	char *words[FIELDS_MAX];
	char *names[FIELDS_MAX];
	/* Number of names, those of the template's options or of each task's object. */
	size_t name_count;
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
	options->names_vary |= letter == 'o';
	if (letter == 'c')
		options->csv = ',';
}

static bool has_columns(const struct template_options *options)
{
	return options->separator || options->csv;
}

/* Changes the script to a possible command line. */
static void settle(struct script *script)
{
	struct template_options *options = &script->options;
	size_t i;

	options->words = script->words;
	options->names = options->name_count ? script->names : NULL;
	options->replace = script->replace;
	options->separator = options->csv ? NULL : script->separator;
	if (options->has_no_values) {
		script->width = 0;
		options->separator = NULL;
		options->csv = 0;
		options->names = NULL;
		options->name_count = 0;
	}
	script->name_count = options->name_count;
	if (options->names_vary) {
		script->width = 1;
		options->name_count = 0;
		options->separator = NULL;
		options->csv = 0;
		options->names = NULL;
		options->is_grouped = false;
	}
	if (!has_columns(options) || options->is_grouped || options->names_vary)
		options->width_count = 0;
	/* Sources with columns: one value for each name. */
	if (options->width_count) {
		script->width = (uint32_t)options->width_count;
		options->name_count = script->widths[options->width_count - 1];
		for (i = options->width_count - 1; i; i--)
			script->widths[i] -= script->widths[i - 1];
		options->widths = script->widths;
	}
	if (!has_columns(options) && !options->is_grouped && !options->names_vary)
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

/* The parts of a value by their suffixes; the first five came first, and win over names. */
static const char *const part_suffixes[] = {"", ".", "/", "//", "/.", "..", "/.."};

enum { OLD_SUFFIXES = 5 };

/* Cuts count extensions off a path, or nothing if it has fewer. */
static void cut_extensions(char *path, size_t count)
{
	char *copy = mem_string(path), *dot;
	size_t i;

	for (i = 0; i < count; i++) {
		dot = strrchr(copy, '.');
		if (!dot || strchr(dot, '/'))
			break;
		*dot = '\0';
	}
	if (i == count)
		path[strlen(copy)] = '\0';
	free(copy);
}

/* Appends the part that a suffix means. The directory is the program's own: unit tests know it. */
static void append_part(struct bytes *out, const char *value, const char *suffix)
{
	const char *slash = strrchr(value, '/');
	struct slice directory = replacement_part(slice_of(value), PART_DIRECTORY);
	char *path = mem_string(*suffix == '/' && slash ? slash + 1 : value);

	cut_extensions(path, strspn(suffix + (*suffix == '/'), "."));
	if (strcmp(suffix, "//") == 0)
		bytes_append(out, directory.data, directory.size);
	else
		bytes_append_text(out, path);
	free(path);
}

/* What a replacement string is expanded for, in a model that tries all possible strings instead of parsing one. */
struct model {
	const struct script *script;
	const struct task *task;
	/* The text between the braces. */
	struct slice inside;
	struct bytes *out;
};

/* Appends the part that a stem with one of the suffixes (from first to before end) means, if the text is that. */
static bool model_stem(const struct model *model, const char *stem, size_t first, size_t end)
{
	size_t size = strlen(stem), i;

	for (i = first; i < end; i++) {
		if (model->inside.size != size + strlen(part_suffixes[i]) ||
		    memcmp(model->inside.data, stem, size) != 0 ||
		    memcmp(model->inside.data + size, part_suffixes[i], model->inside.size - size) != 0)
			continue;
		append_part(model->out, model->task->record.data, part_suffixes[i]);
		return true;
	}
	return false;
}

/* The same for each name, with one suffix. */
static bool model_names(const struct model *model, size_t suffix)
{
	const struct script *script = model->script;
	size_t i;

	if (script->options.names_vary && memchr(model->inside.data, '{', model->inside.size))
		return false;
	for (i = 0; i < script->name_count; i++) {
		if (*script->names[i] && model_stem(model, script->names[i], suffix, suffix + 1))
			return true;
	}
	return false;
}

/* Appends the task's number, of at least so many digits as the text says, if it is {#} or {#:01} to {#:0255}. */
static bool model_number(const struct model *model, int first, int end)
{
	char text[16];
	int width;

	for (width = first; width < end; width++) {
		snprintf(text, sizeof text, width ? "#:0%d" : "#", width);
		if (!slice_equals(model->inside, slice_of(text)))
			continue;
		bytes_append_format(model->out, "%0*d", width, (int)model->task->index + 1);
		return true;
	}
	return false;
}

/* Appends what stands for the text between braces. Returns false if it stays as it is. */
static bool model_braces(const struct model *model, bool after_dollar)
{
	static const char *const stems[] = {"", "1", "-1"};
	size_t i;

	for (i = 0; i < countof(stems); i++) {
		if (model_stem(model, stems[i], 0, OLD_SUFFIXES))
			return true;
	}
	if (slice_equals(model->inside, slice_of("%"))) {
		bytes_append_text(model->out, "7");
		return true;
	}
	if (model_number(model, 0, 1) || model_names(model, 0))
		return true;
	for (i = 0; i < countof(stems) && !after_dollar; i++) {
		if (model_stem(model, stems[i], OLD_SUFFIXES, countof(part_suffixes)))
			return true;
	}
	for (i = 1; i < countof(part_suffixes) && !after_dollar; i++) {
		if (model_names(model, i))
			return true;
	}
	return !after_dollar && model->inside.size > 3 && memcmp(model->inside.data, "#:0", 3) == 0 &&
	       model_number(model, 1, REPLACEMENT_WIDTH_MAX + 1);
}

/* Appends a word, expanded. Returns true if something was replaced. */
static bool model_word(struct model *model, const char *word)
{
	const char *from = word, *end;
	bool replaced = false;

	for (; *word; word = end + 1) {
		end = *word == '{' ? strchr(word, '}') : NULL;
		model->inside = (struct slice){.data = word + 1, .size = end ? (size_t)(end - word) - 1 : 0};
		if (end && model_braces(model, word > from && word[-1] == '$')) {
			replaced = true;
			from = end + 1;
			continue;
		}
		bytes_append(model->out, word, 1);
		end = word;
	}
	bytes_append(model->out, "", 1);
	return replaced;
}

/* With one value for each task the arguments are what a model expands them to. */
static void check_model(const struct script *script, const struct task *task, const struct outcome_of_task *outcome)
{
	const struct template_options *options = &script->options;
	struct bytes expected = {.data = NULL};
	struct model model = {.script = script, .task = task, .out = &expected};
	bool replaced = false;
	size_t i;

	if (options->is_literal || options->is_grouped || options->has_no_values || options->replace ||
	    has_columns(options) || script->width != 1)
		return;
	for (i = 0; i < options->word_count; i++)
		replaced |= model_word(&model, options->words[i]);
	if (!replaced)
		bytes_append(&expected, task->record.data, task->record.size + 1);
	/* Only an object may have no value for a string. */
	hold(outcome->expanded || options->names_vary);
	hold(!outcome->expanded || slice_equals(bytes_slice(&outcome->bytes), bytes_slice(&expected)));
	bytes_release(&expected);
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
	if (i == options->word_count && !has_columns(options)) {
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
	static const char *const all[] = {"{}", "{.}", "{/}", "{//}", "{/.}", "{..}", "{/..}"};
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
	check_model(script, task, &first);
	check_cost(template, task, &first);
	if (template->command_is_fixed && first.expanded)
		hold(first.count && strcmp(first.bytes.data, script->words[0]) == 0);
	check_quoted(template, task, &first);
	expand(template, task, &again);
	check_same(&first, &again);
	expand_anew(&script->options, task, &other);
	check_same(&first, &other);
	if (first.expanded && !template->appends && !script->options.names_vary)
		check_words(script, task, &first);
	bytes_release(&first.bytes);
	bytes_release(&again.bytes);
	bytes_release(&other.bytes);
}

/* Appends a task's frame as an object: each name with the record as its value. */
static struct slice frame_object(const struct script *script, const struct task *task, struct bytes *bytes)
{
	size_t begun, i;

	bytes_clear(bytes);
	begun = frame_begin(bytes, FRAME_OBJECT);
	frame_put(bytes, FIELD_WHOLE, task->record);
	for (i = 0; i < script->name_count; i++) {
		frame_put(bytes, FIELD_NAME, slice_of(script->names[i]));
		frame_put(bytes, FIELD_VALUE, task->record);
	}
	frame_end(bytes, begun);
	return frame_first(bytes_slice(bytes));
}

static void check_tasks(struct script *script, struct template *template)
{
	char *copy = mem_copy(script->rest.data, script->rest.size);
	struct chunk_reader reader = chunk_read((struct slice){.data = copy, .size = script->rest.size}, 0,
						script->width ? TASKS_MAX : 1, script->width);
	struct bytes frame = {.data = NULL};
	struct task task;

	while (chunk_next(&reader, &task)) {
		if (script->options.names_vary)
			task.frame = frame_object(script, &task, &frame);
		/* Only a group may be smaller than the width. */
		if (script->options.is_grouped || task.value_count == script->width)
			check_task(script, template, &task);
	}
	bytes_release(&frame);
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
