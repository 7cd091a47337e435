/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Clients that are Python's multiprocessing.connection. */
#include "state/server/python.h"

#include "base/clock.h"
#include "base/mem.h"
#include "ipc/fd.h"
#include "state/pyauth_frame.h"
#include "state/wire/request.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Draws the key. Returns 0, or -1 with errno. */
static int python_key_draw(struct python_key *key)
{
	char bytes[PYAUTH_NONCE_SIZE];

	if (pyauth_draw(bytes) < 0)
		return -1;
	for (size_t i = 0; i < PYTHON_KEY_SIZE / 2; i++)
		snprintf(key->text + 2 * i, 3, "%02x", (unsigned)(unsigned char)bytes[i]);
	return 0;
}

int python_key_create(struct python_key *key, const char *file, struct error *error)
{
	struct stat left;
	int fd;

	*key = (struct python_key){.file = NULL};
	if (python_key_draw(key) < 0)
		return error_set_errno(error, errno, "no random bytes");
	/* What a server that was killed has left. */
	if (lstat(file, &left) == 0 && S_ISREG(left.st_mode) && left.st_size == PYTHON_KEY_SIZE)
		unlink(file);
	fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_set_errno(error, errno, "cannot create '%s'", file);
	key->file = mem_string(file);
	if (fd_write(fd, key->text, PYTHON_KEY_SIZE) != PYTHON_KEY_SIZE) {
		error_set_errno(error, errno, "cannot write '%s'", file);
		fd_close(&fd);
		python_key_remove(key);
		return -1;
	}
	fd_close(&fd);
	return 0;
}

void python_key_remove(struct python_key *key)
{
	if (key->file)
		unlink(key->file);
	free(key->file);
	*key = (struct python_key){.file = NULL};
}

struct pyauth *python_greet(const struct python_key *key, struct bytes *out)
{
	char nonce[PYAUTH_NONCE_SIZE];
	struct pyauth *auth;

	if (pyauth_draw(nonce) < 0)
		return NULL;
	auth = mem_new(1, sizeof *auth);
	auth->role = PYAUTH_LISTENER;
	auth->key = (struct slice){.data = key->text, .size = PYTHON_KEY_SIZE};
	pyauth_begin(auth, nonce, clock_now(), out);
	return auth;
}

ssize_t python_find_message(struct slice bytes, struct slice *message)
{
	enum pyframe found = pyframe_find(bytes, REQUEST_SIZE_MAX, message);

	if (pyframe_is_error(found))
		return -1;
	if (found != PYFRAME_WHOLE)
		return 0;
	/* Not JSON: a pickle, for example. */
	if (!message->size || message->data[0] != '[')
		return -1;
	return message->data + message->size - bytes.data;
}

void python_put_answer(struct bytes *out, const struct answer *answer)
{
	struct bytes line = {.data = NULL};

	answer_write(&line, answer, WIRE_JSON);
	/* Without its newline. */
	pyframe_put(out, (struct slice){.data = line.data, .size = line.size - 1});
	bytes_release(&line);
}
