/* SPDX-License-Identifier: GPL-3.0-or-later */
/* interactive/views: canvas, views, views_tasks and guide, without a terminal. */
#include "unit.h"

#include "base/mem.h"
#include "front/options.h"
#include "interactive/views/canvas.h"
#include "interactive/views/guide.h"
#include "interactive/views/views.h"
#include "run/session_private.h"
#include "worker/executor.h"

#include <locale.h>
#include <time.h>

#define SEC NSEC_PER_SEC

/* Where the views under test are drawn. */
static struct bytes shown;

static struct canvas canvas_of(size_t width)
{
	bytes_clear(&shown);
	return (struct canvas){.out = &shown, .width = width, .is_utf8 = true};
}

static void begin(void)
{
	check(setlocale(LC_CTYPE, "C.UTF-8") != NULL);
	check_int(setenv("TZ", "UTC-1", 1), 0);
	tzset();
}

/* True if the view has the text; prints the view if not. */
static bool has(const char *text)
{
	bool found = strstr(bytes_text(&shown), text) != NULL;

	if (!found)
		printf("# not shown: %s\n# but:\n%s", text, bytes_text(&shown));
	return found;
}

static void test_time(void)
{
	static const struct {
		nsec time;
		const char *text;
	} cases[] = {
		{0, "0 s"},
		{860, "0.9 us"},
		{NSEC_PER_USEC * 9949 / 1000, "9.9 us"},
		{NSEC_PER_USEC * 9951 / 1000, "10 us"},
		{NSEC_PER_USEC * 999, "999 us"},
		{NSEC_PER_USEC * 9996 / 10, "1.0 ms"},
		{NSEC_PER_MSEC * 12, "12 ms"},
		{NSEC_PER_MSEC * 9996 / 10, "1.0 s"},
		{NSEC_PER_MSEC * 1234, "1.2 s"},
		{NSEC_PER_MSEC * 59949, "59.9 s"},
		{NSEC_PER_MSEC * 59951, "1 m 00 s"},
		{SEC * 185, "3 m 05 s"},
		{SEC * 3600 - SEC / 4, "1 h 00 m"},
		{SEC * (2 * 3600 + 3 * 60 + 59), "2 h 03 m"},
		{SEC * (3 * 86400 + 4 * 3600), "3 d 04 h"},
		{-1, "-"},
		{INT64_MAX, "106751 d 23 h"},
	};
	size_t i;

	for (i = 0; i < countof(cases); i++) {
		bytes_clear(&shown);
		canvas_time(&shown, cases[i].time);
		check_str(bytes_text(&shown), cases[i].text);
	}
}

static void test_size(void)
{
	static const struct {
		uint64_t size;
		const char *text;
	} cases[] = {
		{0, "0 bytes"},
		{1, "1 byte"},
		{1023, "1023 bytes"},
		{1024, "1.0 KiB"},
		{1200000, "1.1 MiB"},
		{UINT64_C(1024) * 1024 - 1, "1.0 MiB"},
		{UINT64_C(5) << 30, "5.0 GiB"},
		{UINT64_MAX, "16777216.0 TiB"},
	};
	size_t i;

	for (i = 0; i < countof(cases); i++) {
		bytes_clear(&shown);
		canvas_size(&shown, cases[i].size);
		check_str(bytes_text(&shown), cases[i].text);
	}
}

static void test_lines(void)
{
	struct canvas canvas;

	begin();
	canvas = canvas_of(5);
	canvas_line(&canvas, slice_of("12345"));
	canvas_line(&canvas, slice_of("123456"));
	/* Each character takes two columns: the third does not fit. */
	canvas_line(&canvas, slice_of("日本語"));
	canvas.width = 0;
	canvas_line(&canvas, slice_of("123456"));
	canvas.width = 1;
	canvas_line(&canvas, slice_of("12"));
	canvas.is_utf8 = false;
	canvas.width = 5;
	canvas_line(&canvas, slice_of("123456"));
	canvas.width = 2;
	canvas_line(&canvas, slice_of("123456"));
	check_str(bytes_text(&shown), "12345\n1234…\n日本…\n123456\n…\n12...\n12\n");
}

static void test_bars(void)
{
	struct canvas canvas = canvas_of(0);

	begin();
	canvas_bar(&canvas, &shown, 0, 4);
	canvas_bar(&canvas, &shown, 1e-9, 4);
	canvas_bar(&canvas, &shown, 0.5, 3);
	canvas_bar(&canvas, &shown, 2, 3);
	check_str(bytes_text(&shown), "▏█▌███");
	canvas.is_utf8 = false;
	bytes_clear(&shown);
	canvas_bar(&canvas, &shown, 1e-9, 4);
	canvas_bar(&canvas, &shown, 0.5, 4);
	check_str(bytes_text(&shown), "-==");
}

static void test_table(void)
{
	static const char *const cells[] = {"a", "bb", "", "é", "aaa", "b", "", "ccc"};
	struct canvas_table table = {.columns = " lrll"};
	struct canvas canvas = canvas_of(0);
	size_t i;

	begin();
	for (i = 0; i < countof(cells); i++) {
		bytes_append_text(&table.cells, cells[i]);
		canvas_cell(&table);
	}
	canvas_draw(&canvas, &table);
	canvas_draw(&canvas, &table);
	check_str(bytes_text(&shown), " a    bb  é\n aaa   b  ccc\n");
}

/* Several runs, filled in by hand. */
static struct runs runs;

static void open_runs(void)
{
	const struct archive_options options = {.memory = ARCHIVE_MEMORY_MIN, .directory = unit_directory()};

	begin();
	runs = (struct runs){.options.workers = 4, .reserve = {.size = 4, .engaged = 2, .idle = 1, .last_number = 7}};
	list_init(&runs.list);
	archive_init(&runs.archive, &options);
}

static struct run *add_run(const char *line, enum run_state state)
{
	struct run *run = mem_new(1, sizeof *run);

	*run = (struct run){
		.runs = &runs,
		.number = ++runs.last_number,
		.state = state,
		.most = 4,
		.options =
			{
				.settings.workers.method = &start_fork,
				.settings.command.executor = &executor_command,
				.line = mem_string(line),
			},
		.kept = archive_begin(&runs.archive),
		.session = mem_new(1, sizeof *run->session),
	};
	run->session->started = clock_now() - 125 * SEC;
	list_append(&runs.list, &run->link);
	return run;
}

static void count(struct run *run, uint64_t ok, uint64_t failed, uint64_t total)
{
	uint64_t outcomes[OUTCOMES] = {[OUTCOME_OK] = ok, [OUTCOME_FAILED] = failed};

	if (run->state == RUN_DONE) {
		run->end.counts = (struct run_counts){
			.submitted = total, .total = total, .finished = ok + failed, .time = 185 * SEC};
		memcpy(run->end.counts.outcomes, outcomes, sizeof outcomes);
		return;
	}
	run->session->tally.submitted = run->session->tally.total = total;
	run->session->tally.finished = ok + failed;
	memcpy(run->session->tally.outcomes, outcomes, sizeof outcomes);
}

static void close_runs(void)
{
	struct run *run;

	while ((run = runs_next(&runs, NULL))) {
		list_remove(&run->link);
		free(run->options.line);
		free(run->session);
		times_release(&run->times);
		free(run);
	}
	archive_release(&runs.archive);
}

static void test_runs(void)
{
	struct canvas canvas;
	struct run *run;

	open_runs();
	canvas = canvas_of(80);
	view_runs(&canvas, &runs);
	check(has("map COMMAND"));

	count(add_run("map gzip -9 ::: *.log", RUN_DONE), 340, 0, 340);
	run = add_run("map --shell 'wc -l <\"$1\"' ::: \033]0;x\a and many more things than fit", RUN_DONE);
	count(run, 97, 3, 100);
	run->end.status = EXIT_TASK_FAILED;
	run = add_run("map sleep ::: 1 2 3", RUN_DONE);
	count(run, 1, 0, 3);
	run->cancelled = true;
	count(add_run("map curl -O < urls", RUN_RUNNING), 12, 1, 0);
	count(add_run("map true ::: 1", RUN_PAUSED), 0, 0, 26);
	count(add_run("map false ::: 1", RUN_CANCELLED), 13, 0, 26);
	canvas = canvas_of(80);
	view_runs(&canvas, &runs);
	check_str(bytes_text(&shown),
		  "run  state        tasks  failed  running      time  command\n"
		  "  1  done       340/340       0        0  3 m 05 s  map gzip -9 ::: *.log\n"
		  "  2  failed     100/100       3        0  3 m 05 s  map --shell 'wc -l <\"$1\"' :…\n"
		  "  3  cancelled      1/3       0        0  3 m 05 s  map sleep ::: 1 2 3\n"
		  "  4  running       13/?       1        0  2 m 05 s  map curl -O < urls\n"
		  "  5  paused        0/26       0        0  2 m 05 s  map true ::: 1\n"
		  "  6  ending       13/26       0        0  2 m 05 s  map false ::: 1\n");
	/* Cancelled before all of its input was read. */
	run->end.counts.total = 0;
	canvas = canvas_of(100);
	view_runs(&canvas, &runs);
	check(has("13/26  █████ "));
	check(has("cancelled      1/?  "));
	canvas = canvas_of(0);
	view_runs(&canvas, &runs);
	check(has("::: \\x1b]0;x\\x07 and many more things than fit\n"));
	close_runs();
}

static struct result result_of(uint64_t index, enum outcome outcome)
{
	return (struct result){
		.index = index,
		.attempt = 1,
		.outcome = outcome,
		.status = outcome == OUTCOME_OK       ? 0
			  : outcome == OUTCOME_FAILED ? 2
						      : -1,
		.signal = outcome == OUTCOME_SIGNALED ? 9 : 0,
		.ran = true,
		.pid = 4711,
		.slot = 2,
		.worker = 3,
		/* 2026-01-31 12:00:00.123 UTC. */
		.start = INT64_C(1769860800123) * NSEC_PER_MSEC,
		.duration = 1234 * NSEC_PER_MSEC,
		.user_time = 900 * NSEC_PER_MSEC,
		.system_time = 12 * NSEC_PER_MSEC,
		.max_rss = 1234944,
	};
}

static void finish(struct run *run, const struct result *result, const char *command)
{
	const struct archive_words words = {.command = slice_of(command), .record = slice_of("one\ntwo")};

	archive_finish(run->kept, result, &words);
}

static void test_run(void)
{
	struct canvas canvas;
	struct result failed = result_of(6, OUTCOME_FAILED), killed = result_of(16, OUTCOME_SIGNALED);
	struct run *run;

	open_runs();
	run = add_run("map --retries 2 gzip -9 ::: *.log", RUN_DONE);
	run->options.settings.policy.retries = 2;
	run->options.settings.policy.limit.fixed = 90 * SEC;
	run->options.settings.command.directory = "/tmp/a b";
	run->end.status = EXIT_TASK_KILLED;
	count(run, 37, 2, 40);
	run->end.counts.outcomes[OUTCOME_SKIPPED] = 1;
	run->end.counts.finished++;
	times_add(&run->times, 30 * 507 * NSEC_PER_USEC, 30);
	times_add(&run->times, 9 * 1900 * NSEC_PER_USEC, 9);
	finish(run, &failed, "gzip -9 'a b.log'");
	finish(run, &killed, "gzip -9 \033[m.log");
	canvas = canvas_of(80);
	view_run(&canvas, run);
	check_str(bytes_text(&shown),
		  "run 1       map --retries 2 gzip -9 ::: *.log\n"
		  "state       failed: exit status 125, a task did not come to its own end\n"
		  "tasks       40: 37 ok, 2 failed, 1 skipped\n"
		  "time        3 m 05 s, 0.2 tasks/s\n"
		  "each took   p50 507 us, p90 1.9 ms, p99 1.9 ms, longest 1.9 ms\n"
		  "options     --retries=2 --timeout=90 --workdir='/tmp/a b'\n"
		  "failed      2 (errors 1 shows what they wrote, retry 1 repeats them)\n"
		  "  1.7   exit status 2      gzip -9 'a b.log'\n"
		  "  1.17  killed by SIGKILL  gzip -9 \\x1b[m.log\n");

	run = add_run("map sleep ::: 1", RUN_PAUSED);
	count(run, 3, 0, 10);
	canvas = canvas_of(80);
	view_run(&canvas, run);
	check(has("state       paused: tasks that run go on, no others begin (resume 2)\n"));
	check(has("tasks       10: 3 ok, 7 waiting\n"));
	check(has("workers     0\n"));
	check(!strstr(bytes_text(&shown), "options") && !strstr(bytes_text(&shown), "failed"));
	run->session->tally.total = 0;
	canvas = canvas_of(80);
	view_run(&canvas, run);
	check(has("tasks       10 so far: 3 ok, 7 waiting\n"));
	close_runs();
}

static void test_task(void)
{
	struct canvas canvas;
	struct result result = result_of(16, OUTCOME_FAILED);
	struct run *run;

	open_runs();
	run = add_run("map gzip", RUN_DONE);
	count(run, 19, 1, 20);
	result.attempt = 2;
	archive_put(run->kept, 16, 2, STREAM_OUTPUT, slice_of("x"));
	run->options.settings.input.to_stdin = true;
	finish(run, &result, "gzip -9 \033.log");
	canvas = canvas_of(80);
	view_task(&canvas, run, 16);
	check_str(bytes_text(&shown),
		  "task        1.17\n"
		  "command     gzip -9 \\x1b.log\n"
		  "input       $'one\\ntwo'\n"
		  "outcome     failed: exit status 2\n"
		  "attempts    2\n"
		  "worker      ForkWorker-3, slot 2, pid 4711\n"
		  "started     2026-01-31 13:00:00.123 +0100\n"
		  "took        1.2 s (user 900 ms, system 12 ms)\n"
		  "memory      1.2 MiB at most\n"
		  "output      1 byte (out 1.17)\n"
		  "errors      0 bytes\n");
	canvas = canvas_of(80);
	view_task(&canvas, run, 2);
	check(has("outcome     skipped: the run ended before it\n"));
	canvas = canvas_of(80);
	view_task(&canvas, run, 20);
	check(has("there is no such task\n"));

	result = (struct result){
		.index = 0, .attempt = 0, .outcome = OUTCOME_NOT_STARTED, .status = -1, .reason = "\033 is odd"};
	finish(run, &result, "");
	canvas = canvas_of(80);
	view_task(&canvas, run, 0);
	check(has("outcome     not started: \\x1b is odd\n"));
	check(!strstr(bytes_text(&shown), "worker"));

	run = add_run("map gzip", RUN_RUNNING);
	count(run, 1, 0, 20);
	run->session->tally.submitted = 10;
	canvas = canvas_of(80);
	view_task(&canvas, run, 5);
	view_task(&canvas, run, 15);
	check(has("outcome     none yet: it waits for its turn\n"));
	check(has("outcome     none yet: it has not been read\n"));
	close_runs();
}

/* The archive drops the output of a task before its result. */
static void test_forgotten(void)
{
	enum { TASKS = 100, SIZE = 60000 };
	char *text = mem_new(SIZE, 1);
	struct result result;
	struct canvas canvas;
	struct run *run;
	uint64_t i;

	open_runs();
	run = add_run("map gzip", RUN_DONE);
	count(run, 0, TASKS, TASKS);
	unit_fill(text, SIZE, 1);
	for (i = 0; i < TASKS; i++) {
		archive_put(run->kept, i, 1, STREAM_ERRORS, (struct slice){.data = text, .size = SIZE});
		result = result_of(i, OUTCOME_FAILED);
		finish(run, &result, "gzip");
	}
	canvas = canvas_of(80);
	view_task(&canvas, run, 0);
	check(has("outcome     failed (all else had to make room for later tasks)\n"));
	for (i = 0; i < TASKS && archive_presence(run->kept, i) != ARCHIVE_KEPT; i++)
		;
	canvas = canvas_of(80);
	view_task(&canvas, run, i);
	check(has("errors      58.6 KiB, of which the first "));
	canvas = canvas_of(80);
	view_run(&canvas, run);
	check(has("failed      100 (errors 1 shows what they wrote, retry 1 repeats them); the first:\n"));
	free(text);
	close_runs();
}

static void test_stats(void)
{
	struct canvas canvas;
	struct run *run;

	open_runs();
	canvas = canvas_of(80);
	view_stats(&canvas, &runs, NULL);
	check(has("busy        no worker has been with a run yet\n"));

	run = add_run("map one", RUN_DONE);
	times_add(&run->times, 900, 1);
	times_add(&run->times, (nsec)97 * 7 * NSEC_PER_USEC, 97);
	run->end.counts.worker_time = 4 * SEC;
	run->end.counts.task_time = 3 * SEC;
	run = add_run("map two", RUN_DONE);
	times_add(&run->times, 2 * 8 * SEC, 2);
	run->end.counts.worker_time = 16 * SEC;
	run->end.counts.task_time = 12 * SEC;
	canvas = canvas_of(40);
	view_stats(&canvas, &runs, runs_next(&runs, NULL));
	check_str(bytes_text(&shown),
		  "workers     4 at most; 3 live: 2 with runs, 1 in reserve; 7 started so far\n"
		  "busy        75 % of the time that workers were with runs\n"
		  "task times  p50 7.0 us, p90 7.0 us, p99 7.0 us, longest 7.0 us\n"
		  "  under 1.0 us   1  ▏\n"
		  "  under 2.0 us   0\n"
		  "  under 4.1 us   0\n"
		  "  under 8.2 us  97  ████████████\n");
	canvas = canvas_of(0);
	view_stats(&canvas, &runs, NULL);
	check(has("p50 7.0 us, p90 7.0 us, p99 8.0 s, longest 8.0 s\n"));
	check(has("under 8.6 s   2  █\n"));
	close_runs();
}

static const char *const commands[] = {
	"map",   "apply",  "jobs", "workers", "out",     "errors", "show", "wait", "cancel", "retry",
	"pause", "resume", "set",  "stats",   "history", "source", "!",    "help", "quit",
};

/* Checks that the view is whole lines of at most 79 columns. Returns how many. */
static size_t count_lines(void)
{
	const char *line = bytes_text(&shown), *end;
	size_t lines = 0;

	for (; *line; line = end + 1, lines++) {
		end = strchr(line, '\n');
		if (!check(end != NULL))
			break;
		if (!check(end - line < 80))
			printf("# %.*s\n", (int)(end - line), line);
	}
	return lines;
}

static void test_guide(void)
{
	static const char hidden_options[] =
		" bar color eta help interactive lb max-procs max-replace-args no-run-if-empty progress tty ungroup "
		"version wd ";
	const struct option_row *option;
	size_t i;

	bytes_clear(&shown);
	guide_tutorial(&shown);
	check(count_lines() <= 22);
	for (i = 0; i < countof(commands); i++) {
		bytes_clear(&shown);
		guide_command(commands[i], &shown);
		check(guide_find(commands[i]) && count_lines() > 2);
		check_int(strncmp(bytes_text(&shown), commands[i], strlen(commands[i])), 0);
	}
	bytes_clear(&shown);
	guide_command("mop", &shown);
	check(!guide_find("mop") && !shown.size);

	guide_command("map", &shown);
	for (option = option_table; option->name; option++) {
		char *name = mem_format("--%s", option->name);
		const char *at = strstr(bytes_text(&shown), name);
		char *word = mem_format(" %s ", option->name);
		bool hidden = strstr(hidden_options, word) != NULL;

		if (!check(hidden ? !at : at != NULL))
			printf("# %s\n", name);
		free(word);
		free(name);
	}
}

const struct unit_test unit_views[] = {
	{"times are short and rounded once", .run = test_time},
	{"sizes have units", .run = test_size},
	{"lines are cut to the terminal", .run = test_lines},
	{"bars show what is not 0", .run = test_bars},
	{"tables are aligned, and have no empty columns", .run = test_table},
	{"all runs in a table", .run = test_runs},
	{"a run in full", .run = test_run},
	{"a task in full", .run = test_task},
	{"tasks that are not kept any more", .run = test_forgotten},
	{"statistics", .run = test_stats},
	{"help fits the screen and knows every command", .run = test_guide},
	{.name = NULL},
};
