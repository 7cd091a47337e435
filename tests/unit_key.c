/* SPDX-License-Identifier: GPL-3.0-or-later */
/* journal/key: keys that are written in files of other machines. The vectors are of xxh128sum(1). */
#include "unit.h"

#include "journal/key.h"
#include "task/chunk.h"

#define NOTHING \
	{ \
		.data = "", .size = 0 \
	}
#define BYTES(text) \
	{ \
		.data = (text), .size = sizeof(text) - 1 \
	}

/* Returns the first task of these bytes, with the index 6. */
static struct task first_task(struct slice bytes, uint32_t width)
{
	struct chunk_reader reader = chunk_read(bytes, 6, 1, width);
	struct task task = {.index = 0};

	check(chunk_next(&reader, &task));
	return task;
}

/* The words of a template, with bars between, and the template. */
struct written {
	char text[64];
	char *words[8];
	struct template template;
};

/* Compiles a template of the words. Returns it, or NULL if there are no words. */
static struct template *write_template(struct written *written, const char *text)
{
	struct template_options options = {.words = written->words};
	struct error error = {.number = 0};
	char *rest = written->text;

	*written = (struct written){.text = ""};
	if (!text)
		return NULL;
	snprintf(written->text, sizeof written->text, "%s", text);
	while (rest)
		written->words[options.word_count++] = strsep(&rest, "|");
	check_int(template_compile(&written->template, &options, &error), 0);
	return &written->template;
}

/* Returns the key of a task with these words of its command and tag; NULL for none. */
static struct key key_with(const char *words, const char *tag, struct slice surroundings, const struct task *task)
{
	struct written written, second;
	struct key_command command = {
		.command = write_template(&written, words),
		.tag = write_template(&second, tag),
		.surroundings = surroundings,
	};
	struct key key = key_of_task(&command, task);

	key_release(&command);
	template_release(&written.template);
	template_release(&second.template);
	return key;
}

static void check_key(struct key key, const char *expected)
{
	char text[KEY_TEXT_SIZE];
	struct key again;

	key_print(key, text);
	check_str(text, expected);
	check(key_read(slice_of(text), &again));
	check(again.low == key.low && again.high == key.high);
}

static void test_vectors(void)
{
	static char zeros[1000];
	const struct slice none = NOTHING, here = BYTES("here"), a = BYTES("a\0"), ab = BYTES("a\0b\0"),
			   x = BYTES("x\0"), line = BYTES("line\n"), one = BYTES("x"),
			   many = {.data = zeros, .size = sizeof zeros};
	struct task task;

	check_key(key_of_bytes(none), "99aa06d3014798d86001c324468d497f");
	check_key(key_of_bytes(one), "5c7401c0ec22eeeeeaf06c6480b2cd11");
	check_key(key_of_bytes(many), "3fb94aea6d09b97224c1ea6074dd588c");
	task = first_task(a, 1);
	check_key(key_with("echo", NULL, none, &task), "6ee508882ee3493252df7ad78affd72e");
	check_key(key_with("echo", "{}", here, &task), "acc548052e0cb93c0deb15c68824345c");
	check_key(key_with(NULL, NULL, none, &task), "873673afc84a0375d113ae889c6c967b");
	task = first_task(ab, 2);
	check_key(key_with("echo", NULL, none, &task), "3d58bd3772a4a610da80aac7cc94557c");
	/* The number is that of the task, and the slot is 0. */
	task = first_task(x, 1);
	check_key(key_with("gzip|{#}-{%}|{}", NULL, none, &task), "336e3ac3fa563db6d80a11e0ebabe869");
	task = first_task(line, CHUNK_LINES);
	check_key(key_with(NULL, NULL, none, &task), "e1175d0df51f9e939475f8e72c7bca97");
}

/* No list of parts is the bytes of another: wherever the same bytes are divided in another way, the key differs. */
static void test_divisions(void)
{
	static const char *const commands[] = {
		"c|ab|{}", "c|a|b{}", "ca|b|{}", "c||ab{}", "cab|{}", "c|ab{}", "c|ab{}|", "c|ab|{}",
	};
	const struct slice bytes = BYTES("x\0"), none = NOTHING, word = BYTES("c");
	struct task task = first_task(bytes, 1);
	struct key keys[countof(commands)];
	size_t i, j;

	for (i = 0; i + 1 < countof(commands); i++)
		keys[i] = key_with(commands[i], NULL, none, &task);
	/* The last are the words of the first, with something in the surroundings. */
	keys[i] = key_with(commands[i], NULL, word, &task);
	for (i = 0; i < countof(commands); i++) {
		for (j = 0; j < i; j++)
			check(keys[i].low != keys[j].low && keys[i].high != keys[j].high);
	}
}

static void test_reading(void)
{
	static const char *const bad[] = {
		"",
		"99aa06d3014798d86001c324468d497",
		"99aa06d3014798d86001c324468d497f0",
		"99aa06d3014798d86001c324468d497g",
		"99AA06d3014798d86001c324468d497f",
		"+9aa06d3014798d86001c324468d497f",
		" 9aa06d3014798d86001c324468d497f",
	};
	struct key key;
	size_t i;

	for (i = 0; i < countof(bad); i++)
		check(!key_read(slice_of(bad[i]), &key));
}

const struct unit_test unit_key[] = {
	{"keys are those that other machines have written", .run = test_vectors},
	{"what is divided in another way has another key", .run = test_divisions},
	{"only 32 digits are read as a key", .run = test_reading},
	{.name = NULL},
};
