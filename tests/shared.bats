#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# --shared: memory that the tasks of a run have in common.

# Scripts are for the shells that the tasks run in.
# shellcheck disable=SC2016

load helper

export PYTHONDONTWRITEBYTECODE=1

# Prints a number of bytes that is more than the memory there is, with what is added.
too_much() {
	awk '/^MemTotal:/ { printf "%d", $2 + 1024 }' /proc/meminfo
}

written_and_read() {
	seq 8 | mp_well -j2 --shared A=4096 --shell 'printf "%s" "$1" | dd of="$MPMAP_SHARED_A" bs=1 seek="$1" conv=notrunc status=none'
	# what one task writes the next one reads
	seq 3 | mp_well -j1 --shared A=64 --shell 'head -c 4 "$MPMAP_SHARED_A" | od -An -tu1; printf "%b" "\\0$1" >x
		dd if=x of="$MPMAP_SHARED_A" bs=1 seek="$1" conv=notrunc status=none'
	same out '   0   0   0   0
   0   1   0   0
   0   1   2   0'
	[ "$(ls /dev/shm | grep -c mpmap)" -eq 0 ]
}
@test "shared: what a task writes the others read, under every start method" {
	under_methods written_and_read
}

@test "shared: it is zeroed, of the size that was asked for, and told to each task with its type" {
	echo x | mp_well --shared A=1M --shared B_2=d*1K --shared c=q --shell '
		tr -d "\000" <"$MPMAP_SHARED_A" | wc -c
		for file in "$MPMAP_SHARED_A" "$MPMAP_SHARED_B_2" "$MPMAP_SHARED_c"; do stat -Lc %s "$file"; done
		echo "$MPMAP_TYPE_A $MPMAP_TYPE_B_2 $MPMAP_TYPE_c"'
	same out $'0\n1048576\n8192\n8\nB*1048576 d*1024 q'
}

@test "shared: every type of Python's array has its size there" {
	needs python3
	echo x | mp_well --shared b=b*3 --shared B=B*3 --shared h=h*3 --shared H=H*3 --shared i=i*3 --shared I=I*3 --shared l=l*3 \
		--shared L=L*3 --shared q=q*3 --shared Q=Q*3 --shared f=f*3 --shared d=d*3 --shared u=u*3 --shared c=c*3 \
		python3 -c '
import os, array
for code in "bBhHiIlLqQfdu":
    want = 3 * array.array(code).itemsize
    have = os.stat(os.environ["MPMAP_SHARED_" + code]).st_size
    assert have == want, (code, have, want)
assert os.stat(os.environ["MPMAP_SHARED_c"]).st_size == 3'
}

@test "shared: it is mapped by tasks, and by functions" {
	needs python3
	# each adds to a place of its own, and the last of one worker sees all of them
	cat >map.py <<'END'
import mmap, os, struct
def add(x, name="A"):
    with open(os.environ["MPMAP_SHARED_" + name], "r+b") as file, mmap.mmap(file.fileno(), 0) as memory:
        old, = struct.unpack_from("d", memory, 0)
        struct.pack_into("d", memory, 0, old + float(x))
        return int(old + float(x))
if __name__ == "__main__":
    import sys
    print(add(sys.argv[1]))
END
	seq 4 | mp_well -j1 --shared A=d*10 python3 map.py
	same out $'1\n3\n6\n10'
	for METHOD in fork spawn forkserver; do
		seq 4 | mp_well -j1 --start-method "$METHOD" --shared A=d*10 --python map:add
		same out $'1\n3\n6\n10'
	done
	seq 2 | mp_well -j1 --shared A=8 --bash 'printf "%s" "$1" | dd of="$MPMAP_SHARED_A" bs=1 seek="$1" conv=notrunc status=none; tr "\000" . <"$MPMAP_SHARED_A"; echo'
	same out $'.1......\n.12.....'
	seq 2 | mp_well -j1 --zygote --shared A=8 --shell 'tr "\000" . <"$MPMAP_SHARED_A"; echo'
	same out $'........\n........'
	echo x | mp_well --shared A=8 --initializer 'printf init | dd of="$MPMAP_SHARED_A" conv=notrunc status=none' \
		--shell 'tr "\000" . <"$MPMAP_SHARED_A"; echo'
	same out 'init....'
}

@test "shared: no task can take it from the others" {
	seq 2 | mp_well -j1 --shared A=4096 --shell '(: >"$MPMAP_SHARED_A") 2>/dev/null && echo emptied
		truncate -s 1 "$MPMAP_SHARED_A" 2>/dev/null && echo cut
		(echo more >>"$MPMAP_SHARED_A") 2>/dev/null && echo grown
		stat -Lc %s "$MPMAP_SHARED_A"'
	same out $'4096\n4096'
}

killed_with_the_run() {
	mkfifo go
	start --shared A=1M -j1 --shell 'echo "$MPMAP_SHARED_A" >path.part && mv path.part path; exec cat go' ::: 1
	wait_until test -e path
	[ -e "$(cat path)" ]
	kill -KILL "$pid"
	wait "$pid" || :
	[ ! -e "$(cat path)" ]
}
@test "shared: it is gone with the run, whatever ends that" {
	under_methods killed_with_the_run
	cd "$WORK"
	echo x | mp_well --shared A=1M --shell 'echo "$MPMAP_SHARED_A"'
	[ ! -e "$(cat out)" ]
}

@test "shared: more than there is memory is an error before anything starts" {
	local much
	much=$(too_much)
	echo x | mp --shared "A=${much}K" touch started
	usage_error "--shared A=${much}K: [0-9]+ bytes are more than the memory that is available"
	echo x | mp --shared A=4096 --shared "B=$((much - 1))K" --shared "C=d*1K" touch started
	usage_error '--shared B=.*: [0-9]+ bytes with those before are more than'
	echo x | mp --shared A=8000000T touch started
	usage_error 'A=8000000T'
	(ulimit -f 1024 && echo x | mp --shared A=2M touch started)
	usage_error '--shared A=2M: files may not be larger than 1048576 bytes here \(ulimit -f\)'
	[ ! -e started ]
}

@test "shared: what is no name, size or type is a usage error that says what is" {
	local wrong
	for wrong in '' A A= =1M 1=1M A-B=1M 'A B=1M' 'Ä=1M' A=0 A=-1 A=1X A=x A=d* A=d*0 A=d*-1 A=dd A=z*3 A=d*x A='d 3' \
		A=d*99999999999T A=99999999T "$(printf 'x%.0s' {1..129})=1"; do
		echo x | mp --shared="$wrong" touch started
		usage_error "--shared '" 'not (NAME=SIZE|a size of 1 byte)'
	done
	echo x | mp --shared A=1M --shared B=1M --shared A=d*3 touch started
	usage_error "--shared 'A=1M' and 'A=d\*3': the name is the same"
	# shellcheck disable=SC2046
	echo x | mp $(printf -- '--shared V%d=1 ' {1..17}) touch started
	usage_error "--shared 'V17=1': a run has at most 16"
	[ ! -e started ]
	# shellcheck disable=SC2046
	echo x | mp_well $(printf -- '--shared V%d=1 ' {1..16}) --shell 'env | grep -c "^MPMAP_SHARED_V"'
	same out 16
}

@test "shared: a run in a run has its own, and the outer's under other names" {
	echo x | mp_well --shared A=1 --shared B=2 --shell '"$MPMAP" --shared A=3 --shell "
		stat -Lc %s \"\$MPMAP_SHARED_A\" \"\$MPMAP_SHARED_B\"; echo \$MPMAP_TYPE_A" ::: y'
	same out $'3\n2\nB*3'
	echo x | mp_well --shared A=1 --shell '"$MPMAP" --shared A=3 --python "os.stat(os.environ[\"MPMAP_SHARED_A\"]).st_size" --setup "import os" ::: y'
	same out 3
}

@test "shared: at the prompt each run has its own, until it ends" {
	printf '%s\n' "map -j1 --shared A=4 --shell 'tr \"\\000\" . <\"\$MPMAP_SHARED_A\"; printf x | dd of=\"\$MPMAP_SHARED_A\" conv=notrunc status=none; echo' ::: 1 2" wait \
		"map -j1 --shared A=5 --shell 'tr \"\\000\" . <\"\$MPMAP_SHARED_A\"; echo' ::: 1" wait 'show 1' >script
	mp --interactive <script
	expect 0
	grep -q '^\.\.\.\.' out && grep -q 'x\.\.\.' out && grep -q '\.\.\.\.\.' out
	grep -q -- "--shared='A=4'" out
}
