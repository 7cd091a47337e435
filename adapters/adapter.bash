#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Calls a bash function, a command or a script for each record: the adapter of mpmap --bash.
#
#   bash adapter.bash [--source=FILE]... [--setup=CODE]... [--teardown=CODE]... [--[no-]isolate] -- FUNCTION|SCRIPT
#
# mpmap keeps one of these running in each worker, and speaks the block protocol with it (mpmap-coproc(7)) on the
# descriptors 3 and 4. FILEs are sourced and the setups are run once, in the global scope; then, for each record:
#
#   "$@"           the record's values: the record itself, its columns, one of each source, or a JSON text
#   $REPLY         the record as a whole
#   ${F[NAME]}     the value of the column NAME, where columns have names. An array, so that no column, whatever its
#                  name (PATH, IFS, -x), is a variable of the shell
#   $MPMAP_SEQ, $MPMAP_ATTEMPT
#                  the record's number and its attempt, exported
#
# One word is the name of a function, a builtin or a command that is called with the values; anything else is a script.
# Standard input is at its end. Standard output and standard error are those of the record in work, as they are: the
# worker sends one record at a time ("single"), so that all that has come when a record is answered is its own.
#
# A record runs in a subshell, from which nothing returns but its status. With --no-isolate it runs in this shell: what
# it does to variables, functions, the folder, traps and descriptors remains, but not the options of `set` and traps of
# RETURN and DEBUG. `exit`, or a failing command under `set -e`, ends the shell and is that record's outcome; mpmap
# starts another shell.
#
# Status: as of a script that has been started for the record. A child that is killed gives 128+N, which is a failure as
# any other. That the subshell itself has been killed is known from what bash reports of it: it does for each signal but
# SIGINT and SIGPIPE, for which the outcome is 130 and 141.
#
# All names here begin with mpmap_. Builtins that serve the protocol are called by `builtin`: they may be functions, too.

# Sends "fail" (arguments: status, words for people), and exits. The words go to standard error if there is no way to
# mpmap: while a setup runs.
mpmap_fail() {
    trap - EXIT
    local LC_ALL=C
    { builtin printf 'fail %d %d\n%s' "$1" "${#2}" "$2" >&"${mpmap_answers:-4}"; } 2>/dev/null ||
        builtin printf 'bash: %s\n' "$2" >&"${mpmap_errors:-2}"
    exit "$1"
}

# Exits because of a message that is not understood (arguments: words for people).
mpmap_refuse() {
    trap - EXIT
    builtin printf 'adapter.bash: %s\n' "$*" >&"${mpmap_errors:-2}"
    exit 1
}

if [[ ${MPMAP_BLOCK-} != 1 ]]; then
    mpmap_refuse 'this program is started by mpmap --bash, and speaks version 1 of its block protocol'
fi
if [[ -z ${BASH_VERSINFO[1]-} ]] || ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] < 404)); then
    mpmap_fail 2 "--bash needs bash 4.4 or newer; $BASH is ${BASH_VERSION-unknown}"
fi

# The descriptors go where no script uses them. The mark is of no use: a record is answered before the next begins.
exec {mpmap_requests}<&3 3<&- {mpmap_answers}>&4 4>&- {mpmap_errors}>&2 5>&-
BASH_ARGV0=bash
export MPMAP_SEQ MPMAP_ATTEMPT

mpmap_sources=() mpmap_setups=() mpmap_teardowns=() mpmap_isolate=1
while (($#)); do
    case $1 in
    --source=*) mpmap_sources+=("${1#*=}") ;;
    --setup=*) mpmap_setups+=("${1#*=}") ;;
    --teardown=*) mpmap_teardowns+=("${1#*=}") ;;
    --isolate) mpmap_isolate=1 ;;
    --no-isolate) mpmap_isolate=0 ;;
    --) break ;;
    *) mpmap_fail 2 "adapter.bash: unknown argument: $1" ;;
    esac
    shift
done
if (($# != 2)); then
    mpmap_fail 2 'adapter.bash: a FUNCTION or a SCRIPT is expected after --'
fi
mpmap_code=$2
set --

# The log is a file without a name, for what bash itself says during the setup, and of subshells. A here-string that is
# too long for a pipe is in such a file, which is truncated by being opened. Its mode permits its owner to read it only.
builtin printf -v mpmap_padding '%70000s' ''
exec {mpmap_unnamed}<<<"$mpmap_padding"
unset mpmap_padding
mpmap_log=/proc/$$/fd/$mpmap_unnamed
[[ -w $mpmap_log ]] || builtin command -p chmod 600 "$mpmap_log"
: >"$mpmap_log"

# Fails with what is in the log, or (argument) with other words if nothing is.
mpmap_fail_logged() {
    local words
    words=$(<"$mpmap_log")
    mpmap_fail 2 "${words:-$1}"
}

# The trap of EXIT. A setup that exits is a failure; what bash said before it had to end is for the record in work.
# shellcheck disable=SC2317
mpmap_at_exit() {
    local status=$?
    if [[ ! ${mpmap_ready-} ]]; then
        mpmap_fail_logged "the setup has ended bash with status $status"
    fi
    if [[ -s $mpmap_log ]]; then
        builtin printf '%s\n' "$(<"$mpmap_log")" >&"$mpmap_errors"
    fi
}
trap mpmap_at_exit EXIT

# Setups are sourced, not evaluated, for line numbers of their own. Neither stands in a condition, where `set -e` would
# have no effect. A file whose last command fails and says nothing is not an error, a setup is.
for mpmap_text in ${mpmap_sources[@]+"${mpmap_sources[@]}"}; do
    # shellcheck source=/dev/null
    builtin source "$mpmap_text" 2>>"$mpmap_log" {mpmap_requests}<&- {mpmap_answers}>&- {mpmap_unnamed}<&-
    mpmap_status=$?
    if ((mpmap_status)) && [[ -s $mpmap_log ]]; then
        mpmap_fail_logged ''
    fi
done
for mpmap_text in ${mpmap_setups[@]+"${mpmap_setups[@]}"}; do
    # shellcheck source=/dev/null
    builtin source /dev/stdin <<<"$mpmap_text" 2>>"$mpmap_log" {mpmap_requests}<&- {mpmap_answers}>&- {mpmap_unnamed}<&-
    mpmap_status=$?
    if ((mpmap_status)); then
        mpmap_fail_logged "the setup has ended with status $mpmap_status"
    fi
done
if [[ -s $mpmap_log ]]; then
    builtin printf '%s\n' "$(<"$mpmap_log")" >&"$mpmap_errors"
fi

# Defines mpmap_script (argument: CODE), its lines numbered from 1. The first definition only finds a CODE that closes a
# brace which is not its own.
mpmap_compile() {
    # shellcheck source=/dev/null
    if builtin source /dev/stdin <<<"mpmap_script() (:; $1"$'\n)' &&
        builtin source /dev/stdin <<<"mpmap_script() { :; $1"$'\n}'; then
        return
    fi 2>"$mpmap_log"
    local words
    words=$("$BASH" -n -c "$1" bash 2>&1 </dev/null)
    mpmap_fail 2 "${words:-$(<"$mpmap_log")}"
}

# One word is called. `type` knows functions, builtins and commands, but no keyword is called.
mpmap_type=$(builtin type -t -- "$mpmap_code") || :
case $mpmap_type in
function | builtin | file) mpmap_command=$mpmap_code ;;
*)
    if [[ ! $mpmap_type && $mpmap_code && $mpmap_code != *[!A-Za-z0-9_./:@%+,-]* ]]; then
        mpmap_fail 2 "bash: $mpmap_code: command not found
It is no function, either: export -f makes one of the calling shell known, --source=FILE those of a file."
    fi
    mpmap_compile "$mpmap_code"
    mpmap_command=mpmap_script
    ;;
esac

# Options that a setup has set or unset hold for each record, but not for what serves the protocol.
mpmap_options=()
for mpmap_text in ${SHELLOPTS//:/ }; do
    case $mpmap_text in
    braceexpand | hashall | interactive-comments) ;;
    *) mpmap_options+=(-o "$mpmap_text") ;;
    esac
done
for mpmap_text in braceexpand hashall interactive-comments; do
    [[ :$SHELLOPTS: == *:$mpmap_text:* ]] || mpmap_options+=(+o "$mpmap_text")
done

# Takes the settings (argument: their size in bytes).
mpmap_begin() {
    local LC_ALL=C left=$1 setting code
    mpmap_delimiter=$'\n' mpmap_names=()
    while ((left > 0)); do
        IFS='' builtin read -r -d '' -u "$mpmap_requests" setting || mpmap_refuse 'the settings are not whole'
        left=$((left - ${#setting} - 1))
        case $setting in
        delimiter=*)
            builtin printf -v code '%03o' "${setting#*=}"
            builtin printf -v mpmap_delimiter '%b' "\\0$code"
            ;;
        name=*) mpmap_names+=("${setting#*=}") ;;
        esac
    done
    if ((${#mpmap_names[@]})); then
        unset -v F
        declare -gA F=()
    fi
}

# Makes the array F of the record's columns.
# shellcheck disable=SC2034
mpmap_name_columns() {
    local mpmap_i
    F=()
    for mpmap_i in "${!mpmap_names[@]}"; do
        if ((mpmap_i < ${#mpmap_values[@]})) && [[ ${mpmap_names[mpmap_i]} ]]; then
            F[${mpmap_names[mpmap_i]}]=${mpmap_values[mpmap_i]}
        fi
    done
}

# Reads a record (argument: its size) that ends with the delimiter. False if there is a NUL byte in it, for which bash
# has no room: fewer bytes were kept than came. Bytes are counted only where characters are fewer.
mpmap_read_line() {
    builtin mapfile -t -n 1 -d "$mpmap_delimiter" -u "$mpmap_requests" mpmap_values
    REPLY=${mpmap_values[0]-}
    ((${#REPLY} + 1 == $1)) && return
    local LC_ALL=C
    ((${#REPLY} + 1 == $1))
}

# Reads a record and its values.
mpmap_read_values() {
    builtin mapfile -t -n 2 -d '' -u "$mpmap_requests" mpmap_values
    ((${#mpmap_values[@]} == 2)) || mpmap_refuse 'a record is not whole'
    local mpmap_count=${mpmap_values[0]}
    REPLY=${mpmap_values[1]}
    mpmap_values=("$REPLY")
    ((mpmap_count)) || return 0
    builtin mapfile -t -n "$mpmap_count" -d '' -u "$mpmap_requests" mpmap_values
    ((!${#mpmap_names[@]})) || mpmap_name_columns
}

# Runs the record in a subshell (arguments: the values); its outcome is mpmap_status. What bash says of a subshell that
# a signal has ended goes to the log: standard error here.
mpmap_run_isolated() {
    (
        if ((${#mpmap_options[@]})); then builtin set "${mpmap_options[@]}"; fi
        "$mpmap_command" "$@"
    ) {mpmap_requests}<&- {mpmap_answers}>&- 2>&"$mpmap_errors" {mpmap_errors}>&-
    mpmap_status=$?
    if ((mpmap_status > 128)) && [[ -s $mpmap_log ]]; then
        mpmap_status=-$((mpmap_status - 128))
        : >"$mpmap_log"
    fi
}

# Runs the record here; its outcome is the status. Options are restored on return, so nothing else is done before it:
# `set -x` would trace that.
mpmap_run_here() {
    local -
    if ((${#mpmap_options[@]})); then builtin set "${mpmap_options[@]}"; fi
    "$mpmap_command" "$@"
}

# Runs the record that has been read, and answers it.
mpmap_work() {
    if ((mpmap_isolate)); then
        mpmap_run_isolated "${mpmap_values[@]}"
    else
        mpmap_run_here "${mpmap_values[@]}" {mpmap_requests}<&- {mpmap_answers}>&-
        mpmap_status=$?
        builtin trap - RETURN DEBUG
    fi
    builtin printf 'result %s %s 0 0 -\n' "$MPMAP_SEQ" "$mpmap_status" >&"$mpmap_answers"
}

# Answers a record that bash cannot hold.
mpmap_reject() {
    local words='bash: the record has a NUL byte, which no value of bash can have'$'\n'
    builtin printf 'result %s 1 0 %s -\n%s' "$MPMAP_SEQ" "${#words}" "$words" >&"$mpmap_answers"
}

# Serves until no more messages come. Options are restored on return.
mpmap_serve() {
    local -
    set +abefhkmnptuvxBCEHPT -h -B +o pipefail +o posix
    local mpmap_kind mpmap_first mpmap_count mpmap_size
    while IFS=' ' builtin read -r -u "$mpmap_requests" mpmap_kind mpmap_first mpmap_count MPMAP_ATTEMPT mpmap_size; do
        MPMAP_SEQ=$mpmap_first
        case $mpmap_kind:$mpmap_count in
        begin:*) mpmap_begin "$mpmap_first" ;;
        lines:1)
            if mpmap_read_line "$mpmap_size"; then mpmap_work; else mpmap_reject; fi
            ;;
        values:1) mpmap_read_values && mpmap_work ;;
        *) mpmap_refuse "a message that is not understood: $mpmap_kind $mpmap_first $mpmap_count" ;;
        esac
    done
    mpmap_served=1
}

mpmap_ready=1 mpmap_served=0 mpmap_delimiter=$'\n' mpmap_names=()
if ((mpmap_isolate)); then
    exec 2>>"$mpmap_log"
    mpmap_log=/proc/$$/fd/2
else
    exec {mpmap_errors}>&-
fi
exec {mpmap_unnamed}<&-
builtin printf 'hello 1 each single\n' >&"$mpmap_answers"
mpmap_serve
# Some errors, such as a bad substitution, end the function that is called, and all that have called it.
((mpmap_served)) || exit 1

if ((mpmap_isolate)); then
    exec 2>&"$mpmap_errors" {mpmap_errors}>&-
fi
for mpmap_text in ${mpmap_teardowns[@]+"${mpmap_teardowns[@]}"}; do
    # shellcheck source=/dev/null
    builtin source /dev/stdin <<<"$mpmap_text" {mpmap_requests}<&- {mpmap_answers}>&-
done
exit 0
