/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Prints the completion script of a shell, or the names of all options, from the option table. */
#include "generate.h"

#include "front/options.h"

/*
 * Prints the first line of the help, without the punctuation that joins it to the next. A backslash is put before each
 * character of escaped, and ' becomes quote.
 */
static void put_help(const struct option_row *row, const char *escaped, const char *quote)
{
	const char *help = row->help, *end = help + strcspn(help, "\n");

	if (*end && end > help && strchr(",;:", end[-1]))
		end--;
	for (; help < end; help++) {
		if (*help == '\'')
			fputs(quote, stdout);
		else
			printf("%s%c", strchr(escaped, *help) ? "\\" : "", *help);
	}
}

/* Prints the names of the start methods, with blanks between. */
static void put_methods(void)
{
	const struct start_method *const *method;

	for (method = start_methods; *method; method++)
		printf("%s%s", method == start_methods ? "" : " ", (*method)->name);
}

/* Prints the letters of the options that take a value. */
static void put_value_letters(void)
{
	const struct option_row *row;

	for (row = option_table; row->name; row++) {
		if (row->argument && !row->is_optional && row->letter)
			putchar(row->letter);
	}
}

/*
 * Prints the long names of the options that must have a value of a kind (with VALUES_NONE: of any), each after the
 * prefix, with separators between.
 */
static void put_value_names(enum option_values values, const char *prefix, const char *separator)
{
	const struct option_row *row;
	const char *between = "";

	for (row = option_table; row->name; row++) {
		if (row->argument && !row->is_optional && (values == VALUES_NONE || row->values == values)) {
			printf("%s%s%s", between, prefix, row->name);
			between = separator;
		}
	}
}

/* Prints every name, long and short, with separators between. */
static void put_names(const char *separator)
{
	const struct option_row *row;

	for (row = option_table; row->name; row++) {
		printf("%s--%s", row == option_table ? "" : separator, row->name);
		if (row->letter)
			printf("%s-%c", separator, row->letter);
	}
}

static void print_names(void)
{
	put_names("\n");
	putchar('\n');
}

/* Prints the head of a script, with before and after around the licence. */
static void print_header(const char *before, const char *shell, const char *after)
{
	printf("%s# SPDX-License-Identifier: GPL-3.0-or-later\n"
	       "# What %s completes for mpmap. Made by completions/generate from the option table (make completions).\n"
	       "%s\n",
	       before, shell, after);
}

/* Prints the case for options whose values are of a kind: its pattern, then the command that completes them. */
static void put_bash_case(enum option_values values, const char *action)
{
	const struct option_row *row;

	printf("\t");
	for (row = option_table; row->name; row++) {
		if (row->values == values && row->letter)
			printf("-%c | ", row->letter);
	}
	put_value_names(values, "--", " | ");
	printf(") set -- %s", action);
}

static const char bash_words[] =
	"_mpmap() {\n"
	"\tlocal i=1 word=${COMP_WORDS[COMP_CWORD]} option='' prefix='' ended='' delegate\n"
	"\tCOMPREPLY=()\n"
	"\t# After this i is where the command is or will be; option is set when the word is that option's value.\n"
	"\twhile ((i < COMP_CWORD)); do\n"
	"\t\toption=${COMP_WORDS[i]}\n"
	"\t\tcase $option in\n"
	"\t\t-[!-]*)\n"
	"\t\t\t# The first letter of a group that takes a value ends it; the value may follow in the same word.\n";

static const char bash_values[] =
	"\t\t\t[[ $option == ? ]] && option=-$option || option=''\n"
	"\t\t\t;;\n";

static const char bash_rest[] =
	"\t\t--) option='' ended=yes ;;\n"
	"\t\t-?*) option='' ;;\n"
	"\t\t*)\n"
	"\t\t\toption=''\n"
	"\t\t\tbreak\n"
	"\t\t\t;;\n"
	"\t\tesac\n"
	"\t\t((i += 1))\n"
	"\t\t[[ ! $ended ]] || break\n"
	"\t\tif [[ $option ]]; then\n"
	"\t\t\t[[ ${COMP_WORDS[i]} != = ]] || ((i == COMP_CWORD)) || ((i += 1))\n"
	"\t\t\t((i < COMP_CWORD)) || break\n"
	"\t\t\t((i += 1))\n"
	"\t\t\toption=''\n"
	"\t\tfi\n"
	"\tdone\n"
	"\tif [[ $option && $word == = ]]; then\n"
	"\t\tword=''\n"
	"\telif [[ ! $option && ! $ended && $word == --*=* ]] && ((i == COMP_CWORD)); then\n"
	"\t\toption=${word%%=*} prefix=${word%%=*}= word=${word#*=}\n"
	"\tfi\n"
	"\tcase $option in\n";

static const char bash_command[] =
	"\t?*) return ;;\n"
	"\t*)\n"
	"\t\tif ((i < COMP_CWORD)); then\n"
	"\t\t\t# What bash-completion, if it is there, knows of the command; items are files, as far as is known.\n"
	"\t\t\tfor delegate in _comp_command_offset _command_offset; do\n"
	"\t\t\t\tif declare -F \"$delegate\" >/dev/null && "
	"[[ \"${COMP_WORDS[*]:i:COMP_CWORD-i}\" != *' :::'* ]]; then\n"
	"\t\t\t\t\t\"$delegate\" \"$i\"\n"
	"\t\t\t\t\treturn\n"
	"\t\t\t\tfi\n"
	"\t\t\tdone\n"
	"\t\t\tset -- -f\n"
	"\t\telif [[ $word == -* && ! $ended ]]; then\n";

static const char bash_end[] =
	"\t\telse\n"
	"\t\t\tset -- -c\n"
	"\t\tfi\n"
	"\t\t;;\n"
	"\tesac\n"
	"\tif [[ $1 == -[df] || $1 == -c && $word == */* ]]; then\n"
	"\t\tcompopt -o filenames 2>/dev/null\n"
	"\tfi\n"
	"\tmapfile -t COMPREPLY < <(compgen \"$@\" -- \"$word\")\n"
	"\tCOMPREPLY=(\"${COMPREPLY[@]/#/$prefix}\")\n"
	"}\n"
	"\n"
	"complete -F _mpmap mpmap\n";

static void print_bash(void)
{
	const struct option_row *row;

	print_header("# shellcheck shell=bash\n", "bash", "");
	fputs(bash_words, stdout);
	printf("\t\t\toption=${option#\"${option%%%%[");
	put_value_letters();
	printf("]*}\"}\n");
	fputs(bash_values, stdout);
	printf("\t\t");
	put_value_names(VALUES_NONE, "--", " | ");
	printf(") ;;\n");
	for (row = option_table; row->name; row++) {
		if (row->is_optional)
			printf("\t\t--%s) [[ ${COMP_WORDS[i + 1]} == = ]] || option='' ;;\n", row->name);
	}
	fputs(bash_rest, stdout);
	put_bash_case(VALUES_FILE, "-f ;;\n");
	put_bash_case(VALUES_DIRECTORY, "-d ;;\n");
	put_bash_case(VALUES_METHOD, "-W '");
	put_methods();
	printf("' ;;\n");
	for (row = option_table; row->name; row++) {
		if (row->values == VALUES_WORDS)
			printf("\t--%s) set -- -W '%s' ;;\n", row->name, row->words);
	}
	fputs(bash_command, stdout);
	printf("\t\t\tset -- -W '");
	put_names(" ");
	printf("'\n");
	fputs(bash_end, stdout);
}

/* Prints the line of _arguments for one name of an option, with the names that it excludes: those of its setter. */
static void put_zsh_option(const struct option_row *row, const char *name)
{
	const struct option_row *same;
	const char *between = "";
	/* A letter never has an argument that may be absent. */
	bool has_argument = row->argument && !(row->is_optional && name[1] != '-');

	printf("  '(");
	for (same = option_table; same->name; same++) {
		if (same->set != row->set)
			continue;
		printf("%s--%s", between, same->name);
		between = " ";
		if (same->letter)
			printf(" -%c", same->letter);
	}
	printf(")%s%s[", name, !has_argument ? "" : row->is_optional ? "=-" : name[1] == '-' ? "=" : "+");
	put_help(row, "[]\\", "'\\''");
	printf("]");
	if (has_argument)
		printf("%s:%s:", row->is_optional ? ":" : "", row->argument);
	switch (has_argument ? row->values : VALUES_NONE) {
	case VALUES_FILE:
		printf("_files");
		break;
	case VALUES_DIRECTORY:
		printf("_files -/");
		break;
	case VALUES_METHOD:
		printf("(");
		put_methods();
		printf(")");
		break;
	case VALUES_WORDS:
		printf("(%s)", row->words);
		break;
	case VALUES_FREE:
		printf(" ");
		break;
	case VALUES_NONE:
		break;
	}
	printf("' \\\n");
}

static const char zsh_command[] =
	"# The command's own arguments; items are files, as far as is known.\n"
	"_mpmap_arguments() {\n"
	"  if [[ -n ${(M)words[1,CURRENT-1]:#:::*} ]]; then\n"
	"    _files\n"
	"  else\n"
	"    _normal\n"
	"  fi\n"
	"}\n"
	"\n"
	"_arguments -s -S \\\n";

static void print_zsh(void)
{
	const struct option_row *row;

	print_header("#compdef mpmap\n", "zsh", "");
	fputs(zsh_command, stdout);
	for (row = option_table; row->name; row++) {
		char name[64];

		snprintf(name, sizeof name, "--%s", row->name);
		put_zsh_option(row, name);
		if (!row->letter)
			continue;
		snprintf(name, sizeof name, "-%c", row->letter);
		put_zsh_option(row, name);
	}
	printf("  '(-):command: _command_names -e' \\\n"
	       "  '*::argument: _mpmap_arguments'\n");
}

static const char fish_words[] =
	"# Whether the command is still to come: options are mpmap's own.\n"
	"function __mpmap_before_command\n"
	"    set -l words (commandline -opc)\n"
	"    set -e words[1]\n"
	"    set -l value no\n"
	"    for word in $words\n"
	"        if test $value = yes\n"
	"            set value no\n";

static const char fish_rest[] =
	"            set value yes\n"
	"        else if test \"$word\" = --; or not string match -q -- '-*' $word\n"
	"            return 1\n"
	"        end\n"
	"    end\n"
	"end\n"
	"\n";

/* Prints the complete command of an option. */
static void put_fish_option(const struct option_row *row)
{
	printf("complete -c mpmap -n __mpmap_before_command -l %s", row->name);
	if (row->letter)
		printf(" -s %c", row->letter);
	switch (row->values) {
	case VALUES_FILE:
		printf(" -rF");
		break;
	case VALUES_DIRECTORY:
		printf(" -xa '(__fish_complete_directories)'");
		break;
	case VALUES_METHOD:
		printf(" -xa '");
		put_methods();
		printf("'");
		break;
	case VALUES_WORDS:
		printf(" -%sa '%s'", row->is_optional ? "f" : "x", row->words);
		break;
	case VALUES_FREE:
		printf(" -%c", row->is_optional ? 'f' : 'x');
		break;
	case VALUES_NONE:
		break;
	}
	printf(" -d '");
	put_help(row, "\\", "\\'");
	printf("'\n");
}

static void print_fish(void)
{
	const struct option_row *row;

	print_header("", "fish", "");
	fputs(fish_words, stdout);
	printf("        else if string match -rq -- '^(-[^-");
	put_value_letters();
	printf("]*[");
	put_value_letters();
	printf("]|--(");
	put_value_names(VALUES_NONE, "", "|");
	printf("))$' $word\n");
	fputs(fish_rest, stdout);
	for (row = option_table; row->name; row++)
		put_fish_option(row);
	printf("\n# The command, then what fish knows of its arguments.\n"
	       "complete -c mpmap -xa '(__fish_complete_subcommand");
	for (row = option_table; row->name; row++) {
		if (row->argument && !row->is_optional && row->letter)
			printf(" -%c", row->letter);
	}
	printf(" ");
	put_value_names(VALUES_NONE, "--", " ");
	printf(")'\n");
}

static const struct {
	const char *name;
	void (*print)(void);
} outputs[] = {
	{.name = "bash", .print = print_bash},
	{.name = "zsh", .print = print_zsh},
	{.name = "fish", .print = print_fish},
	{.name = "names", .print = print_names},
	{.name = "state-bash", .print = generate_state_bash},
	{.name = "state-zsh", .print = generate_state_zsh},
	{.name = "state-fish", .print = generate_state_fish},
};

int main(int argc, char **argv)
{
	size_t i;

	for (i = 0; argc == 2 && i < countof(outputs); i++) {
		if (strcmp(argv[1], outputs[i].name) == 0) {
			outputs[i].print();
			return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
		}
	}
	fputs("Usage: generate bash|zsh|fish|names|state-bash|state-zsh|state-fish\n", stderr);
	return 2;
}
