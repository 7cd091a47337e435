/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The completion scripts of mpmap-state, from its table of verbs. */
#ifndef COMPLETIONS_GENERATE_H
#define COMPLETIONS_GENERATE_H

/* Print the script of a shell to standard output. */
void generate_state_bash(void);
void generate_state_zsh(void);
void generate_state_fish(void);

#endif
