/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The functions in the rows of the option table: each sets one option. */
#ifndef FRONT_SETTERS_H
#define FRONT_SETTERS_H

#include "front/options.h"

/* Sets an option; value is NULL if absent. -1 with the error, which names the right form. */
typedef int option_setter(struct options *options, const char *value, struct error *error);

option_setter set_null;
option_setter set_delimiter;
option_setter set_record_start;
option_setter set_block;
option_setter set_file;
option_setter set_separator;
option_setter set_csv;
option_setter set_header;
option_setter set_group;
option_setter set_stdin;
option_setter set_stdin_file;
option_setter set_replace;
option_setter set_link;
option_setter set_json;
option_setter set_json_lines;
option_setter set_nothing;
option_setter set_shell;
option_setter set_jobs;
option_setter set_method;
option_setter set_chunk_size;
option_setter set_max_tasks;
option_setter set_directory;
option_setter set_nice;
option_setter set_initializer;
option_setter set_finalizer;
option_setter set_max_rss;
option_setter set_shared;
option_setter set_state;
option_setter set_queue;
option_setter set_state_memory;
option_setter set_terminal;
option_setter set_zygote;
option_setter set_filter;
option_setter set_coprocess;
option_setter set_python;
option_setter set_bash;
option_setter set_perl;
option_setter set_node;
option_setter set_plugin;
option_setter set_setup;
option_setter set_teardown;
option_setter set_source;
option_setter set_isolated;
option_setter set_unisolated;
option_setter set_delay;
option_setter set_rate;
option_setter set_retries;
option_setter set_retry_delay;
option_setter set_timeout;
option_setter set_grace;
option_setter set_leftovers;
option_setter set_halt;
option_setter set_until;
option_setter set_memory;
option_setter set_load;
option_setter set_progress;
option_setter set_color;
option_setter set_unordered;
option_setter set_ordered;
option_setter set_ungrouped;
option_setter set_lines;
option_setter set_tag;
option_setter set_tag_string;
option_setter set_merged;
option_setter set_slot_environment;
option_setter set_output;
option_setter set_results;
option_setter set_out;
option_setter set_force;
option_setter set_joblog;
option_setter set_memo;
option_setter set_buffer;
option_setter set_spill;
option_setter set_verbose;
option_setter set_quiet;
option_setter set_dry_run;
option_setter set_stats;
option_setter set_help;
option_setter set_interactive;
option_setter set_version;

#endif
