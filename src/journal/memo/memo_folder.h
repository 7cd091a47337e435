/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The folder of --memo: whose it is, and its format. */
#ifndef JOURNAL_MEMO_MEMO_FOLDER_H
#define JOURNAL_MEMO_MEMO_FOLDER_H

#include "base/dialect.h"
#include "base/error.h"

/*
 * Opens the folder, which is made if it is absent (0700). Returns its descriptor, or -1 with the error: it is not a
 * folder of this format, or of another user, or others may write to it, or this one cannot.
 */
int memo_folder_open(const char *name, struct error *error) MUST_CHECK;

#endif
