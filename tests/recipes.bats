#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# The recipes of HACKING.md, followed: a copy of the tree gets a dummy row for each, is built once, and the rows are tried.

load helper

top=$(cd "$BATS_TEST_DIRNAME/.." && pwd)

# insert TABLE FILE: adds the lines of standard input after the line that begins the table
insert() {
	local rows
	rows=$(cat)
	ROWS=$rows awk -v table="$1" '
	{ print }
	!done && index($0, table) { print ENVIRON["ROWS"]; done = 1 }
	END { exit !done }' "$2" >"$2.new" || complain "no $1 in $2" || return 1
	mv "$2.new" "$2"
}

# module ROOM FILE...: lists new files in Makefile.am, and the module in the index of main.c
module() {
	local room=$1 name
	shift
	printf '%s += %s\n' "${room//\//_}" "$*" >line
	insert "${room//\//_} =" Makefile.am <line || return 1
	name=${1##*/}
	printf ' *   %s  a dummy\n' "${name%.*}" >line
	insert " * $room/ " src/main.c <line
}

recipe_start_method() {
	sed 's/fork_begin/dummy_begin/g; s/start_fork/start_dummy/g; s/"fork"/"dummy"/g; s/"Fork"/"Dummy"/' \
		src/process/start_fork.c >src/process/start_dummy.c
	printf 'extern const struct start_method start_dummy;\n' | insert 'extern const struct start_method start_fork' src/process/start.h
	printf '\t&start_dummy,\n' | insert '&start_forkserver,' src/process/start.c
	module process src/process/start_dummy.c
}

recipe_kind_of_process() {
	printf '\t{.name = "dummy", .main = dummy_main},\n' | insert 'roles[] = {' src/main.c
	printf 'static int dummy_main(int fd)\n{\n\treturn fd + 40;\n}\n\n' >line
	awk 'FNR == NR { text = text $0 "\n"; next } /roles\[\] = \{/ { printf "%s", text } { print }' line src/main.c >main.new
	mv main.new src/main.c
}

recipe_companion() {
	printf '\t{.is_needed = is_forkserver_needed, .begin = dummy_begin_companion, .end = dummy_end_companion},\n' |
		insert 'companions[] = {' src/run/companion/companions.c
	awk '/companions\[\] = \{/ {
		print "static int dummy_begin_companion(struct error *error UNUSED)\n{\n\treturn 0;\n}\n"
		print "static void dummy_end_companion(void)\n{\n}\n"
	} { print }' src/run/companion/companions.c >companions.new
	mv companions.new src/run/companion/companions.c
}

recipe_executor() {
	sed 's/_print\b/_dummy/g; s/"print"/"dummy"/' src/worker/executor_print.c >src/worker/executor_dummy.c
	printf 'extern const struct executor executor_dummy;\n' | insert 'extern const struct executor executor_print;' src/worker/executor.h
	sed -i 's/&executor_print,/&\n\t\&executor_dummy,/' src/worker/worker.c
	grep -q '&executor_dummy,' src/worker/worker.c
	module worker src/worker/executor_dummy.c
}

recipe_variable() {
	printf '\t{OURS "DUMMY=", value_of_worker},\n' | insert 'worker_variables[] = {' src/worker/launcher.c
}

recipe_output_format() {
	cat >src/codec/output_dummy.c <<-'END'
		/* SPDX-License-Identifier: GPL-3.0-or-later */
		/* A dummy format: a mark for each piece of output. */
		#include "codec/output.h"

		static void dummy_data(struct output_state *state UNUSED, const char *label UNUSED, enum stream stream UNUSED,
				       struct slice bytes UNUSED, struct bytes *out)
		{
			bytes_append_text(out, "dummy\n");
		}

		const struct output_format output_dummy = {.name = "dummy", .data = dummy_data};
	END
	printf 'extern const struct output_format output_dummy;\n' | insert 'extern const struct output_format output_none;' src/codec/output.h
	sed -i 's/&output_none,/\&output_dummy, &/' src/codec/output.c
	module codec src/codec/output_dummy.c
}

recipe_recorder() {
	printf '\t{.open = open_dummy_recorder},\n' | insert '} recorders[] = {' src/run/logbook.c
	awk '/^\/\* The recorders that options ask for/ {
		print "static struct recorder *open_dummy_recorder(const struct session *session UNUSED, struct error *error UNUSED)"
		print "{\n\treturn NULL;\n}\n"
	} { print }' src/run/logbook.c >logbook.new
	mv logbook.new src/run/logbook.c
}

recipe_key() {
	printf '\t{.key = "dummy", .take = put_id},\n' | insert '} keys[] = {' src/codec/json/json_command.c
}

recipe_option() {
	printf '\t{.name = "dummy", .help = "does nothing", .set = set_dummy},\n' | insert 'option_table[] = {' src/front/option_table.c
	printf 'option_setter set_dummy;\n' | insert 'option_setter set_null;' src/front/setters.h
	cat >>src/front/setters.c <<-'END'

		int set_dummy(struct options *options UNUSED, const char *value UNUSED, struct error *error UNUSED)
		{
			return 0;
		}
	END
}

recipe_language() {
	cp adapters/adapter.py adapters/adapter.dummy
	# make would do it, but in the tree that was configured.
	ln -s "$PWD/adapters/adapter.dummy" "${built##*/}/adapters/"
	printf 'dist_adapters_DATA += adapters/adapter.dummy\n' | insert 'dist_adapters_DATA =' Makefile.am
	sed -n '/{"--python"/ { s/--python/--dummy-language/; s/adapter\.py/adapter.dummy/; p; }' src/front/function.c >line
	insert 'languages[] = {' src/front/function.c <line
	printf '\t{.name = "dummy-language", .argument = "CODE", .help = "calls CODE", .set = set_dummy_language},\n' |
		insert 'option_table[] = {' src/front/option_table.c
	printf 'option_setter set_dummy_language;\n' | insert 'option_setter set_null;' src/front/setters.h
	cat >>src/front/setters_persistent.c <<-'END'

		int set_dummy_language(struct options *options, const char *value, struct error *error)
		{
			return set_function(options, "--dummy-language", value, error);
		}
	END
}

recipe_command() {
	printf '\t{.name = "dummy", .most = 1, .operands = OPERANDS_IDS, .run = command_dummy},\n' |
		insert 'verbs[] = {' src/interactive/commands/commands.c
	awk '/verbs\[\] = \{/ {
		print "static int command_dummy(struct console *console, const struct entered *entered UNUSED, struct error *error)"
		print "{\n\tstruct answer answer;\n\n\tconsole_answer(console, &answer);"
		print "\tanswer_put(&answer, slice_of(\"a dummy\\n\"));\n\treturn console_show(console, &answer, error);\n}\n"
	} { print }' src/interactive/commands/commands.c >commands.new
	mv commands.new src/interactive/commands/commands.c
	printf '\t{"dummy", "dummy [ID]", "Does nothing.\\n"},\n' | insert 'guide_row rows[] = {' src/interactive/views/guide.c
}

recipe_message() {
	printf '\tMESSAGE_DUMMY = 4711,\n' | insert 'enum message_type {' src/board/message.h
	printf 'void dummy_put(struct bytes *bytes);\nint dummy_take(struct cursor *cursor) MUST_CHECK;\n' |
		insert 'int setup_take(' src/board/message.h
	cat >>src/board/message.c <<-'END'

		void dummy_put(struct bytes *bytes)
		{
			bytes_put_u32(bytes, MESSAGE_DUMMY);
		}

		int dummy_take(struct cursor *cursor)
		{
			return cursor_u32(cursor) == MESSAGE_DUMMY ? 0 : -1;
		}
	END
}

recipe_event_and_fault() {
	awk '/^#include "base\/trace.h"/ { print "#include \"base/fault.h\"" }
	{ print }
	/^\ttrace_open\(\);/ { print "\ttrace_event(\"dummy_event\", \"\\\"value\\\":%d\", fault_at(\"dummy_fault\"));" }' \
		src/main.c >main.new
	mv main.new src/main.c
	sed -i 's/^Trace (.*:/& `dummy_event`/; s/^Faults (.*:/& `dummy_fault`/' HACKING.md
}

recipes='start_method kind_of_process companion executor variable output_format recorder key option language command message event_and_fault'

setup_file() {
	local built=${MPMAP%/*} recipe
	[ "$(cd "$built/.." && pwd)" = "$top" ] || return 0
	mkdir "$BATS_FILE_TMPDIR/tree"
	cd "$BATS_FILE_TMPDIR/tree" || return 1
	(cd "$top" && tar -cf - --exclude='*.log' --exclude='*.trs' --exclude='tests/unit*.o' $(git ls-files 2>/dev/null || find . -type f) \
		configure Makefile.in config.h.in aclocal.m4 build-aux "${built##*/}") 2>/dev/null | tar -xpf -
	for recipe in $recipes; do "recipe_$recipe" || complain "the recipe $recipe does not fit the tree" || return 1; done
	make -s -C "${built##*/}" mpmap completions/generate >log 2>&1 || complain "$(grep -E 'error|warning' log)"
}

# The tests of the copy: setup of helper.bash, with the copy's program.
eval "plain_$(declare -f setup)"
setup() {
	plain_setup || return 1
	[ -d "$BATS_FILE_TMPDIR/tree" ] || skip_or_fail 'the build is not in a folder of the source tree'
	tree=$BATS_FILE_TMPDIR/tree
	built=$tree/$(basename "${MPMAP%/*}")
	MPMAP=$built/mpmap
}

@test "recipes: the laws of the house hold with every dummy" {
	MPMAP=$MPMAP bats "$tree/tests/house.bats" >out || complain "$(grep -A 9 '^not ok' out || cat out)"
}

@test "recipes: a start method" {
	seq 100 | mp -j2 --start-method=dummy --shell 'echo "$MPMAP_WORKER"'
	expect 0
	[ "$(grep -c '^DummyWorker-' out)" -eq 100 ]
}

@test "recipes: a kind of process" {
	code=0
	"$MPMAP" --role=dummy 1 || code=$?
	[ "$code" -eq 41 ]
}

@test "recipes: a companion of runs, a way to run tasks, a recorder, a message" {
	nm "$MPMAP" | grep -oE 'dummy_(begin|end)_companion|executor_dummy|open_dummy_recorder|dummy_(put|take)' | sort -u >found
	printf '%s\n' dummy_begin_companion dummy_end_companion dummy_put dummy_take executor_dummy open_dummy_recorder | cmp - found
	echo x | mp echo
	expect 0
}

@test "recipes: a variable in the environment of tasks" {
	echo x | mp --shell 'echo "$MPMAP_DUMMY"'
	same out 'ForkWorker-1'
}

@test "recipes: an output format" {
	mp -o dummy echo ::: a b
	expect 0
	same out $'dummy\ndummy'
}

@test "recipes: a key of a task" {
	mp --jsonl -o jsonl <<<'{"argv":["true"],"dummy":7}'
	expect 0
	[ "$(jq .id out)" = 7 ]
}

@test "recipes: an option, with its help and its completion" {
	mp --dummy echo ::: a
	same out a
	mp --help
	grep -qE '^ +--dummy +does nothing' out
	"$built/completions/generate" bash | grep -qe '--dummy'
}

@test "recipes: a language for functions" {
	mp --dummy-language 'int(x) + n' --setup 'n = 10' ::: 1 2
	same out $'11\n12'
}

@test "recipes: an interactive command, with its help" {
	mp --interactive <<<$'dummy\nhelp dummy'
	expect 0
	grep -qx 'a dummy' out
	grep -q 'Does nothing' out
}

@test "recipes: a trace event and a fault" {
	MPMAP_TRACE=trace MPMAP_FAULT=dummy_fault:1:EIO mp echo ::: a
	[ "$(jq -c 'select(.event == "dummy_event") | .value' trace)" = -1 ] || cat trace
}
