/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What names mean: objects of several kinds, the holds that owners have on them, and the lines of calls that wait.
 *
 * A kind is a file that has its verbs and a struct kind. It makes a call wait by object_wait, and answers it later with
 * call_finish. Time is given; nothing here blocks.
 */
#ifndef STATE_STORE_OBJECTS_H
#define STATE_STORE_OBJECTS_H

#include "base/bytes.h"
#include "base/clock.h"
#include "base/dialect.h"
#include "base/list.h"
#include "base/slice.h"
#include "state/store/call.h"
#include "state/value/table.h"

enum {
	/* The lines of an object. Calls in the first wait for holds to end, if the kind has holds. */
	OBJECT_LINES = 3,
	/* The longest name, bytes. */
	NAME_MAX_SIZE = 255,
	/* The longest value, bytes. */
	VALUE_MAX_SIZE = 1 << 20,
	/* Bytes that a name, a key, a value or an item is taken to cost besides its own. */
	STORE_OVERHEAD = 96,
};

struct hold;
struct pending;

struct kind {
	/* With its article, for messages. */
	const char *name;
	/* Of the struct that begins with a struct object. */
	size_t size;
	void (*init)(struct object *object);
	/* Frees the contents. No call waits, and nothing is held. */
	void (*release)(struct store *store, struct object *object);
	/* Appends its state in words. */
	void (*describe)(const struct object *object, struct bytes *out);
	/* Appends why a call waits. */
	void (*explain)(const struct object *object, const struct call *call, struct bytes *out);
	/* True if nothing would be lost with it. */
	bool (*is_void)(const struct object *object);
	/* True if owners have something of it besides holds; NULL if they cannot. */
	bool (*is_lent)(const struct object *object);
	/* Serves the lines after a hold has ended, or a call has left without having been served. */
	void (*serve)(struct store *store, struct object *object);
	/* Takes note that a call has left its line without having been served; NULL if nothing follows. */
	void (*left)(struct store *store, struct object *object, struct call *call);
	/* Handles a call whose time is up. False to answer it as usual. NULL if always. */
	bool (*expire)(struct store *store, struct object *object, struct call *call);
	/* True if the hold keeps a call in the first line waiting. NULL for a kind without holds. */
	bool (*blocks)(const struct hold *hold, const struct call *call);
	/* True if a call waits for any one of the holds to end, not for all. */
	bool waits_for_any;
	/* What is kept with an attempt (pending.h): the size of the struct that begins with it; 0 if nothing can be. */
	size_t pending_size;
	void (*pending_init)(struct pending *pending);
	/* Lets what is kept count, or drops it, and frees its contents. */
	void (*conclude)(struct store *store, struct pending *pending, bool well);
};

/* The first member of each kind's struct. */
struct object {
	const struct kind *kind;
	struct entry *entry;
	/* The places of calls that wait. */
	struct list lines[OBJECT_LINES];
	struct list holds;
	/* What attempts that have not ended have added. */
	struct list pendings;
};

/* What an owner has of an object. */
struct hold {
	struct list of_object;
	struct list of_owner;
	struct object *object;
	struct owner *owner;
	uint64_t count;
	/* True if others may share it. */
	bool shared;
};

/* What is kept with an attempt of an object: the first member of each kind's struct for it. */
struct pending {
	struct list of_object;
	struct list of_owner;
	struct object *object;
	/* The attempt. */
	struct owner *owner;
};

/* What a run says of the tasks to come, for waits that nobody can end. */
struct store_outlook {
	/* How many tasks can be at work at a time; 0 if there is no run. */
	size_t jobs;
	/* True if that is because no more are left. */
	bool input_ended;
};

struct store {
	struct table objects;
	/* Bytes in use, and the most. */
	uint64_t memory;
	uint64_t memory_limit;
	/* The calls that wait, the oldest first. */
	struct list waiting;
	size_t waiting_count;
	/* The owners, the oldest first. */
	struct list owners;
	/* Number of owners that are attempts of tasks. */
	size_t attempts;
	struct store_outlook outlook;
	/* The last number of a call or an item. */
	uint64_t sequence;
	/* No call's deadline is before this. */
	nsec next_deadline;
	/* The time of the present request, monotonic. */
	nsec now;
	/* Number of calls that watch. */
	size_t watching;
};

/* Returns the object of that name and kind; or NULL, and the call has failed. */
struct object *object_find(struct store *store, struct call *call, struct slice name, const struct kind *kind);

/* Returns the same, and makes it if there is none. */
struct object *object_make(struct store *store, struct call *call, struct slice name, const struct kind *kind);

/* Returns the object of any kind, or NULL. */
struct object *object_look_up(const struct store *store, struct slice name);

/* Removes the object if it is void, nothing of it is held, and no call waits for it. */
void object_settle(struct store *store, struct object *object);

/* Removes an object. False, and the call has failed, if something of it is held or a call waits. */
bool object_remove(struct store *store, struct call *call, struct object *object);

/* Reports a change to the calls that watch. */
void object_changed(struct store *store, struct object *object);

/* Appends the kind and the state in words. */
void object_describe(const struct object *object, struct bytes *out);

static inline struct slice object_name(const struct object *object)
{
	return entry_name(object->entry);
}

/* The struct of a kind, which begins with the object. */
#define OBJECT_AS(type, object) ((struct type *)(uintptr_t)(object))

/* For "%.*s" in a message. */
#define OBJECT_NAME(object) (int)(object)->entry->size, (object)->entry->name

/* False, and the call has failed, if the name, key or value is too long or empty. */
bool name_is_valid(struct call *call, struct slice name);

/* False, and the call has failed, if so many bytes more would be over the limit; else they are accounted for. */
bool store_charge(struct store *store, struct call *call, size_t size);
void store_discharge(struct store *store, size_t size);

/*
 * Makes the call wait in a line of an object. A call that may not wait fails instead. May be called for several objects
 * of one kind; the first says why a call waits.
 */
void object_wait(struct store *store, struct object *object, unsigned line, struct call *call);

/* Moves a waiting call from its only place to the end of a line of the same object. */
void call_move(struct store *store, struct call *call, unsigned line);

/* Takes a waiting call, whose answer is set, out of its lines, and reports the answer. */
void call_finish(struct store *store, struct call *call);

/* Takes a waiting call out of its lines without an answer, and serves what it kept waiting. */
void call_leave(struct store *store, struct call *call);

/* Makes the call wait for changes, of which object_changed reports each. */
void call_watch(struct store *store, struct call *call);

/* Ends the wait of a call whose time is up. */
void call_expire(struct store *store, struct call *call);

/* Returns the call at the head of a line, or NULL. */
struct call *object_first(const struct object *object, unsigned line);

/* Returns the call after the given one in a line of the object, the first after NULL; NULL at the end. */
struct call *object_next(const struct object *object, unsigned line, const struct call *call);

/* Returns the owner's hold, or NULL. */
struct hold *hold_find(const struct object *object, const struct owner *owner);

/* Adds to the owner's hold, or makes one. Returns it. */
struct hold *hold_add(struct object *object, struct owner *owner, uint64_t count);

/* Ends a hold. The caller then serves the object. */
void hold_end(struct hold *hold);

#endif
