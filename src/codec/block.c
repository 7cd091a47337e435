/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages of the block protocol. */
#include "codec/block.h"

#include "base/number.h"

/* The most words of a header. */
enum { WORDS_MAX = 8 };

/* Appends a word of a header: a blank and a number. */
static void put_number(struct bytes *out, uint64_t number)
{
	char text[NUMBER_TEXT_MAX];

	number_print(text, number);
	bytes_append_text(out, " ");
	bytes_append_text(out, text);
}

static void put_setting(struct bytes *out, const char *key, const char *value)
{
	bytes_append_text(out, key);
	bytes_append_text(out, "=");
	bytes_append(out, value, strlen(value) + 1);
}

void block_put_begin(struct bytes *out, const struct block_settings *settings)
{
	struct bytes body = {.data = NULL};
	char number[NUMBER_TEXT_MAX];
	size_t i;

	number_print(number, (unsigned char)settings->delimiter);
	put_setting(&body, "delimiter", number);
	if (settings->singles)
		put_setting(&body, "singles", "1");
	if (settings->values)
		put_setting(&body, "value", "1");
	if (settings->json)
		put_setting(&body, "json", "1");
	for (i = 0; i < settings->name_count; i++)
		put_setting(&body, "name", settings->names[i]);
	bytes_append_text(out, "begin");
	put_number(out, body.size);
	bytes_append_text(out, "\n");
	bytes_append(out, body.data, body.size);
	bytes_release(&body);
}

/* Appends the header of a block of records. */
static void put_range(struct bytes *out, const char *kind, const struct block_range *range, size_t size)
{
	bytes_append_text(out, kind);
	put_number(out, range->first + 1);
	put_number(out, range->count);
	put_number(out, range->attempt);
	put_number(out, size);
	bytes_append_text(out, "\n");
}

void block_put_lines(struct bytes *out, const struct block_range *range, struct slice lines)
{
	put_range(out, "lines", range, lines.size);
	bytes_append(out, lines.data, lines.size);
}

void block_put_header(struct bytes *out, const struct block_range *range, size_t size)
{
	put_range(out, "values", range, size);
}

static void put_text(struct bytes *out, struct slice text)
{
	bytes_append(out, text.data, text.size);
	bytes_append(out, "", 1);
}

/* Puts values with blanks between them. */
static void put_joined(struct bytes *out, const struct values *values)
{
	size_t i;

	for (i = 0; i < values->count; i++) {
		bytes_append(out, " ", i > 0);
		bytes_append(out, values->list[i].data, values->list[i].size);
	}
	bytes_append(out, "", 1);
}

void block_add_record(struct bytes *out, const struct task *task, const struct values *values, bool is_divided)
{
	size_t count = is_divided ? values->count : 0, i;
	char number[NUMBER_TEXT_MAX];

	/* What a record does not have is at its end. */
	while (count && !values->list[count - 1].data)
		count--;
	number_print(number, count);
	put_text(out, slice_of(number));
	if (task->value_count > 1)
		put_joined(out, values);
	else
		put_text(out, task->record);
	for (i = 0; i < count; i++)
		put_text(out, values->list[i]);
}

/* A header's words. */
struct header {
	struct slice words[WORDS_MAX];
	size_t count;
};

/* Splits a header, without its newline. False if it has too many words. */
static bool split_header(struct slice line, struct header *header)
{
	header->count = 0;
	while (header->count < WORDS_MAX) {
		const char *blank = line.size ? memchr(line.data, ' ', line.size) : NULL;
		size_t size = blank ? (size_t)(blank - line.data) : line.size;

		header->words[header->count++] = (struct slice){.data = line.data, .size = size};
		if (!blank)
			return true;
		line.data += size + 1;
		line.size -= size + 1;
	}
	return false;
}

/* Reads a word as a number that is not larger than most. False if it is another. */
static bool read_number(struct slice word, uint64_t most, uint64_t *number)
{
	char text[NUMBER_TEXT_MAX];

	if (!word.size || word.size >= sizeof text || memchr(word.data, '\0', word.size))
		return false;
	memcpy(text, word.data, word.size);
	text[word.size] = '\0';
	return number_parse(text, most, number) == 0;
}

static bool is_word(struct slice word, const char *text)
{
	return slice_equals(word, slice_of(text));
}

/* Reads the number of a record. */
static bool read_seq(struct slice word, struct block_message *message)
{
	if (!read_number(word, UINT64_MAX, &message->index) || !message->index)
		return false;
	message->index--;
	return true;
}

/* Reads the size of a part. */
static bool read_size(struct slice word, struct slice *part)
{
	uint64_t size;

	if (!read_number(word, BLOCK_PART_MAX, &size))
		return false;
	part->size = (size_t)size;
	return true;
}

/* Reads an exit status, or a signal after a minus. */
static bool read_status(struct slice word, int *status)
{
	bool is_signal = word.size && *word.data == '-';
	uint64_t number;

	word.data += is_signal;
	word.size -= is_signal;
	if (!read_number(word, is_signal ? 64 : 255, &number) || (is_signal && !number))
		return false;
	*status = is_signal ? -(int)number : (int)number;
	return true;
}

/* The functions of block_kinds[] read the words after the first. Each returns false if one of them is wrong. */

static bool read_hello(const struct header *header, struct block_message *message)
{
	uint64_t version;
	size_t i;

	if (!read_number(header->words[1], UINT32_MAX, &version))
		return false;
	if (version != BLOCK_VERSION)
		return false;
	for (i = 2; i < header->count; i++) {
		message->marks |= is_word(header->words[i], "mark");
		message->answers_each |= is_word(header->words[i], "each");
		message->takes_one |= is_word(header->words[i], "single");
	}
	return true;
}

static bool read_fail(const struct header *header, struct block_message *message)
{
	return read_status(header->words[1], &message->status) && message->status > 0 &&
	       read_size(header->words[2], &message->parts[0]);
}

static bool read_ok(const struct header *header, struct block_message *message)
{
	return read_seq(header->words[1], message) && read_number(header->words[2], UINT32_MAX, &message->count) &&
	       message->count && read_size(header->words[3], &message->parts[0]);
}

static bool read_result(const struct header *header, struct block_message *message)
{
	bool has_value = !is_word(header->words[5], "-");
	uint64_t duration = 0;

	if (header->count > 6 && !read_number(header->words[6], INT64_MAX, &duration))
		return false;
	if (header->count > 6)
		message->duration = (int64_t)duration;
	message->count = 1;
	return read_seq(header->words[1], message) && read_status(header->words[2], &message->status) &&
	       read_size(header->words[3], &message->parts[0]) && read_size(header->words[4], &message->parts[1]) &&
	       (!has_value || (read_size(header->words[5], &message->parts[2]) && message->parts[2].size));
}

static bool read_output(const struct header *header, struct block_message *message)
{
	uint64_t stream;

	if (!read_number(header->words[2], STREAM_ERRORS, &stream) || !stream)
		return false;
	message->stream = (enum stream)stream;
	message->count = 1;
	return read_seq(header->words[1], message) && read_size(header->words[3], &message->parts[0]);
}

/* The messages of adapters. */
static const struct {
	const char *word;
	enum block_kind kind;
	/* The least and the most words with the first. */
	size_t least;
	size_t most;
	bool (*read)(const struct header *header, struct block_message *message);
	/* The form of the message. */
	const char *form;
} block_kinds[] = {
	{"ok", BLOCK_OK, 4, 4, read_ok, "not of the form: ok SEQ COUNT SIZE"},
	{"result", BLOCK_RESULT, 6, 7, read_result, "not of the form: result SEQ STATUS OUT ERR VALUE [NANOSECONDS]"},
	{"output", BLOCK_OUTPUT, 4, 4, read_output, "not of the form: output SEQ STREAM SIZE"},
	{"hello", BLOCK_HELLO, 2, WORDS_MAX, read_hello, "not of the form: hello 1 [WORD]..."},
	{"fail", BLOCK_FAIL, 3, 3, read_fail, "not of the form: fail STATUS SIZE"},
};

static void refuse(struct block_message *message, const char *problem)
{
	message->kind = BLOCK_MALFORMED;
	message->problem = problem;
}

/* Reads a header, without its newline. */
static void read_words(struct slice line, struct block_message *message)
{
	struct header header;
	size_t i;

	if (!split_header(line, &header)) {
		refuse(message, "a header of too many words");
		return;
	}
	for (i = 0; i < countof(block_kinds); i++) {
		if (!is_word(header.words[0], block_kinds[i].word))
			continue;
		message->kind = block_kinds[i].kind;
		if (header.count < block_kinds[i].least || header.count > block_kinds[i].most ||
		    !block_kinds[i].read(&header, message))
			refuse(message, block_kinds[i].form);
		return;
	}
	refuse(message, "not one of hello, fail, ok, result, output");
}

size_t block_take(struct slice bytes, struct block_message *message, size_t *wanted)
{
	size_t within = bytes.size < BLOCK_HEADER_MAX ? bytes.size : BLOCK_HEADER_MAX, size, i;
	const char *end = within ? memchr(bytes.data, '\n', within) : NULL;

	*message = (struct block_message){.kind = BLOCK_MORE, .duration = -1};
	*wanted = 1;
	if (!end && within < BLOCK_HEADER_MAX)
		return 0;
	if (!end) {
		refuse(message, "a header without an end");
		return bytes.size;
	}
	size = (size_t)(end + 1 - bytes.data);
	read_words((struct slice){.data = bytes.data, .size = size - 1}, message);
	for (i = 0; i < BLOCK_PARTS && message->kind != BLOCK_MALFORMED; i++) {
		if (message->parts[i].size)
			message->parts[i].data = bytes.data + size;
		size += message->parts[i].size;
	}
	*wanted = size;
	if (size <= bytes.size)
		return size;
	*message = (struct block_message){.kind = BLOCK_MORE, .duration = -1};
	return 0;
}
