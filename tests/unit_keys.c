/* SPDX-License-Identifier: GPL-3.0-or-later */
/* interactive/prompt/keys: which bytes of the terminal readline may read. */
#include "unit.h"

#include "base/mem.h"
#include "interactive/prompt/keys.h"

#include <locale.h>

/* Appends what may be read to text. */
static void take_all(struct keys *keys, struct bytes *text)
{
	int byte;

	while ((byte = keys_take(keys)) >= 0)
		bytes_append(text, &(char){(char)byte}, 1);
}

/*
 * Checks what is released after each byte of a text, parted by "|": an empty part for a byte that is held. "<" in the
 * text stands for the opening of a paste, ">" for its closing, "^" for ESC; "!" is no byte but the end of its time, and
 * "C" an interruption.
 */
static void check_released(const char *text, const char *expected, bool pastes_are_typed)
{
	struct keys keys = {.pastes_are_typed = pastes_are_typed};
	struct bytes released = {.data = NULL}, shown = {.data = NULL};
	size_t i;

	for (; *text; text++) {
		static const char opening[] = "\033[200~", closing[] = "\033[201~";
		const char *bytes = *text == '<' ? opening : *text == '>' ? closing : *text == '^' ? "\033" : text;
		size_t size = *text == '<' || *text == '>' ? sizeof opening - 1 : 1;

		if (*text == '!')
			keys_expire(&keys);
		else if (*text == 'C')
			keys_interrupt(&keys);
		else
			for (i = 0; i < size; i++)
				keys_put(&keys, bytes[i], 0);
		take_all(&keys, &released);
		bytes_append_text(&released, "|");
	}
	for (i = 0; i < released.size; i++)
		bytes_append_text(&shown, released.data[i] == '\033' ? "^" : (char[]){released.data[i], '\0'});
	check_str(bytes_text(&shown), expected);
	bytes_release(&released);
	bytes_release(&shown);
	keys_release(&keys);
}

static void test_released(void)
{
	static const struct {
		const char *text, *expected;
	} rows[] = {
		{"ab\r", "a|b|\r|"},
		/* Characters: whole, in pieces, broken by another byte, and given up. */
		{"\xc3\xa9x", "|\xc3\xa9|x|"},
		{"\xe2\x82\xac", "||\xe2\x82\xac|"},
		{"\xf0\x9f\x98\x80", "|||\xf0\x9f\x98\x80|"},
		{"\xe9", "|"},
		{"\xe9x", "|\xe9x|"},
		{"\xe9\xe9!", "|\xe9||"},
		{"\xe9!x", "||x|"},
		{"\xe9^", "|\xe9|"},
		{"\xff\x80", "\xff|\x80|"},
		/* Sequences. */
		{"^[A", "||^[A|"},
		{"^[1;5D", "|||||^[1;5D|"},
		{"^OPx", "||^OP|x|"},
		{"^x", "|^x|"},
		{"^^[A", "|^||^[A|"},
		{"^!x", "|^|x|"},
		{"^[!5~", "||^[||5~|"},
		{"^[5\r", "|||^[5\r|"},
		{"^\xc3\xa9", "|^|\xc3\xa9|"},
		{"^[\xc3\xa9", "||^[|\xc3\xa9|"},
		/* Pastes: whole, with other brackets in them, given up, and over before their end comes. */
		{"<ab\n>x", "||||^[200~ab\n^[201~|x|"},
		{"<<>>", "||^[200~^[200~^[201~||"},
		{"<a!b", "||^[200~a^[201~|b|"},
		{"<!", "|^[200~^[201~|"},
		{"<a!bC", "||^[200~a^[201~|b||"},
		{"<a!>b", "||^[200~a^[201~||b|"},
		{">x", "|x|"},
		{"^![200~a>", "|^|||||||[200~a^[201~|"},
		/* Interruptions. */
		{"<aCb\r>x", "||||||x|"},
		{"<aCb!x", "|||||x|"},
		{"<aCC>x", "|||||x|"},
		{"\xe9"
		 "Cx",
		 "||x|"},
		{"^Cx", "||x|"},
		{"aCx", "a||x|"},
	};
	static const struct {
		const char *text, *expected;
	} typed[] = {
		{"<ab>x", "|||ab|x|"}, {"<a\tb\r\n>", "||||||a b|"}, {"<\n\n>x", "||||x|"},
		{"<>x", "||x|"},       {"<a!x", "||a|x|"},           {"<a\x7f^b>", "|||||a  b|"},
	};
	size_t i;

	setlocale(LC_CTYPE, "C.UTF-8");
	for (i = 0; i < countof(rows); i++)
		check_released(rows[i].text, rows[i].expected, false);
	for (i = 0; i < countof(typed); i++)
		check_released(typed[i].text, typed[i].expected, true);
}

/* Without interruptions and expiries nothing is lost, and nothing is held for ever. */
static void test_nothing_lost(void)
{
	static const char bytes[] = "a\033\033[[2001~~O\r\xc3\xa9\xe2\x82\xf0";
	struct unit_random random = unit_random();
	size_t round, i;

	setlocale(LC_CTYPE, "C.UTF-8");
	for (round = 0; round < 2000; round++) {
		struct bytes put = {.data = NULL}, taken = {.data = NULL};
		struct keys keys = {.escape_wait = 5};

		for (i = 0; i < 40; i++) {
			char byte = bytes[unit_below(&random, sizeof bytes - 1)];

			bytes_append(&put, &byte, 1);
			keys_put(&keys, byte, (nsec)i);
			take_all(&keys, &taken);
		}
		/* What is held has a deadline, and its end releases it: all but half a character. */
		check(keys_deadline(&keys) == NSEC_FOREVER || keys_deadline(&keys) <= 39 + KEYS_PATIENCE);
		if (keys.state == KEYS_CHARACTER)
			keys_put(&keys, 'x', 0);
		else if (keys_deadline(&keys) != NSEC_FOREVER)
			keys_expire(&keys);
		take_all(&keys, &taken);
		check_int(keys_deadline(&keys), NSEC_FOREVER);
		if (!memmem(put.data, put.size, "\033[201~", 6))
			check(taken.size >= put.size && memcmp(taken.data, put.data, put.size) == 0);
		bytes_release(&put);
		bytes_release(&taken);
		keys_release(&keys);
	}
}

static void test_deadlines(void)
{
	struct keys keys = {.escape_wait = 7};
	size_t i;

	setlocale(LC_CTYPE, "C.UTF-8");
	check_int(keys_deadline(&keys), NSEC_FOREVER);
	keys_put(&keys, '\033', 100);
	check_int(keys_deadline(&keys), 107);
	keys_expire(&keys);
	check_int(keys_deadline(&keys), NSEC_FOREVER);
	keys_put(&keys, '[', 200);
	check_int(keys_deadline(&keys), 207);
	keys_interrupt(&keys);
	keys_put(&keys, '\xe9', 300);
	check_int(keys_deadline(&keys), 300 + KEYS_PATIENCE);
	keys_put(&keys, '\xa0', 400);
	check_int(keys_deadline(&keys), 400 + KEYS_PATIENCE);
	keys_expire(&keys);
	for (i = 0; i < 6; i++)
		keys_put(&keys, "\033[200~"[i], 500);
	check_int(keys_deadline(&keys), 500 + KEYS_PATIENCE);
	keys_interrupt(&keys);
	check_int(keys_deadline(&keys), 500 + KEYS_FLOW);
	keys_release(&keys);
}

const struct unit_test unit_keys[] = {
	{"keys are released whole", .run = test_released},
	{"no byte is lost", .run = test_nothing_lost},
	{"what is held has its time", .run = test_deadlines},
	{.name = NULL},
};
