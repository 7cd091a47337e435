/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory that the tasks of a run share. */
#include "state/shared.h"

#include "base/mem.h"
#include "base/number.h"
#include "ipc/fd.h"
#include "ipc/shm.h"
#include "machine/pressure.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/resource.h>
#include <wchar.h>

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"
#define DIGITS "0123456789"

/* The codes of Python's modules struct and array, and their sizes. */
static const struct {
	char code;
	uint8_t size;
} types[] = {
	{'c', 1},
	{'b', 1},
	{'B', 1},
	{'u', sizeof(wchar_t)},
	{'h', sizeof(short)},
	{'H', sizeof(short)},
	{'i', sizeof(int)},
	{'I', sizeof(int)},
	{'l', sizeof(long)},
	{'L', sizeof(long)},
	{'q', sizeof(long long)},
	{'Q', sizeof(long long)},
	{'f', sizeof(float)},
	{'d', sizeof(double)},
};

/* Returns the bytes of a type, or 0 if there is none of that code. */
static uint64_t type_size(char code)
{
	for (size_t i = 0; i < countof(types); i++) {
		if (types[i].code == code)
			return types[i].size;
	}
	return 0;
}

/* Parses SIZE, TYPE or TYPE*N to bytes. Returns 0, or -1 with errno. */
static int parse_extent(const char *text, uint64_t *size)
{
	uint64_t each = type_size(*text), count = 1;

	if (!each)
		return number_parse_size(text, size);
	errno = EINVAL;
	if (text[1] && (text[1] != '*' || number_parse_size(text + 2, &count) < 0))
		return -1;
	errno = ERANGE;
	return __builtin_mul_overflow(each, count, size) ? -1 : 0;
}

/* True if the name of the text is one of a variable's end: letters, digits and underscores, the first no digit. */
static bool is_named_well(const char *text, size_t name_size)
{
	return name_size && name_size <= SHARED_NAME_MAX && text[name_size] == '=' && strchr(LETTERS, *text) &&
	       strspn(text, LETTERS DIGITS) == name_size;
}

int shared_add(struct shared_options *options, const char *text, struct error *error)
{
	struct shared_segment segment = {.text = text, .name_size = strcspn(text, "=")};

	if (!is_named_well(text, segment.name_size))
		return error_set(error,
				 "--shared '%s': not NAME=SIZE or NAME=TYPE*N, with a NAME of up to %d letters, digits "
				 "and _, the first no digit",
				 text, SHARED_NAME_MAX);
	if (parse_extent(text + segment.name_size + 1, &segment.size) < 0 || !segment.size ||
	    segment.size > INT64_MAX || segment.size > SIZE_MAX)
		return error_set(error,
				 "--shared '%s': not a size of 1 byte or more, such as 65536 or 1M, nor a type of "
				 "Python's array (b B h H i I l L q Q f d c u) and how many, such as d*1000",
				 text);
	for (size_t i = 0; i < options->count; i++) {
		if (strncmp(options->list[i].text, text, segment.name_size + 1) == 0)
			return error_set(error, "--shared '%s' and '%s': the name is the same", options->list[i].text,
					 text);
	}
	if (options->count == SHARED_MAX)
		return error_set(error, "--shared '%s': a run has at most %d; put several things into one", text,
				 SHARED_MAX);
	options->list[options->count++] = segment;
	return 0;
}

/* Checks that there is so much memory. -1 with the error. */
static int check_shared_limits(const struct shared_options *options, struct error *error)
{
	uint64_t available = pressure_memory(), sum = 0;
	struct rlimit limit;

	if (getrlimit(RLIMIT_FSIZE, &limit) < 0)
		limit.rlim_cur = RLIM_INFINITY;
	for (size_t i = 0; i < options->count; i++) {
		const struct shared_segment *segment = &options->list[i];

		if (segment->size > limit.rlim_cur)
			return error_set(error, "--shared %s: files may not be larger than %ju bytes here (ulimit -f)",
					 segment->text, (uintmax_t)limit.rlim_cur);
		if (segment->size > available - sum)
			return error_set(error,
					 "--shared %s: %" PRIu64
					 " bytes%s are more than the memory that is available (%" PRIu64 ")",
					 segment->text, sum + segment->size, sum ? " with those before" : "",
					 available);
		sum += segment->size;
	}
	return 0;
}

int shared_open(struct shared *shared, const struct shared_options *options, struct error *error)
{
	if (options->count && check_shared_limits(options, error) < 0) {
		error->is_usage = true;
		return -1;
	}
	while (shared->count < options->count) {
		const struct shared_segment *segment = &options->list[shared->count];
		struct shm shm;

		if (shm_create_sealed(&shm, "mpmap-shared", (size_t)segment->size) < 0) {
			error_set_errno(error, errno, "--shared %s: cannot have this memory", segment->text);
			shm_release(&shm);
			return -1;
		}
		/* Workers of later runs would inherit the mapping. */
		shm_unmap(&shm);
		shared->fds[shared->count++] = shm.fd;
	}
	return 0;
}

void shared_close(struct shared *shared)
{
	while (shared->count)
		fd_close(&shared->fds[--shared->count]);
}

char **shared_variables(const struct shared *shared, const struct shared_options *options, uint32_t *count)
{
	char **texts = mem_new(2 * shared->count + 1, sizeof *texts);

	*count = 0;
	for (size_t i = 0; i < shared->count; i++) {
		const struct shared_segment *segment = &options->list[i];
		const char *name = segment->text, *extent = name + segment->name_size + 1;
		int name_size = (int)segment->name_size;
		uint64_t each = type_size(*extent);

		texts[(*count)++] = mem_format("MPMAP_SHARED_%.*s=/proc/%ld/fd/%d", name_size, name, (long)getpid(),
					       shared->fds[i]);
		texts[(*count)++] = each && !extent[1]
					    ? mem_format("MPMAP_TYPE_%.*s=%c", name_size, name, *extent)
					    : mem_format("MPMAP_TYPE_%.*s=%c*%" PRIu64, name_size, name,
							 each ? *extent : 'B', segment->size / (each ? each : 1));
	}
	return texts;
}
