/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A doubly linked list whose links are embedded in what is listed. */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include "base/dialect.h"

/* A head, or a link in an element. A head that points to itself is an empty list; so is an element in no list. */
struct list {
	struct list *next;
	struct list *previous;
};

static inline void list_init(struct list *list)
{
	list->next = list->previous = list;
}

static inline bool list_is_empty(const struct list *list)
{
	return list->next == list;
}

static inline void list_append(struct list *head, struct list *link)
{
	link->previous = head->previous;
	link->next = head;
	head->previous->next = link;
	head->previous = link;
}

/* Takes link out of its list; harmless when it is in none. */
static inline void list_remove(struct list *link)
{
	link->previous->next = link->next;
	link->next->previous = link->previous;
	list_init(link);
}

#endif
