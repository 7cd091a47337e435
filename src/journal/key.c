/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys of tasks, by xxHash, all of which is in its header. */
#include "journal/key.h"

#include <endian.h>
#include <inttypes.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

static void hash_number(XXH3_state_t *state, uint64_t number)
{
	number = htole64(number);
	XXH3_128bits_update(state, &number, sizeof number);
}

static void hash_part(XXH3_state_t *state, struct slice part)
{
	hash_number(state, part.size);
	if (part.size)
		XXH3_128bits_update(state, part.data, part.size);
}

/* Hashes the words of a template that is expanded for a task. */
static void hash_words(XXH3_state_t *state, struct template *template, const struct task *task)
{
	const struct template_values values = {.slot = 0};
	char **words = template ? template_expand(template, task, &values) : NULL;
	size_t count = 0;

	if (!words) {
		hash_number(state, UINT64_MAX);
		return;
	}
	while (words[count])
		count++;
	hash_number(state, count);
	for (; *words; words++)
		hash_part(state, slice_of(*words));
}

static struct key key_of_hash(XXH128_hash_t hash)
{
	return (struct key){.low = hash.low64, .high = hash.high64};
}

struct key key_of_task(const struct key_command *command, const struct task *task)
{
	XXH3_state_t state;

	XXH3_128bits_reset(&state);
	hash_part(&state, command->surroundings);
	hash_words(&state, command->command, task);
	hash_words(&state, command->tag, task);
	hash_part(&state, task->bytes);
	return key_of_hash(XXH3_128bits_digest(&state));
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
