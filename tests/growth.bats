#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Commands that stay and grow (--max-rss).

load helper

setup_file() {
	export GROWING=$BATS_FILE_TMPDIR/growing
	cat >"$GROWING" <<-'END'
		import json, os, sys
		how, at_first, each = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
		kept = [b"x" * (at_first << 20)]
		if how.isdigit():
		    print(json.dumps({"mpmap": 1, "pipeline": int(how)}), flush=True)
		for line in sys.stdin:
		    kept.append(b"x" * (each << 20))
		    if how == "filter":
		        print(line.split()[0], os.getpid(), flush=True)
		        continue
		    request = json.loads(line)
		    answer = "%s %d\n" % (request["args"][0].split()[0], os.getpid())
		    print(json.dumps({"seq": request["seq"], "stdout": answer}), flush=True)
		print("ended", os.getpid(), file=sys.stderr)
	END
}

# replaced COUNT LEAST: COUNT records were answered in order, each once, by at least LEAST commands that ended by themselves.
replaced() {
	cut -d ' ' -f 1 out | cmp - <(seq "$1") || return 1
	[ "$(cut -d ' ' -f 2 out | uniq | wc -l)" -eq "$(cut -d ' ' -f 2 out | sort -u | wc -l)" ]
	cut -d ' ' -f 2 out | sort -u >pids
	[ "$(wc -l <pids)" -ge "$2" ] || complain "$(wc -l <pids) commands"
	grep '^ended ' err | cut -d ' ' -f 2 | sort -u | cmp - pids
}

@test "growth: no size, and no command that could grow, are usage errors" {
	for value in '' x 0 -1 1.5G; do
		mp --max-rss "$value" --filter touch ran ::: a
		usage_error "^mpmap: --max-rss '$value': not a size .*K, M, G or T"
	done
	mp --max-rss 1G touch ran ::: a
	usage_error '^mpmap: --max-rss: no COMMAND that stays .*--filter, --coproc, --python'
	[ ! -e ran ]
}

@test "growth: a command that has grown is replaced between two records, which lose nothing" {
	needs python3
	seq 80 >numbers
	sed "s/\$/ $(printf '%04000d')/" numbers >long
	for how in none 1 8; do
		echo "pipeline $how"
		trace_on
		mp -j1 --max-rss 40M --coproc python3 "$GROWING" "$how" 0 4 <numbers
		expect 0
		replaced 80 3
		[ "$(event_count command_grown)" -ge 2 ]
		[ -z "$(events command_grown '.size <= 40 * 1024 * 1024')" ]
		says_not 'more than'
	done
	mp -j1 --max-rss 40M --filter python3 "$GROWING" filter 0 4 <long
	expect 0
	replaced 80 2
	mp -j1 --max-rss 4G --coproc python3 "$GROWING" none 0 1 <numbers
	expect 0
	[ "$(cut -d ' ' -f 2 out | sort -u | wc -l)" -eq 1 ]
}

@test "growth: one that is too large from its beginning is replaced each time, and named once" {
	needs python3
	seq 6 >numbers
	mp -j1 --max-rss 20M --coproc python3 "$GROWING" none 40 0 <numbers
	expect 0
	replaced 6 3
	[ "$(grep -c '^mpmap: ' err)" -eq 1 ]
	says '^mpmap: python3 takes [0-9]+ bytes of memory by its first answer, more than --max-rss: each time it is replaced then$'
	mp -j2 --chunksize 1 --max-rss 20M --coproc python3 "$GROWING" none 40 0 <numbers
	expect 0
	cut -d ' ' -f 1 out | cmp - numbers
	[ "$(grep -c '^mpmap: ' err)" -eq 1 ]
	mp -q -j1 --max-rss 20M --coproc python3 "$GROWING" none 40 0 <numbers
	expect 0
	says_not '^mpmap: '
}

@test "growth: with a limit of records, a record that fails, and results one by one" {
	needs python3
	seq 40 >numbers
	mp -j1 --max-rss 40M --max-tasks-per-worker 15 --coproc python3 "$GROWING" 4 0 4 <numbers
	expect 0
	replaced 40 3
	sed 's/^20$/bad line/' numbers >some
	mp -q -j1 --max-rss 40M -o jsonl --coproc python3 -c '
import json, os, sys
kept = []
for line in sys.stdin:
    request = json.loads(line)
    kept.append(b"x" * (4 << 20))
    if request["args"][0] == "bad line":
        os.abort()
    print(json.dumps({"seq": request["seq"], "stdout": str(os.getpid())}), flush=True)
' <some
	expect 125
	jq -es 'length == 40 and (map(select(.outcome != "ok").seq) == [20]) and (map(.seq) == [range(1; 41)])' out
	jq -es '[.[].stdout | select(. != "")] | unique | length >= 3' out
}

@test "growth: the interpreter of a function is replaced likewise" {
	needs python3
	seq 60 >numbers
	mp -j1 --max-rss 40M --coproc=block python3 "$BATS_TEST_DIRNAME/../adapters/adapter.py" --setup='import os; kept = []' \
		-- 'print(x, os.getpid()) or kept.append(b"x" * (4 << 20))' <numbers
	expect 0
	cut -d ' ' -f 1 out | cmp - numbers
	[ "$(cut -d ' ' -f 2 out | sort -u | wc -l)" -ge 3 ]
}
