/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys of tasks, by xxHash, all of which is in its header. */
#include "journal/key.h"

#include <inttypes.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

/* Bytes of a task that are copied behind what precedes them; more are hashed where they are. */
enum { KEY_COPIED_MAX = 65536 };

static void put_key_part(struct bytes *parts, struct slice part)
{
	bytes_put_u64(parts, part.size);
	bytes_append(parts, part.data, part.size);
}

/* Appends the words of a template that is expanded for a task. */
static void put_key_words(struct bytes *parts, struct template *template, const struct task *task)
{
	const struct template_values values = {.slot = 0};
	char **words = template ? template_expand(template, task, &values) : NULL;
	size_t count = 0;

	if (!words) {
		bytes_put_u64(parts, UINT64_MAX);
		return;
	}
	while (words[count])
		count++;
	bytes_put_u64(parts, count);
	for (; *words; words++)
		put_key_part(parts, slice_of(*words));
}

static struct key key_of_hash(XXH128_hash_t hash)
{
	return (struct key){.low = hash.low64, .high = hash.high64};
}

/* Returns the hash of the parts and of bytes after them. */
static struct key hash_both(const struct bytes *parts, struct slice bytes)
{
	XXH3_state_t state;

	XXH3_128bits_reset(&state);
	XXH3_128bits_update(&state, parts->data, parts->size);
	XXH3_128bits_update(&state, bytes.data, bytes.size);
	return key_of_hash(XXH3_128bits_digest(&state));
}

struct key key_of_task(struct key_command *command, const struct task *task)
{
	struct bytes *parts = &command->parts;
	size_t size = command->is_fixed ? parts->size : 0;
	struct key key;

	parts->size = size;
	if (!size) {
		put_key_part(parts, command->surroundings);
		put_key_words(parts, command->command, task);
		put_key_words(parts, command->tag, task);
		size = parts->size;
	}
	bytes_put_u64(parts, task->bytes.size);
	if (task->bytes.size > KEY_COPIED_MAX) {
		key = hash_both(parts, task->bytes);
	} else {
		bytes_append(parts, task->bytes.data, task->bytes.size);
		key = key_of_bytes(bytes_slice(parts));
	}
	parts->size = size;
	return key;
}

void key_release(struct key_command *command)
{
	bytes_release(&command->parts);
}

struct key key_of_bytes(struct slice bytes)
{
	return key_of_hash(XXH3_128bits(bytes.data, bytes.size));
}

void key_print(struct key key, char text[KEY_TEXT_SIZE])
{
	snprintf(text, KEY_TEXT_SIZE, "%016" PRIx64 "%016" PRIx64, key.high, key.low);
}

/* Reads 16 lower case hexadecimal digits. False if there is another character. */
static bool read_half(const char *text, uint64_t *half)
{
	static const char digits[] = "0123456789abcdef";
	int i;

	for (*half = 0, i = 0; i < 16; i++) {
		const char *digit = memchr(digits, text[i], sizeof digits - 1);

		if (!digit)
			return false;
		*half = *half << 4 | (uint64_t)(digit - digits);
	}
	return true;
}

bool key_read(struct slice text, struct key *key)
{
	return text.size == KEY_TEXT_SIZE - 1 && read_half(text.data, &key->high) &&
	       read_half(text.data + 16, &key->low);
}
