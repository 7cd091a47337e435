#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# The laws of the house (HACKING.md), read off the source tree: who may include, call and name what.

# Comments cannot break a law of the code: $BATS_FILE_TMPDIR/text is src/ without them, and code is text with every string
# empty. Only the test of circles reads what was built.

top=$(cd "$BATS_TEST_DIRNAME/.." && pwd)

export LC_ALL=C

setup_file() {
	cd "$top/src" || return 1
	find . -name '*.[ch]' | sed 's|^\./||' | sort >"$BATS_FILE_TMPDIR/files"
	for copy in text code; do
		for folder in $(find . -type d); do mkdir -p "$BATS_FILE_TMPDIR/$copy/$folder"; done
	done
	# shellcheck disable=SC2046
	awk -v dir="$BATS_FILE_TMPDIR" '
	FNR == 1 { close(dir "/text/" name); close(dir "/code/" name); name = FILENAME; inside = 0 }
	{
		line = $0; text = code = ""
		while (line != "") {
			if (inside) {
				if (!(at = index(line, "*/"))) break
				line = substr(line, at + 2); inside = 0
			}
			if (!match(line, /\/\*|\/\/|"(\\.|[^"\\])*"|\047(\\.|[^\047\\])+\047/)) {
				text = text line; code = code line
				break
			}
			before = substr(line, 1, RSTART - 1); token = substr(line, RSTART, RLENGTH)
			line = substr(line, RSTART + RLENGTH); text = text before; code = code before
			if (token == "//") break
			if (token == "/*") { inside = 1; continue }
			text = text token; code = code (before ~ /^ *# *include/ ? token : "\"\"")
		}
		print text > (dir "/text/" name); print code > (dir "/code/" name)
	}' $(cat "$BATS_FILE_TMPDIR/files")
}

setup() { cd "$BATS_FILE_TMPDIR/code" || return 1; }

# none WHAT: what is on standard input breaks a law
none() {
	local found
	found=$(sort -u)
	[ -z "$found" ] || { printf '%s:\n%s\n' "$1" "$found" && return 1; }
}

# same_lists WHAT LIST LIST: the sorted lists hold the same, each once; what does not is printed, the second's indented
same_lists() { comm -3 <(printf '%s\n' "$2") <(printf '%s\n' "$3") | none "$1"; }

# only WHERE PATTERN: lines of code that match are in these files only, and there are some
only() {
	grep -rnE "$2" . | sed 's|^\./||' >"$BATS_TEST_TMPDIR/lines"
	grep -E "^($1)" "$BATS_TEST_TMPDIR/lines" >/dev/null || { echo "nothing found of: $2" && return 1; }
	grep -vE "^($1)" "$BATS_TEST_TMPDIR/lines" | none "only for $1"
}

# A call of one of the functions, and a name: not a member's, not a part of a longer one.
call() { printf '(^|[^A-Za-z0-9_.>])(%s)[[:space:]]*\(' "$1"; }
word() { printf '(^|[^A-Za-z0-9_.>])(%s)($|[^A-Za-z0-9_])' "$1"; }

# Every text that people wrote, whether or not the tree is built or a distribution.
texts() {
	cd "$top" || return 1
	find src tests man m4 completions bench -name '*.[ch157]' -o -name '*.ba[ts][sh]' -o -name '*.m4' -o -name '*.fish' \
		-o -name '_mpmap*' 2>/dev/null
	ls adapters/adapter.* python/mpmap_state.py bench/bench bench/compare bench/journal bench/memo bench/state bench/trickle bench/warm bootstrap .ci/run build-aux/fuzz build-aux/lint build-aux/picture build-aux/soak build-aux/valgrind configure.ac Makefile.am README.md HACKING.md NEWS
}

# in_hacking WORD: the names in backquotes that HACKING.md lists after "WORD (...):", up to an empty line
in_hacking() {
	sed -n "/^$1 (.*):/,/^\$/p" "$top/HACKING.md" | sed '1s/^[^)]*)://' | grep -oE '`[a-z_]+`' | tr -d '`' | sort
}

@test "house: includes point down, and codec and the pool never see each other" {
	awk '
	# floor ROOM ROOMS: what a room may include besides itself; "<" before a room adds what that one may include.
	function floor(room, rooms,    n, part, i) {
		n = split(rooms, part, " ")
		below[room] = room
		for (i = 1; i <= n; i++) {
			if (sub(/^</, "", part[i])) below[room] = below[room] " " below[part[i]]
			below[room] = below[room] " " part[i]
		}
	}
	function folder(path) { return match(path, /\/[^\/]*$/) ? substr(path, 1, RSTART - 1) : path }
	BEGIN {
		floor("base"); floor("ipc", "<base"); floor("task", "<base"); floor("machine", "<base"); floor("process", "<ipc <machine")
		floor("codec/json", "<task"); floor("codec", "<codec/json"); floor("order", "<task"); floor("board", "<process <task"); floor("journal", "<task"); floor("journal/durable", "<journal"); floor("journal/memo", "<journal"); floor("state", "<process <task")
		floor("state/value", "<base"); floor("state/store", "<state/value"); floor("state/wire", "<state/store <codec/json"); floor("state/server", "<state/wire <state <board"); floor("state/client", "<state/server")
		# A room and its inner room are one floor.
		floor("worker", "<board worker/zygote worker/persistent worker/protocol worker/plugin worker/product"); floor("worker/zygote", "<worker"); floor("worker/persistent", "<worker codec"); floor("worker/protocol", "<worker <codec"); floor("worker/product", "<worker"); floor("worker/plugin", "<worker codec/json")
		floor("pool", "<worker"); floor("run/policy", "<task"); floor("run/times", "<base")
		floor("run", "<pool <machine <state <codec <order <journal/durable <journal/memo run/policy run/companion run/display run/durable run/memo run/origin run/page run/product run/recalled run/tags run/times run/tries")
		floor("run/companion", "<run <state/server"); floor("run/display", "<run"); floor("run/durable", "<run"); floor("run/memo", "<run")
		floor("run/origin", "<run"); floor("run/page", "<run"); floor("run/product", "<run"); floor("run/recalled", "<run")
		floor("run/tags", "<run"); floor("run/tries", "<run")
		floor("feed", "<run"); floor("front/hint", "<base"); floor("front", "<feed front/hint"); floor("interactive/runs", "<front"); floor("interactive/prompt/word", "<base"); floor("interactive/prompt", "<front interactive/prompt/word")
		floor("interactive/views", "<interactive/runs"); floor("interactive/console", "<interactive/views <interactive/prompt")
		floor("interactive/commands", "<interactive/console"); floor("interactive", "<interactive/commands"); floor("main.c", "<interactive <state/server")
	}
	/^ *# *include *"/ {
		split($0, quoted, "\"")
		if (quoted[2] ~ /\.inc$/) next
		if (!index(" " below[folder(FILENAME)] " ", " " folder(quoted[2]) " ")) print FILENAME ":" FNR ": " quoted[2]
	}' $(cat ../files) | none 'includes of a layer that is not below'
}

@test "house: the first include is a module's own header, or one that brings base/dialect.h" {
	while read -r file; do
		first=$(grep -m 1 -E '^ *# *include' "$file" || echo nothing)
		own=${file%.c}.h
		case $file,$first in
		base/dialect.h,*) ;;
		*,*'"'"$own"'"') ;;
		*.c,*) [ ! -e "$own" ] && [[ $first == *'"'* ]] || echo "$file: $first" ;;
		*,nothing | *,*'"'*) ;;
		*) echo "$file: $first" ;;
		esac
	done <../files | none 'first includes'
	grep -n 'include *<config.h>' $(cat ../files) | grep -v '^base/dialect.h:' | none 'config.h comes with base/dialect.h'
}

@test "house: processes begin and end in process/" {
	# what is preloaded is a part of other programs: it has nothing but libc
	only 'process/|worker/zygote/preload.c' "$(call 'v?fork|forkpty|daemon|clone3?|f?exec(l|le|lp|v|ve|veat|vp|vpe)|posix_spawnp?')"
	only 'process/' "$(call 'wait|wait3|wait4|waitid|waitpid|kill|killpg|tgkill|pidfd_send_signal')"
	only 'process/|base/fault.c' "$(call 'raise')"
	# of a terminal that is not the controlling one it says nothing; workers ask about /dev/tty alone
	only 'process/|worker/terminal.c' "$(call 'tcgetpgrp')"
	only 'process/|ipc/|worker/zygote/preload.c' "$(call 'syscall')"
}

@test "house: bytes move between processes in ipc/" {
	only 'ipc/|worker/zygote/preload.c' "$(call 'p?poll|p?select|epoll_[a-z0-9]+|socket|socketpair|pipe2?|sendm?msg|recvm?msg|eventfd')"
	only 'ipc/|worker/zygote/preload.c' "$(call 'memfd_create|shm_open|mmap|mremap|munmap')"
}

@test "house: readline, jansson, nettle and xxHash each have one place" {
	grep -nE '<readline/|(^|[^a-z_])(rl_|add_history)' $(cat ../files) | grep -vE '^interactive/prompt/line(_input|_offers)?\.c:' | none 'outside prompt/line.c and its helpers'
	grep -nE '<jansson\.h>|(^|[^a-z_])json_t' $(cat ../files) | grep -v '^codec/' | none 'outside codec/'
	grep -n '<nettle/' $(cat ../files) | grep -v '^state/pyauth_mac\.c:' | none 'outside state/pyauth_mac.c'
	grep -nE '<xxhash\.h>|(^|[^A-Za-z_])XXH' $(cat ../files) | grep -v '^journal/key\.c:' | none 'outside journal/key.c'
}

@test "house: who writes to standard output" {
	only 'codec/output|front/|run/|state/client/printing.c|interactive/(prompt/(line|modes)|console/)' "$(word 'stdout|STDOUT_FILENO')|$(call 'v?printf|puts|putchar|putc_unlocked|v?dprintf')|$(call 'write')1,"
}

@test "house: who writes to standard error" {
	# line_output.c takes it from readline, which rings the bell there
	only 'base/(diag|fatal).c|interactive/prompt/line_output.c' "$(word 'stderr|STDERR_FILENO')|$(call 'perror|v?errx?|v?warnx?|psignal')|$(call 'write')2,"
}

@test "house: who reads the environment and the arguments" {
	only 'front/|main.c|state/client/client.c|base/(trace|fault).c' "$(call '(secure_)?getenv|setenv|unsetenv|putenv')"
	# spawn's hidden --role is written in process/start_spawn, read in process/role
	only 'front/|main.c|state/client/client.c|process/role.[ch]:' "$(word 'argv|optarg')|$(call 'getopt(_long)?')"
	# passed on, not read
	only 'front/|main.c|process/start_spawn.c|worker/launcher.c|worker/plugin/variables.c|worker/zygote/preload.c|run/companion/prototype.c|interactive/console/foreground.c|state/client/running.c' "$(word 'environ')"
}

@test "house: no threads, and no functions with traps" {
	grep -nE 'pthread|threads\.h|thrd_' "$top/configure.ac" "$top/Makefile.am" $(cat ../files) | none threads
	grep -nE "$(call 'signal|alloca|atoi|strtok|system|popen')" $(cat ../files) | none traps
}

@test "house: every file has a noun" {
	sed 's|\.[ch]$||' ../files | tr / '\n' | grep -E '^(.*_)?(utils?|common|helpers?|misc|core|manager|engine)(_.*)?$' | none names
}

@test "house: every text begins with its licence, every source with a sentence on what it is for" {
	cd "$top"
	awk '
	function verdict() { if (state != "ok" && name !~ /^NEWS$/) print name ": " state }
	FNR == 1 { verdict(); name = FILENAME; state = "no SPDX line" }
	state == "no SPDX line" {
		if (/SPDX-License-Identifier: GPL-3.0-or-later/ && FNR <= 3)
			state = name ~ /\.(md|ac)$/ ? "ok" : "no sentence after the SPDX line"
		next
	}
	state == "ok" || state == "no sentence" || /^\/\*$/ { next }
	!/^(\/\*| \*|#|\.\\"|dnl)/ || /^( \*|#)$/ { state = "no sentence" }
	/\.( \*\/)?$/ { state = "ok" }
	/\*\/$/ && state != "ok" { state = "no sentence" }
	END { verdict() }' $(texts) /dev/null | grep -v '^: ' | none 'beginnings'
}

@test "house: no line over 120 columns, no file over 400 lines, no folder over 12 modules, no function over 60 lines" {
	{
		(cd "$top" && for file in $(find src tests bench completions -name '*.[ch]'); do
			expand -t 8 "$file" | awk -v file="$file" 'length > 120 { print file ":" NR ": " length " columns" }'
		done)
		(cd "$top/src" && wc -l $(cat "$BATS_FILE_TMPDIR/files")) | awk '$2 != "total" && $1 > 400'
		grep '\.c$' ../files | sed 's|/[^/]*$|/|' | sort | uniq -c | awk '$1 > 12'
		awk '
		/^\{/ { start = FNR; name = before }
		/^\}/ { if (start && FNR - start > 59) print FNR - start + 1, FILENAME ":" start ": " name; start = 0 }
		NF { before = $0 }' $(cat ../files)
	} | none 'lines and files: too many'
}

@test "house: no function has more than 5 parameters" {
	# the preloaded object replaces a function of libc
	awk '
	FNR == 1 { head = "" }
	# A definition or declaration begins in the first column and extends to its closing parenthesis.
	/^[a-z][^=;{]*[a-z_0-9]\(/ && !/^(typedef|else|return)/ { head = ""; start = FNR; open = 1 }
	open {
		head = head " " $0
		depth = gsub(/\(/, "(", head) - gsub(/\)/, ")", head)
		if (depth > 0) next
		open = 0; depth = commas = 0; name = head; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name)
		for (i = 1; i <= length(head); i++) {
			c = substr(head, i, 1)
			if (c == "(") depth++
			else if (c == ")" && !--depth) break
			else if (c == "," && depth == 1) commas++
		}
		if (head ~ /\.\.\./) commas--
		if (commas > 4) print FILENAME ":" start ": " name " has " commas + 1
	}' $(grep -v 'zygote/preload\.c$' ../files) | none 'too many parameters'
}

@test "house: every static function has a name of its own" {
	# what is preloaded is a part of other programs; of line.c and line_plain.c one is built
	grep -vE '\.h$|zygote/preload\.c$|prompt/line_plain\.c$' ../files | xargs awk '
	/^static [^=;]*\(/ && !/;$/ {
		name = $0; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name)
		if (name in place && place[name] != FILENAME) print name ": " place[name] " " FILENAME
		place[name] = FILENAME
	}' | none 'names of several functions'
}

# circles FOLDER: the modules below it that call each other in a circle, by the symbols of their objects
circles() {
	(cd "$1" && find . -name '*.o' | sed 's|^\./||' | xargs nm -A) | awk '
	{ module = $1; sub(/\.o:.*/, "", module) }
	$(NF - 1) == "U" { wants[module] = wants[module] " " $NF }
	$(NF - 1) ~ /^[TDRBVW]$/ { home[$NF] = module }
	END {
		for (module in wants) {
			n = split(wants[module], symbol, " ")
			for (i = 1; i <= n; i++)
				if (symbol[i] in home && home[symbol[i]] != module) print module, home[symbol[i]], symbol[i]
		}
	}' | sort -u | awk '
	# Prints each call whose callee calls back, by whatever way.
	function reach(module,    i, n, callee) {
		if (module in seen) return
		seen[module]
		n = split(calls[module], callee, " ")
		for (i = 1; i <= n; i++) reach(callee[i])
	}
	{ line[NR] = $0; from[NR] = $1; to[NR] = $2; if (!(($1, $2) in known)) { known[$1, $2]; calls[$1] = calls[$1] " " $2 } }
	END {
		for (i = 1; i <= NR; i++) {
			if (to[i] != last) { split("", seen); reach(to[i]); last = to[i] }
			if (from[i] in seen) print line[i]
		}
	}'
}

@test "house: no circle of modules" {
	local built=${MPMAP%/*}
	circles "$built/src" | none 'module, the one it calls, the symbol'
}

@test "house: a circle of modules is found" {
	cd "$BATS_TEST_TMPDIR"
	mkdir -p src/room
	printf 'int b(void); int a(void) { return b(); }\n' >src/room/a.c
	printf 'int c(void); int b(void) { return c(); }\n' >src/room/b.c
	printf 'int leaf(void); int c(void) { return leaf(); }\n' >src/c.c
	printf 'int leaf(void) { return 1; }\n' >src/leaf.c
	for file in src/room/a src/room/b src/c src/leaf; do "${CC:-cc}" -c -o "$file.o" "$file.c"; done
	[ -z "$(circles src)" ]
	printf 'int a(void); int c(void) { return a(); }\n' >src/c.c
	"${CC:-cc}" -c -o src/c.o src/c.c
	[ "$(circles src | cut -d ' ' -f 1,2)" = "$(printf 'c room/a\nroom/a room/b\nroom/b c')" ]
}

@test "house: every file of src is in Makefile.am and in the index of main.c" {
	same_lists 'files in src (and in Makefile.am)' "$(sed 's|^|src/|' ../files)" \
		"$(tr ' ' '\n' <"$top/Makefile.am" | grep -xE 'src/[a-z0-9_/]+\.[ch]' | sort -u)"
	# The index names a folder and then its modules, in columns: the first of a line is a module, others may be.
	sed '/^#include/q' "$top/src/main.c" | awk '
	NR == FNR { if (sub(/\.[ch]$/, "") && $0 ~ "/") module[$0]; next }
	/^ \* [a-z\/]+\/ / { layer = $2 }
	/^ \*   [a-z]/ {
		if (!(layer $2 in module)) print "named, but not there: " layer $2
		named[layer] = named[layer] $0 " "
	}
	END {
		for (name in module) {
			match(name, /[^\/]*$/)
			if (!index(named[substr(name, 1, RSTART - 1)], "  " substr(name, RSTART) " ")) print "not named: " name
		}
	}' ../files - | none 'index of main.c'
}

@test "house: HACKING.md lists every trace event and every failure point" {
	cd ../text
	for kind in 'trace_event Trace' 'fault_at Faults'; do
		calls=${kind% *}
		grep -rn "$calls(" . | grep -vE "$calls\(\"[a-z_]+\"|/base/(trace|fault)\." | none 'not by a plain name'
		same_lists "$calls (and in HACKING.md)" "$(grep -rhoE "$calls\(\"[a-z_]+" . | cut -d '"' -f 2 | sort -u)" \
			"$(in_hacking "${kind#* }")"
	done
}

# phrases FILE...: comments with an idiom that is not English of the trade (HACKING, Style); none of them is a single word
phrases() {
	awk '
	function check(text) {
		gsub(/[ \t]+\*? */, " ", text)
		if (match(text, /([^e]|[^r]e) (is|are|was|were) none|(is|are|was|been|be) told|told (of|that)|[Oo]f whom|[Ww]hoever|somebody|set aside|(in|at) hand( |$|\.|,)|so (many|often|long) as there|lets? go of|be looked (at|for)|looked at again|what (came|comes|becomes) of|one that is none|who is (told|asked)|what it is (told|asked)/))
			print FILENAME ":" start ": ..." substr(text, RSTART > 30 ? RSTART - 30 : 1, RLENGTH + 60)
	}
	FNR == 1 { inside = 0 }
	FILENAME !~ /\.[ch]$/ { if (/^[ \t]*# /) { start = FNR; check($0) } next }
	{
		line = $0
		if (!inside) gsub(/"(\\.|[^"\\])*"/, "", line)
		while (line != "") {
			if (!inside) {
				if (!(at = index(line, "/*"))) break
				line = substr(line, at + 2); inside = 1; start = FNR; text = ""
			}
			if (at = index(line, "*/")) {
				check(text " " substr(line, 1, at - 1)); line = substr(line, at + 2); inside = 0
			} else { text = text " " line; line = "" }
		}
	}' "$@"
}

@test "house: comments are plain English of the trade" {
	cd "$top"
	phrases $(find src tests bench completions -name '*.[ch]' -o -name '*.ba[ts][sh]' | grep -v '^tests/house.bats$') | none 'phrases'
}

@test "house: a phrase is found, whatever lines it is on" {
	cd "$BATS_TEST_TMPDIR"
	printf 'int a; /* Returns the row; it\n * is none if free. */\n/* Returns the row, or NULL. */\nchar b[] = "whoever";\n' >a.c
	printf '# Of whom was spoken.\ntrue\n' >a.bash
	[ "$(phrases a.c a.bash | cut -d : -f 1,2)" = $'a.c:1\na.bash:1' ]
}

@test "house: nothing is left to do, and nothing names somebody's home" {
	cd "$top"
	grep -nE '(^|[^A-Za-z])(TOD[O]|FIXM[E]|XX[X])($|[^A-Za-z])' $(texts) | none 'left to do'
	grep -nE '(^|[^A-Za-z0-9_.}])/(hom[e]|roo[t]|User[s])/' $(texts) | none 'homes'
}
