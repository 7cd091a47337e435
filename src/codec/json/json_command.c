/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON values as tasks that bring their own command: arrays of words, and objects with settings. */
#include "codec/json/json.h"

#include "base/clock.h"
#include "task/frame.h"
#include "task/shell.h"
#include "base/base64.h"
#include "codec/json/element.h"

#include <math.h>

enum {
	/* The largest number of retries, as for --retries. */
	TASK_RETRIES_MAX = 1000000,
};

/* The longest timeout, seconds: some 30 years. */
#define TASK_TIMEOUT_MAX 1e9

/* A task whose keys are being read. */
struct draft {
	const struct element *whole;
	struct bytes *frame;
	struct json_problem *problem;
	/* The shell of scripts. */
	const char *program;
	/* The values of argv or argv_base64, shell, args, and stdin or stdin_base64; value is NULL if absent. */
	struct element words;
	struct element shell;
	struct element args;
	struct element input;
};

static const char has_nul[] = "has a NUL in it, which no argument can have";

/* Sets the text of a string or number that is to be an argument. Returns what is wrong with it, or NULL. */
static const char *json_command_take_text(const struct element *part, struct slice *text)
{
	if (!json_is_string(part->value) && !element_is_number(part))
		return "is neither a string nor a number";
	*text = json_is_string(part->value) ? element_string(part) : part->text;
	return memchr(text->data, '\0', text->size) ? has_nul : NULL;
}

/*
 * Sets the text of a string or number that is to be an argument. -1 with the problem, whose message names the element
 * by what.
 */
static int text_of(const struct draft *draft, const struct element *part, const char *what, struct slice *text)
{
	const char *wrong = json_command_take_text(part, text);

	return wrong ? error_set(element_blame(draft->whole, part, draft->problem), "%s %s", what, wrong) : 0;
}

/* Appends the bytes of a string of base64. Returns what is wrong with it, or NULL. */
static const char *take_bytes(const struct element *part, struct bytes *bytes)
{
	return json_is_string(part->value) && base64_decode(element_string(part), bytes) == 0
		       ? NULL
		       : "is not a string of base64";
}

/* Appends the bytes of a string of base64. -1 with the problem, whose message names the element by what. */
static int bytes_of(const struct draft *draft, const struct element *part, const char *what, struct bytes *bytes)
{
	const char *wrong = take_bytes(part, bytes);

	return wrong ? error_set(element_blame(draft->whole, part, draft->problem), "%s %s", what, wrong) : 0;
}

/*
 * Puts the words of an array into the frame, each an argument. -1 with the problem, whose message names the array by
 * what.
 */
static int json_command_put_words(const struct draft *draft, const struct element *array, const char *what,
				  bool encoded)
{
	struct element_children children = element_children(array);
	struct bytes bytes = {.data = NULL};
	const char *wrong = NULL, *key;
	struct element child;

	while (!wrong && element_next(&children, &child, &key)) {
		struct slice text = {.data = NULL};

		bytes_clear(&bytes);
		wrong = encoded ? take_bytes(&child, &bytes) : json_command_take_text(&child, &text);
		if (encoded)
			text = bytes_slice(&bytes);
		if (!wrong && encoded && text.size && memchr(text.data, '\0', text.size))
			wrong = has_nul;
		if (!wrong)
			frame_put(draft->frame, FIELD_ARGUMENT, text);
	}
	bytes_release(&bytes);
	return wrong ? error_set(element_blame(draft->whole, &child, draft->problem), "%s[%zu] %s", what,
				 children.index - 1, wrong)
		     : 0;
}

/* The functions of keys[] put a key's value into the frame, or keep it. -1 with the problem. */

static int put_argv(struct draft *draft, const struct element *value, const char *key)
{
	if (draft->words.value)
		return error_set(element_blame(draft->whole, value, draft->problem), "both argv and argv_base64");
	draft->words = *value;
	if (!json_is_array(value->value) || !json_array_size(value->value))
		return error_set(element_blame(draft->whole, value, draft->problem),
				 "%s is not an array with a command in it", key);
	return json_command_put_words(draft, value, key, strcmp(key, "argv") != 0);
}

static int keep_shell(struct draft *draft, const struct element *value, const char *key UNUSED)
{
	draft->shell = *value;
	if (json_is_string(value->value))
		return 0;
	return error_set(element_blame(draft->whole, value, draft->problem), "shell is not a string");
}

static int keep_args(struct draft *draft, const struct element *value, const char *key UNUSED)
{
	draft->args = *value;
	if (json_is_array(value->value))
		return 0;
	return error_set(element_blame(draft->whole, value, draft->problem), "args is not an array");
}

static int put_stdin(struct draft *draft, const struct element *value, const char *key)
{
	struct bytes bytes = {.data = NULL};
	int put = 0;

	if (draft->input.value)
		return error_set(element_blame(draft->whole, value, draft->problem), "both stdin and stdin_base64");
	draft->input = *value;
	if (strcmp(key, "stdin") != 0)
		put = bytes_of(draft, value, key, &bytes);
	else if (!json_is_string(value->value))
		put = error_set(element_blame(draft->whole, value, draft->problem), "stdin is not a string");
	if (put == 0)
		frame_put(draft->frame, FIELD_STDIN,
			  strcmp(key, "stdin") == 0 ? element_string(value) : bytes_slice(&bytes));
	bytes_release(&bytes);
	return put;
}

static int put_env(struct draft *draft, const struct element *value, const char *key UNUSED)
{
	struct element_children children = element_children(value);
	struct bytes variable = {.data = NULL};
	struct element child;
	struct slice text;
	const char *name;
	int put = 0;

	if (!json_is_object(value->value))
		return error_set(element_blame(draft->whole, value, draft->problem), "env is not an object");
	while (put == 0 && element_next(&children, &child, &name)) {
		if (!*name || strchr(name, '=')) {
			put = error_set(element_blame(draft->whole, &child, draft->problem),
					"env: '%.100s' is no name of a variable", name);
		} else if (element_is_null(&child)) {
			frame_put(draft->frame, FIELD_UNSET, slice_of(name));
		} else if ((put = text_of(draft, &child, "a value in env", &text)) == 0) {
			bytes_clear(&variable);
			bytes_append_text(&variable, name);
			bytes_append(&variable, "=", 1);
			bytes_append(&variable, text.data, text.size);
			frame_put(draft->frame, FIELD_SET, bytes_slice(&variable));
		}
	}
	bytes_release(&variable);
	return put;
}

static int put_cwd(struct draft *draft, const struct element *value, const char *key)
{
	struct slice text;

	if (!json_is_string(value->value) || !json_string_length(value->value))
		return error_set(element_blame(draft->whole, value, draft->problem), "cwd is not the name of a folder");
	if (text_of(draft, value, key, &text) < 0)
		return -1;
	frame_put(draft->frame, FIELD_DIRECTORY, text);
	return 0;
}

/* Returns a number's value; NAN if the element is not a number, or one too large. */
static double number_of(const struct element *part)
{
	json_t *number = element_is_number(part) ? json_loadb(part->text.data, part->text.size,
							      JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, NULL)
						 : NULL;
	double value = number ? json_real_value(number) : NAN;

	json_decref(number);
	return value;
}

static int put_timeout(struct draft *draft, const struct element *value, const char *key UNUSED)
{
	double seconds = number_of(value);
	nsec time = seconds > 0 && seconds <= TASK_TIMEOUT_MAX ? (nsec)(seconds * (double)NSEC_PER_SEC) : 0;

	if (time <= 0)
		return error_set(element_blame(draft->whole, value, draft->problem),
				 "timeout is not a number of seconds above 0 (up to 1e9)");
	frame_put_number(draft->frame, FIELD_TIMEOUT, (uint64_t)time);
	return 0;
}

static int put_retries(struct draft *draft, const struct element *value, const char *key UNUSED)
{
	double count = number_of(value);

	if (!(count >= 0 && count <= TASK_RETRIES_MAX) || count != (double)(uint64_t)count)
		return error_set(element_blame(draft->whole, value, draft->problem),
				 "retries is not a whole number from 0 to %d", TASK_RETRIES_MAX);
	frame_put_number(draft->frame, FIELD_RETRIES, (uint64_t)count);
	return 0;
}

static int put_id(struct draft *draft, const struct element *value, const char *key UNUSED)
{
	struct bytes compact = {.data = NULL};

	element_compact(value->text, &compact);
	frame_put(draft->frame, FIELD_ID, bytes_slice(&compact));
	bytes_release(&compact);
	return 0;
}

/* The keys of a task object. */
static const struct {
	const char *key;
	int (*take)(struct draft *draft, const struct element *value, const char *key);
} keys[] = {
	{.key = "argv", .take = put_argv},       {.key = "argv_base64", .take = put_argv},
	{.key = "shell", .take = keep_shell},    {.key = "args", .take = keep_args},
	{.key = "stdin", .take = put_stdin},     {.key = "stdin_base64", .take = put_stdin},
	{.key = "env", .take = put_env},         {.key = "cwd", .take = put_cwd},
	{.key = "timeout", .take = put_timeout}, {.key = "retries", .take = put_retries},
	{.key = "id", .take = put_id},
};

/* Handles one key of a task object. -1 with the problem. */
static int take_key(struct draft *draft, const struct element *value, const char *key)
{
	size_t i;

	for (i = 0; i < countof(keys); i++) {
		if (strcmp(keys[i].key, key) == 0)
			return keys[i].take(draft, value, key);
	}
	return error_set(element_blame(draft->whole, value, draft->problem),
			 "a task has no key \"%.100s\" (see mpmap-json(5))", key);
}

/* Puts the command for a script of the shell. -1 with the problem. */
static int put_script(struct draft *draft)
{
	struct slice script, word;
	const char *rest = draft->program;

	if (draft->words.value)
		return error_set(element_blame(draft->whole, &draft->shell, draft->problem), "both argv and shell");
	if (text_of(draft, &draft->shell, "shell", &script) < 0)
		return -1;
	while ((word = shell_word(&rest)).size)
		frame_put(draft->frame, FIELD_ARGUMENT, word);
	frame_put(draft->frame, FIELD_ARGUMENT, slice_of("-c"));
	frame_put(draft->frame, FIELD_ARGUMENT, script);
	frame_put(draft->frame, FIELD_ARGUMENT, shell_name(draft->program));
	return draft->args.value ? json_command_put_words(draft, &draft->args, "args", false) : 0;
}

/* Puts a task object. -1 with the problem. */
static int put_object(struct draft *draft)
{
	struct element_children children = element_children(draft->whole);
	struct element child;
	const char *key;

	while (element_next(&children, &child, &key)) {
		if (take_key(draft, &child, key) < 0)
			return -1;
	}
	if (draft->shell.value)
		return put_script(draft);
	if (!draft->words.value)
		return error_set(element_blame(draft->whole, draft->whole, draft->problem),
				 "the task has neither argv nor shell");
	if (draft->args.value)
		return error_set(element_blame(draft->whole, &draft->args, draft->problem),
				 "args go with shell; argv has its own");
	return 0;
}

int json_as_command(struct slice text, const char *program, struct bytes *out, struct json_problem *problem)
{
	struct draft draft = {.frame = out, .problem = problem, .program = program};
	struct element element;
	size_t begun;
	int put;

	if (element_parse(&element, text, problem) < 0)
		return -1;
	draft.whole = &element;
	begun = frame_begin(out, FRAME_COMMAND);
	if (json_is_object(element.value))
		put = put_object(&draft);
	else if (json_is_array(element.value))
		put = put_argv(&draft, &element, "argv");
	else
		put = error_set(element_blame(&element, &element, problem),
				"this is no task (an array of words or an object is; "
				"--json takes one array apart, so that [[...]] is one task; "
				"with a COMMAND values are its arguments)");
	frame_end(out, begun);
	json_decref(element.value);
	return put;
}
