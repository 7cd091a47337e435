/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the options of a run to what its workers are told to do. */
#include "run/instructions.h"

#include "base/mem.h"
#include "process/command.h"
#include "process/signals.h"
#include "run/report.h"
#include "run/session.h"

#include <inttypes.h>
#include <sys/random.h>

/* Identifies this run to its tasks: 16 hexadecimal digits. */
static char *make_id(void)
{
	uint64_t number = 0;

	if (getrandom(&number, sizeof number, 0) != (ssize_t)sizeof number)
		number = (uint64_t)clock_wall() ^ (uint64_t)getpid() << 40;
	return mem_format("%016" PRIx64, number);
}

/* The words to execute: those of the command line, or the shell's. prefix has room for them. */
static void choose_words(const struct session_options *options, char **prefix, struct briefing *run)
{
	static char shell[] = "/bin/sh", flag[] = "-c", name[] = "sh";
	size_t count = 0;

	if (!options->shell) {
		run->words = options->words;
		run->word_count = (uint32_t)options->word_count;
		return;
	}
	prefix[count++] = shell;
	prefix[count++] = flag;
	if (options->word_count) {
		prefix[count++] = options->words[0];
		prefix[count++] = name;
	}
	run->words = prefix;
	run->word_count = (uint32_t)count;
	run->flags |= BRIEFING_LITERAL;
}

/* Compiles what is executed, what is shown of it, and the tag. */
static int compile_templates(struct session *session, const struct briefing *run, struct error *error)
{
	const struct session_options *options = session->options;
	struct template_options template = briefing_template(run);

	if (template_compile(&session->command, &template, error) < 0)
		return -1;
	/* What is shown of a shell's task is the script. */
	if (options->shell) {
		template.words = options->words;
		template.word_count = options->word_count;
	}
	if (template_compile(&session->template, &template, error) < 0)
		return -1;
	if (!run->tag)
		return 0;
	template = briefing_tag_template(run);
	session->tag_word = run->tag;
	template.words = &session->tag_word;
	return template_compile(&session->tag, &template, error) < 0 ? error_wrap(error, "--tagstring") : 0;
}

int instructions_open(struct session *session, struct error *error)
{
	static char command[] = "command", print[] = "print";
	const struct session_options *options = session->options;
	struct pool_options pool = {
		.method = options->method,
		.reserve = session->place.reserve,
		.jobs = options->jobs,
		.jobs_max = options->jobs_max > options->jobs ? options->jobs_max : options->jobs,
		.max_tasks = options->max_tasks,
		.is_slow = options->initializer || options->zygote,
		.repeats = options->retries || options->brings_commands,
		.has_limits = options->brings_commands,
		.grace = options->grace,
		.judged = halt_outcomes(&options->halt),
		.terminal = options->terminal,
	};
	struct briefing run = {
		.executor = options->dry_run ? print : command,
		.flags = (options->ungrouped ? BRIEFING_UNGROUPED : 0u) | (options->verbose ? BRIEFING_VERBOSE : 0u) |
			 (options->quiet ? BRIEFING_QUIET : 0u) |
			 (options->terminal ? BRIEFING_TERMINAL | BRIEFING_UNGROUPED : 0u),
		.nice = options->nice,
		/* Whatever they were at our start, a task finds these two at their defaults. */
		.ignored = signals_ignored_at_start() & ~(UINT64_C(1) << (SIGPIPE - 1) | UINT64_C(1) << (SIGCHLD - 1)),
		.judged = halt_outcomes(&options->halt),
		.grace = options->grace,
		.delay = options->delay,
		.initializer = (char *)(uintptr_t)options->initializer,
		.id = make_id(),
		.directory = (char *)(uintptr_t)options->directory,
		.path = (char *)(uintptr_t)options->path,
	};
	int opened;

	/* From the background they write to the terminal all the same, as those of xargs do. */
	if (options->ungrouped && !options->terminal)
		run.ignored |= UINT64_C(1) << (SIGTTOU - 1);
	choose_words(options, session->prefix, &run);
	run.replace = (char *)(uintptr_t)options->replace;
	run.separator = (char *)(uintptr_t)options->separator;
	run.names = options->names;
	run.name_count = (uint32_t)options->name_count;
	run.widths = options->widths;
	run.width_count = (uint32_t)options->width_count;
	run.value_count = (uint32_t)options->value_count;
	run.tag = (char *)(uintptr_t)options->tag;
	run.flags |= (options->names ? BRIEFING_NAMED : 0u) | (options->is_grouped ? BRIEFING_GROUPED : 0u) |
		     (options->to_stdin ? BRIEFING_STDIN : 0u) | (options->names_vary ? BRIEFING_NAMES_VARY : 0u) |
		     ((options->format && options->format->is_whole) || options->results || session->place.observer
			      ? BRIEFING_MEASURED
			      : 0u);
	if (compile_templates(session, &run, error) < 0) {
		error->is_usage = true;
		free(run.id);
		return -1;
	}
	if (session->template.command_is_fixed || options->shell)
		run.command = command_find(run.words[0], run.path);
	/* What is not found is told of by the first task. */
	if (options->zygote && !options->dry_run && run.command)
		run.flags |= BRIEFING_ZYGOTE;
	else if (options->zygote && !options->dry_run && !(session->template.command_is_fixed || options->shell))
		report_unfit(session, slice_of(options->word_count ? "it is not the same for all tasks"
								   : "each says what is executed"));
	opened = pool_init(&session->pool, session->place.loop, &session->arena, &pool, &run, &session->pool_owner,
			   error);
	free(run.id);
	free(run.command);
	return opened;
}
