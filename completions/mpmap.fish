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
        else if string match -rq -- '^(-[^-dajP]*[dajP]|--(delimiter|arg-file|jobs|max-procs|start-method|chunksize|max-tasks-per-worker|workdir|nice|buffer|spill))$' $word
            set value yes
        else if test "$word" = --; or not string match -q -- '-*' $word
            return 1
        end
    end
end

complete -c mpmap -n __mpmap_before_command -l null -s 0 -d 'records end with NUL, not newline'
complete -c mpmap -n __mpmap_before_command -l delimiter -s d -x -d 'records end with byte C (also \\n \\t \\0 \\xHH)'
complete -c mpmap -n __mpmap_before_command -l arg-file -s a -rF -d 'read records from FILE, not standard input'
complete -c mpmap -n __mpmap_before_command -l no-run-if-empty -s r -d 'accepted; without records nothing is run anyway'
complete -c mpmap -n __mpmap_before_command -l shell -d 'the operand is a SCRIPT for sh -c, the record its "$1"'
complete -c mpmap -n __mpmap_before_command -l jobs -s j -x -d 'tasks at a time: N, N%, +N, -N of the CPUs; 0: many [CPUs]'
complete -c mpmap -n __mpmap_before_command -l max-procs -s P -x -d 'the same as --jobs'
complete -c mpmap -n __mpmap_before_command -l start-method -xa 'fork spawn forkserver' -d 'start workers by fork, spawn or forkserver [fork]'
complete -c mpmap -n __mpmap_before_command -l chunksize -x -d 'hand over N tasks at a time, or auto [auto]'
complete -c mpmap -n __mpmap_before_command -l max-tasks-per-worker -x -d 'replace a worker after N tasks'
complete -c mpmap -n __mpmap_before_command -l workdir -xa '(__fish_complete_directories)' -d 'run the tasks in DIR'
complete -c mpmap -n __mpmap_before_command -l nice -x -d 'add N to the niceness of the tasks'
complete -c mpmap -n __mpmap_before_command -l keep-order -s k -d 'output in the order of the input (the default)'
complete -c mpmap -n __mpmap_before_command -l unordered -d 'output in the order of completion'
complete -c mpmap -n __mpmap_before_command -l ungroup -s u -d 'tasks write straight to standard output and error'
complete -c mpmap -n __mpmap_before_command -l buffer -x -d 'memory for results that wait for their turn [64M]'
complete -c mpmap -n __mpmap_before_command -l spill -x -d 'temporary disk space for more of them [1G]'
complete -c mpmap -n __mpmap_before_command -l verbose -s t -d 'print each command before it runs'
complete -c mpmap -n __mpmap_before_command -l quiet -s q -d 'print errors only: no notes, no summary of failures'
complete -c mpmap -n __mpmap_before_command -l dry-run -d 'print the commands, run nothing'
complete -c mpmap -n __mpmap_before_command -l stats -d 'print at the end what the run cost'
complete -c mpmap -n __mpmap_before_command -l help -s h -d 'print this help'
complete -c mpmap -n __mpmap_before_command -l version -d 'print the version'

# The command, then what fish knows of its arguments.
complete -c mpmap -xa '(__fish_complete_subcommand -d -a -j -P --delimiter --arg-file --jobs --max-procs --start-method --chunksize --max-tasks-per-worker --workdir --nice --buffer --spill)'
