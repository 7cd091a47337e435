/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The hash table: chained buckets that double when there are as many entries. */
#include "state/value/table.h"

#include "base/mem.h"

enum { BUCKETS_LEAST = 16 };

void table_init(struct table *table)
{
	*table = (struct table){.bucket_count = BUCKETS_LEAST};
	table->buckets = mem_new(BUCKETS_LEAST, sizeof(struct entry *));
	list_init(&table->order);
}

/* Returns the hash of a name (FNV-1a, 64 bits). */
static uint64_t table_hash(struct slice name)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	size_t i;

	for (i = 0; i < name.size; i++)
		hash = (hash ^ (unsigned char)name.data[i]) * UINT64_C(0x100000001b3);
	return hash ^ hash >> 32;
}

static struct entry **table_bucket(const struct table *table, uint64_t hash)
{
	return &table->buckets[hash & (table->bucket_count - 1)];
}

struct entry *table_find(const struct table *table, struct slice name)
{
	uint64_t hash = table_hash(name);
	struct entry *entry;

	for (entry = *table_bucket(table, hash); entry; entry = entry->chain) {
		if (entry->hash == hash && slice_equals(entry_name(entry), name))
			return entry;
	}
	return NULL;
}

/* Doubles the buckets. */
static void table_widen(struct table *table)
{
	struct list *link;

	free(table->buckets);
	table->bucket_count *= 2;
	table->buckets = mem_new(table->bucket_count, sizeof(struct entry *));
	for (link = table->order.next; link != &table->order; link = link->next) {
		struct entry *entry = container_of(link, struct entry, link);
		struct entry **bucket = table_bucket(table, entry->hash);

		entry->chain = *bucket;
		*bucket = entry;
	}
}

struct entry *table_add(struct table *table, struct slice name)
{
	struct entry *entry = mem_resize(NULL, sizeof *entry + name.size, 1);
	struct entry **bucket;

	*entry = (struct entry){.hash = table_hash(name), .size = name.size};
	memcpy(entry->name, name.data, name.size);
	if (table->count == table->bucket_count)
		table_widen(table);
	bucket = table_bucket(table, entry->hash);
	entry->chain = *bucket;
	*bucket = entry;
	list_init(&entry->link);
	list_append(&table->order, &entry->link);
	table->count++;
	return entry;
}

void table_remove(struct table *table, struct entry *entry)
{
	struct entry **link = table_bucket(table, entry->hash);

	while (*link != entry)
		link = &(*link)->chain;
	*link = entry->chain;
	list_remove(&entry->link);
	table->count--;
	free(entry);
}

struct entry *table_next(const struct table *table, const struct entry *entry)
{
	struct list *link = entry ? entry->link.next : table->order.next;

	return link == &table->order ? NULL : container_of(link, struct entry, link);
}

void table_release(struct table *table)
{
	free(table->buckets);
	table->buckets = NULL;
}
