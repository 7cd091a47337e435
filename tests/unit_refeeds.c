/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pool/: workers whose command stays. Answers to many tasks at once, rows that several workers have had, and deaths. */
#include "unit.h"

#include "base/diag.h"
#include "ipc/channel.h"
#include "ipc/fd.h"
#include "pool/intake.h"
#include "pool/outcomes.h"
#include "pool/pool_private.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CREW = 3, ROW = 1000, LOG_MAX = 64 };

/* A pool whose workers do nothing: the test claims, answers and returns rows in their names. */
struct stage {
	struct loop loop;
	struct arena arena;
	struct pool *pool;
	struct pool_owner owner;
	uint64_t submitted;
	/* The lowest index without a result, as far as results came in order. */
	uint64_t head;
	/* False if only what precedes the head is taken. */
	bool accepts;
	/* What the owner was given: "0-9+" (answers), "3=" (one answer), "3!" (result), "3-5~" (forgotten), "7-9/". */
	struct bytes log;
	uint64_t answered;
	/* How often each task was answered or skipped; NULL if that is not counted. */
	uint8_t *counts;
};

static bool stage_accepts(struct pool_owner *owner, uint64_t index)
{
	const struct stage *stage = container_of(owner, struct stage, owner);

	return stage->accepts || index == stage->head;
}

static uint64_t stage_head(struct pool_owner *owner)
{
	return container_of(owner, struct stage, owner)->head;
}

static void note(struct stage *stage, uint64_t index, uint64_t count, char mark)
{
	if (stage->counts)
		return;
	bytes_append_format(&stage->log, "%d", (int)index);
	if (count > 1)
		bytes_append_format(&stage->log, "-%d", (int)(index + count - 1));
	bytes_append_format(&stage->log, "%c ", mark);
}

/* Counts tasks that have their result. */
static void count_tasks(struct stage *stage, uint64_t index, uint64_t count)
{
	uint64_t i;

	stage->answered += count;
	if (index == stage->head)
		stage->head += count;
	for (i = index; stage->counts && i < index + count; i++)
		check_int(++stage->counts[i], 1);
}

static enum result_use stage_on_result(struct pool_owner *owner, const struct result *result, const struct task *task,
				       nsec *delay UNUSED)
{
	struct stage *stage = container_of(owner, struct stage, owner);

	check_int(task != NULL, !result->further);
	if (task)
		check_int(task->index, result->index);
	note(stage, result->index, result_count(result), result->outcome == OUTCOME_SKIPPED ? '/' : '!');
	count_tasks(stage, result->index, result_count(result));
	return RESULT_TAKEN;
}

static enum result_use stage_on_answers(struct pool_owner *owner, const struct result *result, const struct task *task,
					struct slice bytes)
{
	struct stage *stage = container_of(owner, struct stage, owner);

	check_int(task != NULL, !result->further);
	if (task) {
		check_int(task->index, result->index);
		check_slice(task->record, slice_of("a"));
	}
	check_int(result->outcome, OUTCOME_OK);
	check_int(result->output_size, bytes.size);
	check_slice(bytes, slice_of("answers\n"));
	note(stage, result->index, result_count(result), task ? '=' : '+');
	count_tasks(stage, result->index, result_count(result));
	return RESULT_TAKEN;
}

static void stage_on_forget(struct pool_owner *owner, uint64_t index, uint64_t count, uint32_t attempt)
{
	check_int(attempt, 1);
	note(container_of(owner, struct stage, owner), index, count, '~');
}

static int stage_on_output(struct pool_owner *owner, const struct output_header *header, uint32_t slot UNUSED,
			   struct slice bytes UNUSED)
{
	note(container_of(owner, struct stage, owner), header->index, 1, '>');
	return 0;
}

static void stage_on_room(struct pool_owner *owner UNUSED)
{
}

static void stage_on_failure(struct pool_owner *owner UNUSED, const struct error *error, unsigned status UNUSED)
{
	check_str(error_text(error), "");
}

static pid_t start_idler(const struct role *role UNUSED, const char *name UNUSED, int fd, struct error *error UNUSED)
{
	struct message message;
	pid_t pid = fork();

	if (pid)
		return pid;
	fd_close_others(&fd, 1);
	(void)!channel_send(fd, MESSAGE_HELLO, (struct slice){.data = NULL}, NULL, 0);
	while (channel_wait(fd, &message, NSEC_FOREVER) > 0)
		;
	_exit(0);
}

/* The messages on workers that broke the protocol. */
static int breaches;

static void count_breach(struct slice line)
{
	breaches += memmem(line.data, line.size, "broke the protocol", 18) != NULL;
}

static const struct start_method method_idler = {.name = "idler", .prefix = "Idler", .start = start_idler};

static bool open_stage(struct stage *stage)
{
	static char name[] = "print";
	const struct pool_options options = {
		.loop = &stage->loop,
		.arena = &stage->arena,
		.method = &method_idler,
		.jobs = CREW,
		.jobs_max = CREW,
		.refeeds = true,
	};
	const struct briefing run = {.executor = name, .id = name, .path = name, .command = name};
	struct error error = {.number = 0};

	unit_skip_under_valgrind();
	*stage = (struct stage){
		.accepts = true,
		.owner =
			{
				.accepts = stage_accepts,
				.head = stage_head,
				.on_output = stage_on_output,
				.on_result = stage_on_result,
				.on_answers = stage_on_answers,
				.on_forget = stage_on_forget,
				.on_room = stage_on_room,
				.on_failure = stage_on_failure,
			},
	};
	breaches = 0;
	diag_set_sink(count_breach);
	check_int(loop_init(&stage->loop), 0);
	check_int(arena_init(&stage->arena), 0);
	stage->pool = pool_new(&options, &run, &stage->owner, &error);
	return check(stage->pool != NULL);
}

static void close_stage(struct stage *stage)
{
	pool_hang_up(stage->pool);
	while (!pool_is_empty(stage->pool)) {
		loop_step(&stage->loop, pool_deadline(stage->pool));
		pool_tick(stage->pool);
	}
	pool_free(stage->pool);
	arena_release(&stage->arena);
	loop_release(&stage->loop);
	bytes_release(&stage->log);
	diag_set_sink(NULL);
}

/* Submits the next row of so many tasks. */
static void submit_row(struct stage *stage, uint32_t count)
{
	struct chunk chunk = {.first = stage->submitted,
			      .count = count,
			      .block = arena_take(&stage->arena),
			      .size = 2 * count,
			      .attempt = 1,
			      .width = 1};
	char *at = arena_block(&stage->arena, chunk.block);
	uint32_t i;

	for (i = 0; i < count; i++)
		memcpy(at + 2 * i, "a", 2);
	stage->submitted += count;
	pool_submit(stage->pool, &chunk);
}

/* Starts the workers, each for a row of ROW tasks, and waits until they are set up. */
static struct worker *start_crew(struct stage *stage)
{
	nsec deadline = clock_now() + 20 * NSEC_PER_SEC;
	int i;

	for (i = 0; i < CREW; i++)
		submit_row(stage, ROW);
	pool_tick(stage->pool);
	while (stage->pool->crew.starting && clock_now() < deadline)
		loop_step(&stage->loop, deadline);
	check_int(stage->pool->crew.live, CREW);
	return stage->pool->crew.workers;
}

/* The worker claims the lowest row. Returns it. */
static size_t claim_row(struct worker *worker)
{
	return queue_claim(&worker->pool->ledger.queue, worker->number);
}

/* The worker returns a row from next on. */
static void return_row(struct worker *worker, size_t row, uint64_t next)
{
	atomic_store(&worker->pool->ledger.queue.entries[row].next, next);
	queue_return(&worker->pool->ledger.queue, row);
}

/* Writes a packet into a worker's ring, as the worker would. */
static void write_ring(struct worker *worker, uint32_t type, const void *header, size_t size, struct slice bytes)
{
	struct ring ring = board_ring(&worker->pool->board, worker_seat(worker));
	size_t room;
	char *to;

	/* The producer's place is where it committed last. */
	ring.position = atomic_load(&ring.shared->committed);
	to = ring_reserve(&ring, size + bytes.size, &room);
	if (!check(to != NULL))
		return;
	memcpy(to, header, size);
	if (bytes.size)
		memcpy(to + size, bytes.data, bytes.size);
	ring_commit(&ring, type, size + bytes.size);
}

/* Commits answers to count tasks of a row. */
static void commit(struct worker *worker, size_t row, uint64_t index, uint32_t count)
{
	const struct answers_header header = {
		.index = index,
		.further = count - 1,
		.attempt = 1,
		.row = (uint32_t)row,
		.start = (int64_t)(1000 * index),
		.duration = 1500000,
	};

	write_ring(worker, PACKET_ANSWERS, &header, sizeof header, slice_of("answers\n"));
}

/* Commits the result of one task that failed. */
static void commit_failure(struct worker *worker, size_t row, uint64_t index)
{
	const struct result result = {.index = index, .attempt = 1, .outcome = OUTCOME_FAILED, .status = 1};
	struct bytes bytes = {.data = NULL};

	result_put(&bytes, &result, (uint32_t)row);
	write_ring(worker, PACKET_RESULT, bytes.data, bytes.size, (struct slice){.data = NULL});
	bytes_release(&bytes);
}

static void commit_stream(struct worker *worker, uint64_t index, uint32_t stream)
{
	const struct output_header header = {.index = index, .attempt = 1, .stream = stream};

	write_ring(worker, PACKET_OUTPUT, &header, sizeof header, slice_of("piece"));
}

static void commit_output(struct worker *worker, uint32_t type, uint64_t index)
{
	const struct output_header header = {.index = index, .attempt = 1, .stream = STREAM_OUTPUT};

	write_ring(worker, type, &header, sizeof header, slice_of(type == PACKET_OUTPUT ? "piece" : ""));
}

/* Waits until a worker that was killed is gone. */
static void wait_until_gone(struct stage *stage, const struct worker *worker)
{
	nsec deadline = clock_now() + 20 * NSEC_PER_SEC;

	while (worker->state != WORKER_GONE && clock_now() < deadline)
		loop_step(&stage->loop, deadline);
	check_int(worker->state, WORKER_GONE);
}

static void kill_worker(struct stage *stage, struct worker *worker)
{
	check_int(process_signal(&worker->process, SIGKILL), 0);
	wait_until_gone(stage, worker);
}

#define check_log(expected) (check_str(bytes_text(&stage.log), expected), bytes_clear(&stage.log))

static void test_answers(void)
{
	struct stage stage;
	struct worker *workers;
	size_t row;

	if (!open_stage(&stage))
		return;
	workers = start_crew(&stage);
	row = claim_row(&workers[0]);
	commit(&workers[0], row, 0, 700);
	commit(&workers[0], row, 700, 1);
	commit_failure(&workers[0], row, 701);
	check(intake_take(&workers[0], false));
	check_log("0-699+ 700= 701! ");
	check_int(workers[0].last.result, 702);
	check_int(stage.pool->ledger.outstanding, CREW * ROW - 702);
	check_int(ledger_next(&stage.pool->ledger, row), 702);
	/* Answers that were waited for at the same time count once: from 0 to 1.5 ms, then 0.7 ms more. */
	check_int(stage.pool->tally.task_time, 1500000 + 700000);
	commit(&workers[0], row, 702, ROW - 702);
	check(intake_take(&workers[0], false));
	check_log("702-999+ ");
	check_int(stage.pool->ledger.used, CREW - 1);
	check_int(arena_used(&stage.arena), CREW - 1);
	check_int(breaches, 0);
	close_stage(&stage);
}

/* The packets that break the protocol, after tasks 0 to 9 of row 0 have been answered. */
static const struct breach {
	uint64_t index;
	uint32_t count;
	uint32_t row;
	uint32_t attempt;
} breach_table[] = {
	{.index = 11, .count = 1, .row = 0, .attempt = 1},    {.index = 9, .count = 1, .row = 0, .attempt = 1},
	{.index = 0, .count = 20, .row = 0, .attempt = 1},    {.index = 10, .count = ROW - 9, .row = 0, .attempt = 1},
	{.index = 10, .count = 0, .row = 0, .attempt = 1},    {.index = 10, .count = 1, .row = 1, .attempt = 1},
	{.index = 10, .count = 1, .row = 5000, .attempt = 1}, {.index = 10, .count = 1, .row = 0, .attempt = 2},
};

static void test_breaches(void)
{
	struct stage stage;
	size_t i;

	for (i = 0; i < countof(breach_table); i++) {
		const struct breach *breach = &breach_table[i];
		const struct answers_header header = {
			.index = breach->index,
			.further = breach->count - 1,
			.attempt = breach->attempt,
			.row = breach->row,
		};
		struct worker *workers;

		if (!open_stage(&stage))
			return;
		workers = start_crew(&stage);
		check_int(claim_row(&workers[0]), 0);
		commit(&workers[0], 0, 0, 10);
		write_ring(&workers[0], PACKET_ANSWERS, &header, sizeof header, slice_of("answers\n"));
		intake_take(&workers[0], false);
		check_log("0-9+ ");
		check(workers[0].intake.broken);
		check_int(breaches, 1);
		/* What it was fed is fed to another. */
		wait_until_gone(&stage, &workers[0]);
		check_log("10-999~ ");
		check_int(claim_row(&workers[1]), 0);
		check_int(atomic_load(&stage.pool->ledger.queue.entries[0].next), 10);
		close_stage(&stage);
	}
}

/* Where no command stays there are no answers, and nowhere is there one without its whole header. */
static void test_no_answers(void)
{
	const struct answers_header header = {.index = 0, .attempt = 1};
	struct stage stage;
	struct worker *workers;

	if (!open_stage(&stage))
		return;
	workers = start_crew(&stage);
	check_int(claim_row(&workers[0]), 0);
	write_ring(&workers[0], PACKET_ANSWERS, &header, sizeof header - 8, (struct slice){.data = NULL});
	intake_take(&workers[0], false);
	check(workers[0].intake.broken);
	stage.pool->options.refeeds = false;
	commit(&workers[1], 0, 0, 10);
	intake_take(&workers[1], false);
	check(workers[1].intake.broken);
	commit_output(&workers[2], PACKET_FORGET, 0);
	intake_take(&workers[2], false);
	check(workers[2].intake.broken);
	check_log("");
	stage.pool->options.refeeds = true;
	close_stage(&stage);
}

/* A worker dies with three rows: nothing is lost, whatever it was doing. */
static void test_rows_of_dead(void)
{
	struct stage stage;
	struct worker *workers;
	size_t rows[3], i;
	pid_t command;

	if (!open_stage(&stage))
		return;
	workers = start_crew(&stage);
	for (i = 0; i < countof(rows); i++)
		rows[i] = claim_row(&workers[1]);
	check_int(claim_row(&workers[0]), QUEUE_NONE);
	command = fork();
	if (command == 0) {
		setpgid(0, 0);
		for (;;)
			pause();
	}
	setpgid(command, command);
	/* Its command waits, or works: it is killed in either case. */
	workers[1].seat->task = command;
	atomic_store(&workers[1].seat->running, ROW + 500 + 1);
	commit(&workers[1], rows[0], 0, ROW);
	commit(&workers[1], rows[1], ROW, 500);
	commit_output(&workers[1], PACKET_OUTPUT, ROW + 500);
	kill_worker(&stage, &workers[1]);
	check_log("0-999+ 1000-1499+ 1500> 1500-1999~ 2000-2999~ ");
	check_int(unit_wait(command), 1000 + SIGKILL);
	check_int(stage.pool->ledger.outstanding, 1500);
	/* The rest is first in line, in the same attempt. */
	check_int(claim_row(&workers[0]), rows[1]);
	check_int(ledger_returned(&stage.pool->ledger, rows[1]), ROW + 500);
	check_int(claim_row(&workers[0]), rows[2]);
	commit(&workers[0], rows[1], ROW + 500, 500);
	commit(&workers[0], rows[2], 2 * ROW, ROW);
	check(intake_take(&workers[0], false));
	check_log("1500-1999+ 2000-2999+ ");
	check_int(stage.pool->ledger.outstanding, 0);
	check_int(breaches, 0);
	check_int(stage.pool->staffing.early_kills, 0);
	close_stage(&stage);
}

static void test_forget_packet(void)
{
	struct stage stage;
	struct worker *workers;

	if (!open_stage(&stage))
		return;
	workers = start_crew(&stage);
	claim_row(&workers[0]);
	commit_output(&workers[0], PACKET_OUTPUT, 0);
	commit_output(&workers[0], PACKET_FORGET, 0);
	commit_output(&workers[0], PACKET_OUTPUT, 0);
	commit(&workers[0], 0, 0, 1);
	check(intake_take(&workers[0], false));
	check_log("0> 0~ 0> 0= ");
	close_stage(&stage);
}

/* A row whose first answers are in the ring of a worker that has returned it, which is read later. */
static void test_catch_up(void)
{
	struct stage stage;
	struct worker *workers;
	size_t row, other;

	if (!open_stage(&stage))
		return;
	workers = start_crew(&stage);
	row = claim_row(&workers[2]);
	other = claim_row(&workers[2]);
	commit(&workers[2], other, ROW, 10);
	commit(&workers[2], row, 0, 100);
	return_row(&workers[2], row, 100);
	check_int(claim_row(&workers[1]), row);
	commit(&workers[1], row, 100, 50);
	return_row(&workers[1], row, 150);
	check_int(claim_row(&workers[0]), row);
	commit(&workers[0], row, 150, 850);
	/* Only the head is accepted, and it is in the last ring: what its row needs of the others is taken. */
	stage.accepts = false;
	stage.head = 150;
	check(intake_take(&workers[0], false));
	check_log("1000-1009+ 0-99+ 100-149+ 150-999+ ");
	check(!intake_take(&workers[1], false) && !intake_take(&workers[2], false));
	check_int(breaches, 0);
	close_stage(&stage);
}

/* The same, when the later worker dies: it had the row from task 100 on. */
static void test_catch_up_of_dead(void)
{
	struct stage stage;
	struct worker *workers;
	size_t row;

	if (!open_stage(&stage))
		return;
	workers = start_crew(&stage);
	row = claim_row(&workers[2]);
	commit(&workers[2], row, 0, 100);
	return_row(&workers[2], row, 100);
	check_int(claim_row(&workers[0]), row);
	kill_worker(&stage, &workers[0]);
	check_log("0-99+ 100-999~ ");
	check_int(claim_row(&workers[1]), row);
	commit(&workers[1], row, 100, 900);
	kill_worker(&stage, &workers[1]);
	check_log("100-999+ ");
	check_int(breaches, 0);
	close_stage(&stage);
}

/* Answers that cannot be read any more, in rows that their worker had returned: the rows are published anew. */
static void test_unread(void)
{
	struct stage stage;
	struct worker *workers;
	size_t row;

	if (!open_stage(&stage))
		return;
	workers = start_crew(&stage);
	row = claim_row(&workers[0]);
	commit(&workers[0], row, 500, 1);
	commit(&workers[0], row, 0, 100);
	return_row(&workers[0], row, 100);
	intake_take(&workers[0], false);
	check_int(breaches, 1);
	wait_until_gone(&stage, &workers[0]);
	check_log("0-999~ ");
	check_int(claim_row(&workers[1]), row);
	check_int(ledger_returned(&stage.pool->ledger, row), 0);
	commit(&workers[1], row, 0, ROW);
	check(intake_take(&workers[1], false));
	check_log("0-999+ ");
	check_int(breaches, 1);
	close_stage(&stage);
}

/* Rings that wait for each other, as only damaged ones do. */
static void test_rings_in_circle(void)
{
	struct stage stage;
	struct worker *workers;
	size_t first, second;

	if (!open_stage(&stage))
		return;
	workers = start_crew(&stage);
	first = claim_row(&workers[0]);
	second = claim_row(&workers[1]);
	commit(&workers[0], first, 10, 10);
	commit(&workers[0], second, ROW, 10);
	commit(&workers[1], second, ROW + 10, 10);
	commit(&workers[1], first, 0, 10);
	intake_take(&workers[0], false);
	check_log("");
	check(workers[0].intake.broken && workers[1].intake.broken);
	wait_until_gone(&stage, &workers[0]);
	wait_until_gone(&stage, &workers[1]);
	/* In whichever order they died. */
	check_int(stage.log.size, strlen("0-999~ 1000-1999~ "));
	close_stage(&stage);
}

/* Everything in the ring of the worker that has claimed the head precedes it, although no packet of it is there yet. */
static void test_precedes_head(void)
{
	struct stage stage;
	struct worker *workers;
	size_t row;

	if (!open_stage(&stage))
		return;
	workers = start_crew(&stage);
	stage.accepts = false;
	row = claim_row(&workers[1]);
	check_int(claim_row(&workers[0]), 1);
	commit(&workers[0], 1, ROW, 10);
	check(!intake_take(&workers[0], false));
	check(workers[0].intake.stalled);
	check_log("");
	return_row(&workers[1], row, 0);
	check_int(claim_row(&workers[0]), row);
	check(intake_take(&workers[0], false));
	check_log("1000-1009+ ");
	/* The head itself waits until it is accepted. */
	commit(&workers[0], row, 0, 5);
	commit(&workers[0], row, 5, 5);
	check(intake_take(&workers[0], false));
	check_log("0-4+ 5-9+ ");
	close_stage(&stage);
}

/* Rows are skipped as a whole, from where their workers returned them; answers before that may still be in a ring. */
static void test_skip_rows(void)
{
	struct stage stage;
	struct worker *workers;
	size_t row;

	if (!open_stage(&stage))
		return;
	workers = start_crew(&stage);
	row = claim_row(&workers[0]);
	commit(&workers[0], row, 0, 100);
	commit_output(&workers[0], PACKET_OUTPUT, 100);
	pool_set_gate(stage.pool, 0);
	return_row(&workers[0], row, 100);
	check_int(claim_row(&workers[1]), QUEUE_NONE);
	pool_skip_waiting(stage.pool);
	check_log("100-999~ 100-999/ 1000-1999~ 1000-1999/ 2000-2999~ 2000-2999/ ");
	check_int(stage.pool->ledger.outstanding, 100);
	check(intake_take(&workers[0], false));
	check_log("0-99+ 100> ");
	check_int(stage.pool->ledger.outstanding, 0);
	check_int(stage.pool->ledger.used, 0);
	check_int(breaches, 0);
	close_stage(&stage);
}

/* A row that returns after its worker's death while the run ends is skipped, too; so is one with unread answers. */
static void test_skip_returned(void)
{
	struct stage stage;
	struct worker *workers;

	if (!open_stage(&stage))
		return;
	workers = start_crew(&stage);
	check_int(claim_row(&workers[0]), 0);
	check_int(claim_row(&workers[1]), 1);
	commit(&workers[1], 1, ROW + 1, 1);
	pool_set_gate(stage.pool, 0);
	pool_skip_waiting(stage.pool);
	check_log("2000-2999~ 2000-2999/ ");
	kill_worker(&stage, &workers[0]);
	return_row(&workers[1], 1, ROW + 2);
	pool_skip_waiting(stage.pool);
	check_log("0-999~ 0-999~ 0-999/ 1002-1999~ 1002-1999/ ");
	intake_take(&workers[1], false);
	check_int(breaches, 1);
	wait_until_gone(&stage, &workers[1]);
	pool_skip_waiting(stage.pool);
	check_log("1000-1001~ 1000-1001~ 1000-1001/ ");
	check_int(stage.pool->ledger.used, 0);
	close_stage(&stage);
}

/* What is no stream is refused. */
static void test_streams(void)
{
	struct stage stage;
	struct worker *workers;

	if (!open_stage(&stage))
		return;
	workers = start_crew(&stage);
	check_int(claim_row(&workers[0]), 0);
	commit_stream(&workers[0], 0, STREAM_VALUE);
	intake_take(&workers[0], false);
	check(!workers[0].intake.broken);
	check_log("0> ");
	commit_stream(&workers[0], 0, STREAM_VALUE + 1);
	intake_take(&workers[0], false);
	check(workers[0].intake.broken);
	check_log("");
	close_stage(&stage);
}

static void test_skip_singles(void)
{
	struct stage stage;

	if (!open_stage(&stage))
		return;
	stage.pool->options.singles = true;
	submit_row(&stage, 3);
	stage.pool->options.singles = true;
	pool_skip_waiting(stage.pool);
	check_log("0-2~ 0/ 1/ 2/ ");
	stage.pool->options.singles = false;
	submit_row(&stage, 1);
	pool_skip_waiting(stage.pool);
	check_log("3~ 3/ ");
	close_stage(&stage);
}

/* A task may wait in a command for others as long as it likes: its worker is not stuck. */
static void test_waiting_task(void)
{
	struct stage stage;
	struct worker *workers;

	if (!open_stage(&stage))
		return;
	workers = start_crew(&stage);
	stage.pool->options.has_limits = true;
	claim_row(&workers[0]);
	workers[0].seat->task = INT32_MAX;
	atomic_store(&workers[0].seat->attempt, 1);
	atomic_store(&workers[0].seat->started, 1);
	atomic_store(&workers[0].seat->limit, SEAT_UNLIMITED);
	atomic_store(&workers[0].seat->running, 1);
	pool_set_timeout(stage.pool, NSEC_PER_MSEC);
	workers[0].settling.since = 1;
	workers[0].settling.running = 1;
	workers[0].settling.attempt = 1;
	stage.pool->supervision.watch_at = 0;
	pool_tick(stage.pool);
	check_int(workers[0].overdue.limit, 0);
	check_int(workers[0].settling.since, 0);
	check_int(process_is_alive(&workers[0].process), 1);
	workers[0].seat->task = 0;
	close_stage(&stage);
}

/* A worker that claims rows and dies before it has fed anything counts as an early end; one that has fed does not. */
static void test_early(void)
{
	struct stage stage;
	struct worker *workers;
	size_t row;

	if (!open_stage(&stage))
		return;
	workers = start_crew(&stage);
	row = claim_row(&workers[0]);
	claim_row(&workers[1]);
	commit(&workers[0], row, 0, 10);
	intake_take(&workers[0], false);
	kill_worker(&stage, &workers[0]);
	check_int(stage.pool->staffing.early_kills, 0);
	/* What it has fed is fed again. */
	atomic_store(&workers[1].seat->running, ROW + 1);
	kill_worker(&stage, &workers[1]);
	check_int(stage.pool->staffing.early_kills, 1);
	close_stage(&stage);
}

/* A row that a model of a worker has, and its first task that is not committed. */
struct grip {
	size_t row;
	uint64_t next;
	uint64_t end;
};

/* A worker of the model: the rows that it has claimed, oldest first. */
struct actor {
	uint32_t number;
	struct grip grips[4];
	size_t count;
};

static void actor_claims(struct actor *actor, struct worker *worker)
{
	const struct queue_entry *entry;
	size_t row = claim_row(worker);

	if (row == QUEUE_NONE)
		return;
	entry = &worker->pool->ledger.queue.entries[row];
	actor->grips[actor->count++] =
		(struct grip){.row = row, .next = atomic_load(&entry->next), .end = entry->first + entry->count};
}

static void actor_commits(struct actor *actor, struct worker *worker, struct unit_random *random)
{
	struct grip *grip = &actor->grips[0];
	uint64_t left = grip->end - grip->next, count = 1 + unit_below(random, unit_below(random, 3) ? left : 1);

	commit(worker, grip->row, grip->next, (uint32_t)count);
	grip->next += count;
	if (grip->next == grip->end)
		memmove(grip, grip + 1, --actor->count * sizeof *grip);
}

static void actor_returns(struct actor *actor, struct worker *worker)
{
	size_t i;

	for (i = 0; i < actor->count; i++)
		return_row(worker, actor->grips[i].row, actor->grips[i].next);
	actor->count = 0;
}

/* Does something in the name of a worker, which may have been started anew since. */
static void act(struct stage *stage, struct actor *actor, struct worker *worker, struct unit_random *random)
{
	if (worker->state != WORKER_ACTIVE)
		return;
	if (actor->number != worker->number)
		*actor = (struct actor){.number = worker->number};
	switch (unit_below(random, 100)) {
	case 0:
		kill_worker(stage, worker);
		return;
	case 1:
	case 2:
		actor_returns(actor, worker);
		return;
	default:
		break;
	}
	if (actor->count < countof(actor->grips) && unit_below(random, 2))
		actor_claims(actor, worker);
	else if (actor->count)
		actor_commits(actor, worker, random);
}

/* A million tasks: rows are claimed, answered in part, returned, and left by the dead. Each task is answered once. */
static void test_million_tasks(void)
{
	enum { TASKS = 1000000 };
	struct unit_random random = unit_random();
	struct actor actors[CREW] = {{.number = 0}};
	struct stage stage;
	struct worker *workers;

	if (!open_stage(&stage))
		return;
	stage.counts = unit_share(TASKS);
	workers = start_crew(&stage);
	while (stage.answered < TASKS && !unit_failures) {
		size_t seat = unit_below(&random, CREW);

		if (stage.submitted < TASKS && ledger_has_room(&stage.pool->ledger, 0)) {
			uint64_t left = TASKS - stage.submitted, count = 1 + unit_below(&random, 40000);

			submit_row(&stage, (uint32_t)(count < left ? count : left));
		}
		act(&stage, &actors[seat], &workers[seat], &random);
		seat = unit_below(&random, CREW);
		if (workers[seat].state == WORKER_ACTIVE && !unit_below(&random, 3))
			intake_take(&workers[seat], false);
		pool_tick(stage.pool);
		if (stage.pool->crew.starting)
			loop_step(&stage.loop, clock_now() + NSEC_PER_SEC);
	}
	check_int(stage.answered, TASKS);
	check_int(breaches, 0);
	check_int(stage.pool->ledger.used, 0);
	check_int(arena_used(&stage.arena), 0);
	close_stage(&stage);
}

const struct unit_test unit_refeeds[] = {
	{.name = "answers to many tasks, to one, and a failure", .run = test_answers},
	{.name = "answers out of turn end their worker alone", .run = test_breaches},
	{.name = "answers where there are none end their worker", .run = test_no_answers},
	{.name = "the rows of a dead worker are fed to others", .run = test_rows_of_dead},
	{.name = "output that its worker declares void", .run = test_forget_packet},
	{.name = "a row that several workers have had", .run = test_catch_up},
	{.name = "a row that several workers have had, of whom some died", .run = test_catch_up_of_dead},
	{.name = "a row whose first answers are lost", .run = test_unread},
	{.name = "rings that wait for each other", .run = test_rings_in_circle},
	{.name = "everything precedes a head that the worker has claimed", .run = test_precedes_head},
	{.name = "rows are skipped from where they were returned", .run = test_skip_rows},
	{.name = "rows that return while the run ends are skipped", .run = test_skip_returned},
	{.name = "output of a stream that there is not", .run = test_streams},
	{.name = "tasks are skipped one by one where each needs a result", .run = test_skip_singles},
	{.name = "a task that waits in its command", .run = test_waiting_task},
	{.name = "workers that die before they have a result", .run = test_early},
	{.name = "a million tasks and many deaths", .run = test_million_tasks},
	{.name = NULL},
};
