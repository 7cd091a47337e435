#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# --bash: a function, a command or a script, called for each record by a bash that stays.

# Scripts are for the shell that is called. Functions are called by their names.
# shellcheck disable=SC2016,SC2317,SC2329

load helper

# Functions that end in any way, one on a line, without what tells one shell from another (process numbers).
FUNCTIONS='
returns() { return 3; }
prints() { echo "[$1] $#"; echo "err $1" >&2; }
prints_much() { head -c 300000 /dev/zero; printf "end of %s" "$1"; head -c 100000 /dev/zero >&2; }
exits() { echo before; exit 4; echo after; }
exits_high() { exit 137; }
is_killed() { echo before; kill -KILL $BASHPID; echo after; }
is_terminated() { kill -TERM $BASHPID; }
crashes() { ulimit -c 0; kill -SEGV $$; }
has_child_killed() { sh -c "ulimit -c 0; kill -SEGV \$\$" 2>/dev/null; }
fails_quietly() { false; }
fails_strictly() { set -e; echo strict; false; echo after; }
is_traced() { set -x; echo "$1"; }
is_badly_written() { echo "${1!}"; echo after; }
is_absent() { no_such_command "$1"; }
reads() { cat; read -r line || echo "end of file $?"; }
has_arrays() { local a=("$@" "x y"); declare -A b=([k]=v); echo "${#a[@]} ${a[*]} ${b[k]}"; }
has_pipeline() { set -o pipefail; echo "$1" | tr a-z A-Z | { cat; false; } | cat; }
has_trap() { trap "echo trapped" EXIT; echo "$1"; exit 5; }
has_error_trap() { trap "echo error" ERR; false; echo "$1"; }
has_document() { cat <<<"$1"; cat <(echo "$1"); }
has_subshells() { (exit 2) || echo "$(echo "$1" $?)"; }
recurses() { if ((${2:-0} < 300)); then recurses "$1" $((${2:-0} + 1)); else echo "$1 $2"; fi; }
replaces() { exec echo "replaced $1"; }
closes() { exec >&- 2>&-; echo "$1"; return 6; }
sees_descriptors() { readlink /proc/self/fd/0; ls /proc/self/fd; }
sees_surroundings() { echo "$MPMAP_SEQ $MPMAP_ATTEMPT $0"; }
reserves() { local IFS=: PATH=/nowhere; printf() { echo mine; }; read() { :; }; mapfile() { :; }; printf "%s\n" "$*"; }
'

# Prints what a run of mpmap -o jsonl says of each record, but for the numbers of processes that bash tells.
outcomes() {
	jq -Sc '{seq, outcome, status, signal, stdout, stdout_base64, stderr, stderr_base64}' "$1" |
		sed -E 's/line ([0-9]+): +[0-9]+ /line \1: PID /g'
}

# Fails unless OUT, of a run, has the outcomes of PEER's; a run may fail.
same_outcomes() {
	outcomes peer >peer.outcomes
	outcomes out >outcomes
	cmp -s peer.outcomes outcomes || {
		diff peer.outcomes outcomes | cut -c 1-600
		complain "$* (< bash, > --bash)"
	}
}

@test "bash: each function ends as in a bash of its own" {
	printf '%s\n' 'a b' '' '$(echo no) *' "quote ' \" \\" '-n' >records
	printf %s "$FUNCTIONS" >functions.bash
	for name in $(sed -n 's/^\([a-z_]*\)().*/\1/p' functions.bash); do
		for isolate in --isolate --no-isolate; do
			mp -j2 -o jsonl bash -c ". ./functions.bash; $name \"\$@\"" bash {} <records
			mv out peer
			mp -j2 -o jsonl "$isolate" --source=./functions.bash --bash="$name" <records
			same_outcomes "$name" "$isolate"
		done
	done
}

@test "bash: an exported function, a builtin, a command and a script" {
	f() { echo "<$1>"; }
	export -f f
	seq 1000 >numbers
	sed 's/.*/<&>/' numbers >expected
	check() {
		for isolate in --isolate --no-isolate; do
			mp_well -j2 "$isolate" --bash f <../numbers
			cmp ../expected out
			mp_well -j2 "$isolate" --bash 'x=$1
				# a comment
				f "$x" # and one at the end' <../numbers
			cmp ../expected out
			mp_well -j2 "$isolate" --bash echo <../numbers
			cmp ../numbers out
			mp_well "$isolate" --bash "$(command -v expr)" ::: 17
			same out 17
		done
	}
	under_methods check
}

@test "bash: a script says where its errors are, and what cannot be called is not" {
	mp --bash 'echo "$1"

		no_such_command' ::: 1
	expect 123 1
	says 'line 3: no_such_command: command not found'
	mp --bash 'set -u; echo "$nothing"; echo after' ::: 1
	expect 123 ''
	says 'line 1: nothing: unbound variable'
	mp --no-isolate --bash '[ "$1" != 2 ] || echo ${1 x}; echo "$1"' ::: 1 2 3
	expect 123 $'1\n3'
	says '#2: exit status 1'
	says 'bad substitution'
}

# cannot_begin WORDS ARGUMENT...: fails unless mpmap ends with status 2 and these words, and calls nothing.
cannot_begin() {
	local words=$1
	shift
	mp "$@" ::: 1 2 3
	expect 2 '' || return 1
	says "$words" || return 1
	not [ -e called ]
}

@test "bash: what bash cannot read ends the run with its own words, before the first record" {
	cannot_begin 'bash: -c: line 2: syntax error: unexpected end of file' --bash 'if touch called; then'
	cannot_begin 'unexpected EOF while looking for matching' --bash 'touch called; echo "'
	cannot_begin 'syntax error near unexpected token' --bash 'touch called; }; { touch called'
	cannot_begin 'line 2: syntax error near unexpected token' --bash $'touch called\n)'
	cannot_begin 'no_such_function: command not found' --bash no_such_function
	cannot_begin 'export -f' --bash no_such_function
	cannot_begin './absent: No such file or directory' --source ./absent --bash 'touch called'
	cannot_begin 'line 1: no_such_command: command not found' --setup no_such_command --bash 'touch called'
	cannot_begin 'the setup has ended with status 1' --setup false --bash 'touch called'
	cannot_begin 'unexpected EOF while looking for matching' --setup 'echo "' --bash 'touch called'
	printf 'f() {\n' >broken
	cannot_begin './broken: line 2: syntax error: unexpected end of file' --source ./broken --bash f
}

@test "bash: a bash that is too old or absent is named, before the first record" {
	adapter=$BATS_TEST_DIRNAME/../adapters/adapter.bash
	sed 's/< 404/< 9904/' "$adapter" >newer
	MPMAP_BLOCK=1 run_it bash -c 'exec bash newer -- true 3</dev/null 4>answer 5>/dev/null'
	expect 2 ''
	grep -Eq '^fail 2 [0-9]+$' answer
	grep -Eq '^--bash needs bash 4.4 or newer; .*bash is ' answer
	run_it bash "$adapter" -- true
	expect 1 ''
	says 'started by mpmap --bash'
	run_it env PATH=/nowhere "$MPMAP" --bash true ::: 1
	expect 127 ''
	says 'bash'
}

@test "bash: values are columns, sources, fields with names, JSON texts" {
	mp_well --bash 'echo "$# $1 $2 ($REPLY)"' ::: a 'b c' ::: x y
	same out $'2 a x (a x)\n2 a y (a y)\n2 b c x (b c x)\n2 b c y (b c y)'
	printf '%s\n' 'PATH,b c,@,x]$(touch called),-v,IFS' '1,2,3,4,5,6' 'eins,"zw""ei",,,,' >table
	mp_well --csv --header : --bash 'for name in PATH "b c" @ IFS; do printf "%s|" "${F[$name]}"; done; echo "$# $(expr 1 + 1)"' <table
	same out $'1|2|3|6|6 2\neins|zw"ei|||6 2'
	mp_well --csv --header : --no-isolate --bash 'printf "%s|" "${!F[@]}" | tr -d "|" | wc -c; echo "${#F[@]}"' <table
	same out $'30\n6\n30\n6'
	not [ -e called ]
	printf 'a b c\nd\n' | mp_well -C ' ' --bash 'echo "$# $2 ($REPLY)"'
	same out $'3 b (a b c)\n1  (d)'
	printf '{"a": [1, 2.50]}\n"text"\n' | mp_well --jsonl --bash 'echo "$# $1"'
	same out $'1 {"a": [1, 2.50]}\n1 "text"'
	printf 'a\nb\0c\n\0' | mp_well -0 --bash 'echo "[$1]"'
	same out $'[a\nb]\n[c\n]'
	printf 'a;b;\xff\xe4;' | mp_well -d ';' --bash 'printf "%s;" "$1"'
	exactly out $'a;b;\xff\xe4;'
}

@test "bash: bytes are not changed by any locale, and a NUL byte in a record is refused" {
	printf 'a\xe4\xf6\n\xc3\xa4\xe2\x82\xac\n\x80\n' >records
	for locale in C C.UTF-8; do
		LC_ALL=$locale mp_well --bash 'echo "$1"' <records
		cmp records out
		printf 'a\0b\n\xc3\xa4\0\nc\n' | LC_ALL=$locale mp -j1 --bash 'echo "$1"'
		expect 123 c
		says 'bash: the record has a NUL byte'
		says '#2: exit status 1'
	done
}

@test "bash: records are isolated, or share the shell" {
	mp_well -j1 --setup 'x=0; cd /' --bash 'x=$((x + $1)); echo "$x $PWD"; cd /tmp; set -eu' ::: 1 2 3
	same out $'1 /\n2 /\n3 /'
	mp_well -j1 --no-isolate --setup 'x=0; cd /' --bash 'x=$((x + $1)); echo "$x $PWD $-"; cd "/proc/$1"; set -euf' ::: 1 1 1
	same out $'1 / hB\n2 /proc/1 hB\n3 /proc/1 hB'
}

@test "bash: a shell that a record ends is started anew" {
	mp -j1 --no-isolate --setup 'x=0' --bash 'x=$((x + 1)); echo "$1 $x"; [ "$1" != 3 ] || exit 7; [ "$1" != 5 ] || kill -TERM $$' <<<"$(seq 6)"
	expect 125 $'1 1\n2 2\n3 3\n4 1\n5 2\n6 1'
	says '#3: exit status 7'
	says '#5: killed by SIGTERM'
}

@test "bash: options of the setup hold for each record" {
	for isolate in --isolate --no-isolate; do
		mp -j1 "$isolate" --setup 'set -euf -o pipefail; shopt -s extglob' --bash 'echo * "${1/+(a)/b}"; false | cat; echo after' ::: aac
		expect 123 '* bc'
		mp "$isolate" --setup 'set -u +B' --bash 'echo {a,b} $nothing' ::: 1
		expect 123 ''
		says 'nothing: unbound variable'
	done
}

@test "bash: setup, sources and teardown run once in each shell" {
	printf 'echo sourced >>log\nf() { echo "$1 $y"; }\n' >lib
	mp_well -j1 --source ./lib --setup 'echo setup >>log; y=$(wc -l <log)' --teardown 'echo "teardown $y" >>log' --bash f ::: 1 2 3
	same out $'1 2\n2 2\n3 2'
	same log $'sourced\nsetup\nteardown 2'
	mp --bash true --setup 'exit 3' ::: 1
	expect 1 ''
	says 'the setup has ended bash with status 3'
}

@test "bash: what hangs is ended by --timeout" {
	for isolate in --isolate --no-isolate; do
		mp -j1 --timeout 0.3 --grace 0.1 "$isolate" --bash 'echo "$1"; [ "$1" != 2 ] || while :; do :; done' ::: 1 2 3
		[ "$(cat status)" -ne 0 ]
		same out $'1\n2\n3'
		says '#2: '
	done
}

@test "bash: what a function leaves in the background hangs nothing" {
	for isolate in --isolate --no-isolate; do
		mp -j1 "$isolate" --bash 'sleep 1000 >/dev/null 2>&1 & echo "$1"' ::: 1 2 3
		same out $'1\n2\n3'
		mp -j1 "$isolate" --bash 'sleep 1000 & echo "$1"' ::: 1 2 3
		same out $'1\n2\n3'
	done
}

@test "bash: retries are counted, and the record's number is known to children" {
	mp_again 2 -j2 --retries 2 --bash 'sh -c "echo \$MPMAP_SEQ \$MPMAP_ATTEMPT"; ((MPMAP_ATTEMPT == 2))' ::: a b
	same out $'1 2\n2 2'
}

@test "bash: outputs of any size with any bytes, in order, none with another" {
	mp_well -j2 --bash 'head -c "$1" /dev/zero; echo "$1"' ::: 1 10000000 3 100000 5
	for size in 1 10000000 3 100000 5; do head -c "$size" /dev/zero; echo "$size"; done >expected
	cmp expected out
	seq 300 | mp_well -j2 --no-isolate --bash 'for ((i = 0; i < $1 % 7; i++)); do echo "$1"; sh -c "echo child $1"; done'
	for ((n = 1; n <= 300; n++)); do for ((i = 0; i < n % 7; i++)); do echo "$n"; echo "child $n"; done; done >expected
	cmp expected out
}

@test "bash: an ordinary user has the functions, too" {
	needs setpriv
	needs_root
	open_folder
	cp -r "${MPMAP%/*}/adapters" adapters
	for option in --isolate --no-isolate; do
		run_it setpriv --reuid=65534 --regid=65534 --clear-groups ./mpmap -j2 "$option" --setup 'echo setup >&2; a=1' \
			--bash 'echo "$1"; nosuch' ::: 1 2
		expect 123 $'1\n2'
		file_has err 'nosuch: command not found'
	done
}
