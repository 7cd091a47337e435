/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Runs a fuzz target on the contents of files and folders, without a fuzzer: tests/fuzz_NAME PATH...
 *
 * Each file is named before it runs: after a crash the last name is that of its cause.
 */
#include "fuzz.h"

#include "base/mem.h"

#include <errno.h>
#include <ftw.h>
#include <sys/stat.h>

static size_t inputs;

static void fail(const char *path)
{
	fprintf(stderr, "%s: %s\n", path, strerror(errno));
	exit(2);
}

static int run_file(const char *path, const struct stat *status, int type, struct FTW *at UNUSED)
{
	size_t size = (size_t)status->st_size;
	uint8_t *data;
	FILE *file;

	if (type == FTW_D)
		return 0;
	file = type == FTW_F ? fopen(path, "rb") : NULL;
	if (!file)
		fail(path);
	printf("%s\n", path);
	fflush(stdout);
	/* Of exactly its size, so that a sanitizer sees reads beyond it. */
	data = mem_new(size, 1);
	if (fread(data, 1, size, file) != size)
		fail(path);
	fclose(file);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	inputs++;
	return 0;
}

int main(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++) {
		if (nftw(argv[i], run_file, 16, FTW_PHYS) < 0)
			fail(argv[i]);
	}
	printf("%zu inputs\n", inputs);
	return inputs ? 0 : 2;
}
