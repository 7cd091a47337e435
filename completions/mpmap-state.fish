# SPDX-License-Identifier: GPL-3.0-or-later
# What fish completes for mpmap-state. Made by completions/generate from the table of verbs (make completions).

complete -c mpmap-state -f
complete -c mpmap-state -n __fish_use_subcommand -a serve -d 'serve a COMMAND, or until a signal'
complete -c mpmap-state -n __fish_use_subcommand -a add -d 'add N (1) to a number, and print it'
complete -c mpmap-state -n __fish_use_subcommand -a get -d 'print a value'
complete -c mpmap-state -n __fish_use_subcommand -a set -d 'set a value'
complete -c mpmap-state -n __fish_use_subcommand -a del -d 'delete what has that name, or a key'
complete -c mpmap-state -n __fish_use_subcommand -a max -d 'set a number to N if that is larger, and print it'
complete -c mpmap-state -n __fish_use_subcommand -a min -d 'set a number to N if that is smaller, and print it'
complete -c mpmap-state -n __fish_use_subcommand -a cas -d 'set a value to NEW if it is OLD'
complete -c mpmap-state -n __fish_use_subcommand -a put -d 'set a key of a dictionary'
complete -c mpmap-state -n __fish_use_subcommand -a keys -d 'print the keys'
complete -c mpmap-state -n __fish_use_subcommand -a items -d 'print the keys and their values'
complete -c mpmap-state -n __fish_use_subcommand -a append -d 'append a value, and print the length'
complete -c mpmap-state -n __fish_use_subcommand -a at -d 'print value I, from 0; -1 is the last'
complete -c mpmap-state -n __fish_use_subcommand -a len -d 'print the length of a list, a queue or a dictionary'
complete -c mpmap-state -n __fish_use_subcommand -a push -d 'append an item'
complete -c mpmap-state -n __fish_use_subcommand -a pop -d 'take the first item, and print it'
complete -c mpmap-state -n __fish_use_subcommand -a done -d 'acknowledge the oldest item of pop --ack'
complete -c mpmap-state -n __fish_use_subcommand -a back -d 'give the oldest item of pop --ack back'
complete -c mpmap-state -n __fish_use_subcommand -a join -d 'wait until all items are done'
complete -c mpmap-state -n __fish_use_subcommand -a lock -d 'take locks, all or none'
complete -c mpmap-state -n __fish_use_subcommand -a unlock -d 'release locks'
complete -c mpmap-state -n __fish_use_subcommand -a acquire -d 'take one of the N places of a semaphore'
complete -c mpmap-state -n __fish_use_subcommand -a release -d 'give it back'
complete -c mpmap-state -n __fish_use_subcommand -a barrier -d 'wait until so many have come, and print which of them this is, from 0'
complete -c mpmap-state -n __fish_use_subcommand -a event -d 'set or clear an event, or wait until it is set'
complete -c mpmap-state -n __fish_use_subcommand -a wait -d 'wait until a value is = != < <= > or >= VALUE, and print it'
complete -c mpmap-state -n __fish_use_subcommand -a notify -d 'wake N (1) that await, and print how many'
complete -c mpmap-state -n __fish_use_subcommand -a await -d 'release a lock, wait until notified, and take it again'
complete -c mpmap-state -n __fish_use_subcommand -a once -d 'run COMMAND, unless one has succeeded'
complete -c mpmap-state -n __fish_use_subcommand -a list -d 'print what there is'
complete -c mpmap-state -n __fish_use_subcommand -a watch -d 'print each change'
complete -c mpmap-state -n __fish_use_subcommand -a stat -d 'print figures of the server'
complete -c mpmap-state -n '__fish_seen_subcommand_from push pop join lock acquire barrier event wait await once' -l timeout -x
complete -c mpmap-state -n '__fish_seen_subcommand_from push' -l max -x
complete -c mpmap-state -n '__fish_seen_subcommand_from acquire' -l of -x
complete -c mpmap-state -n '__fish_seen_subcommand_from pop' -l ack
complete -c mpmap-state -n '__fish_seen_subcommand_from lock' -l shared
complete -c mpmap-state -n '__fish_seen_subcommand_from event' -a 'set clear wait'
complete -c mpmap-state -n 'not __fish_use_subcommand' -a '(mpmap-state list 2>/dev/null)'
complete -c mpmap-state -s 0 -d 'end values with NUL'
complete -c mpmap-state -l json -d 'print JSON'
complete -c mpmap-state -l socket -r -F -d 'the socket of the server'
complete -c mpmap-state -n '__fish_seen_subcommand_from serve' -l memory -x -d 'the most bytes'
complete -c mpmap-state -l help -d 'print help'
complete -c mpmap-state -l version -d 'print the version'
