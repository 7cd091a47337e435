#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# --node: an expression or a function in JavaScript for each record. node itself says what a task of its own would have done.

# Code is for Node.js.
# shellcheck disable=SC2016

load helper

# Makes the functions of the table in t.js; its function call calls the one that the record names, own.js in a process.
make_table() {
	cat >t.js <<'END'
'use strict';
const fs = require('fs');
const later = (time = 1) => new Promise(resolve => setTimeout(resolve, time));
const t = {
    returns: () => 'a line',
    returnsEmpty: () => '',
    returnsNothing: () => {},
    returnsNumber: () => 1.5,
    returnsMuch: () => 'z'.repeat(1000000),
    prints: () => { console.log('one', { a: [1] }); process.stdout.write('two'); },
    printsBoth: () => { console.log('out'); console.error('err %d', 7); console.warn('warn'); console.info('info'); return 'value'; },
    printsBytes: () => { process.stdout.write(Buffer.from([0xff, 0x00, 0xc3])); process.stdout.write('a9', 'hex'); },
    printsMuch: () => { for (let n = 0; n < 300; n++) console.log(n, 'x'.repeat(10000)); },
    printsAtOnce: () => { process.stdout.write('y'.repeat(3000000)); return 'end'; },
    errorsMuch: () => { for (let n = 0; n < 100; n++) console.error(n, 'x'.repeat(10000)); },
    printsTable: () => { console.table([[1, 2]]); console.group('in'); console.log('deep'); console.groupEnd(); },
    printsBack: () => new Promise(resolve => process.stdout.write('called\n', () => { console.log('back'); resolve(); })),
    pipes: () => new Promise(resolve => {
        const { PassThrough } = require('stream');
        const from = new PassThrough();
        from.on('end', resolve).pipe(process.stdout, { end: false });
        from.end('piped\n');
    }),
    throws: () => { console.log('before'); throw new Error('reason'); },
    throwsType: () => null.member,
    throwsWithin: () => inner(1),
    throwsMore: () => { throw Object.assign(new RangeError('with more'), { code: 7, list: [1] }); },
    throwsCause: () => { try { inner(2); } catch (error) { throw new Error('outer', { cause: error }); } },
    throwsNoFile: () => fs.readFileSync('no such file'),
    throwsSyntax: () => JSON.parse('{'),
    catches: () => { try { inner(3); } catch (error) { return error.message; } },
    recurses: () => t.recurses() + 1,
    allocates: () => Buffer.alloc(Number.MAX_SAFE_INTEGER),
    exits: () => { console.log('leaving'); process.exit(); },
    exits3: () => process.exit(3),
    exits256: () => process.exit(256),
    exitsInCallback: () => [1].map(() => process.exit(4)),
    exitsLater: () => new Promise(() => setTimeout(() => process.exit(5), 1)),
    exitCode: () => { process.exitCode = 6; return 'six'; },
    exitCodeAndExit: () => { process.exitCode = 7; process.exit(); },
    awaits: async () => { await later(); console.log('later'); return 'awaited'; },
    rejects: async () => { await later(); throw new TypeError('rejected'); },
    rejectsAtOnce: () => Promise.reject(new Error('at once')),
    throwsLater: () => new Promise(() => setTimeout(() => { throw new Error('in a callback'); }, 1)),
    emits: () => new Promise(() => setImmediate(() => new (require('events'))().emit('error', new Error('emitted')))),
    thenable: () => ({ then(resolve) { resolve('from a thenable'); } }),
    leaves: () => { setImmediate(() => console.log('immediate')); Promise.resolve().then(() => console.log('promise')); console.log('now'); },
    isKilled: () => { process.kill(process.pid, 'SIGKILL'); for (;;); },
    isTerminated: () => { process.kill(process.pid, 'SIGTERM'); for (;;); },
    aborts: () => process.abort(),
    readsAll: () => fs.readFileSync(0, 'utf8').length,
    readsStream: async () => { let n = 0; for await (const part of process.stdin) n += part.length; return n + ' bytes'; },
    isTTY: () => String(process.stdout.isTTY) + process.stdout.fd,
    spawns: () => String(require('child_process').execSync('echo child; ls /proc/self/fd | tr "\\n" " "')),
    spawnFails: () => require('child_process').spawnSync('sh', ['-c', 'exit 3']).status,
    works: () => new Promise((resolve, reject) => {
        const { Worker } = require('worker_threads');
        new Worker('require("worker_threads").parentPort.postMessage("from a thread")', { eval: true }).on('message', resolve).on('error', reject);
    }),
    last: () => 'the last',
};
function inner(n) {
    throw new Error('inner ' + n);
}
t.call = name => t[name](name);
module.exports = t;
END
	cat >own.js <<'END'
const value = require('./t.js').call(process.argv[2]);
const print = value => { if (value !== undefined && value !== null) process.stdout.write(value + '\n'); };
if (value && value.then) Promise.resolve(value).then(print);
else print(value);
END
	node -e 'for (const name in require("./t.js")) if (name !== "call") console.log(name)' >records
}

# Prints what a run of mpmap -o jsonl says of each record; what is returned is the end of its output. Of an error the
# place in the source, which node prints first, the frames that are not of t.js and the last lines are left out.
outcomes() {
	jq -Sc '{seq, outcome, status, signal, stderr, stderr_base64,
		stdout: (if .stdout_base64 then .stdout_base64 else .stdout + (if .value == null then "" else (.value | tostring) + "\n" end) end)} |
		.stderr |= (if . == null then . else
			sub("\n\nNode.js v[0-9.]+\n$"; "\n") | sub("^(\n)?(/|node:|<)[^\n]*:[0-9]+\n[^\n]*\n *\\^*\n(\n)?"; "") |
			gsub("\n *at [^\n]*(own\\.js|CODE:|node:)[^\n{]*?(?<brace>( \\{)?)(?=\n)"; .brace) | gsub("(?<n>/t.js:[0-9]+):[0-9]+"; .n) |
			sub("\nEmitted .error. event at:\n[^\n]*"; "") | sub("\\.\\.\\. [0-9]+ lines"; "... lines") end) |
		if .signal then .stderr = "" else . end' "$1"
}

# same_outcomes WHAT: fails unless out has the outcomes of peer.
same_outcomes() {
	outcomes peer >peer.outcomes
	outcomes out >out.outcomes
	cmp -s peer.outcomes out.outcomes || {
		diff peer.outcomes out.outcomes | cut -c 1-900
		complain "$* (< node, > --node)"
	}
}

@test "node: each function ends as in a process of its own" {
	needs node jq
	make_table
	mp -q -o jsonl node own.js {} <records
	mv out peer
	[ "$(jq -s 'map(.outcome) | unique | length' peer)" -ge 3 ]
	mp -q -o jsonl --chunksize=1 --node 't.call(x)' --setup='const t = require("./t.js")' <records
	same_outcomes 'one at a time'
	# What node itself writes belongs to a record for certain only where it is alone.
	grep -v aborts records >plain
	mp -q -o jsonl node own.js {} <plain
	mv out peer
	mp -q -o jsonl --node ./t.js:call <plain
	same_outcomes 'together'
}

@test "node: what an expression sees, under every start method" {
	needs node
	check() {
		printf 'a\nb\n' | mp_well -j1 --node '[x, a, seq, attempt]'
		same out $'["a",["a"],1,1]\n["b",["b"],2,1]'
		mp_well --node '[x, a]' ::: 1 2 ::: p q
		same out $'["1 p",["1","p"]]\n["1 q",["1","q"]]\n["2 p",["2","p"]]\n["2 q",["2","q"]]'
		printf 'city,n\nRome,1\nParis\n' | mp_well --csv --header=: --setup='const n = "none"' --node '[city, n, a.length]'
		same out $'["Rome","1",2]\n["Paris",null,1]'
		printf '{"id":1,"n":{"m":"é"}}\n{"id":2}\n[2,"x"]\n3\n' | mp_well --jsonl --setup='const n = "none"' --node 'Array.isArray(x) ? x[1] : x > 2 ? x + 1 : [x.id, id, n]'
		same out $'[1,1,{"m":"é"}]\n[2,2,"none"]\nx\n4'
		printf '{"Math":1,"x":7,"if":8}\n' | mp_well --jsonl --node '[Math, x.x, x.if]'
		same out '[1,7,8]'
	}
	under_methods check
}

@test "node: expressions, statements, await, and functions of modules" {
	needs node
	printf 'exports.twice = x => x + x; exports.deep = { add: (a, b) => +a + +b };\n' >m.js
	printf 'export async function thrice(x) { return x + x + x; }\n' >e.mjs
	mkdir -p node_modules/pack
	printf 'module.exports = { name: (...a) => a.join("-") };\n' >node_modules/pack/index.js
	mp_well --node 'const y = x * 2; if (y > 2) return y; console.log("small")' ::: 1 2
	same out $'small\n4'
	mp_well --node 'await new Promise(done => setTimeout(done, 1, x + "!"))' ::: 1 2
	same out $'1!\n2!'
	mp_well --node 'const y = await x; for (const z of [1, 2]) console.log(y, z);' ::: 1
	same out $'1 1\n1 2'
	mp_well --node './m.js:twice' ::: ab
	same out abab
	mp_well --node 'm:deep.add' ::: 1 ::: 2
	same out 3
	mp_well --node './e.mjs:thrice' ::: ab
	same out ababab
	mp_well --node pack:name ::: a ::: b
	same out a-b
	mp_well --node 'path:basename' ::: /a/b
	same out b
	mp_well --node 'require("./m").twice(x)' ::: q
	same out qq
	mp_well --setup='globalThis.table = null; new Promise(done => setTimeout(() => done(table = { a: 1 }), 1))' --node 'table[x]' ::: a
	same out 1
}

@test "node: what is given is nothing, a line, bytes, or JSON" {
	needs node
	seq 15 >numbers
	cat >g.js <<'END'
const values = [undefined, 'text', 'two\nlines', Buffer.from('bytes'), Buffer.from([0xff, 10]), null, true, 12, 12345678901234567890n, NaN,
    { b: 1, a: [undefined, 'é', 2.5, 7n] }, [1, { 2: new Date(0) }], '', new Map(), 'q"\\\t\x01'];
exports.give = x => values[x - 1];
END
	mp_well -j1 --node ./g.js:give <numbers
	printf 'text\ntwo\nlines\nbytes\377\ntrue\n12\n12345678901234567890\nNaN\n{"b":1,"a":[null,"é",2.5,7]}\n[1,{"2":"1970-01-01T00:00:00.000Z"}]\n\n{}\nq"\\\t\001\n' >expected
	cmp expected out
	mp_well -j1 -o jsonl --node ./g.js:give <numbers
	jq -s -e 'all(.stdout == "" and .status == 0)' out >/dev/null
	sed -E 's/.*"value":(.*)\}$/\1/; s/^\{"seq".*/null/' out >found
	printf '%s\n' null '"text"' '"two\nlines"' '"bytes"' '{"base64":"/wo="}' null true 12 12345678901234567890 null '{"b":1,"a":[null,"é",2.5,7]}' \
		'[1,{"2":"1970-01-01T00:00:00.000Z"}]' '""' '{}' '"q\"\\\t\u0001"' >expected
	cmp expected found
}

@test "node: records that are not UTF-8" {
	needs node
	printf 'a\377b\n\303\n\251\n\355\240\200\n\360\237\230\200\n' >bytes
	mp_well --node x <bytes
	cmp bytes out
	mp_well --node 'console.log(x)' <bytes
	cmp bytes out
	mp_well --node 'x.length' <bytes
	same out $'3\n1\n1\n3\n2'
	mp_well -0 --node 'x.length' < <(printf 'a\nb\0\0ccc')
	same out $'3\n0\n3'
	mp_well -d '\xff' --node 'x.length' < <(printf 'a\xff\xc3\xa9\xff')
	same out $'1\n1'
}

@test "node: numbers of JSON remain as they were written" {
	needs node
	printf '%s\n' 123456789012345678901 1.10 1E400 -0 -0.0 '[1e5,{"a":2.50}]' '{"b":0.1,"c":[-0,-1],"d":1.1,"e":1.10,"t":true,"u":[false,null]}' \
		"$(printf '9%.0s' {1..5000})" '"a\ud83d\ude00é\/\\u0041 1.10"' '[]' '{}' '{"__proto__":1.0,"a":0.0000001}' >values
	mp_well --jsonl --node '[x]' <values
	sed 's/\\ud83d\\ude00/😀/; s,\\/,/,; s/.*/[&]/' values >expected
	cmp expected out
	mp_well --jsonl -o jsonl --node x <values
	sed 's/.*"value"://; s/}$//' out >found
	sed 's/\\ud83d\\ude00/😀/; s,\\/,/,' values >expected
	cmp expected found
	printf '%s\n' '{"n":1.10}' '{"n":123456789012345678901}' '{"n":1E400}' '{"n":1.0}' '{"n":5}' >values
	mp_well --jsonl --node n <values
	same out $'1.10\n123456789012345678901\n1E400\n1\n5'
	mp_well --jsonl --node '({ ...x, m: [x.n], sum: n + 1 })' <<<'{"n":1.10}'
	same out '{"n":1.10,"m":[1.10],"sum":2.1}'
	mp_well --jsonl --node 'typeof x.n + (x.n === 1.1)' <<<'{"n":1.10}'
	same out numbertrue
}

# refused WORD... : no record was run, with status 2 and these words of node's
refused() {
	local word
	expect 2 '' || return 1
	[ ! -e ran ] || complain "a record was run" || return 1
	says_not 'adapter.js|node:internal' || return 1
	for word; do
		says "$word" || return 1
	done
}

@test "node: what cannot be called is refused in node's words, and nothing is run" {
	needs node
	printf 'require("nothing-of-that-name");\n' >broken.js
	printf 'exports.f = (;\n' >wrong.js
	printf 'exports.a = 1;\n' >m.js
	check() {
		cp ../*.js .
		seq 3 >records
		mp --node 'require("fs").mkdirSync("ran"), 1 +' <records
		refused '^CODE:' '^SyntaxError: '
		mp --node 'const y = ; return require("fs").mkdirSync("ran")' <records
		refused '^CODE:1$' '^const y = ; return' '^          \^' "^SyntaxError: Unexpected token ';'"
		mp --node './missing.js:f' <records
		refused "^Error: Cannot find module './missing.js'"
		mp --node './m.js:f' <records
		refused '^./m.js has no function f$'
		mp --node './m.js:a' <records
		refused '^./m.js has no function a$'
		mp --node './broken.js:f' <records
		refused "^Error: Cannot find module 'nothing-of-that-name'" 'at .*/broken.js:1'
		mp --node './wrong.js:f' <records
		refused '/wrong.js:1$' "^SyntaxError: Unexpected token ';'"
		mp --setup='const a = 1' --setup='throw new Error("not licensed")' --node 'require("fs").mkdirSync("ran")' <records
		refused '^Error: not licensed' 'at SETUP:1'
		mp --setup='Promise.reject(new Error("not ready"))' --node 'require("fs").mkdirSync("ran")' <records
		refused '^Error: not ready'
		# no records: nothing to be called for
		printf '' | mp_well --node 1
		same out ''
	}
	under_methods check
}

@test "node: an error at the beginning of CODE has a place within it" {
	needs node
	mp -q --node 'nothing(x)' ::: 1
	expect 123 ''
	file_has err 'nothing is not defined'
	file_has err 'at CODE:1:1'
}

@test "node: setup once before the first record, teardown when a worker leaves" {
	needs node
	check() {
		seq 40 | mp_well -j2 --setup='const fs = require("fs"); const log = text => fs.appendFileSync("log", text + "\n"); log("setup"); let count = 0' \
			--teardown='log(count ? "left" : "idle")' --node 'count++, x'
		seq 40 | cmp - out
		[ "$(head -n 1 log)" = setup ]
		[ "$(grep -c setup log)" -le 2 ]
		grep -q left log
	}
	under_methods check
}

@test "node: what commands print is exact with --chunksize=1" {
	needs node
	seq 10 >numbers
	sed 's/.*/sh &\n&/' numbers >expected
	sed 's/.*/err &/' numbers >expected_err
	mp -j2 --chunksize=1 --node 'require("child_process").spawnSync("sh", ["-c", "echo sh $0; echo err $0 >&2", x], { stdio: "inherit" }), x' <numbers
	expect 0
	cmp expected out
	cmp expected_err err
}

@test "node: outputs of many megabytes, in little memory" {
	needs node
	printf '%s\n' 1 2 3 >numbers
	mp_well -j2 --node 'for (let n = 0; n < 20000; n++) console.log(x.repeat(1000))' <numbers
	[ "$(wc -c <out)" -eq 60060000 ]
	[ "$(cut -c 1 out | uniq -c | awk '{ print $1 $2 }' | tr '\n' ' ')" = '200001 200002 200003 ' ]
	mp_well -j1 --node 'for (let n = 0; n < 20000; n++) console.log(x.repeat(1000)); return process.memoryUsage().arrayBuffers < 30e6' <numbers
	[ "$(grep -c true out)" -eq 3 ]
	seq 2 | mp_well -j2 --node '"x".repeat(70000000)'
	[ "$(wc -c <out)" -eq 140000002 ]
}

@test "node: outputs of every kind in their order" {
	needs node
	seq 20000 >numbers
	awk '$1 % 2' numbers >expected
	mp_well -j2 --node 'x % 2 ? x : null' <numbers
	cmp expected out
	awk '{ printf "%d%s", $1, $1 % 3 ? "" : "\n" }' numbers >expected
	mp_well -j2 --node 'x % 3 ? Buffer.from(x) : console.log(x)' <numbers
	cmp expected out
	awk '{ if ($1 % 50) print }' numbers >expected
	mp -j2 --node 'if (x % 50 === 0) throw new Error("fifty"); return x % 7 ? x : Promise.resolve(x)' <numbers
	expect 123
	cmp expected out
	[ "$(grep -c '^Error: fifty$' err)" -eq 400 ]
}

@test "node: one that hangs, waits for ever or is killed is that record's; the others go on" {
	needs node jq
	seq 50 | mp -j2 --timeout=4 -o jsonl --node 'if (x == 20) for (;;); if (x == 25) return new Promise(() => setInterval(() => 0, 1000)); if (x == 30) process.kill(process.pid, 9), process.hrtime(); return x'
	[ "$(jq -r 'select(.outcome == "timeout").seq' out | tr '\n' ' ')" = '20 25 ' ]
	[ "$(jq -r 'select(.outcome == "signaled").seq' out)" = 30 ]
	[ "$(jq -r 'select(.outcome == "ok").seq' out | wc -l)" -eq 47 ]
	# a promise that nothing is left to settle: as a program of its own ends
	seq 3 | mp -q -o jsonl --node 'x == 2 ? new Promise(() => {}) : x'
	[ "$(jq -c '[.seq, .outcome, .status]' out | tr '\n' ' ')" = '[1,"ok",0] [2,"failed",13] [3,"ok",0] ' ]
}

@test "node: timers and sockets have their turns while no record is there" {
	needs node
	open_feed
	start -j1 --setup='let ticks = 0; setInterval(() => require("fs").writeFileSync("ticks", `${++ticks}\n`), 10).unref()' --node x <feed
	echo 1 >&7
	wait_until file_has ticks '[1-9][0-9]'
	echo 2 >&7
	close_feed
	finish
	expect 0 $'1\n2'
}

@test "node: --isolate is refused, with what to use instead" {
	needs node
	seq 3 | mp --isolate --node x
	expect 2 ''
	says '--node.*--isolate'
}
