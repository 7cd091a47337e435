# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Helpers for tests of results: checks for result objects, and the bytes that they hold.

# A result object as -o jsonl and -o json write it: exactly these keys, in this order, of these types, with values that agree.
# $streams: the keys of the outputs, none of them in meta.json.
# shellcheck disable=SC2016
OBJECT_FILTER='
def either($key): if has($key) then $key else $key + "_base64" end;
def order($streams): . as $object | ["seq", (if has("id") then "id" else empty end), either("argv"),
	(["values", "values_base64", "fields", "fields_base64", "input", "tries"][] as $key | $object | if has($key) then $key else empty end),
	"outcome", "status", "signal",
	"attempts", "worker", "slot", "pid", "start", "duration", "user", "sys", "max_rss",
	(if has("error") then "error" else empty end), ($streams[] | . as $key | $object | either($key))];
def whole($least): type == "number" and . == floor and . >= $least;
def span: type == "number" and . >= 0;
def none: . == null;
def texts($streams): . as $object | all($streams[]; . as $key | $object | .[either($key)] | type == "string");
def words: either("argv") as $key | .[$key] | . == null or (type == "array" and length > 0 and all(.[]; type == "string"));
def ended: . as $object | .outcome |
	if . == "ok" then $object | .status == 0 and (.signal | none)
	elif . == "failed" then $object | (has("error") or ((.status | whole(1)) and .status < 256)) and (.signal | none)
	elif . == "signaled" then $object | (.status | none) and (.signal | test("^SIG[A-Z]"))
	elif . == "timeout" or . == "lost" then $object | (.status | none or whole(0)) and (.signal | none or test("^SIG[A-Z]"))
	elif . == "not-started" or . == "skipped" then $object | (.status | none) and (.signal | none)
	else false end;
def told: has("error") as $has | .error as $error | (.outcome == "failed" and (.status | none)) as $wordless | .outcome |
	if . == "lost" or . == "not-started" or $wordless then $has
	elif . == "ok" or . == "failed" or . == "skipped" then $has | not
	else true end | . and ($has | not or ($error | type == "string" and length > 0));
def ran($streams):
	if .attempts == 0 then
		(.outcome == "not-started" or .outcome == "skipped") and
		all(.worker, .slot, .pid, .start, .duration, .user, .sys, .max_rss; none) and
		(. as $object | all($streams[]; $object[.] == ""))
	else
		(.outcome | . != "not-started" and . != "skipped") and
		(.worker | test("^(Fork|Spawn|ForkServer)Worker-[1-9][0-9]*$")) and (.slot | whole(1)) and (.pid | whole(2)) and
		(.start | test("^20[0-9]{2}-[01][0-9]-[0-3][0-9]T[012][0-9]:[0-5][0-9]:[0-6][0-9][.][0-9]{6}Z$")) and
		(.duration | span) and all(.user, .sys, .max_rss; none or span)
	end;
def origin: ((has("values") and has("values_base64")) or (has("input") and (has("values") or has("values_base64") or has("fields")))) | not;
def tried: (has("tries") | not) or (.attempts as $attempts | .tries | length > 0 and length <= $attempts and
	all(.[]; keys_unsorted == ["outcome", "status", "signal", "duration", "stderr"] and (.duration | none or span)));
def is_object($streams):
	keys_unsorted == order($streams) and (.seq | whole(1)) and (.attempts | whole(0)) and
	texts($streams) and words and origin and tried and ended and told and ran($streams);
'

# are_objects FILE [COUNT]: true if each line is a result object, and their numbers are 1 to COUNT, in order
are_objects() {
	is_clean "$1" || return 1
	jq -e -n "$OBJECT_FILTER"'reduce inputs as $object (true; . and ($object | is_object(["stdout", "stderr"])))' "$1" >/dev/null ||
		complain "$1: not a result object: $(jq -c "$OBJECT_FILTER"'select(is_object(["stdout", "stderr"]) | not)' "$1" | head -n 1)" || return 1
	[ $# -lt 2 ] || same <(jq .seq "$1") "$(seq "$2")"
}

# is_array FILE [COUNT]: true if FILE is a closed JSON array of result objects, each on a line; stores them in the file objects
is_array() {
	jq -e -s 'length == 1 and (.[0] | type == "array")' "$1" >/dev/null || complain "$1: no JSON array: $(tail -n 3 "$1")" || return 1
	jq -c '.[]' "$1" >objects
	[ -s objects ] || { [ "${2:-0}" -eq 0 ] && same "$1" '[]' && return; }
	[ "$(head -n 1 "$1")" = '[' ] && [ "$(tail -n 1 "$1")" = ']' ] || complain "$1: brackets are not on lines of their own" || return 1
	sed '1d;$d' "$1" | sed 's/^,//; s/,$//' | jq -c . | cmp - objects || return 1
	[ "$(wc -l <"$1")" -eq $(($(wc -l <objects) + 2)) ] || complain "$1: not an object per line" || return 1
	is_clean "$1" && are_objects objects "${@:2}"
}

# True if the file is valid UTF-8 without bare control characters.
is_clean() {
	iconv -f UTF-8 -t UTF-8 "$1" >/dev/null || complain "$1 is not valid UTF-8" || return 1
	[ "$(tr -d '\n\040-\377' <"$1" | wc -c)" -eq 0 ] || complain "$1 holds control characters" || return 1
	[ ! -s "$1" ] || [ "$(tail -c 1 "$1")" = '' ] || complain "$1 does not end with a newline"
}

# values FILTER [FILE]: prints what FILTER yields for each object, on a line
values() {
	jq -c "$1" "${2:-out}"
}

# held SEQ KEY [FILE]: prints the bytes of an output
held() {
	grep -m 1 "^{\"seq\":$1," "${3:-out}" >one
	if jq -e "has(\"$2\")" one >/dev/null; then
		jq -j ".$2" one
	else
		jq -r ".$2_base64" one | base64 -d
	fi
}

# keys_of SEQ [FILE]: prints the keys that hold the outputs
keys_of() {
	grep -m 1 "^{\"seq\":$1," "${2:-out}" | jq -r '[keys_unsorted[] | select(startswith("std"))] | join(" ")'
}

# values_are FILTER EXPECTED [FILE]: fails unless values prints EXPECTED
values_are() {
	values "$1" "${3:-out}" >found && same found "$2"
}

# the_result SEQ FILTER [FILE]: fails unless FILTER is true for the result of the task
the_result() {
	jq -e -n "[inputs | select(.seq == $1)][0] | $2" "${3:-out}" >/dev/null || complain "not $2: $(values "select(.seq == $1)" "${3:-out}")"
}

# Prints everything in the folder results but earlier attempts, with its kind.
listing() {
	find results -mindepth 1 -name 'attempt-*' -prune -o -mindepth 1 -printf '%y %P\n' | sort
}

# Fails unless the folder results holds the files of these tasks, and nothing else.
holds_tasks() {
	local task
	for task; do
		printf 'd %09d\nf %09d/meta.json\nf %09d/stderr\nf %09d/stdout\n' "$task" "$task" "$task" "$task"
	done | sort >wanted
	same <(listing) "$(cat wanted)"
}

# Fails unless every meta.json is a line, the object of a result without its outputs.
metas_are_objects() {
	local files
	find results -mindepth 2 -maxdepth 2 -name meta.json | sort >files
	files=$(wc -l <files)
	xargs -r cat <files >metas
	[ "$(xargs -r wc -l <files | awk '$2 != "total" && $1 != 1')" = '' ] || complain 'a meta.json is not a line' || return 1
	[ "$(xargs -r tail -qc 1 <files | wc -l)" -eq "$files" ] || complain 'a meta.json does not end its line' || return 1
	is_clean metas || return 1
	jq -e -n "$OBJECT_FILTER"'reduce inputs as $object (true; . and ($object | is_object([])))' metas >/dev/null ||
		complain "no result: $(jq -c "$OBJECT_FILTER"'select(is_object([]) | not)' metas | head -n 1)"
}

# Fails unless each folder is a task's and has its three files.
only_whole_folders() {
	# shellcheck disable=SC2046
	holds_tasks $(find results -mindepth 1 -maxdepth 1 -printf '%f\n' | sed 's/^0*//') && metas_are_objects
}
