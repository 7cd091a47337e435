/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Gathers lines, and shows them above the prompt. */
#include "interactive/console/screen.h"

#include "base/mem.h"
#include "base/quote.h"

#include <inttypes.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
	/* Bytes of waiting output that are shown without delay. */
	SHOWN_AT_ONCE = 64 * 1024,
	/* Bytes of waiting output beyond which no more is accepted. */
	WAITING_MAX = 256 * 1024,
	/* Longer lines are shown in pieces. */
	LINE_MAX_SHOWN = 64 * 1024,
};

/* The time between two updates of the screen. */
#define PERIOD (50 * NSEC_PER_MSEC)

void screen_init(struct screen *screen, struct line *line, enum screen_kind kind)
{
	*screen = (struct screen){.line = line, .colored = kind == SCREEN_COLORED};
}

bool screen_has_room(const struct screen *screen)
{
	return screen->closed || screen->text.size < WAITING_MAX;
}

/* Returns the length of a colour sequence at the beginning of text, 0 if it begins otherwise. */
static size_t color_length(struct slice text)
{
	size_t size = 2;

	if (text.size < 3 || text.data[0] != '\033' || text.data[1] != '[')
		return 0;
	while (size < text.size && text.data[size] && strchr("0123456789;:", text.data[size]))
		size++;
	return size < text.size && text.data[size] == 'm' ? size + 1 : 0;
}

/* Returns how many bytes come before the next escape, tab or newline. */
static size_t plain_length(struct slice text)
{
	size_t size = 0;

	while (size < text.size && text.data[size] != '\033' && text.data[size] != '\t' && text.data[size] != '\n')
		size++;
	return size;
}

void screen_clean(struct bytes *out, struct slice text)
{
	bool colored = false;

	while (text.size) {
		size_t color = color_length(text), size = color ? color : plain_length(text);
		struct slice part = {.data = text.data, .size = size ? size : 1};
		bool ends = part.data[0] == '\n', is_return;

		if (ends && colored)
			bytes_append_text(out, "\033[0m");
		colored = color || (colored && !ends);
		/* A return at the end of a line has no effect, and is dropped. */
		is_return = !color && part.data[part.size - 1] == '\r' &&
			    (part.size == text.size || part.data[part.size] == '\n');
		if (color || ends || part.data[0] == '\t')
			bytes_append(out, part.data, part.size);
		else
			quote_terminal(out, (struct slice){.data = part.data, .size = part.size - is_return});
		text.data += part.size;
		text.size -= part.size;
	}
	if (colored)
		bytes_append_text(out, "\033[0m");
}

static struct screen_tail *find_tail(const struct screen *screen, uint64_t run)
{
	size_t i;

	for (i = 0; i < screen->tail_count; i++) {
		if (screen->tails[i].run == run)
			return &screen->tails[i];
	}
	return NULL;
}

static struct screen_tail *add_tail(struct screen *screen, uint64_t run)
{
	struct screen_tail *tail;

	screen->tails = mem_resize(screen->tails, screen->tail_count + 1, sizeof *screen->tails);
	tail = &screen->tails[screen->tail_count++];
	*tail = (struct screen_tail){.run = run};
	return tail;
}

/* Ends the unfinished line of a run. */
static void screen_end_line(struct screen *screen, struct screen_tail *tail)
{
	bool is_error = tail->stream == STREAM_ERRORS;

	if (screen->colored)
		bytes_append_text(&screen->text, is_error ? "\033[31m" : "\033[2m");
	bytes_append_format(&screen->text, "[%" PRIu64 ".%" PRIu64 "]%s", tail->run, tail->index + 1,
			    is_error ? "!" : "");
	bytes_append_text(&screen->text, screen->colored ? "\033[0m " : " ");
	screen_clean(&screen->text, bytes_slice(&tail->text));
	bytes_append_text(&screen->text, "\n");
	bytes_clear(&tail->text);
}

void screen_end_task(struct screen *screen, uint64_t run)
{
	struct screen_tail *tail = find_tail(screen, run);

	if (tail && tail->text.size)
		screen_end_line(screen, tail);
}

void screen_end_run(struct screen *screen, uint64_t run)
{
	struct screen_tail *tail = find_tail(screen, run);

	screen_end_task(screen, run);
	if (!tail)
		return;
	bytes_release(&tail->text);
	*tail = screen->tails[--screen->tail_count];
}

/* Drops what a return among the bytes from added on, or before them, has overwritten. One at the end has not yet. */
static void drop_overwritten(struct bytes *text, size_t added)
{
	size_t kept = text->size, last;

	while (kept && text->data[kept - 1] == '\r')
		kept--;
	for (last = kept; last && last + 1 > added && text->data[last - 1] != '\r'; last--)
		;
	if (!last || text->data[last - 1] != '\r')
		return;
	text->size -= last;
	memmove(text->data, text->data + last, text->size);
}

void screen_put(struct screen *screen, uint64_t run, uint64_t index, enum stream stream, struct slice bytes)
{
	struct screen_tail *tail = find_tail(screen, run);

	if (screen->closed)
		return;
	if (!tail)
		tail = add_tail(screen, run);
	if (tail->text.size && (tail->index != index || tail->stream != stream))
		screen_end_line(screen, tail);
	tail->index = index;
	tail->stream = stream;
	while (bytes.size) {
		const char *end = memchr(bytes.data, '\n', bytes.size);
		size_t size = end ? (size_t)(end - bytes.data) : bytes.size;

		bytes_append(&tail->text, bytes.data, size);
		drop_overwritten(&tail->text, tail->text.size - size);
		if (end || tail->text.size >= LINE_MAX_SHOWN)
			screen_end_line(screen, tail);
		size += end != NULL;
		bytes.data += size;
		bytes.size -= size;
	}
	if (screen->text.size >= SHOWN_AT_ONCE)
		screen->due = 0;
}

static void show(struct screen *screen, struct slice lines)
{
	if (screen->line)
		line_show(screen->line, lines);
}

static void show_waiting(struct screen *screen)
{
	if (screen->text.size)
		show(screen, bytes_slice(&screen->text));
	bytes_clear(&screen->text);
	screen->due = clock_now() + PERIOD;
}

void screen_say(struct screen *screen, struct slice lines)
{
	if (screen->closed)
		return;
	bytes_append(&screen->text, lines.data, lines.size);
	if (!screen->held)
		show_waiting(screen);
}

nsec screen_deadline(const struct screen *screen)
{
	if (screen->held || !screen->text.size || (screen->line && !line_has_room(screen->line)))
		return NSEC_FOREVER;
	return screen->due;
}

void screen_flush(struct screen *screen)
{
	if (clock_now() >= screen_deadline(screen))
		show_waiting(screen);
}

void screen_hold(struct screen *screen)
{
	screen->held = true;
}

void screen_let_go(struct screen *screen)
{
	screen->held = false;
	show_waiting(screen);
}

void screen_size(const struct screen *screen, size_t *columns, size_t *rows)
{
	struct winsize size;
	bool known = screen->line && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col && size.ws_row;

	*columns = known ? size.ws_col : screen->line ? 80 : 0;
	*rows = known ? size.ws_row : screen->line ? 24 : 0;
}

void screen_release(struct screen *screen)
{
	while (screen->tail_count)
		bytes_release(&screen->tails[--screen->tail_count].text);
	free(screen->tails);
	screen->tails = NULL;
	screen->closed = true;
	bytes_release(&screen->text);
}
