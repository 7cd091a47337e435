/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The executor of plugins: functions that are called in the worker itself, which has nothing else to do meanwhile.
 *
 * What ends the worker is the outcome of the record in work, seat.running, by the parent's judgement (pool/outcomes).
 * The parent also ends it for its time limit, and for signals to tasks, since nobody here can see either.
 */
#include "base/count.h"
#include "base/mem.h"
#include "ipc/fd.h"
#include "ipc/shm.h"
#include "process/role.h"
#include "process/survey.h"
#include "task/chunk.h"
#include "worker/executor.h"
#include "worker/plugin/call.h"
#include "worker/plugin/library.h"
#include "worker/plugin/variables.h"
#include "worker/plugin/writing.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Time between measurements of memory: each takes some microseconds. */
#define MEASURE_PERIOD (20 * NSEC_PER_MSEC)
/* Bytes of memory for lines that are kept for the next chunk. */
enum { LINES_KEPT = 4 * 1024 * 1024 };

struct plugin {
	struct workplace *place;
	struct library library;
	struct call call;
	struct writing writing;
	/* A copy of the lines of a chunk. */
	struct bytes lines;
	/* Records called. */
	uint64_t done;
	/* What descriptors 0 and 1 were before. */
	int input;
	int output;
	struct variables variables;
	/* When the memory was last measured (--max-rss), 0 if never. */
	nsec measured_at;
	bool is_used_up;
};

/* Ends the run, since the plugin cannot be called: a usage error. */
static void refuse_run(struct workplace *place, struct slice words)
{
	size_t most = ring_packet_max(&place->ring) - sizeof(uint32_t);

	bytes_clear(&place->scratch);
	bytes_put_u32(&place->scratch, 2);
	bytes_append_format(&place->scratch, "--plugin: %.*s", (int)(words.size < most / 2 ? words.size : most / 2),
			    words.data);
	/* Where the parent is gone, nothing more can be done. */
	(void)!workplace_send(place, PACKET_FAILURE, bytes_slice(&place->scratch));
	workplace_announce(place);
}

/* exit() in a plugin ends the worker with its status, and runs nothing that this program has left for its own exit. */
static void leave(int status, void *context UNUSED)
{
	_exit(status);
}

/* 0 in a process that a call has forked: a call that returns there must not go on as this worker. */
static const volatile char *mark;

/* Prepares this process for what ends it in a call, or doubles it. */
static void prepare_process(void)
{
	/* A call does not see that the parent is gone. */
	role_end_with_parent(true);
	if (mark)
		return;
	mark = shm_new_mark();
	on_exit(leave, NULL);
}

/* Lets the plugin have no input, and what it prints by itself not get into the output. -1 with errno. */
static int set_descriptors(struct plugin *plugin)
{
	int null = fd_null(), set;

	plugin->input = fd_copy(0);
	plugin->output = fd_copy(1);
	if (null < 0 || plugin->input < 0 || plugin->output < 0)
		return -1;
	set = fd_replace(0, null) < 0 || fd_replace(1, 2) < 0 ? -1 : 0;
	fd_close(&null);
	return set;
}

/* Makes descriptors 0 and 1 what they were. */
static void restore_descriptors(struct plugin *plugin)
{
	if (plugin->input >= 0)
		(void)!fd_replace(0, plugin->input);
	if (plugin->output >= 0)
		(void)!fd_replace(1, plugin->output);
	fd_close(&plugin->input);
	fd_close(&plugin->output);
}

static int open_plugin(struct workplace *place, void **state)
{
	struct plugin *plugin = mem_new(1, sizeof *plugin);
	struct bytes why = {.data = NULL};

	*state = plugin;
	plugin->place = place;
	prepare_process();
	variables_enter(&plugin->variables, place);
	if (set_descriptors(plugin) < 0) {
		workplace_report_unable(place, "/dev/null");
		return -1;
	}
	if (library_open(&plugin->library, place->briefing.words[0], &why) < 0) {
		refuse_run(place, bytes_slice(&why));
		bytes_release(&why);
		return -1;
	}
	call_open(&plugin->call, place->setup.seat + 1);
	writing_open(&plugin->writing, place);
	return 0;
}

/* Calls the plugin's hook. False if it refuses: the run ends. */
static bool call_init(struct plugin *plugin)
{
	struct workplace *place = plugin->place;
	int status = plugin->library.init ? plugin->library.init(place->setup.seat + 1) : 0;
	struct bytes words = {.data = NULL};

	if (!status)
		return true;
	bytes_append_format(&words, "mpmap_plugin_init of %s returned %d", place->briefing.words[0], status);
	refuse_run(place, bytes_slice(&words));
	bytes_release(&words);
	plugin->writing.parent_gone = !claim_wait(place, NSEC_FOREVER);
	return false;
}

/* True if the worker takes more memory than it may (--max-rss), as far as it was measured after its calls. */
static bool is_too_large(struct plugin *plugin)
{
	uint64_t most = plugin->place->briefing.max_rss;
	nsec now;

	if (!most || !plugin->done || plugin->is_used_up)
		return plugin->is_used_up;
	now = clock_now();
	if (plugin->measured_at && now - plugin->measured_at < MEASURE_PERIOD)
		return false;
	plugin->measured_at = now;
	return survey_memory(plugin->writing.pid) > most;
}

/* True if a record may be called now; waits while the run is stopped (SIGTSTP). */
static bool may_call(struct plugin *plugin, uint64_t index)
{
	struct workplace *place = plugin->place;
	struct writing *writing = &plugin->writing;

	if (atomic_load_explicit(&place->notice->stopped_at, memory_order_relaxed)) {
		writing_commit(writing);
		writing->parent_gone |= !claim_pause(place);
	}
	plugin->is_used_up = (place->setup.max_tasks && plugin->done >= place->setup.max_tasks) || is_too_large(plugin);
	return !writing->parent_gone && !plugin->is_used_up && claim_may_begin(place, index);
}

/* Calls the function for the record that plugin->call has, which the seat shows meanwhile. */
static void call_record(struct plugin *plugin, uint64_t index, uint32_t attempt)
{
	struct seat *seat = plugin->place->seat;
	struct writing *writing = &plugin->writing;
	nsec now = writing->is_single || writing->most == 1 ? clock_now() : clock_now_coarse();
	int status;

	if (!writing_begin(writing, index, attempt, now))
		return;
	atomic_store_explicit(&seat->started, now, memory_order_relaxed);
	atomic_store_explicit(&seat->running, index + 1, memory_order_release);
	status = plugin->library.function(&plugin->call.record, &writing->writer);
	if (!*mark)
		_exit(status & 0xff);
	writing_end(writing, status & 0xff);
	plugin->done++;
}

/* Calls the lines of the claimed chunk that have no result yet. Returns the index after the last. */
static uint64_t call_lines(struct plugin *plugin, struct chunk_reader reader)
{
	const struct claim *claim = &plugin->place->claim;
	char delimiter = reader.rest.data[reader.rest.size - 1], *at, *end;
	size_t before = count_find(reader.rest.data, reader.rest.size, delimiter, claim->next - reader.next);
	uint64_t index;

	/* Copied, so that NULs stand where they end, and a plugin cannot change what others get. */
	bytes_clear(&plugin->lines);
	bytes_append(&plugin->lines, reader.rest.data + before, reader.rest.size - before);
	at = plugin->lines.data;
	end = at + plugin->lines.size;
	for (index = claim->next; index < claim->end && may_call(plugin, index); index++) {
		char *stop = memchr(at, delimiter, (size_t)(end - at));

		*stop = '\0';
		call_set_line(&plugin->call, index, claim->attempt,
			      (struct slice){.data = at, .size = (size_t)(stop - at)});
		call_record(plugin, index, claim->attempt);
		at = stop + 1;
	}
	if (plugin->lines.size > LINES_KEPT)
		bytes_release(&plugin->lines);
	return index;
}

/* Calls the records of the claimed chunk, which are no lines, likewise. */
static uint64_t call_values(struct plugin *plugin, struct chunk_reader reader)
{
	const struct claim *claim = &plugin->place->claim;
	struct task task;

	while (chunk_next(&reader, &task)) {
		if (task.index < claim->next)
			continue;
		if (!may_call(plugin, task.index))
			return task.index;
		task.attempt = claim->attempt;
		call_set(&plugin->call, &task, &plugin->place->template);
		call_record(plugin, task.index, task.attempt);
	}
	return claim->end;
}

/* Calls the records of the claimed chunk that have no result yet. */
static void call_chunk(struct plugin *plugin)
{
	struct workplace *place = plugin->place;
	struct chunk_reader reader = claim_read(place);
	struct task first = {.index = place->claim.next, .attempt = place->claim.attempt};
	uint64_t next = first.index;

	/* Signals to tasks reach this worker from here until the chunk ends. */
	if (may_call(plugin, next) && claim_begin(place, &first, 0)) {
		place->seat->task = SEAT_BEGUN;
		next = reader.width == CHUNK_LINES ? call_lines(plugin, reader) : call_values(plugin, reader);
	}
	writing_commit(&plugin->writing);
	if (next < place->claim.end && !plugin->writing.parent_gone)
		claim_return(place);
	claim_drop(place);
}

static enum executor_service serve_plugin(struct workplace *place, void *state)
{
	struct plugin *plugin = state;

	if (call_init(plugin)) {
		while (!plugin->writing.parent_gone && !plugin->is_used_up && !atomic_load(&place->seat->retire)) {
			if (claim_take(place))
				call_chunk(plugin);
			else if (!claim_park(place))
				break;
		}
		if (!plugin->writing.parent_gone && plugin->library.exit)
			plugin->library.exit();
	}
	fflush(NULL);
	if (plugin->writing.parent_gone)
		return SERVICE_ABANDONED;
	return plugin->is_used_up ? SERVICE_USED_UP : SERVICE_OVER;
}

static void close_plugin(struct workplace *place UNUSED, void *state)
{
	struct plugin *plugin = state;

	library_close(&plugin->library);
	restore_descriptors(plugin);
	variables_leave(&plugin->variables);
	role_end_with_parent(false);
	bytes_release(&plugin->lines);
	call_release(&plugin->call);
	writing_release(&plugin->writing);
	free(plugin);
}

const struct executor executor_plugin = {
	.name = "plugin",
	.option = "plugin",
	.runs_tasks = true,
	.persists = true,
	.answers_each = true,
	.returns_values = true,
	.is_called = true,
	.open = open_plugin,
	.serve = serve_plugin,
	.close = close_plugin,
};
