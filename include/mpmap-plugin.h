/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Plugins of mpmap: functions that a worker calls for each record (mpmap --plugin FILE.so:FUNCTION; mpmap-plugin(3)).
 *
 *	#include <mpmap-plugin.h>
 *
 *	MPMAP_PLUGIN;
 *
 *	int echo(const struct mpmap_record *record, struct mpmap_writer *writer)
 *	{
 *		mpmap_write(writer, record->data, record->size);
 *		mpmap_write(writer, "\n", 1);
 *		return 0;
 *	}
 *
 *	cc -shared -fPIC -o echo.so echo.c && seq 3 | mpmap --plugin ./echo.so:echo
 *
 * This file has nothing but C17 and C++11, and needs no library. Fields and functions are only ever added at the ends
 * of the structs, whose first field says how large they are; what would break a plugin gets another MPMAP_PLUGIN_ABI.
 */
#ifndef MPMAP_PLUGIN_H
#define MPMAP_PLUGIN_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of what stands here. mpmap refuses a plugin of another version before the first record. */
#define MPMAP_PLUGIN_ABI 1u

#if defined __GNUC__
#define MPMAP_PLUGIN_EXPORT __attribute__((visibility("default")))
#else
#define MPMAP_PLUGIN_EXPORT
#endif

/* The version that a plugin was compiled with: a variable of this name in each plugin. */
extern MPMAP_PLUGIN_EXPORT const unsigned mpmap_plugin_abi;

/* Defines it, once in each plugin, outside of functions: MPMAP_PLUGIN; */
#define MPMAP_PLUGIN const unsigned mpmap_plugin_abi = MPMAP_PLUGIN_ABI

/* A record. All of it is the plugin's to read until its function returns, and not to be changed. */
struct mpmap_record {
	/* Bytes of this struct in the mpmap that calls. */
	size_t struct_size;
	/* The number of the record, from 1, in the order of the input. */
	uint64_t seq;
	/* How often this record has been tried, from 1 (--retries). */
	uint32_t attempt;
	/* The number of the worker's place, from 1 to that of jobs: no two calls at a time have the same. */
	uint32_t slot;
	/*
	 * The record as it was read, without what ended it: with columns the whole of it, in JSON the element's text,
	 * with several sources that of the first. It may have NULs in it, and has one after it.
	 */
	const char *data;
	size_t size;
	/*
	 * Its values: columns (--colsep, --csv), one of each source, the elements of a JSON array or the members of an
	 * object (what {} would be for each), else the record itself. Each has a NUL after it. A column that is missing
	 * is NULL.
	 */
	size_t value_count;
	const char *const *values;
	const size_t *value_sizes;
	/* The name of each value (--header, or the members of an object), else NULL. */
	const char *const *names;
};

/* A stream that a record's output is written to. */
enum mpmap_stream {
	MPMAP_OUTPUT = 1,
	MPMAP_ERRORS = 2,
	/* What the function returns besides its status: one JSON text, in one call. */
	MPMAP_VALUE = 3
};

/* Where a function writes. Valid until the function returns, in the thread that it was called in. */
struct mpmap_writer {
	/* Bytes of this struct in the mpmap that calls. */
	size_t struct_size;
	/*
	 * Appends bytes to the record's standard output or error, or gives its value: with -o json or jsonl the result
	 * has it as "value", otherwise it goes nowhere. May wait until there is room. Returns 0, or -1 with errno:
	 * EINVAL for another stream, what is not JSON and a second value, EPIPE if mpmap has gone.
	 */
	int (*write)(struct mpmap_writer *writer, int stream, const void *data, size_t size);
	/*
	 * Room for standard output: as many bytes as it has may be stored at "at", which is then moved behind them; what
	 * is more goes to write. mpmap_write does that.
	 */
	char *at;
	char *end;
};

/* Appends bytes to the record's standard output. As the function write above. */
static inline int mpmap_write(struct mpmap_writer *writer, const void *data, size_t size)
{
	if (size > (size_t)(writer->end - writer->at))
		return writer->write(writer, MPMAP_OUTPUT, data, size);
	memcpy(writer->at, data, size);
	writer->at += size;
	return 0;
}

/* Appends a text to the record's standard output. */
static inline int mpmap_puts(struct mpmap_writer *writer, const char *text)
{
	return mpmap_write(writer, text, strlen(text));
}

/* Gives the record's value: a JSON text (RFC 8259). */
static inline int mpmap_value(struct mpmap_writer *writer, const char *json)
{
	return writer->write(writer, MPMAP_VALUE, json, strlen(json));
}

/* Appends a text to the record's standard error. */
static inline int mpmap_complain(struct mpmap_writer *writer, const char *text)
{
	return writer->write(writer, MPMAP_ERRORS, text, strlen(text));
}

/*
 * What --plugin FILE.so:FUNCTION names. Returns the record's exit status, of which the low 8 bits count, as with
 * exit(3): 0 is success. What ends the process instead (a signal, exit) is this record's outcome, and no other's.
 */
typedef int mpmap_function(const struct mpmap_record *record, struct mpmap_writer *writer);

/*
 * If the plugin has a function of this name: called once in each worker, before its first record. Returns 0; anything
 * else ends the run.
 */
MPMAP_PLUGIN_EXPORT int mpmap_plugin_init(unsigned slot);

/* If the plugin has a function of this name: called once in each worker that leaves in order, after its last record. */
MPMAP_PLUGIN_EXPORT void mpmap_plugin_exit(void);

#ifdef __cplusplus
}
#endif

#endif
