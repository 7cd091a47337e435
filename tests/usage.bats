#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# How the command line is read, and what a mistake in it gets: status 2 and one line that says what would be right.

load helper

@test "usage: an unknown option is named" {
	mp --bogus touch ran ::: 1
	usage_error '--bogus'
	mp -Z touch ran ::: 1
	usage_error '-Z'
	[ ! -e ran ]
}

@test "usage: a mistyped long option gets a suggestion" {
	mp --unordred echo ::: 1
	usage_error '--unordred' '--unordered'
	mp --job 3 echo ::: 1
	usage_error '--jobs'
	mp --chunk-size=3 echo ::: 1
	usage_error '--chunksize'
	mp --start-metod=fork echo ::: 1
	usage_error '--start-method'
}

@test "usage: a suggestion is near, and never the opposite" {
	for option in --ordered --isolat-no --wrkdr --bogus --conf --tag-line; do
		mp "$option" echo ::: 1
		usage_error "$option"
		! grep 'did you mean' err
	done
	for pair in --retires:--retries --linebufer:--line-buffer --jbos:--jobs --dryrun:--dry-run; do
		mp "${pair%:*}" echo ::: 1
		usage_error "did you mean ${pair#*:}"
	done
}

@test "usage: options of other programs say what to write instead" {
	for option in --pipe --pipepart --tmpdir --shuf -S --sshlogin --transfer --return --will-cite -L -x -X -m -s -p -i -E \
		--round-robin --trc --onall --citation --files --plus --rpl --env --noswap --process-slot-var --keep-going \
		--halt-on-error --open-tty --semaphore --ordered --quote; do
		mp "$option" touch ran ::: 1
		usage_error "mpmap has no option $option: .+"
	done
	[ ! -e ran ]
}

@test "usage: --bar, --eta, --lb, --wd and -N mean what they mean elsewhere" {
	mp --bar echo ::: 1
	expect 0 1
	says '^mpmap: 1 task in '
	mp --eta --lb -j1 -N2 echo ::: 1 2 3
	expect 0 $'1 2\n3'
	says '^mpmap: 2 tasks in '
	mp --max-replace-args 2 --wd / --shell 'pwd' ::: 1 2
	expect 0 / ''
}

@test "usage: long options may not be abbreviated" {
	for option in --unorder --dry --verb --start --chunk --max-tasks --qui --nul --delim; do
		mp "$option" echo ::: 1
		usage_error "$option"
	done
}

@test "usage: -i -p -X -m -L -s -x get a hint of their own what to write" {
	mp -Z echo ::: 1
	unknown=$(cat err)
	for letter in i p X m L s x; do
		mp "-$letter" echo ::: 1
		usage_error "-$letter"
		[ "$(cat err)" != "${unknown//-Z/-$letter}" ] || complain "no hint for -$letter"
	done
	mp -i echo ::: 1
	usage_error '\{\}'
}

@test "usage: names of GNU parallel for blocks get a hint what to write" {
	for option in --pipe --spreadstdin --block-size=1M --block-size; do
		mp "$option" cat </dev/null
		usage_error "${option%=*}" '--block=SIZE'
	done
	mp --recstart='>' cat </dev/null
	usage_error '--recstart' '--record-start=STR'
	mp --recend='\n' cat </dev/null
	usage_error '--recend' '-d STR'
}

@test "usage: the hint comes also when the letter has its value, or stands in a group" {
	for option in -L1 -s100 -0x; do
		mp "$option" echo ::: 1
		expect 2 ''
		says_lines 1
	done
}

@test "usage: a bad number is named with its option" {
	for option in --jobs --chunksize --max-tasks-per-worker --nice --buffer --spill --block; do
		for value in x 0x 1x '' ' 1' '1 ' 0x10 1e3 99999999999999999999 - + '1,5'; do
			mp "$option=$value" touch ran ::: 1
			usage_error "$option"
		done
		mp "$option" x touch ran ::: 1
		usage_error "$option" "x"
	done
	[ ! -e ran ]
}

@test "usage: -j 0x and other bad job numbers" {
	for value in 0x x 1.5 %% 10%% -x +x '+ 1' %; do
		mp -j "$value" echo ::: 1
		usage_error 'jobs|-j' "'?${value//+/\\+}'?"
	done
	mp -j0x echo ::: 1
	usage_error '0x'
}

@test "usage: --chunksize 0 and -1" {
	for value in 0 -1 1.5 many AUTO; do
		mp --chunksize "$value" echo ::: 1
		usage_error '--chunksize' "$value" 'auto'
	done
}

@test "usage: --max-tasks-per-worker 0, -1, 0.5, 12x" {
	for value in 0 -1 0.5 12x; do
		mp --max-tasks-per-worker "$value" echo ::: 1
		usage_error '--max-tasks-per-worker' "$value"
	done
}

@test "usage: a SIZE is a number with K, M, G or T" {
	for option in --buffer --spill; do
		for value in 1X M 1MM -1 -1M 99999999T 1kB; do
			mp "$option" "$value" echo ::: 1
			usage_error "$option"
		done
		for value in 1000000 64K 1M 1G 1T; do
			mp "$option" "$value" echo ::: 1
			expect 0 1 ''
		done
	done
	mp --spill 0 echo ::: 1
	expect 0 1 ''
}

@test "usage: an unknown start method is refused with the three that exist" {
	mp --start-method=thread echo ::: 1
	usage_error 'thread' 'fork' 'spawn' 'forkserver'
	mp --start-method= echo ::: 1
	usage_error '--start-method'
}

@test "usage: a delimiter has 1 to 255 bytes, and no unknown escape" {
	long=$(head -c 256 /dev/zero | tr '\0' x)
	for value in '' '\q' '\x' '\xg0' 'a\' '\nab\y' "$long"; do
		mp -d "$value" echo </dev/null
		usage_error '--delimiter'
	done
	mp -d "${long%x}" echo </dev/null
	expect 0 '' ''
	for value in '' '\q' "$long"; do
		mp --record-start "$value" echo </dev/null
		usage_error '--record-start'
	done
}

@test "usage: -0 and -d exclude each other" {
	mp -0 -d , touch ran ::: 1
	usage_error '--null' '--delimiter'
	mp -d :: --null touch ran ::: 1
	usage_error '--null' '--delimiter'
}

@test "usage: an option without its value" {
	for option in -j -P -d -a --jobs --chunksize --delimiter --arg-file --start-method --workdir; do
		mp "$option"
		usage_error "$option"
	done
}

@test "usage: a flag with a value" {
	for option in --unordered --quiet --null --dry-run --stats --tty; do
		mp "$option=yes" echo ::: 1
		usage_error "$option"
	done
}

@test "usage: no COMMAND" {
	mp
	expect 2 ''
	says 'COMMAND|command'
	echo x | mp -j2 -q
	expect 2 ''
	says 'COMMAND|command'
	mp ::: a b
	expect 2 ''
	mp --
	expect 2 ''
}

@test "usage: after the SCRIPT of --shell further operands are an error" {
	mp --shell 'echo $1' more ::: a
	usage_error 'more|operand'
}

@test "usage: a bad value in the environment names the variable" {
	for value in bad 0x -x 1.5; do
		MPMAP_JOBS=$value mp echo ::: 1
		usage_error 'MPMAP_JOBS' "$value"
	done
	MPMAP_START_METHOD=thread mp echo ::: 1
	usage_error 'MPMAP_START_METHOD' 'thread'
}

@test "usage: --help wins over everything else" {
	mp --help
	expect 0
	same err ''
	cp out help
	for words in '--bogus --help' '-j 0x --help' '--help --bogus' '-h' '--help echo' '-q --chunksize=0 --help'; do
		# shellcheck disable=SC2086
		mp $words
		expect 0
		cmp help out
		same err ''
	done
	MPMAP_JOBS=bad mp --help
	expect 0
	cmp help out
}

@test "usage: --help names every option and where to report bugs" {
	mp --help
	for option in --null --delimiter --arg-file --no-run-if-empty --shell --jobs --max-procs --start-method --chunksize \
		--max-tasks-per-worker --workdir --nice --keep-order --unordered --ungroup --buffer --spill --verbose --quiet \
		--dry-run --stats --help --version; do
		grep -Eq -- "$option([^a-z-]|\$)" out || complain "--help does not name $option"
	done
	grep -q 'COMMAND' out
	grep -q ':::' out
}

@test "usage: --help fits a terminal of 80 columns, with examples and replacement strings before the options" {
	mp --help
	expect 0
	awk 'length > 79 { print; wide = 1 } END { exit wide }' out
	sed '/^Input:/,$d' out >top
	cat >expected <<-'END'
		Usage: mpmap [OPTION]... COMMAND [ARG]...               for each line of input
		       mpmap [OPTION]... COMMAND [ARG]... ::: ITEM...   for each ITEM
		       mpmap [OPTION]... COMMAND [ARG]... :::: FILE...  for each line of FILE
		       mpmap [OPTION]... --shell SCRIPT [::: ITEM...]   the record as "$1"
		       mpmap [OPTION]... --shell                        records are commands
		       mpmap [OPTION]... --python CODE [::: ITEM...]    a function of Python
		       mpmap                                            a prompt

		Runs COMMAND once for each record, several at a time, on a pool of workers. The
		outputs come in the order of the input.

		  find . -name '*.wav' -print0 | mpmap -0 flac --best
		  mpmap -j4 gzip -9 ::: *.log
		  mpmap convert {} {.}.png ::: *.jpg
		  mpmap --shell 'cc -c "$1" -o "${1%.c}.o"' ::: *.c

		Replacement strings; without any of them the record becomes the last ARG:
		  {}    the record                        {#}  {#:04}    its number; with zeros
		  {.}   without its extension             {%}            the slot, 1 to jobs
		  {/}   without its directory             {1} {-1}       a column, or a source
		  {//}  its directory                     {name}         a column with a name
		  {/.}  without both                      {1.} {name/}   parts of these
		  {..}  {/..}  without two extensions

	END
	diff expected top
}

@test "usage: --help has the options in groups, which are those of the manual" {
	mp --help
	sed -n '/^Replacement/,/^SIZE/s/^\([A-Z][a-z ]*\):$/\1/p' out >groups
	[ "$(wc -l <groups)" -ge 7 ]
	sed -n '/^\.Sh OPTIONS/,/^\.Sh TASKS/s/^\.Ss //p' "$BATS_TEST_DIRNAME/../man/mpmap.1" >manual
	diff groups manual
}

@test "usage: --help=OPTION explains one, by any of its names" {
	mp --help=jobs
	expect 0 "  -j, --jobs=N              tasks at a time: N, N%, +N, -N of the CPUs; 0:
                            many; @FILE
More about --jobs and what goes with it: man mpmap, section OPTIONS" ''
	cp out jobs
	for name in j -j --jobs; do
		mp "--help=$name" --bogus
		expect 0
		cmp jobs out
	done
	mp --help=job
	usage_error '--help=job' 'did you mean --help=jobs'
	mp --help= echo ::: 1
	usage_error '--help='
	mp --help=Z
	usage_error '--help=Z'
}

@test "usage: --version wins over everything else, and its first line is the name and the number" {
	for words in '--version' '--bogus --version' '-j 0x --version' '--version echo'; do
		# shellcheck disable=SC2086
		mp $words
		expect 0
		same err ''
		head -n 1 out | grep -Eqx 'mpmap [0-9]+(\.[0-9]+)+'
	done
}

@test "usage: --help and --version to a full disk fail" {
	for option in --help --version; do
		status=0
		"$MPMAP" "$option" >/dev/full 2>err || status=$?
		[ "$status" -eq 1 ]
		says 'No space left'
	done
}

@test "usage: options end at the first operand, so COMMAND's own need no --" {
	mp echo -n --bogus --help -j 0x ::: a
	expect 0
	exactly out '--bogus --help -j 0x a'
}

@test "usage: -- ends the options" {
	mp -j1 -- echo -- ::: a
	expect 0 '-- a' ''
	mp -- -x ::: a
	expect 127 ''
}

@test "usage: an option and its value in all the usual ways" {
	for words in -j2 '-j 2' --jobs=2 '--jobs 2' -P2 '-P 2' --max-procs=2 '--max-procs 2' -qj2 -qrkj2; do
		# shellcheck disable=SC2086
		mp $words echo ::: a b
		expect 0 $'a\nb' ''
	done
	printf 'a\0b\0' >records
	mp -0qj2 echo <records
	expect 0 $'a\nb' ''
}

@test "usage: of an option given twice the last counts" {
	mp -d , -d ';' echo <<<'a;b,c'
	expect 0 $'a\nb,c\n' ''
}

@test "usage: an error says nothing on stdout, runs nothing, reads nothing" {
	seq 3 >numbers
	{
		"$MPMAP" --chunksize=0 touch ran >out 2>err || echo $? >status
		cat >rest
	} <numbers
	expect 2 ''
	cmp numbers rest
	[ ! -e ran ]
}

@test "usage: messages begin with the program's name, however it was called" {
	ln -s "$MPMAP" other
	run_it ./other --bogus
	expect 2
	says '^mpmap: '
}

@test "usage: -k, -r and --no-run-if-empty are accepted and change nothing" {
	mp -k -r echo ::: a b
	expect 0 $'a\nb' ''
	mp --keep-order --no-run-if-empty echo </dev/null
	expect 0 '' ''
}

# advises WORDS MPMAP-WORD...: a run says these words once, for however many records
advises() {
	mp -j2 "${@:2}" ::: one two three
	[ "$(grep -cxF "mpmap: $1" err)" -eq 1 ] && [ "$(grep -cF 'write mpmap' err)" -eq 1 ] || complain "$(<err)"
}

@test "usage: what is for a shell as COMMAND is said once, with what to write instead" {
	local missing='command not found: ' word="is a word of the shell: write mpmap --shell"
	advises "\"gzip one\" is one word: write mpmap gzip {}, or --shell for a shell's command line" -j1 'gzip {}'
	expect 125 ''
	advises "$missing\"gzip -9\" is one word: write mpmap gzip -9, or --shell for a shell's command line" 'gzip -9'
	expect 127 ''
	advises "$missing""cd $word 'cd \"\$1\"'" cd
	expect 127 ''
	advises "$missing""for $word 'for x in \"\$1\" ; do echo yes ; done'" for x in {} ';' do echo yes ';' done
	expect 127 ''
	advises "$missing""FOO=1 sets a variable in a shell: write mpmap env 'FOO=1' sh -c true" FOO=1 sh -c true
	expect 127 ''
	advises "\"cat one | wc -l\" is a command line of a shell: write mpmap --shell 'cat \"\$1\" | wc -l'" -j1 'cat {} | wc -l'
	advises "\"cat 'one' | wc\" is a command line of a shell: write mpmap --shell 'cat \"\$1\" | wc'" -j1 "cat '{}' | wc"
	advises "$missing\"cat | wc\" is a command line of a shell: write mpmap --shell 'cat | wc \"\$1\"'" 'cat | wc'
	# what names the record already gets no second one
	advises "$missing\"wc < \"\$1\"\" is a command line of a shell: write mpmap --shell 'wc < \"\$1\"'" 'wc < "$1"'
	advises "$missing\"grep x \$1\" is a command line of a shell: write mpmap --shell 'grep x \$1'" 'grep x $1'
	# nothing can be appended to a command that has parts of its own
	advises "$missing""[[ $word '[[', with \"\$1\" where the record goes" '[['
	advises "$missing\"for i in 1; do true; done\" is a command line of a shell: write mpmap --shell 'for i in 1; do true; done', with \"\$1\" where the record goes" 'for i in 1; do true; done'
	mp -q 'gzip {}' ::: a b
	expect 125 '' ''
	mp nothing-of-this-name ::: a
	expect 127 '' 'mpmap: nothing-of-this-name: command not found'
	# what is advised does what was meant
	mp --shell 'cat "$1" | wc -l' ::: /dev/null
	expect 0 0 ''
	mp env 'FOO=1' sh -c 'echo $FOO' ::: a
	expect 0 1 ''
}

@test "usage: {} in a script is said once, after it failed" {
	advises "{} in the script is left as it is: the record is \"\$1\" there: write mpmap --shell 'test -d \"\$1\"'" --shell 'test -d {}'
	expect 123
	mp --shell 'false {/.}' ::: a b
	expect 123
	[ "$(grep -cxF 'mpmap: {/.} in the script is left as it is: the record is "$1" there' err)" -eq 1 ] || complain
	mp --shell 'echo {}' ::: a b
	expect 0 $'{}\n{}' ''
	mp --shell 'exit 3' ::: a b
	not grep -qF script err
}

@test "usage: the value of an option that has no equals sign is said" {
	local words
	for words in '--progress bar' '--progress plain:5' '--bar --progress none' '--coproc fd' '--state atomic'; do
		# shellcheck disable=SC2086
		mp $words there-is-none ::: a
		expect 127 ''
		says "^mpmap: ${words##* }: command not found \(the value of ${words% *} follows an equals sign: ${words% *}=${words##* }\)\$" ||
			says "^mpmap: none: command not found \(the value of --progress follows an equals sign: --progress=none\)\$"
	done
	mp --progress -j1 bar ::: a
	expect 127 ''
	says '^mpmap: bar: command not found$'
	# a program of that name runs
	printf '#!/bin/sh\necho "$@"\n' >bar
	chmod +x bar
	PATH=$PWD:$PATH mp --progress bar cmd ::: a
	expect 0 'cmd a'
}
