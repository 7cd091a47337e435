/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Values, and the numbers that they may be. */
#include "state/value/value.h"

#include "base/mem.h"
#include "base/number.h"

#include <errno.h>
#include <math.h>

/* The longest text that is read as a number, bytes. */
enum { NUMERAL_READ_MAX = 64 };

struct value *value_new(enum value_kind kind, struct slice text)
{
	struct value *value = mem_resize(NULL, size_add(sizeof *value, text.size), 1);

	value->kind = kind;
	value->size = text.size;
	if (text.size)
		memcpy(value->data, text.data, text.size);
	return value;
}

bool numeral_parse(struct slice text, struct numeral *numeral)
{
	static const char characters[] = "0123456789+-.eE";
	char copy[NUMERAL_READ_MAX + 1], *end;

	if (!text.size || text.size > NUMERAL_READ_MAX)
		return false;
	memcpy(copy, text.data, text.size);
	copy[text.size] = '\0';
	/* Neither NUL, nor the blanks, names and hexadecimals that strtod reads. */
	if (strspn(copy, characters) != text.size)
		return false;
	*numeral = (struct numeral){.is_real = false};
	if (number_parse_signed(copy, INT64_MIN, INT64_MAX, &numeral->whole) == 0)
		return true;
	numeral->is_real = true;
	numeral->real = strtod(copy, &end);
	return !*end && isfinite(numeral->real);
}

static double numeral_real(const struct numeral *numeral)
{
	return numeral->is_real ? numeral->real : (double)numeral->whole;
}

int numeral_add(const struct numeral *a, const struct numeral *b, struct numeral *sum)
{
	*sum = (struct numeral){.is_real = a->is_real || b->is_real};
	if (!sum->is_real)
		return __builtin_add_overflow(a->whole, b->whole, &sum->whole) ? -1 : 0;
	sum->real = numeral_real(a) + numeral_real(b);
	return isfinite(sum->real) ? 0 : -1;
}

int numeral_compare(const struct numeral *a, const struct numeral *b)
{
	double left, right;

	if (!a->is_real && !b->is_real)
		return a->whole < b->whole ? -1 : a->whole > b->whole;
	left = numeral_real(a);
	right = numeral_real(b);
	return left < right ? -1 : left > right;
}

struct slice numeral_print(const struct numeral *numeral, char text[NUMERAL_TEXT_MAX])
{
	int digits, length;

	if (!numeral->is_real) {
		length = snprintf(text, NUMERAL_TEXT_MAX, "%lld", (long long)numeral->whole);
		return (struct slice){.data = text, .size = (size_t)length};
	}
	/* The fewest digits that are read as the same number. */
	for (digits = 15; digits < 18; digits++) {
		snprintf(text, NUMERAL_TEXT_MAX, "%.*g", digits, numeral->real);
		if (strtod(text, NULL) == numeral->real)
			break;
	}
	return slice_of(text);
}

int value_compare(struct slice a, struct slice b)
{
	size_t common = a.size < b.size ? a.size : b.size;
	struct numeral left, right;
	int order;

	if (numeral_parse(a, &left) && numeral_parse(b, &right))
		return numeral_compare(&left, &right);
	order = common ? memcmp(a.data, b.data, common) : 0;
	if (order)
		return order;
	return a.size < b.size ? -1 : a.size > b.size;
}
