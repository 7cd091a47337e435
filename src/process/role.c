/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The declared roles, and the one way into a role. */
#include "process/role.h"

#include "base/diag.h"
#include "base/number.h"
#include "base/trace.h"
#include "ipc/fd.h"
#include "process/signals.h"
#include "process/title.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/prctl.h>
#include <unistd.h>

/* The table of roles, NULL before roles_declare. */
static const struct role *declared_roles;

void roles_declare(const struct role *roles)
{
	declared_roles = roles;
}

const struct role *role_find(const char *name)
{
	const struct role *role;

	for (role = declared_roles; role && role->name; role++) {
		if (strcmp(role->name, name) == 0)
			return role;
	}
	return NULL;
}

void role_end_with_parent(bool ends)
{
	/* A stopped process would not notice that its starter has died: the starter's death continues it. */
	prctl(PR_SET_PDEATHSIG, ends ? SIGKILL : SIGCONT);
}

void role_enter(const struct role *role, const char *name, int fd)
{
	const int keep[] = {fd, trace_descriptor()};
	/* Here, since this function never returns. */
	char title[TITLE_SIZE];

	role_end_with_parent(false);
	setpgid(0, 0);
	title_set(title, name);
	fd_close_others(keep, countof(keep));
	fd = fd_lower(fd);
	diag_set_sink(NULL);
	diag_enter(NULL);
	signals_reset();
	_exit(role->main(fd));
}

void role_enter_if_asked(int argc, char **argv)
{
	bool has_title = argc && strncmp(argv[0], TITLE_PREFIX, strlen(TITLE_PREFIX)) == 0;
	const struct role *role;
	uint64_t fd;

	if (argc != 3 || strncmp(argv[1], ROLE_ARGUMENT, strlen(ROLE_ARGUMENT)) != 0)
		return;
	role = role_find(argv[1] + strlen(ROLE_ARGUMENT));
	if (!role || number_parse(argv[2], INT_MAX, &fd) || fcntl((int)fd, F_SETFD, FD_CLOEXEC) < 0) {
		diag_error("%s is for mpmap's own use", argv[1]);
		_exit(2);
	}
	fd_remember_inherited((int)fd);
	trace_open();
	title_set_command();
	role_enter(role, has_title ? argv[0] + strlen(TITLE_PREFIX) : role->name, (int)fd);
}
