/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The page: its numbers, tables and style. */
#include "run/page/page.h"

#include "codec/outcome.h"
#include "run/page/charts.h"
#include "run/page/markup.h"

#include <inttypes.h>

static const char page_head[] =
	"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
	"script-src 'unsafe-inline'\">\n<style>\n"
	":root{color-scheme:light dark;--back:#fff;--text:#1c1e21;--dim:#666;--line:#ddd;--ok:#3a87c8;--bad:#d33}\n"
	"@media(prefers-color-scheme:dark){:root{--back:#16181b;--text:#e4e6e9;--dim:#999;--line:#383b40;--ok:#5aa9e6;"
	"--bad:#ff6b5e}}\n"
	"body{background:var(--back);color:var(--text);font:15px/1.45 system-ui,sans-serif;margin:1.5rem auto;"
	"max-width:75rem;padding:0 1rem}\n"
	"h1{font-size:1.4rem;margin:0}h2{font-size:1.1rem;margin:2rem 0 .5rem}code,pre{font:13px/1.4 monospace}\n"
	"pre{margin:.2rem 0;white-space:pre-wrap;overflow-wrap:anywhere;color:var(--dim)}.dim{color:var(--dim)}\n"
	"table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;"
	"padding:.2rem .8rem .2rem 0;"
	"border-bottom:1px solid var(--line)}td code{overflow-wrap:anywhere}.n{text-align:right;white-space:nowrap}\n"
	".line{display:flex}.rows{width:3rem;font-size:11px;line-height:16px;color:var(--dim);text-align:right;"
	"padding-right:.4rem;flex:none}.rows div{overflow:hidden}.scroll{overflow-x:auto;flex:1}.wide{min-width:100%}\n"
	"svg{display:block;width:100%;background:color-mix(in srgb,var(--line) 35%,transparent)}\n"
	".ticks{position:relative;height:1.4em;font-size:11px;color:var(--dim)}.ticks span{position:absolute;"
	"border-left:1px solid var(--dim);padding-left:3px}\n"
	".ok{fill:var(--ok)}.failed,.signaled{fill:var(--bad)}.timeout{fill:#e8a000}.lost{fill:#a349c7}"
	".skipped{fill:#999}.tasks :hover{opacity:.6}.level{fill:var(--ok);opacity:.6}"
	".jobs{stroke:var(--bad);stroke-width:1.5;vector-effect:non-scaling-stroke;fill:none}\n"
	".histogram{display:flex;align-items:flex-end;gap:2px;font-size:11px;text-align:center}"
	".histogram div{flex:1;max-width:6rem}.histogram b{font-weight:400}.histogram i{display:block;"
	"background:var(--ok)}.histogram span{color:var(--dim)}\n"
	".keys span{margin-right:1rem}.keys i{display:inline-block;width:.8em;height:.8em;margin-right:.3em}"
	"#touched{min-height:1.5em;overflow-wrap:anywhere}\n"
	"</style>\n";

/* Only a help: without it, titles show what a bar is. */
static const char page_script[] =
	"<script>\n'use strict';\n"
	"const touched=document.getElementById('touched'),zoom=document.getElementById('zoom');\n"
	"const show=e=>{const t=e.target.closest('rect');if(t)touched.textContent=t.textContent};\n"
	"for(const s of document.querySelectorAll('svg.tasks')){s.addEventListener('pointerover',show);"
	"s.addEventListener('click',show)}\n"
	"zoom.closest('p').hidden=false;\n"
	"zoom.addEventListener('input',()=>{for(const w of document.querySelectorAll('.wide'))"
	"w.style.width=100*2**zoom.value+'%'});\n"
	"const scrolls=[...document.querySelectorAll('.scroll')];\n"
	"for(const s of scrolls)s.addEventListener('scroll',()=>{for(const o of scrolls)"
	"if(o!==s)o.scrollLeft=s.scrollLeft});\n"
	"</script>\n";

void page_add(struct run_page *page, const struct page_task *task)
{
	nsec end = task->start + task->duration;

	page->count += task->count;
	page->counts[task->outcome < OUTCOMES ? task->outcome : OUTCOME_SKIPPED] += task->count;
	page->retried += task->attempts > 1;
	page->cpu += (task->user_time > 0 ? task->user_time : 0) + (task->system_time > 0 ? task->system_time : 0);
	page->max_rss = task->max_rss > page->max_rss ? task->max_rss : page->max_rss;
	picks_add(&page->picks, task);
	if (!task->start)
		return;
	times_add(&page->times, task->duration, task->count);
	page->first = !page->first || task->start < page->first ? task->start : page->first;
	page->last = end > page->last ? end : page->last;
	if (task->slot)
		lanes_add(&page->lanes, task->slot, task->start, task->duration, page_task_has_failed(task));
}

/* Appends a row of the table of facts. */
static void put_fact(struct bytes *out, const char *name)
{
	bytes_append_format(out, "</td></tr>\n<tr><th>%s</th><td>", name);
}

/* Appends how many tasks had which outcome. */
static void put_outcomes(struct bytes *out, const struct run_page *page)
{
	const char *before = ": ";
	size_t i;

	bytes_append_format(out, "%" PRIu64, page->count);
	for (i = 0; i < OUTCOMES; i++) {
		if (!page->counts[i])
			continue;
		bytes_append_format(out, "%s%" PRIu64 " %s", before, page->counts[i], outcome_name((enum outcome)i));
		before = ", ";
	}
	if (page->retried)
		bytes_append_format(out, "; %" PRIu64 " needed more than one attempt", page->retried);
}

/* Appends what the tasks and the machine used. */
static void put_resources(struct bytes *out, const struct run_page *page, const struct page_facts *facts,
			  struct chart_span span)
{
	put_fact(out, "Processor time");
	times_put(out, page->cpu);
	bytes_append_format(out, " in tasks: %.1f processors busy", (double)page->cpu / (double)(span.to - span.from));
	if (facts->processors)
		bytes_append_format(out, " of %" PRIu64, facts->processors);
	if (page->max_rss) {
		put_fact(out, "Memory");
		bytes_append_text(out, "at most ");
		markup_size(out, page->max_rss);
		bytes_append_text(out, " in a task");
		if (facts->memory) {
			bytes_append_text(out, "; the machine has ");
			markup_size(out, facts->memory);
		}
	}
}

static void put_facts(struct bytes *out, const struct run_page *page, const struct page_facts *facts,
		      struct chart_span span)
{
	bytes_append_text(out, "<table class=\"facts\"><tr><th>Command</th><td><code>");
	markup_text(out, facts->command);
	bytes_append_text(out, "</code>");
	put_fact(out, "Tasks");
	put_outcomes(out, page);
	put_fact(out, "Time");
	times_put(out, span.to - span.from);
	bytes_append_text(out, ", from ");
	markup_time(out, span.from);
	if (facts->jobs) {
		put_fact(out, "Jobs");
		bytes_append_format(out, "%" PRIu64, facts->jobs);
	}
	if (page->times.count) {
		put_fact(out, "Task times");
		times_describe(&page->times, out);
		put_resources(out, page, facts, span);
	}
	if (facts->stopped_by.size) {
		put_fact(out, "End");
		bytes_append_text(out, "stopped by ");
		markup_text(out, facts->stopped_by);
		bytes_append_text(out, ", before all tasks had run");
	}
	bytes_append_text(out, "</td></tr></table>\n");
}

/* Appends the row of a task in a table, with its number and time. */
static void put_row(struct bytes *out, const struct page_task *task)
{
	bytes_append_format(out, "<tr><td class=\"n\">%" PRIu64 "</td><td class=\"n\">", task->seq);
	times_put(out, task->start ? task->duration : -1);
	bytes_append_text(out, "</td><td>");
	markup_text(out, task->ending);
	if (task->attempts > 1)
		bytes_append_format(out, " (attempt %" PRIu32 ")", task->attempts);
	bytes_append_text(out, "</td><td><code>");
	markup_text(out, task->text);
	bytes_append_text(out, "</code>");
	if (task->errors.size) {
		bytes_append_text(out, "<pre>");
		markup_lines(out, task->errors);
		bytes_append_text(out, "</pre>");
	}
	bytes_append_text(out, "</td></tr>\n");
}

static void put_table(struct bytes *out, const char *title, const struct pick_list *list, uint64_t all)
{
	size_t i;

	if (!list->count)
		return;
	bytes_append_format(out, "<h2>%s</h2>\n", title);
	if (all > list->count)
		bytes_append_format(out, "<p class=\"dim\">The first %zu of %" PRIu64 ".</p>\n", list->count, all);
	bytes_append_text(out,
			  "<table><tr><th class=\"n\">#</th><th class=\"n\">Time</th><th>Outcome</th>"
			  "<th>Task</th></tr>\n");
	for (i = 0; i < list->count; i++) {
		struct page_task task = picks_at(list, i);

		put_row(out, &task);
	}
	bytes_append_text(out, "</table>\n");
}

static void put_time_line(struct bytes *out, const struct run_page *page, const struct page_facts *facts,
			  struct chart_span span)
{
	bool is_whole = page->count <= page->picks.first.count;

	bytes_append_text(out, "<h2>Time line</h2>\n<p class=\"dim\">");
	if (page->lanes.slots > 1)
		bytes_append_format(out, "A row for each %" PRIu32 " slots. ", page->lanes.slots);
	else
		bytes_append_text(out, "A row for each slot. ");
	bytes_append_text(out,
			  is_whole ? "A bar for each task."
				   : "There are too many tasks to draw each: the darker, the busier were the slots; "
				     "red is where tasks failed.");
	bytes_append_text(out,
			  "</p>\n<p class=\"keys\"><span><i style=\"background:var(--ok)\"></i>ok</span><span>"
			  "<i style=\"background:var(--bad)\"></i>failed</span><span>"
			  "<i style=\"background:#e8a000\"></i>timeout</span><span>"
			  "<i style=\"background:#a349c7\"></i>lost or not started</span></p>\n"
			  "<p hidden><label>Zoom <input id=\"zoom\" type=\"range\" min=\"0\" max=\"7\" step=\"0.5\" "
			  "value=\"0\"></label></p>\n");
	if (is_whole)
		chart_bars(out, page, span);
	else
		chart_density(out, page, span);
	bytes_append_text(out, "<p id=\"touched\"></p>\n<h2>Tasks at work</h2>\n");
	chart_level(out, page, span, facts->jobs);
	bytes_append_text(out, "<h2>How long tasks took</h2>\n");
	chart_times(out, &page->times);
}

void page_write(const struct run_page *page, const struct page_facts *facts, struct bytes *out)
{
	struct chart_span span = {.from = facts->began && facts->began < page->first ? facts->began : page->first,
				  .to = facts->ended > page->last ? facts->ended : page->last};
	uint64_t failures = page->count - page->counts[OUTCOME_OK] - page->counts[OUTCOME_SKIPPED];

	if (!page->first)
		span.from = facts->began;
	if (span.to <= span.from)
		span.to = span.from + 1;
	bytes_append_text(out, page_head);
	bytes_append_format(out, "<title>%" PRIu64 " tasks, %" PRIu64 " failed: ", page->count, failures);
	markup_text(out, facts->command);
	bytes_append_text(out, "</title>\n</head>\n<body>\n<h1>mpmap: a run</h1>\n");
	put_facts(out, page, facts, span);
	if (page->times.count)
		put_time_line(out, page, facts, span);
	put_table(out, "The slowest tasks", &page->picks.slowest, 0);
	put_table(out, "Failures", &page->picks.failures, failures);
	bytes_append_format(out, "<p class=\"dim\">mpmap %s</p>\n", PACKAGE_VERSION);
	if (page->times.count)
		bytes_append_text(out, page_script);
	bytes_append_text(out, "</body>\n</html>\n");
}

void page_release(struct run_page *page)
{
	lanes_release(&page->lanes);
	picks_release(&page->picks);
	times_release(&page->times);
}
