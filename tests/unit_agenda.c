/* SPDX-License-Identifier: GPL-3.0-or-later */
/* interactive/console/agenda: lines that wait, and the lines of files among them. */
#include "unit.h"

#include "base/error.h"
#include "base/mem.h"
#include "interactive/console/agenda.h"

#include <sys/stat.h>

/* Checks the next line, its file ("" if none) and its number. */
static void check_next(struct agenda *agenda, const char *text, const char *file, uint64_t number)
{
	struct agenda_line line;

	if (!check(agenda_take(agenda, &line)))
		return;
	check_str(line.text, text);
	check_int(line.number, number);
	check_str(agenda_file_name(&line) ? agenda_file_name(&line) : "", file);
	agenda_line_release(&line);
}

static void test_order(void)
{
	char *name = unit_file("lines", "one\n\ntwo", 0600);
	struct agenda_line none = {.text = NULL}, line;
	struct error error = {.number = 0};
	struct agenda agenda;

	agenda_init(&agenda);
	agenda_add(&agenda, "a", 1);
	agenda_add(&agenda, "b", 2);
	check_next(&agenda, "a", "", 1);
	check_int(agenda_add_file(&agenda, name, &none, &error), 0);
	check_next(&agenda, "one", name, 1);
	check_next(&agenda, "", name, 2);
	check_next(&agenda, "two", name, 3);
	check_next(&agenda, "b", "", 2);
	check(!agenda_take(&agenda, &line));
	check_int(agenda_add_file(&agenda, name, &none, &error), 0);
	agenda_add(&agenda, "c", 0);
	agenda_drop_files(&agenda);
	check_next(&agenda, "c", "", 0);
	check_int(agenda_add_file(&agenda, name, &none, &error), 0);
	agenda_clear(&agenda);
	check(!agenda_take(&agenda, &line));
	free(name);
}

/* A file may ask for others, also twice, but not for a file that has asked for it. */
static void test_files_within(void)
{
	char *outer = unit_file("outer", "first\nsecond\n", 0600), *inner = unit_file("inner", "within\n", 0600);
	char *link = mem_format("%s/./outer", unit_directory());
	struct agenda_line none = {.text = NULL}, first, within;
	struct error error = {.number = 0};
	struct agenda agenda;

	agenda_init(&agenda);
	check_int(agenda_add_file(&agenda, outer, &none, &error), 0);
	check(agenda_take(&agenda, &first));
	check_int(agenda_add_file(&agenda, link, &first, &error), -1);
	check(strstr(error_text(&error), "cannot ask for itself"));
	check_int(agenda_add_file(&agenda, inner, &first, &error), 0);
	agenda_line_release(&first);
	check(agenda_take(&agenda, &within));
	check_int(agenda_add_file(&agenda, inner, &within, &error), -1);
	check_int(agenda_add_file(&agenda, outer, &within, &error), -1);
	agenda_line_release(&within);
	check_next(&agenda, "second", outer, 2);
	check_int(agenda_add_file(&agenda, outer, &none, &error), 0);
	agenda_clear(&agenda);
	error_release(&error);
	free(outer);
	free(inner);
	free(link);
}

static void test_bad_files(void)
{
	struct agenda_line none = {.text = NULL}, line;
	struct error error = {.number = 0};
	struct agenda agenda;
	char *empty, *fifo;

	agenda_init(&agenda);
	check_int(agenda_add_file(&agenda, "/nonexistent/lines", &none, &error), -1);
	check(strstr(error_text(&error), "cannot open '/nonexistent/lines': No such file"));
	check_int(agenda_add_file(&agenda, unit_directory(), &none, &error), -1);
	check(strstr(error_text(&error), "Is a directory"));
	check_int(agenda_add_file(&agenda, "/dev/zero", &none, &error), -1);
	check(strstr(error_text(&error), "too large"));
	check_int(agenda_add_file(&agenda, "/proc/self/cmdline", &none, &error), -1);
	check(strstr(error_text(&error), "holds no text"));
	fifo = mem_format("%s/fifo", unit_directory());
	check_int(mkfifo(fifo, 0600), 0);
	check_int(agenda_add_file(&agenda, fifo, &none, &error), -1);
	check(strstr(error_text(&error), "is a pipe"));
	free(fifo);
	empty = unit_file("empty", "", 0600);
	check_int(agenda_add_file(&agenda, empty, &none, &error), 0);
	check(!agenda_take(&agenda, &line));
	error_release(&error);
	free(empty);
}

const struct unit_test unit_agenda[] = {
	{.name = "lines in their order", .run = test_order},
	{.name = "files that source files", .run = test_files_within},
	{.name = "files that are refused", .run = test_bad_files},
	{.name = NULL},
};
