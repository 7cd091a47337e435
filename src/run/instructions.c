/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the options of a run to the briefing of its workers, its templates and its pool. */
#include "run/instructions.h"

#include "base/mem.h"
#include "machine/capacity.h"
#include "process/command.h"
#include "process/signals.h"
#include "run/report.h"
#include "run/session_private.h"
#include "task/shell.h"
#include "worker/executor.h"

#include <inttypes.h>
#include <sys/random.h>
#include <unistd.h>

/* Returns an identifier of the run for its tasks: 16 hexadecimal digits. The caller's. */
static char *make_id(void)
{
	uint64_t number = 0;

	if (getrandom(&number, sizeof number, 0) != (ssize_t)sizeof number)
		number = (uint64_t)clock_wall() ^ (uint64_t)getpid() << 40;
	return mem_format("%016" PRIx64, number);
}

static char *copy_optional(const char *text)
{
	return text ? mem_string(text) : NULL;
}

/* Returns the path of a file from any folder, NULL for NULL. The caller's. */
static char *whole_path(const char *name)
{
	char *path = name ? realpath(name, NULL) : NULL;

	return path ? path : copy_optional(name);
}

static char **copy_texts(const char *const *texts, size_t count)
{
	char **copies = mem_new(count + 1, sizeof *copies);
	size_t i;

	for (i = 0; i < count; i++)
		copies[i] = mem_string(texts[i]);
	return copies;
}

/* Appends a word to those to execute. */
static void brief_word(struct briefing *briefing, struct slice word)
{
	briefing->words = mem_resize(briefing->words, briefing->word_count + 1, sizeof *briefing->words);
	briefing->words[briefing->word_count++] = mem_format("%.*s", (int)word.size, word.data);
}

/* Sets the words to execute: a shell's. */
static void brief_shell(const struct command_options *command, struct briefing *briefing)
{
	const char *program = shell_program(command->program), *rest = program;
	struct slice word;

	while ((word = shell_word(&rest)).size)
		brief_word(briefing, word);
	brief_word(briefing, slice_of("-c"));
	if (!command->template.word_count)
		return;
	brief_word(briefing, slice_of(command->template.words[0]));
	brief_word(briefing, shell_name(program));
}

/* Sets the words to execute: those of the command line, or a shell's. */
static void brief_words(const struct session_options *options, struct briefing *briefing)
{
	const struct template_options *template = &options->command.template;

	if (options->command.shell) {
		brief_shell(&options->command, briefing);
		return;
	}
	briefing->word_count = (uint32_t) template->word_count;
	briefing->words = copy_texts((const char *const *)template->words, template->word_count);
}

/* Sets the values of replacement strings. */
static void brief_template(const struct session_options *options, struct briefing *briefing)
{
	const struct template_options *template = &options->command.template;

	brief_words(options, briefing);
	briefing->replace = copy_optional(template->replace);
	briefing->separator = copy_optional(template->separator);
	briefing->csv = template->csv;
	briefing->names = copy_texts((const char *const *)template->names, template->name_count);
	briefing->name_count = (uint32_t) template->name_count;
	if (template->width_count)
		briefing->widths = mem_copy(template->widths, template->width_count * sizeof *template->widths);
	briefing->width_count = (uint32_t) template->width_count;
	briefing->value_count = (uint32_t) template->value_count;
	briefing->tag = copy_optional(options->output.tag);
	briefing->product = copy_optional(options->output.each);
}

static bool is_measured(const struct session *session)
{
	const struct output_options *output = &session->options->output;

	return (output->format && output->format->is_whole) || output->results || output->log ||
	       session->place.recorder;
}

/* True if each record has a result of its own, though its command answers many: something counts or shows each. */
static bool needs_singles(const struct session *session)
{
	const struct output_options *output = &session->options->output;
	const struct halt *halt = &session->options->policy.halt;
	/* Where each answer ends is known: a journal needs that. */
	bool answers_lines = session->options->command.executor->answers_lines && output->order != ORDER_LINES;

	return (output->format && output->format->is_whole) || output->tag || output->joblog || output->log ||
	       output->memo || session->place.recorder || (session->options->durable.journal && !answers_lines) ||
	       (halt->when != HALT_NEVER && (halt->why == HALT_SUCCESS || halt->why == HALT_DONE));
}

/* True if results carry the values that tasks return. */
static bool has_values(const struct session_options *options)
{
	return options->command.executor->returns_values && options->output.format &&
	       options->output.format->has_values;
}

/* Returns the BRIEFING_... flags. */
static uint32_t briefing_flags(const struct session *session)
{
	const struct session_options *options = session->options;
	const struct command_options *command = &options->command;
	const struct output_options *output = &options->output;
	const struct {
		bool is_set;
		uint32_t flags;
	} rows[] = {
		{command->shell, BRIEFING_LITERAL},
		{output->ungrouped, BRIEFING_UNGROUPED},
		{output->verbose, BRIEFING_VERBOSE},
		{output->quiet, BRIEFING_QUIET},
		{command->terminal, BRIEFING_TERMINAL | BRIEFING_UNGROUPED},
		{command->template.is_grouped, BRIEFING_GROUPED},
		{command->template.names, BRIEFING_NAMED},
		{options->input.to_stdin, BRIEFING_STDIN},
		{output->merged, BRIEFING_MERGED},
		{options->durable.journal && options->durable.sync != SYNC_NEVER, BRIEFING_STORED},
		{command->template.names_vary, BRIEFING_NAMES_VARY},
		{is_measured(session), BRIEFING_MEASURED},
		{needs_singles(session), BRIEFING_SINGLES},
		{command->executor->persists, BRIEFING_AS_IS},
		{has_values(options), BRIEFING_VALUES},
		{options->input.is_json, BRIEFING_JSON},
		/* One that waits for what another record does must not have that behind it. */
		{options->workers.chunk_size == 1, BRIEFING_ALONE},
		{options->policy.leftovers == LEFTOVERS_WAIT, BRIEFING_WAITS},
		{options->policy.leftovers == LEFTOVERS_KILL, BRIEFING_CLEARS},
	};
	uint32_t flags = 0;
	size_t i;

	for (i = 0; i < countof(rows); i++)
		flags |= rows[i].is_set ? rows[i].flags : 0u;
	return flags;
}

/* Returns the signals that tasks find ignored. */
static signal_mask ignored_signals(const struct session_options *options)
{
	signal_mask ignored = signals_ignored_at_start();

	/* A task finds these two at their defaults, whatever they were at our start. */
	ignored &= ~(UINT64_C(1) << (SIGPIPE - 1) | UINT64_C(1) << (SIGCHLD - 1));
	/* Ungrouped tasks may write to the terminal from the background, as those of xargs do. */
	if (options->output.ungrouped && !options->command.terminal)
		ignored |= UINT64_C(1) << (SIGTTOU - 1);
	return ignored;
}

/*
 * Returns the outcomes (a bit for each) after which a worker waits for the verdict: with --until a task that took long
 * may be the reason to begin no other, with --sync=each it is to be committed before. What a command that stays was fed
 * is not taken back.
 */
static uint32_t judged_outcomes(const struct session_options *options)
{
	bool waits = options->policy.until.kind != UNTIL_NEVER || durable_commits_each(&options->durable);

	if (waits && !options->command.executor->persists)
		return (1u << OUTCOMES) - 1;
	/* What was taken from a queue and failed is tried again before anything else is begun. */
	if (options->state.queue && options->policy.retries)
		return halt_outcomes(&options->policy.halt) | ((1u << OUTCOMES) - 1 - (1u << OUTCOME_OK));
	return halt_outcomes(&options->policy.halt);
}

/* Returns the briefing of the session's workers, but for where the command is. The caller's (briefing_release). */
static struct briefing briefing_from_options(const struct session *session)
{
	const struct session_options *options = session->options;
	struct briefing briefing = {
		.executor = mem_string(options->command.executor->name),
		.flags = briefing_flags(session),
		.nice = options->command.nice,
		.ignored = ignored_signals(options),
		.judged = judged_outcomes(options),
		.grace = options->policy.grace,
		.delay = options->policy.delay ? options->policy.delay : options->policy.rate.interval,
		.slack = options->policy.rate.slack,
		.max_rss = options->command.max_rss,
		.initializer = copy_optional(options->command.initializer),
		.finalizer = copy_optional(options->command.finalizer),
		.id = make_id(),
		.directory = copy_optional(options->command.directory),
		.path = copy_optional(options->command.path),
		.input = whole_path(options->input.file),
	};

	brief_template(options, &briefing);
	briefing.slot_variable_count = (uint32_t)options->slots.count;
	briefing.slot_variables = copy_texts(options->slots.list, options->slots.count);
	briefing.variables = shared_variables(&session->shared, &options->shared, &briefing.variable_count);
	return briefing;
}

/* Compiles the command as it is executed and as it is shown, and the tag: views of the briefing and the options. */
static int compile_templates(struct session *session, struct error *error)
{
	const struct command_options *command = &session->options->command;
	const struct briefing *briefing = &session->briefing;
	struct template_options template = briefing_template(briefing);

	if (template_compile(&session->command, &template, error) < 0)
		return -1;
	/* Of a shell's task, the script is shown. */
	if (command->shell) {
		template.words = command->template.words;
		template.word_count = command->template.word_count;
	}
	/* Of a function, its code and the record. */
	if (command->function[0]) {
		template.words = (char **)(uintptr_t)command->function;
		template.word_count = countof(command->function);
		template.is_literal = true;
		template.has_no_values = false;
	}
	if (template_compile(&session->template, &template, error) < 0)
		return -1;
	if (!briefing->tag)
		return 0;
	template = briefing_tag_template(briefing);
	return template_compile(&session->tag, &template, error) < 0 ? error_wrap(error, "--tagstring") : 0;
}

/* True if tasks are to be forked from the command, where that is possible. */
static bool wants_zygotes(const struct command_options *command)
{
	return command->zygote && command->executor->runs_tasks && !command->executor->persists;
}

/*
 * True if each worker is to have a processor for itself: all processors are busy then anyway. Not at the prompt, where
 * several runs share workers and the number of jobs changes.
 */
static bool has_processors(const struct session *session)
{
	const struct worker_options *workers = &session->options->workers;

	return !session->place.reserve && workers->jobs_max <= workers->jobs && workers->jobs > 1 &&
	       workers->jobs == capacity_affinity();
}

/* Completes the briefing with where the command is, and whether tasks are forked from it. */
static void find_command(struct session *session)
{
	const struct command_options *command = &session->options->command;
	bool is_fixed = session->template.command_is_fixed || command->shell;
	struct briefing *briefing = &session->briefing;

	if (is_fixed)
		briefing->command = command_find(briefing->words[0], briefing->path);
	if (!wants_zygotes(command))
		return;
	/* A command that was not found is reported by the first task. */
	if (briefing->command)
		briefing->flags |= BRIEFING_ZYGOTE | (has_processors(session) ? BRIEFING_PROCESSORS : 0u);
	else if (!is_fixed)
		report_unfit(session, slice_of(command->template.word_count ? "it is not the same for all tasks"
									    : "each says what is executed"));
}

int instructions_open(struct session *session, struct error *error)
{
	const struct session_options *options = session->options;
	const struct worker_options *workers = &options->workers;
	struct pool_options pool = {
		.loop = session->place.loop,
		.arena = &session->arena,
		.method = workers->method,
		.reserve = session->place.reserve,
		.jobs = workers->jobs,
		.jobs_max = workers->jobs_max > workers->jobs ? workers->jobs_max : workers->jobs,
		.max_tasks = workers->max_tasks,
		.is_slow = options->command.initializer || wants_zygotes(&options->command),
		.finalizes = options->command.finalizer,
		.repeats = options->policy.retries || options->input.brings_commands,
		.has_limits = options->input.brings_commands,
		.grace = options->policy.grace,
		.judged = judged_outcomes(options),
		.acknowledges = durable_commits_each(&options->durable),
		.terminal = options->command.terminal,
		.refeeds = options->command.executor->persists,
		.calls = options->command.executor->is_called,
	};

	if (shared_open(&session->shared, &options->shared, error) < 0)
		return -1;
	session->briefing = briefing_from_options(session);
	if (sharing_open(session, error) < 0)
		return -1;
	pool.singles = session->briefing.flags & BRIEFING_SINGLES;
	if (compile_templates(session, error) < 0) {
		error->is_usage = true;
		return -1;
	}
	find_command(session);
	prototype_open(&session->prototype, options, &session->briefing, session->place.loop);
	session->pool = pool_new(&pool, &session->briefing, &session->pool_owner, error);
	return session->pool ? sharing_begin(session, error) : -1;
}

void instructions_release(struct session *session)
{
	sharing_close(session);
	prototype_close(&session->prototype, session->place.reserve ? &session->briefing : NULL);
	pool_free(session->pool);
	session->pool = NULL;
	template_release(&session->template);
	template_release(&session->command);
	template_release(&session->tag);
	briefing_release(&session->briefing);
	shared_close(&session->shared);
}
