/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names and what they mean: a hash table that remembers the order in which names were added. */
#ifndef STATE_VALUE_TABLE_H
#define STATE_VALUE_TABLE_H

#include "base/dialect.h"
#include "base/list.h"
#include "base/slice.h"

/* A name in a table. The owner of the table reads it and sets value. */
struct entry {
	/* Link in the table's order. */
	struct list link;
	/* The next entry of the bucket. */
	struct entry *chain;
	uint64_t hash;
	void *value;
	size_t size;
	char name[];
};

struct table {
	struct entry **buckets;
	/* A power of two. */
	size_t bucket_count;
	size_t count;
	/* All entries, the oldest first. */
	struct list order;
};

void table_init(struct table *table);

/* Returns the entry of that name, or NULL. */
struct entry *table_find(const struct table *table, struct slice name);

/* Adds a name that is not there, with a value of NULL. The entry lives until it is removed. */
struct entry *table_add(struct table *table, struct slice name);

/* Removes and frees an entry, but not its value. */
void table_remove(struct table *table, struct entry *entry);

/* Returns the entry after the given one in the order of adding, the first after NULL; NULL at the end. */
struct entry *table_next(const struct table *table, const struct entry *entry);

/* Frees the buckets of a table without entries. */
void table_release(struct table *table);

static inline struct slice entry_name(const struct entry *entry)
{
	return (struct slice){.data = entry->name, .size = entry->size};
}

#endif
