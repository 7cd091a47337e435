/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A doubly linked list whose links are embedded in the elements. */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include "base/dialect.h"

/* A head, or the link in an element. A link that points to itself is an empty list, or an element outside of any. */
struct list {
	struct list *next;
	struct list *previous;
};

/* Makes an empty list, or an element outside of any. */
static inline void list_init(struct list *list)
{
	list->next = list->previous = list;
}

/* True if the list has no element, or the element no list. */
static inline bool list_is_empty(const struct list *list)
{
	return list->next == list;
}

/* Appends an element that is outside of any list. */
static inline void list_append(struct list *head, struct list *link)
{
	link->previous = head->previous;
	link->next = head;
	head->previous->next = link;
	head->previous = link;
}

/* Removes an element from its list, if it is in one. */
static inline void list_remove(struct list *link)
{
	link->previous->next = link->next;
	link->next->previous = link->previous;
	list_init(link);
}

#endif
