#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# --report: what a run was like, as a page and as trace events. What is drawn, and its size: tests/unit_page.c.

# Scripts are for the tasks' shell.
# shellcheck disable=SC2016

load helper

# The page as a browser shows it, in text: without style and script.
page_text() {
	sed -n '/<body>/,/<script>/p' "$1" | sed 's/<[^>]*>/ /g; s/&lt;/</g; s/&gt;/>/g; s/&quot;/"/g; s/&#39;/'\''/g; s/&amp;/\&/g'
}

# Checks that an SVG or HTML page is well-formed XML where it matters: every tag that is opened is closed.
well_formed() {
	python3 - "$1" <<-'END'
		import html.parser, sys
		class Check(html.parser.HTMLParser):
		    stack = []
		    def handle_starttag(self, tag, attrs):
		        if tag not in ('meta', 'input'):
		            self.stack.append(tag)
		    def handle_startendtag(self, tag, attrs):
		        pass
		    def handle_endtag(self, tag):
		        assert self.stack.pop() == tag, (tag, self.getpos())
		check = Check()
		check.feed(open(sys.argv[1], encoding='utf-8').read())
		check.close()
		assert not check.stack, check.stack
	END
}

@test "report: a page with every task, its outcome and what it wrote to standard error" {
	run_to_end -j2 --report=run.html --shell 'case $1 in 7) echo "of <b>$1</b> & more" >&2; exit 3;; 9) kill -9 $$;; esac' \
		::: 1 2 3 4 5 6 7 8 9 '<script>alert(1)</script>'
	expect 125
	well_formed run.html
	page_text run.html >text
	grep -Fq '10: 8 ok, 1 failed, 1 signaled' text
	[ "$(grep -c '<rect' run.html)" -eq 10 ]
	grep -q '<rect class="failed".*#7: ' run.html
	grep -q '<rect class="signaled".*killed by SIGKILL' run.html
	grep -Fq 'of <b>7</b> & more' text
	not grep -Fq '<script>alert' run.html
	not grep -Fq '<b>7' run.html
	[ "$(stat -c %a run.html)" = 600 ]
	# Nothing is asked for from anywhere.
	not grep -Eq '(src|href)=|url\(|@import|https?:' run.html
}

@test "report: bytes that are no text, escape sequences and carriage returns are shown" {
	run_to_end --report=run.html --shell 'printf "\033[31mred\r\377\n2nd" >&2; exit 1' ::: $'a\033]0;title\a\377b'
	expect 123
	grep -Fq '\x1b[31mred\r\xff' run.html
	grep -Fq 'a\033]0;title\007\377b' run.html
	[ "$(LC_ALL=C grep -c $'[\001-\010\013-\037\377]' run.html)" -eq 0 ]
	well_formed run.html
}

@test "report: attempts, timeouts, and tasks that cannot be started" {
	run_to_end --report=run.html --retries 2 --timeout 0.1 --grace 0 ::: 'sleep 60' true --shell
	expect 2
	[ ! -e run.html ]
	run_to_end -j1 --report=run.html --retries 1 --timeout 0.2 --grace 0 sleep ::: 60
	expect 125
	page_text run.html >text
	grep -Fq '1: 1 timeout; 1 needed more than one attempt' text
	grep -q '<rect class="timeout".*attempt 2' run.html
	run_to_end --report=run.html ./missing ::: 1 2 3
	expect 127
	well_formed run.html
}

@test "report: trace events, a thread for each slot" {
	run_to_end -j2 --report=run.json --shell 'echo "$1" >&2; exit $1' ::: 0 1 0 0
	expect 123
	jq -e '
		.displayTimeUnit == "ms" and (.traceEvents | type) == "array" and
		([.traceEvents[] | select(.ph == "X")] | length == 4 and (map(.args.seq) | sort) == [1, 2, 3, 4] and
			all(.ts >= 0 and .dur > 0 and .tid >= 1 and .tid <= 2 and .pid == 1 and (.name | startswith("exit") or length > 0))) and
		([.traceEvents[] | select(.ph == "M")] | all(.args.name | type == "string")) and
		([.traceEvents[] | select(.ph == "X" and .cat == "failed")] | length == 1 and
			.[0].args.end == "exit status 1" and .[0].args.stderr == "1\n" and .[0].args.seq == 2)' run.json
	# Each slot is named before it is used, and no two tasks of a slot overlap.
	jq -e '[.traceEvents[] | select(.ph == "X")] | group_by(.tid) | all(sort_by(.ts) | . as $all |
		all(range(1; length); $all[. - 1].ts + $all[. - 1].dur <= $all[.].ts + 1000))' run.json
	[ "$(jq '[.traceEvents[] | select(.name == "thread_name") | .tid] | length' run.json)" -le 2 ]
}

@test "report: filters, coprocesses and functions have it, too" {
	seq 5000 >lines
	run_to_end -j2 --report=run.html --filter cat <lines
	expect 0
	well_formed run.html
	grep -Fq '5000: 5000 ok' run.html
	run_to_end -j2 --report=run.json --python 'int(x) // (int(x) - 3)' ::: 1 2 3 4
	expect 123
	jq -e '[.traceEvents[] | select(.cat == "failed")] | length == 1 and .[0].args.seq == 3' run.json
	run_to_end -j2 --report=run.html --coproc "$TOOL" coproc ::: 1 2 3
	expect 0
	grep -Fq '3: 3 ok' run.html
}

@test "report: a run that ends early has one, and says so" {
	start -j2 --report=run.html --shell 'touch "began$1"; test "$1" = 1 || exec sleep 60' ::: 1 2 3 4
	wait_until test -e began2 -a -e began3
	kill -INT "$pid"
	finish
	well_formed run.html
	grep -Fq 'stopped by SIGINT' run.html
	run_to_end -j1 --halt now,fail=1 --report=run.html false ::: 1 2 3
	expect 124
	grep -Fq 'stopped by --halt' run.html
	# What was written of trace events is there after a kill, and only their end is missing.
	start -j1 --report=run.json --shell 'test "$1" -lt 2000 || exec sleep 60' ::: {1..2000}
	wait_until file_has run.json '"seq":300,'
	kill -KILL "$pid"
	finish
	(cat run.json && echo ']}') | sed 's/,$//' | jq -e '.traceEvents | length > 300' >/dev/null ||
		(sed '$d' run.json | sed '$s/,$//' && echo ']}') | jq -e '.traceEvents | length > 300' >/dev/null
}

@test "report: of a log, with the same contents" {
	run_to_end -j2 --log=log --report=run.html --retries 1 --shell 'echo "of <b>$1</b>" >&2; case $1 in 7) exit 3;; 9) kill -9 $$;; esac' ::: {1..20}
	expect 125
	mp_well --report=later.html --from=log
	well_formed later.html
	for page in run later; do
		page_text $page.html >$page.text
		grep -Fq '20: 18 ok, 1 failed, 1 signaled; 2 needed more than one attempt' $page.text
		grep -Fq 'of <b>7</b>' $page.text
		grep -Fq 'killed by SIGKILL' $page.text
		[ "$(grep -c '<rect class="ok"' $page.html)" -eq 18 ] || complain $page
		grep -o '<rect class="[a-z]*"[^>]*>' $page.html | sed 's/ x=.*//' | sort | uniq -c >$page.bars
	done
	cmp run.bars later.bars
	mp_well --report=later.json --from=log
	[ "$(jq '[.traceEvents[] | select(.ph == "X")] | length' later.json)" -eq 20 ]
	[ "$(jq -c '[.traceEvents[] | select(.cat == "failed") | .args | .seq, .end, .stderr]' later.json)" = '[7,"exit status 3","of <b>7</b>\n"]' ]
	# A line that its writer was killed within is left out; any other line has to be a result.
	(cat log && printf '{"seq":21,"argv":["a"') >cut
	mp_well --report=later.html --from=cut
	grep -Fq '20: 18 ok' later.html
	(cat log && echo hello) >garbage
	run_to_end --report=later.html --from=garbage
	expect 1 '' 'mpmap: --from: line 21 of garbage is not the result of a task (--log=FILE writes them)'
	grep -Fq '20: 18 ok' later.html || complain 'the earlier report is lost'
	# slots that no run has
	sed 's/"slot":[0-9]*/"slot":4294967294/' log >slots
	mp_well --report=later.json --from=slots
	[ "$(jq '.traceEvents | length' later.json)" -eq 1 ]
	mp_well --report=later.html --from=<(cat log)
	grep -Fq '20: 18 ok' later.html
	run_to_end --report=later.html --from=none
	expect 1 '' 'mpmap: --from: cannot read none: No such file or directory'
	# names that are no text
	run_to_end -q --log=log2 false ::: $'a\377 b'
	mp_well --report=later.json --from=log2
	[ "$(jq -c '[.traceEvents[] | select(.ph == "X") | .name]' later.json)" = '["false $'"'a\\\\377 b'"'"]' ]
	# the log is not emptied, by whatever name
	cp log log.html
	ln log.html other.html
	for name in log.html ./log.html other.html; do
		run_to_end --report=$name --from=log.html
		expect 1 '' 'mpmap: --from: log.html is the file of --report, too; name another file'
		cmp log log.html
	done
	run_to_end --from=log
	usage_error '^mpmap: --from=log: what is to be written'
	run_to_end --report=later.html --from=log echo
	usage_error "^mpmap: --from=log: nothing is run, and 'echo' is one word too many"
}

@test "report: names that are none, and files that cannot be written" {
	run_to_end --report=run echo ::: 1
	usage_error '^mpmap: --report run: not the name of a page \(FILE.html\) or of trace events \(FILE.json\)'
	run_to_end --report=.html echo ::: 1
	usage_error '^mpmap: --report .html: '
	run_to_end --report=none/run.html touch ::: ran
	expect 1 '' 'mpmap: --report: cannot write none/run.html: No such file or directory'
	[ ! -e ran ]
	for option in --out=same.html --joblog=+same.html --journal=same.html; do
		run_to_end --report=same.html "$option" echo ::: 1
		usage_error '^mpmap: --[a-z]+ and --report: both name same.html'
	done
	ln -s /dev/full full.html
	run_to_end --report=full.html echo ::: 1
	expect 1 1
	says '^mpmap: --report: cannot write full.html: No space left on device'
}

@test "report: a browser draws it, asks for nothing and finds no error" {
	[ -n "$(command -v chromium)" ] || skip 'no chromium'
	seq 60 | run_to_end -j4 --report=run.html --shell 'test $(($1 % 20)) -ne 7 || { echo "<i>$1</i>" >&2; exit 1; }'
	timeout 60 chromium --headless --no-sandbox --disable-gpu --user-data-dir="$PWD/profile" --enable-logging=stderr --v=0 \
		--window-size=1000,900 --dump-dom "file://$PWD/run.html" >dom 2>log
	not grep -E 'CONSOLE|Refused|Uncaught' log
	[ "$(grep -o '<rect' dom | wc -l)" -eq 60 ]
	# The script has run: what it is needed for is shown.
	grep -q '<p><label>Zoom' dom
	timeout 60 chromium --headless --no-sandbox --disable-gpu --user-data-dir="$PWD/profile" \
		--window-size=1000,900 --screenshot="$PWD/run.png" "file://$PWD/run.html" 2>log
	[ -s run.png ]
}

@test "report: neither a log nor a report empties a file of records" {
	seq 3 >records.html
	cp records.html before
	for option in --log=records.html --log=+./records.html --joblog=records.html --report=records.html; do
		run_to_end "$option" true :::: records.html
		usage_error "^mpmap: ${option%%=*}: .*records.html is read as input$"
		run_to_end "$option" true <records.html
		usage_error "^mpmap: ${option%%=*}: .*records.html is read as input$"
		cmp before records.html
	done
}

@test "report: a run of the prompt has one, with its line" {
	printf '%s\n' 'map --report=run.html -j2 echo ::: a b' wait 'map --report=run.json echo ::: c' quit | run_it "$MPMAP" --interactive
	expect 0 $'a\nb\nc'
	page_text run.html >text
	grep -Fq '2: 2 ok' text
	grep -Fq 'map --report=run.html -j2 echo ::: a b' text
	jq -e '[.traceEvents[] | select(.ph == "X")] | length == 1' run.json
}
