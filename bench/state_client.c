/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The client in C of bench/state: takes and releases a lock, or counts, over the Unix socket $MPMAP_STATE. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int state;

static void ask(const char *request)
{
	char answer[256];

	if (write(state, request, strlen(request)) < 0 || read(state, answer, sizeof answer) < 2 || answer[0] != '=')
		exit(1);
}

int main(int argc, char **argv)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const char *path = getenv("MPMAP_STATE");
	long left = argc == 3 ? atol(argv[2]) : 0;

	if (!path || left < 1) {
		fprintf(stderr, "usage: state_client lock|add COUNT\n");
		return 2;
	}
	strncpy(address.sun_path, path, sizeof address.sun_path - 1);
	state = socket(AF_UNIX, SOCK_STREAM, 0);
	if (connect(state, (void *)&address, sizeof address) < 0)
		return 1;
	for (; left; left--) {
		if (strcmp(argv[1], "add") == 0) {
			ask("add c\n");
		} else {
			ask("lock C\n");
			ask("unlock C\n");
		}
	}
	return 0;
}
