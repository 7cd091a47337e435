/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Examining a program's file.
 *
 * The object can be preloaded only into programs that mpmap's own dynamic linker starts. In a program whose file gives
 * it rights of its own the linker ignores it, and main would run.
 */
#include "worker/zygote/fitness.h"

#include "ipc/fd.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

/* The machines on which libc passes main as the first argument of __libc_start_main. */
#if defined __GLIBC__ && \
	(defined __x86_64__ || defined __i386__ || defined __aarch64__ || defined __arm__ || defined __riscv)
enum { IS_SUPPORTED = 1 };
#else
enum { IS_SUPPORTED = 0 };
#endif

enum { HEADERS_MAX = 64, INTERPRETER_MAX = 256 };

/* Reads exactly size bytes. False if there are fewer. */
static bool read_at(int fd, void *data, size_t size, uint64_t offset)
{
	return pread(fd, data, size, (off_t)offset) == (ssize_t)size;
}

/* Reads the dynamic linker that a program names; "" if none. False if it is not a program for this machine. */
static bool read_interpreter(int fd, char interpreter[INTERPRETER_MAX])
{
	ElfW(Ehdr) head;
	ElfW(Phdr) parts[HEADERS_MAX];
	size_t i;

	interpreter[0] = '\0';
	if (!read_at(fd, &head, sizeof head, 0) || memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 ||
	    head.e_phentsize != sizeof *parts || head.e_phnum > HEADERS_MAX ||
	    !read_at(fd, parts, head.e_phnum * sizeof *parts, head.e_phoff))
		return false;
	for (i = 0; i < head.e_phnum; i++) {
		if (parts[i].p_type != PT_INTERP)
			continue;
		if (parts[i].p_filesz < 1 || parts[i].p_filesz > INTERPRETER_MAX ||
		    !read_at(fd, interpreter, parts[i].p_filesz, parts[i].p_offset))
			return false;
		interpreter[parts[i].p_filesz - 1] = '\0';
	}
	return true;
}

/* Returns why the program is not for mpmap's machine and dynamic linker, or NULL. */
static const char *compare_to_own(int fd)
{
	char own[INTERPRETER_MAX], its[INTERPRETER_MAX];
	int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	bool known = self >= 0 && read_interpreter(self, own) && own[0];

	if (self < 0)
		return "it cannot be compared to mpmap";
	fd_close(&self);
	if (!known)
		return "mpmap is not dynamically linked";
	if (!read_interpreter(fd, its))
		return "it is no program for this machine's dynamic linker";
	if (!its[0])
		return "it is statically linked";
	return strcmp(own, its) == 0 ? NULL : "another dynamic linker starts it";
}

static const char *examine(int fd)
{
	struct stat status;
	char start[2];

	/* A file that cannot be executed is reported by the task that tries to. */
	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
		return NULL;
	if (!read_at(fd, start, sizeof start, 0) || memcmp(start, ELFMAG, sizeof start) != 0)
		return "it is a script";
	if (status.st_mode & (S_ISUID | S_ISGID))
		return "it is setuid or setgid";
	if (fgetxattr(fd, "security.capability", NULL, 0) >= 0)
		return "it has capabilities of its own";
	return compare_to_own(fd);
}

const char *fitness_problem(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	const char *problem;

	if (!IS_SUPPORTED)
		return "this machine's C library is not known well enough";
	if (fd < 0)
		return errno == EACCES ? "it cannot be read" : NULL;
	problem = examine(fd);
	fd_close(&fd);
	return problem;
}
