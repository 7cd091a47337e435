# SPDX-License-Identifier: GPL-3.0-or-later
# What fish completes for mpmap. Made by completions/generate from the option table (make completions).

# Whether the command is still to come: options are mpmap's own.
function __mpmap_before_command
    set -l words (commandline -opc)
    set -e words[1]
    set -l value no
    for word in $words
        if test $value = yes
            set value no
        else if string match -rq -- '^(-[^-daCnIjPo]*[daCnIjPo]|--(delimiter|record-start|arg-file|colsep|header|max-args|stdin-file|block|replace|jobs|max-procs|start-method|chunksize|max-tasks-per-worker|initializer|finalizer|python|bash|perl|node|plugin|setup|teardown|source|max-rss|shared|queue|state-memory|workdir|slot-env|nice|delay|rate|tagstring|output|out|results|joblog|memo|buffer|spill|color|retries|retry-delay|timeout|grace|leftovers|halt|until|memfree|load))$' $word
            set value yes
        else if test "$word" = --; or not string match -q -- '-*' $word
            return 1
        end
    end
end

complete -c mpmap -n __mpmap_before_command -l null -s 0 -d 'records end with NUL, not newline'
complete -c mpmap -n __mpmap_before_command -l delimiter -s d -x -d 'records end with STR (also \\n \\t \\0 \\xHH in it)'
complete -c mpmap -n __mpmap_before_command -l record-start -x -d 'records begin with STR, at the start of a line'
complete -c mpmap -n __mpmap_before_command -l arg-file -s a -rF -d 'read records from FILE (several: all combinations)'
complete -c mpmap -n __mpmap_before_command -l link -d 'sources go along with each other instead'
complete -c mpmap -n __mpmap_before_command -l colsep -s C -x -d 'split records into columns: {1} {2} ...'
complete -c mpmap -n __mpmap_before_command -l csv -f -d 'records are CSV, fields {1} {2} ... between commas or C'
complete -c mpmap -n __mpmap_before_command -l header -xa ':' -d 'the first record of each source names its columns'
complete -c mpmap -n __mpmap_before_command -l max-args -s n -x -d 'up to N records per command; max: as many as fit'
complete -c mpmap -n __mpmap_before_command -l stdin -d 'records go to the tasks\' standard input'
complete -c mpmap -n __mpmap_before_command -l stdin-file -rF -d 'each task has FILE as its standard input'
complete -c mpmap -n __mpmap_before_command -l block -x -d 'with --stdin: as many whole records to a task as fit SIZE'
complete -c mpmap -n __mpmap_before_command -l replace -s I -x -d 'STR stands for the record instead of {}; \'\': nothing does'
complete -c mpmap -n __mpmap_before_command -l json -d 'read JSON: one array, or values one after another'
complete -c mpmap -n __mpmap_before_command -l jsonl -d 'read JSON: a value on each line'
complete -c mpmap -n __mpmap_before_command -l no-run-if-empty -s r -d 'accepted; without records nothing is run anyway'
complete -c mpmap -n __mpmap_before_command -l shell -f -d 'the operand is a SCRIPT for sh -c, the record its "$1"'
complete -c mpmap -n __mpmap_before_command -l jobs -s j -x -d 'tasks at a time: N, N%, +N, -N of the CPUs; 0: many; @FILE'
complete -c mpmap -n __mpmap_before_command -l max-procs -s P -x -d 'the same as --jobs'
complete -c mpmap -n __mpmap_before_command -l start-method -xa 'fork spawn forkserver' -d 'start workers by fork, spawn or forkserver [fork]'
complete -c mpmap -n __mpmap_before_command -l chunksize -x -d 'hand over N tasks at a time, or auto [auto]'
complete -c mpmap -n __mpmap_before_command -l max-tasks-per-worker -x -d 'replace a worker after N tasks'
complete -c mpmap -n __mpmap_before_command -l initializer -x -d 'run CMD (by sh) in each new worker first'
complete -c mpmap -n __mpmap_before_command -l finalizer -x -d 'run CMD (by sh) in each worker that leaves, last'
complete -c mpmap -n __mpmap_before_command -l zygote -d 'start COMMAND once per worker, and fork it for each task'
complete -c mpmap -n __mpmap_before_command -l filter -d 'start COMMAND once per worker; it gets the records as lines'
complete -c mpmap -n __mpmap_before_command -l coproc -fa 'stdio fd block' -d 'start COMMAND once per worker; it gets and answers records'
complete -c mpmap -n __mpmap_before_command -l python -x -d 'call CODE for each record x in a warm Python'
complete -c mpmap -n __mpmap_before_command -l bash -x -d 'call CODE with each record as "$1" in a warm bash'
complete -c mpmap -n __mpmap_before_command -l perl -x -d 'call CODE for each record $_ in a warm Perl'
complete -c mpmap -n __mpmap_before_command -l node -x -d 'call CODE for each record x in a warm Node.js'
complete -c mpmap -n __mpmap_before_command -l plugin -rF -d 'call FUNC of the shared library FILE for each record'
complete -c mpmap -n __mpmap_before_command -l setup -x -d 'for functions: CODE that runs once, before the first record'
complete -c mpmap -n __mpmap_before_command -l teardown -x -d 'for functions: CODE that runs when a worker leaves'
complete -c mpmap -n __mpmap_before_command -l source -rF -d 'for --bash: a file with functions, read before the first record'
complete -c mpmap -n __mpmap_before_command -l isolate -d 'for functions: each record in a process of its own, forked'
complete -c mpmap -n __mpmap_before_command -l no-isolate -d 'for --bash: all records in the warm bash itself'
complete -c mpmap -n __mpmap_before_command -l max-rss -x -d 'replace what stays when it takes more memory than SIZE'
complete -c mpmap -n __mpmap_before_command -l shared -x -d 'memory that the tasks share, at $MPMAP_SHARED_NAME'
complete -c mpmap -n __mpmap_before_command -l state -fa 'atomic' -d 'tasks share counters, locks, queues ... (mpmap-state)'
complete -c mpmap -n __mpmap_before_command -l queue -x -d 'after the input, take records from a queue that tasks fill'
complete -c mpmap -n __mpmap_before_command -l state-memory -x -d 'let what tasks share by --state take SIZE bytes (256M)'
complete -c mpmap -n __mpmap_before_command -l tty -d 'one task at a time, in the foreground, with the terminal'
complete -c mpmap -n __mpmap_before_command -l workdir -xa '(__fish_complete_directories)' -d 'run the tasks in DIR'
complete -c mpmap -n __mpmap_before_command -l slot-env -x -d 'each slot has one value of LIST in the variable NAME: GPU=0,1,2'
complete -c mpmap -n __mpmap_before_command -l nice -x -d 'add N to the niceness of the tasks'
complete -c mpmap -n __mpmap_before_command -l delay -x -d 'wait SECS between starts of tasks'
complete -c mpmap -n __mpmap_before_command -l rate -x -d 'start at most N tasks in a second, minute or hour'
complete -c mpmap -n __mpmap_before_command -l keep-order -s k -d 'output in the order of the input (the default)'
complete -c mpmap -n __mpmap_before_command -l unordered -d 'output in the order of completion'
complete -c mpmap -n __mpmap_before_command -l ungroup -s u -d 'tasks write straight to standard output and error'
complete -c mpmap -n __mpmap_before_command -l line-buffer -d 'lines as they come from all tasks, whole lines only'
complete -c mpmap -n __mpmap_before_command -l merge-stderr -d 'tasks\' standard error goes into their standard output'
complete -c mpmap -n __mpmap_before_command -l tag -d 'each line begins with the record and a tab'
complete -c mpmap -n __mpmap_before_command -l tagstring -x -d 'each line begins with TEMPLATE, as in COMMAND, and a tab'
complete -c mpmap -n __mpmap_before_command -l output -s o -xa 'text jsonl json none' -d 'write text, jsonl or json (result objects), or none [text]'
complete -c mpmap -n __mpmap_before_command -l out -rF -d 'write to FILE, which must be new, instead of standard output'
complete -c mpmap -n __mpmap_before_command -l results -xa '(__fish_complete_directories)' -d 'write DIR/SEQ/{stdout,stderr,meta.json} too'
complete -c mpmap -n __mpmap_before_command -l force -d '--results and --out may replace those of an earlier run'
complete -c mpmap -n __mpmap_before_command -l joblog -rF -d 'log the tasks to FILE as GNU parallel does; +FILE appends'
complete -c mpmap -n __mpmap_before_command -l memo -xa '(__fish_complete_directories)' -d 'keep in DIR what tasks write, and run only those that are new'
complete -c mpmap -n __mpmap_before_command -l buffer -x -d 'memory for results that wait for their turn [64M]'
complete -c mpmap -n __mpmap_before_command -l spill -x -d 'temporary disk space for more of them [1G]'
complete -c mpmap -n __mpmap_before_command -l progress -fa 'bar plain auto none' -d 'show how far things are: bar, plain, auto or none'
complete -c mpmap -n __mpmap_before_command -l color -xa 'auto always never' -d 'colours on the terminal: auto, always or never [auto]'
complete -c mpmap -n __mpmap_before_command -l verbose -s t -d 'print each command before it runs'
complete -c mpmap -n __mpmap_before_command -l quiet -s q -d 'print errors only: no notes, no summary of failures'
complete -c mpmap -n __mpmap_before_command -l dry-run -d 'print the commands, run nothing'
complete -c mpmap -n __mpmap_before_command -l stats -d 'print at the end what the run cost'
complete -c mpmap -n __mpmap_before_command -l retries -x -d 'run a failed task up to N more times [0]'
complete -c mpmap -n __mpmap_before_command -l retry-delay -x -d 'wait SECS before that, twice as long each time [0]'
complete -c mpmap -n __mpmap_before_command -l timeout -x -d 'end tasks that take longer (or than N% of the median)'
complete -c mpmap -n __mpmap_before_command -l grace -x -d 'SIGKILL follows SIGTERM after SECS [2]'
complete -c mpmap -n __mpmap_before_command -l leftovers -xa 'leave wait kill' -d 'processes that a task leaves: leave, wait or kill [leave]'
complete -c mpmap -n __mpmap_before_command -l halt -x -d 'stop early: soon or now, fail, success or done=N or N%'
complete -c mpmap -n __mpmap_before_command -l until -x -d 'begin no task that may not end by TIME: 07:30, a date and'
complete -c mpmap -n __mpmap_before_command -l memfree -x -d 'start no task with less memory free'
complete -c mpmap -n __mpmap_before_command -l load -x -d 'start no task while the load is N or above'
complete -c mpmap -n __mpmap_before_command -l interactive -d 'a prompt where runs are started, looked at and repeated on one'
complete -c mpmap -n __mpmap_before_command -l help -s h -f -d 'print this help, or what is said here about an option'
complete -c mpmap -n __mpmap_before_command -l version -d 'print the version'

# The command, then what fish knows of its arguments.
complete -c mpmap -xa '(__fish_complete_subcommand -d -a -C -n -I -j -P -o --delimiter --record-start --arg-file --colsep --header --max-args --stdin-file --block --replace --jobs --max-procs --start-method --chunksize --max-tasks-per-worker --initializer --finalizer --python --bash --perl --node --plugin --setup --teardown --source --max-rss --shared --queue --state-memory --workdir --slot-env --nice --delay --rate --tagstring --output --out --results --joblog --memo --buffer --spill --color --retries --retry-delay --timeout --grace --leftovers --halt --until --memfree --load)'
