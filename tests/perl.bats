#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# --perl: an expression or a function in Perl for each record. perl itself says what a task of its own would have done.

# Code is for Perl.
# shellcheck disable=SC2016

load helper

# Makes the functions of the table in Table.pm; Table::call calls the one that the record names, own.pl in a process.
make_table() {
	cat >Table.pm <<'END'
package Table;
use strict;
use warnings;
use feature 'say';
use POSIX ();

sub returns { return 'a line' }
sub returns_empty { return '' }
sub returns_nothing { return }
sub returns_list { my @list = (7, 8, 9); return @list }
sub prints { print "one\n", "two\n"; print 'three'; return }
sub prints_both { print "out\n"; print STDERR "err\n"; printf STDERR "%03d\n", 7; return 'value' }
sub prints_formatted { printf "%s|%5.2f|%%\n", 'a', 3.14159; printf STDOUT ('%d', 3); return }
sub prints_separated { local ($,, $\) = ('-', "!\n"); print 1, 2; say 3, 4; return }
sub prints_list { my @list = (1, 2); print "@list\n"; say for @list; print STDOUT @list; return }
sub prints_bytes { print "\xff\x00\xc3", "\xa9"; return }
sub prints_record { print; return }
sub prints_to_handle { my $handle = \*STDOUT; print {$handle} "through a reference\n"; STDOUT->print("method\n"); return }
sub prints_well { print("x\n") or die 'print failed'; return }
sub prints_much { print $_, 'x' x 10000, "\n" for 1 .. 300; return }
sub prints_at_once { print 'y' x 3000000; return 'end' }
sub errors_much { print STDERR $_, 'x' x 10000, "\n" for 1 .. 100; return }
sub returns_much { return 'z' x 1000000 }
sub writes { syswrite STDOUT, "abcdef\n", 4, 3; return }
sub warns { warn "careful\n"; warn 'here'; my $none; my $text = "$none"; return 'warned' }
sub warns_locally { local $SIG{__WARN__} = sub { print "caught $_[0]" }; warn "this\n"; return }
sub dies { print 'before'; die 'reason' }
sub dies_plainly { die "no place\n" }
sub dies_with_errno { $! = 13; die "errno\n" }
sub dies_after_open { open my $file, '<', 'no such file' or die "no such file: $!" }
sub dies_after_child { system 'exit 5;'; $! = 0; die "child\n" }
sub dies_with_reference { die { code => 1 } if 0; die [] =~ /(ARRAY)/ ? "$1\n" : '' }
sub dies_within { inner() }
sub inner { die 'inner' }
sub dies_in_sort { my @sorted = sort { die 'sorting' } 1, 2; return }
sub dies_of_zero { my $zero = 0; return 1 / $zero }
sub dies_of_no_method { return Table->no_such_method }
sub dies_of_undef { my $none; return $none->method }
sub dies_with_handler { local $SIG{__DIE__} = sub { print "handler: $_[0]" }; die "handled\n" }
sub recovers { eval { die "inside\n" }; return "caught $@" }
sub exits { print 'leaving'; exit }
sub exits_3 { exit 3 }
sub exits_256 { exit 256 }
sub exits_negative { exit(-1) }
sub exits_in_eval { eval { exit 4 }; print 'not reached'; return }
sub exits_in_text { eval 'exit 4'; print 'not reached'; return }
sub exits_in_sort { my @sorted = sort { exit 5 } 1, 2; print 'not reached'; return }
sub exits_in_loop { for my $n (1 .. 9) { map { exit $_ if $_ == 6 } 1 .. 9 } return }
sub exits_for_good { POSIX::_exit(7) }
sub is_killed { kill KILL => $$; return }
sub is_terminated { kill TERM => $$; return }
sub is_alarmed { kill ALRM => $$; return }
sub handles_signals { local $SIG{USR1} = sub { print "signal\n" }; kill USR1 => $$; return }
sub crashes { kill SEGV => $$; return }
sub aborts { POSIX::abort() }
sub breaks_pipe { pipe my $read, my $write; close $read; syswrite $write, 'x'; return 'not reached' }
sub reads { my $line = <STDIN>; return defined $line ? 'a line' : 'end of file ' . sysread STDIN, my $data, 10 }
sub reads_files { my @lines = <>; return scalar @lines }
sub recurses { my ($n) = 0; my $f; no warnings 'recursion'; $f = sub { $n++ < 20000 ? $f->() : 'deep' }; return $f->() }
sub closes { print 'closing'; close STDOUT; print 'gone'; return 'gone, too' if 0; return }
sub prints_after { print "after\n"; print STDERR "after, too\n"; return }
sub redirects_locally { open my $file, '>', \my $text; local *STDOUT = $file; print 'hidden'; return length $text }
sub selects { open my $file, '>', \my $text; my $old = select $file; print 'hidden'; select $old; return length $text }
sub forks_and_waits { my $child = fork; if (!$child) { print "child\n"; exit 3 } waitpid $child, 0; return 'status ' . ($? >> 8) }
sub forks_and_dies { my $child = fork; if (!$child) { $! = 0; die "child\n" } waitpid $child, 0; return 'status ' . ($? >> 8) }
sub runs_children { system 'echo child; echo error >&2'; return `echo captured` . ($? >> 8) }
sub has_no_descriptors { return `ls /proc/self/fd | tr '\\n' ' '` }

sub names { my $file = shift; open my $self, '<', $file; return grep { $_ ne 'names' && $_ ne 'call' && $_ ne 'inner' } map { /^sub (\w+)/ ? $1 : () } <$self> }
sub call { no strict 'refs'; return scalar &{"Table::$_[0]"}(@_) }
1;
END
	cat >own.pl <<'END'
use lib '.';
use Table;
$_ = shift;
my $value = Table::call($_);
print "$value\n" if defined $value;
END
	perl -I. -MTable -e 'print "$_\n" for Table::names("Table.pm")' >records
}

# Prints what a run of mpmap -o jsonl says of each record; what is returned is the end of its output.
outcomes() {
	jq -Sc '{argv: .argv[-1], seq, outcome, status, signal, stderr, stderr_base64,
		stdout: (if .stdout_base64 then .stdout_base64 else .stdout + (if .value == null then "" else (.value | tostring) + "\n" end) end)}
		| del(.argv)' "$1"
}

# same_outcomes WHAT: fails unless out has the outcomes of peer.
same_outcomes() {
	outcomes peer >peer.outcomes
	outcomes out >out.outcomes
	cmp -s peer.outcomes out.outcomes || {
		diff peer.outcomes out.outcomes | cut -c 1-600
		complain "$* (< perl, > --perl)"
	}
}

@test "perl: each function ends as in a process of its own" {
	needs perl jq
	make_table
	mp -q -o jsonl perl own.pl {} <records
	mv out peer
	[ "$(jq -s 'map(.outcome) | unique | length' peer)" -ge 3 ]
	mp -q -o jsonl --isolate --perl Table::call <records
	same_outcomes 'isolated'
	mp -q -o jsonl --chunksize=1 --perl Table::call <records
	same_outcomes 'one at a time'
	# What children write belongs to a record for certain only where it is alone.
	grep -vE '^(forks|runs)_' records >plain
	mp -q -o jsonl perl own.pl {} <plain
	mv out peer
	mp -q -o jsonl --perl Table::call <plain
	same_outcomes 'together'
}

@test "perl: what an expression sees, under every start method" {
	needs perl
	check() {
		printf 'a\nb\n' | mp_well -j1 --perl '[$_, \@F, [@_], $seq, $attempt]; [$_, @F, @_, $seq, $attempt]'
		same out $'["a","a","a",1,1]\n["b","b","b",2,1]'
		mp_well --perl '[$_, @F]' ::: 1 2 ::: p q
		same out $'["1 p","1","p"]\n["1 q","1","q"]\n["2 p","2","p"]\n["2 q","2","q"]'
		printf 'city,n\nRome,1\nParis\n' | mp_well --csv --header=: --perl '[$F{city}, $F{n} // "none", scalar @F]'
		same out $'["Rome","1",2]\n["Paris","none",1]'
		printf '{"id":1,"n":{"m":"é"}}\n[2,"x"]\n3\n' | mp_well --jsonl --perl 'ref $_ eq "HASH" ? "$F{id} $_->{n}{m}" : ref $_ ? $_->[1] : $F[0] + 1'
		same out $'1 é\nx\n4'
		printf 'x\ny\n' | mp_well -j1 --setup='use strict; use List::Util qw(sum); my $count = 5; sub more { ++$count }' --perl 'more . sum(1, 2)'
		same out $'63\n73'
	}
	under_methods check
}

@test "perl: what is given is nothing, a line, or JSON" {
	needs perl
	seq 14 >numbers
	cat >Give.pm <<'END'
package Give;
sub give {
	my @values = (undef, 'text', "two\nlines", "\xff", "\x{263a}", 12, 1.5, { b => 1, a => [undef, 'é', "\x{e9}\x{263a}", 2.5] },
		[1, { 2 => '3' }, 9**9**9], '', "q\"\\\t\x01", print(''), \'scalar', (bless [], 'Thing'));
	return $values[$_[0] - 1];
}
package Thing;
use overload '""' => sub { 'a thing' };
1;
END
	mp_well -j1 --perl Give::give <numbers
	sed -E 's/^SCALAR.*/SCALAR/' out >found
	printf 'text\ntwo\nlines\n\377\n☺\n12\n1.5\n{"a":[null,"é","é☺",2.5],"b":1}\n[1,{"2":"3"},null]\n\nq"\\\t\001\nSCALAR\na thing\n' >expected
	cmp expected found
	mp_well -j1 -o jsonl --perl Give::give <numbers
	jq -s -e 'all(.stdout == "" and .status == 0)' out >/dev/null
	jq -c .value out | sed 's/SCALAR.*"/SCALAR"/' >found
	printf '%s\n' null '"text"' '"two\nlines"' '{"base64":"/w=="}' '"☺"' 12 1.5 '{"a":[null,"é","é☺",2.5],"b":1}' '[1,{"2":"3"},null]' '""' \
		'"q\"\\\t\u0001"' null '"SCALAR"' '"a thing"' >expected
	cmp expected found
}

@test "perl: next, last, return and exit end an expression; what is printed comes first" {
	needs perl
	seq 6 >numbers
	mp -q -j1 --perl 'next if $_ == 2; last if $_ == 3; return "four" if $_ == 4; eval { exit 7 } if $_ == 5; print "<$_>"; s/6/six/r' <numbers
	expect 123 $'<1>1\nfour\n<6>six'
	mp_well -j1 --perl 'next unless $_ % 2; say "$_!"' <numbers
	same out $'1!\n3!\n5!'
	mp_well -j1 --perl 'print "$_;"' <numbers
	exactly out '1;2;3;4;5;6;'
}

@test "perl: bytes, and characters, are written as they are" {
	needs perl
	printf 'a\377b\n\303\n\303\251\n' >bytes
	mp_well --perl '$_' <bytes
	cmp bytes out
	mp_well --perl 'print "$_\n"; undef' <bytes
	cmp bytes out
	mp_well --perl 'length' <bytes
	same out $'3\n1\n2'
	echo '"é☺"' | mp_well --jsonl --perl 'print $_, "é", substr($_, 0, 1), "\n"; length'
	same out $'é☺éé\n2'
	echo x | mp_well --setup='binmode STDOUT, ":encoding(UTF-8)"' --perl 'print "\x{e9}"; chr 0xe9'
	exactly out $'é\351\n'
	mp_well -0 --perl 'length' < <(printf 'a\nb\0\0ccc')
	same out $'3\n0\n3'
}

@test "perl: numbers of JSON remain as they were written" {
	needs perl
	printf '%s\n' 123456789012345678901 1.10 1E400 -0 -0.0 '[1e5,{"a":2.50}]' '{"b":0.1,"c":[-0,-1],"t":true,"u":[false,null]}' \
		"$(printf '9%.0s' {1..5000})" '"a\ud83d\ude00é\/\\u0041"' '[]' '{}' >values
	mp_well --jsonl --perl '[$_]' <values
	sed 's/\\ud83d\\ude00/😀/; s,\\/,/,; s/.*/[&]/' values >expected
	cmp expected out
	mp_well --jsonl -o jsonl --perl '$_' <values
	sed 's/.*"value"://; s/}$//' out >found
	sed 's/\\ud83d\\ude00/😀/; s,\\/,/,' values >expected
	cmp expected found
	echo '[1.10, 2.50, 1e2, 123456789012345678901]' | mp_well --json --perl '$_ + 1 . ($_ < 50 ? " small" : " large") . ($_ ? "" : "!")'
	same out $'2.1 small\n3.5 small\n101 large\n1.23456789012346e+20 large'
	# what is used as a number, or as a string, remains what it was
	echo '{"s":"5","n":5}' | mp_well --jsonl --perl 'my $sum = $_->{s} + 1; my $text = "$_->{n}"; $_'
	same out '{"n":5,"s":"5"}'
}

# refused WORD... : no record was run, with status 2 and these words of Perl's
refused() {
	local word
	expect 2 '' || return 1
	[ ! -e ran ] || complain "a record was run" || return 1
	says_not adapter.pl || return 1
	for word; do
		says "$word" || return 1
	done
}

@test "perl: what cannot be called is refused in Perl's words, and nothing is run" {
	needs perl
	printf 'package Broken; use Nothing::Of::That::Name; 1;\n' >Broken.pm
	printf 'package Wrong; sub {; 1;\n' >Wrong.pm
	printf 'package M; sub f { 1 } 1;\n' >M.pm
	check() {
		cp ../*.pm .
		seq 3 >records
		mp --perl 'mkdir "ran"; 1 +' <records
		refused '^syntax error at CODE line '
		mp --perl 'use strict; mkdir "ran"; $x' <records
		refused '^Global symbol "\$x" requires explicit package name .* at CODE line 1'
		mp --perl Missing::f <records
		refused "^Can't locate Missing.pm in @INC"
		mp --perl M::g <records
		refused '^Undefined subroutine &M::g called$'
		mp --perl main::g <records
		refused '^Undefined subroutine &main::g called$'
		mp --perl Broken::f <records
		refused "^Can't locate Nothing/Of/That/Name.pm in @INC .* at Broken.pm line 1"
		mp --perl Wrong::f <records
		refused 'at Wrong.pm line 1'
		mp --setup='my $a = 1;' --setup='die "not licensed"' --perl 'mkdir "ran"' <records
		refused '^not licensed at SETUP line 1\.$'
		mp --setup='exit 0' --perl 'mkdir "ran"' <records
		refused '^exit\(0\) was called'
		# no records: nothing to be called for
		printf '' | mp_well --perl 1
		same out ''
	}
	under_methods check
}

@test "perl: setup once before the first record, teardown when a worker leaves" {
	needs perl
	check() {
		seq 40 | mp_well -j2 --setup='open my $log, ">>", "log"; select((select($log), $| = 1)[0]); print $log "setup\n"; my $count = 0;' \
			--teardown='print $log $count ? "left\n" : "idle\n"' --perl '$count++; $_'
		seq 40 | cmp - out
		[ "$(head -n 1 log)" = setup ]
		# one interpreter for all workers, or one in each
		if [ "$METHOD" = spawn ]; then
			[ "$(grep -c setup log)" -le 2 ]
		else
			[ "$(grep -c setup log)" -eq 1 ]
		fi
		grep -q left log
	}
	under_methods check
}

@test "perl: what commands print is exact with --isolate, and with --chunksize=1" {
	needs perl jq
	seq 30 >numbers
	sed 's/.*/sh &\n&/' numbers >expected
	sed 's/.*/err &/' numbers >expected_err
	for words in --isolate --chunksize=1 '--isolate --chunksize=1'; do
		# shellcheck disable=SC2086
		mp -j2 $words --perl 'system "echo sh $_; echo err $_ >&2"; $_' <numbers
		expect 0
		cmp expected out
		cmp expected_err err
	done
}

@test "perl: a process that a record leaves running holds nothing up, and ends with it" {
	needs perl
	seq 3 >numbers
	LIMIT=20 mp_well -j1 --isolate --perl 'system "sleep 300 &"; $_' <numbers
	cmp numbers out
	LIMIT=20 mp_well -j1 --perl 'if (!fork) { sleep 300 } print "now "; $_' <numbers
	same out $'now 1\nnow 2\nnow 3'
}

@test "perl: outputs of many megabytes, in little memory" {
	needs perl
	printf '%s\n' 1 2 3 >numbers
	for words in '-j2' '-j2 --isolate'; do
		# shellcheck disable=SC2086
		(ulimit -v 400000 && mp_well $words --perl 'print $F[0] x 1000, "\n" for 1 .. 20000; return' <numbers)
		[ "$(wc -c <out)" -eq 60060000 ]
		[ "$(cut -c 1 out | uniq -c | awk '{ print $1 $2 }' | tr '\n' ' ')" = '200001 200002 200003 ' ]
	done
	seq 2 | mp_well -j2 --perl '"x" x 70000000'
	[ "$(wc -c <out)" -eq 140000002 ]
}

@test "perl: outputs of every kind in their order" {
	needs perl
	seq 20000 >numbers
	awk '$1 % 2' numbers >expected
	mp_well -j2 --perl '$_ % 2 ? $_ : undef' <numbers
	cmp expected out
	awk '{ printf "%d%s", $1, $1 % 3 ? "" : "\n" }' numbers >expected
	mp_well -j2 --perl '$_ % 3 ? print : $_' <numbers
	cmp expected out
	awk '{ if ($1 % 50) print }' numbers >expected
	mp -j2 --perl 'die "fifty\n" if $_ % 50 == 0; $_' <numbers
	expect 123
	cmp expected out
	[ "$(grep -c '^fifty$' err)" -eq 400 ]
}

@test "perl: one that hangs is ended by --timeout, one that is killed is that record's; the others go on" {
	needs perl jq
	for words in '-j2' '-j2 --isolate'; do
		# shellcheck disable=SC2086
		seq 50 | mp $words --timeout=4 -o jsonl --perl 'sleep 1000 if $_ == 20; kill 9, $$ if $_ == 30; $_'
		[ "$(jq -r 'select(.outcome == "timeout").seq' out)" = 20 ]
		[ "$(jq -r 'select(.outcome == "signaled").seq' out)" = 30 ]
		[ "$(jq -r 'select(.outcome == "ok").seq' out | wc -l)" -eq 48 ]
	done
}

@test "perl: --retries tells CODE which attempt it is" {
	needs perl
	seq 3 | mp_again 3 -j1 --retries=2 --perl 'die "again\n" if $attempt < 2; "$_ $attempt"'
	same out $'1 2\n2 2\n3 2'
}
