/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Prints the completion scripts of mpmap-state: verbs, their options, and names that there are. */
#include "base/dialect.h"

#include "generate.h"
#include "state/store/store.h"

/* The options of verbs, as the wire has them (state/wire/words.c); --done and --failed are for clients' own use. */
static const struct {
	enum call_option flag;
	const char *name;
	bool has_value;
} verb_options[] = {
	{OPTION_TIMEOUT, "timeout", true}, {OPTION_MAX, "max", true},        {OPTION_OF, "of", true},
	{OPTION_ACK, "ack", false},        {OPTION_SHARED, "shared", false},
};

static const char serve_help[] = "serve a COMMAND, or until a signal";
static const char own_options[] = "-0 --json --socket --help --version";

/* True if the verb is for the command line. */
static bool is_for_people(const struct verb *verb)
{
	return strcmp(verb->name, "as") != 0;
}

/* Prints the options of a verb, each after a blank. */
static void put_verb_options(const struct verb *verb)
{
	size_t i;

	for (i = 0; i < countof(verb_options); i++) {
		if (verb->options & verb_options[i].flag)
			printf(" --%s", verb_options[i].name);
	}
}

static void put_origin(const char *shell)
{
	printf("# SPDX-License-Identifier: GPL-3.0-or-later\n"
	       "# What %s completes for mpmap-state. "
	       "Made by completions/generate from the table of verbs (make completions).\n\n",
	       shell);
}

void generate_state_bash(void)
{
	const struct verb *verb;

	printf("# shellcheck shell=bash\n");
	put_origin("bash");
	printf("_mpmap_state() {\n"
	       "\tlocal word=${COMP_WORDS[COMP_CWORD]} verb='' options='%s' i\n"
	       "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	       "\t\tcase ${COMP_WORDS[i]} in\n"
	       "\t\t--socket) i=$((i + 1)) ;;\n"
	       "\t\t--) compopt -o default; return ;;\n"
	       "\t\t-*) ;;\n"
	       "\t\t*) verb=${COMP_WORDS[i]}; break ;;\n"
	       "\t\tesac\n"
	       "\tdone\n"
	       "\tcase $verb in\n",
	       own_options);
	for (verb = state_verbs; verb->name; verb++) {
		if (!verb->options || !is_for_people(verb))
			continue;
		printf("\t%s) options+='", verb->name);
		put_verb_options(verb);
		printf("' ;;\n");
	}
	printf("\tserve) options+=' --memory' ;;\n"
	       "\tesac\n"
	       "\tif [[ ${COMP_WORDS[COMP_CWORD - 1]} == --socket ]]; then\n"
	       "\t\tcompopt -o default\n"
	       "\telif [[ $word == -* ]]; then\n"
	       "\t\tmapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$word\")\n"
	       "\telif [[ -z $verb ]]; then\n"
	       "\t\tmapfile -t COMPREPLY < <(compgen -W 'serve");
	for (verb = state_verbs; verb->name; verb++) {
		if (is_for_people(verb))
			printf(" %s", verb->name);
	}
	printf("' -- \"$word\")\n"
	       "\telif [[ $verb == event && ${COMP_WORDS[COMP_CWORD - 1]} == event ]]; then\n"
	       "\t\tmapfile -t COMPREPLY < <(compgen -W 'set clear wait' -- \"$word\")\n"
	       "\telse\n"
	       "\t\tmapfile -t COMPREPLY < <(compgen -W \"$(mpmap-state list 2>/dev/null | cut -f 1)\" -- \"$word\")\n"
	       "\tfi\n"
	       "}\n"
	       "complete -F _mpmap_state mpmap-state\n");
}

void generate_state_zsh(void)
{
	const struct verb *verb;
	size_t i;

	printf("#compdef mpmap-state\n");
	put_origin("zsh");
	printf("_mpmap_state_verbs() {\n  local -a verbs=(\n    'serve:%s'\n", serve_help);
	for (verb = state_verbs; verb->name; verb++) {
		if (is_for_people(verb))
			printf("    '%s:%s'\n", verb->name, verb->summary);
	}
	printf("  )\n"
	       "  _describe verb verbs\n"
	       "}\n\n"
	       "_mpmap_state_names() {\n"
	       "  local -a names=(${(f)\"$(mpmap-state list 2>/dev/null | cut -f 1)\"})\n"
	       "  compadd -a names\n"
	       "}\n\n"
	       "_arguments -S \\\n"
	       "  '-0[end values with NUL]' \\\n"
	       "  '--json[print JSON]' \\\n"
	       "  '--socket[the socket of the server]:path:_files' \\\n"
	       "  '--memory[with serve\\: the most bytes]:size: ' \\\n");
	for (i = 0; i < countof(verb_options); i++)
		printf("  '--%s[see mpmap-state(1)]%s' \\\n", verb_options[i].name,
		       verb_options[i].has_value ? ":value: " : "");
	printf("  '(- *)--help[print help]' \\\n"
	       "  '(- *)--version[print the version]' \\\n"
	       "  '1:verb:_mpmap_state_verbs' \\\n"
	       "  '*:name:_mpmap_state_names'\n");
}

void generate_state_fish(void)
{
	const struct verb *verb;
	size_t i;

	put_origin("fish");
	printf("complete -c mpmap-state -f\n"
	       "complete -c mpmap-state -n __fish_use_subcommand -a serve -d '%s'\n",
	       serve_help);
	for (verb = state_verbs; verb->name; verb++) {
		if (is_for_people(verb))
			printf("complete -c mpmap-state -n __fish_use_subcommand -a %s -d '%s'\n", verb->name,
			       verb->summary);
	}
	for (i = 0; i < countof(verb_options); i++) {
		printf("complete -c mpmap-state -n '__fish_seen_subcommand_from");
		for (verb = state_verbs; verb->name; verb++) {
			if (verb->options & verb_options[i].flag)
				printf(" %s", verb->name);
		}
		printf("' -l %s%s\n", verb_options[i].name, verb_options[i].has_value ? " -x" : "");
	}
	printf("complete -c mpmap-state -n '__fish_seen_subcommand_from event' -a 'set clear wait'\n"
	       "complete -c mpmap-state -n 'not __fish_use_subcommand' -a '(mpmap-state list 2>/dev/null)'\n"
	       "complete -c mpmap-state -s 0 -d 'end values with NUL'\n"
	       "complete -c mpmap-state -l json -d 'print JSON'\n"
	       "complete -c mpmap-state -l socket -r -F -d 'the socket of the server'\n"
	       "complete -c mpmap-state -n '__fish_seen_subcommand_from serve' -l memory -x -d 'the most bytes'\n"
	       "complete -c mpmap-state -l help -d 'print help'\n"
	       "complete -c mpmap-state -l version -d 'print the version'\n");
}
