/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Command lines with replacement strings. */
#include "work/template.h"

#include "base/mem.h"
#include "base/quote.h"

#include <inttypes.h>

enum piece_kind {
	PIECE_LITERAL,
	PIECE_RECORD,
	PIECE_NUMBER,
	PIECE_SLOT,
};

struct template_piece {
	enum piece_kind kind;
	/* Of the word, for PIECE_LITERAL. */
	struct slice text;
};

struct template_word {
	char *text;
	struct template_piece *pieces;
	size_t count;
};

static const struct {
	const char *text;
	enum piece_kind kind;
} replacements[] = {
	{.text = "{}", .kind = PIECE_RECORD},
	{.text = "{#}", .kind = PIECE_NUMBER},
	{.text = "{%}", .kind = PIECE_SLOT},
};

/* The replacement string that text begins with: its length, or 0. */
static size_t match(const char *text, enum piece_kind *kind)
{
	size_t i;

	for (i = 0; i < countof(replacements); i++) {
		size_t length = strlen(replacements[i].text);

		if (strncmp(text, replacements[i].text, length) == 0) {
			*kind = replacements[i].kind;
			return length;
		}
	}
	return 0;
}

static void add_piece(struct template_word *word, size_t *capacity, enum piece_kind kind, struct slice text)
{
	if (kind == PIECE_LITERAL && !text.size)
		return;
	word->pieces = mem_grow(word->pieces, word->count, capacity, sizeof *word->pieces);
	word->pieces[word->count++] = (struct template_piece){.kind = kind, .text = text};
}

/* Splits a word into literal text and replacement strings. */
static void compile_word(struct template_word *word)
{
	const char *from = word->text, *at = from;
	size_t capacity = 0;

	while (*at) {
		enum piece_kind kind;
		size_t length = *at == '{' ? match(at, &kind) : 0;

		if (!length) {
			at++;
			continue;
		}
		add_piece(word, &capacity, PIECE_LITERAL, (struct slice){.data = from, .size = (size_t)(at - from)});
		add_piece(word, &capacity, kind, (struct slice){.data = NULL});
		from = at += length;
	}
	add_piece(word, &capacity, PIECE_LITERAL, (struct slice){.data = from, .size = (size_t)(at - from)});
}

static bool is_literal(const struct template_word *word)
{
	return word->count == 0 || (word->count == 1 && word->pieces[0].kind == PIECE_LITERAL);
}

void template_compile(struct template *template, char *const *words, size_t count, unsigned flags)
{
	size_t i;

	*template = (struct template){.word_count = count, .appends = true, .command_is_fixed = count > 0};
	template->words = mem_new(count, sizeof *template->words);
	template->arguments = mem_new(count + 2, sizeof *template->arguments);
	for (i = 0; i < count; i++) {
		struct template_word *word = &template->words[i];

		word->text = words[i];
		if (flags & TEMPLATE_LITERAL)
			continue;
		compile_word(word);
		if (is_literal(word))
			continue;
		template->appends = false;
		if (i == 0)
			template->command_is_fixed = false;
	}
}

static void append_piece(struct bytes *out, const struct template_piece *piece, const struct task *task,
			 const struct template_values *values)
{
	switch (piece->kind) {
	case PIECE_LITERAL:
		bytes_append(out, piece->text.data, piece->text.size);
		break;
	case PIECE_RECORD:
		bytes_append(out, task->record.data, task->record.size);
		break;
	case PIECE_NUMBER:
		bytes_append_format(out, "%" PRIu64, task->index + 1);
		break;
	case PIECE_SLOT:
		bytes_append_format(out, "%" PRIu32, values->slot);
		break;
	}
}

/* argv points at strings that exec does not change; its type is older than const. */
static char *unconst(const char *text)
{
	return (char *)(uintptr_t)text;
}

/* Puts a word together at the end of the storage, which may move meanwhile. */
static void build_word(struct template *template, const struct template_word *word, const struct task *task,
			 const struct template_values *values)
{
	size_t i;

	for (i = 0; i < word->count; i++)
		append_piece(&template->storage, &word->pieces[i], task, values);
	bytes_append(&template->storage, "", 1);
}

char **template_expand(struct template *template, const struct task *task, const struct template_values *values)
{
	size_t i, offset = 0;

	bytes_clear(&template->storage);
	for (i = 0; i < template->word_count; i++) {
		struct template_word *word = &template->words[i];

		if (is_literal(word))
			template->arguments[i] = word->text;
		else if (word->count == 1 && word->pieces[0].kind == PIECE_RECORD)
			template->arguments[i] = unconst(task->record.data);
		else {
			build_word(template, word, task, values);
			template->arguments[i] = NULL;
		}
	}
	/* The storage stays where it is now: words put together are found in the order they were built. */
	for (i = 0; i < template->word_count; i++) {
		if (template->arguments[i])
			continue;
		template->arguments[i] = template->storage.data + offset;
		offset += strlen(template->arguments[i]) + 1;
	}
	if (template->appends)
		template->arguments[i++] = unconst(task->record.data);
	template->arguments[i] = NULL;
	return template->arguments;
}

void template_quote(struct template *template, const struct task *task, const struct template_values *values,
		    struct bytes *out)
{
	char **word;

	for (word = template_expand(template, task, values); *word; word++) {
		if (word != template->arguments)
			bytes_append(out, " ", 1);
		quote_shell(out, slice_of(*word));
	}
}

void template_release(struct template *template)
{
	size_t i;

	for (i = 0; i < template->word_count; i++)
		free(template->words[i].pieces);
	free(template->words);
	free(template->arguments);
	bytes_release(&template->storage);
	*template = (struct template){.words = NULL};
}
