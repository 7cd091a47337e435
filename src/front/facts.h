/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The facts about a command line that may exclude each other (front/conflicts.c). */
#ifndef FRONT_FACTS_H
#define FRONT_FACTS_H

#include "base/dialect.h"

enum fact {
	/* Always true: for rows of one fact. */
	FACT_ANY,
	FACT_INTERACTIVE,
	FACT_BATCH,
	/* A COMMAND, a SCRIPT, tasks in JSON, or a source. */
	FACT_RUN,
	/* None of these but perhaps a source. */
	FACT_NOTHING_TO_RUN,
	FACT_EMPTY_COMMAND,
	/* --shell with two operands. */
	FACT_SECOND_SCRIPT,
	/* --shell with none. */
	FACT_SHELL_RECORDS,
	FACT_TTY,
	FACT_ZYGOTE,
	FACT_UNGROUP,
	FACT_LINE_BUFFER,
	/* An option that lets tasks run at the same time. */
	FACT_SIMULTANEOUS,
	/* An output format other than text. */
	FACT_FORMAT,
	FACT_TAG,
	FACT_RESULTS,
	FACT_MEMO,
	/* An output format that writes nothing. */
	FACT_SILENT,
	FACT_OUT,
	/* A file that two options name to write to, and these options. */
	FACT_ONE_FILE,
	FACT_ITS_WRITERS,
	/* A source of records is the file of the output, too. */
	FACT_OUT_IS_INPUT,
	/* A source of records is the journal, too. */
	FACT_JOURNAL_IS_INPUT,
	/* A source of records is a log or the report, too, and the option that names that. */
	FACT_LOG_IS_INPUT,
	FACT_ITS_LOGGER,
	FACT_RETRY_ON_ALONE,
	/* Two sources read standard input. */
	FACT_SECOND_READER,
	FACT_SOURCES,
	/* --stdin of a run; before a prompt it is a default. */
	FACT_STDIN,
	FACT_NO_STDIN,
	FACT_BLOCK,
	FACT_SEPARATOR,
	FACT_CSV,
	/* A byte between fields as COMMAND. */
	FACT_SEPARATOR_OPERAND,
	FACT_NULL,
	/* --delimiter. */
	FACT_DELIMITER,
	/* --null or --delimiter. */
	FACT_RECORD_END,
	FACT_RECORD_START,
	FACT_HEADER,
	FACT_GROUP,
	FACT_GROUP_MAX,
	FACT_JSON,
	/* JSON without COMMAND: its values are tasks. */
	FACT_JSON_TASKS,
	/* Other than standard input or one file. */
	FACT_NO_JSON_SOURCE,
	/* An option about lines. */
	FACT_LINES,
	/* --filter or --coproc of a run; before a prompt they are defaults. */
	FACT_PERSISTENT,
	/* The same, but for functions. */
	FACT_STREAM,
	/* Neither of them. */
	FACT_TRANSIENT,
	FACT_STATE,
	FACT_STATE_MEMORY,
	FACT_STATELESS,
	FACT_MAX_RSS,
	FACT_FILTER,
	/* No words of COMMAND, as for --filter. */
	FACT_NO_WORDS,
	/* --delimiter of several bytes. */
	FACT_STRING,
	/* A word of COMMAND that is a condition, as that of GNU parallel's --filter. */
	FACT_CONDITION,
	FACT_DELAY,
	FACT_RATE,
	FACT_STDIN_FILE,
	FACT_MERGED,
	FACT_EACH_OUT,
	FACT_NO_EACH_OUT,
	FACT_NEWER,
	FACT_JOURNAL,
	FACT_DRY_RUN,
	FACT_VERBOSE,
	FACT_REPLACE,
	FACTS,
};

#endif
