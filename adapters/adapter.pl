#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# Calls a Perl expression or function for each record, in an interpreter that stays: the adapter of mpmap --perl.
#
#   perl adapter.pl [--setup=CODE]... [--teardown=CODE]... [--isolate] -- CODE
#
# CODE is what `perl -ne' takes, or the full name of a function (Module::function, main::function), which is called with
# the values. In CODE
#   $_          is the record: bytes, without its delimiter; with JSON the value
#   @F, and @_  its values: columns, or one of each source; else the record alone
#   %F          its fields by name: of a table with a header, or of a JSON object
#   $seq, $attempt   the number of the record, from 1, and which attempt this is
# What CODE gives (its last expression, in scalar context, or what it returns): undef, and what print gives, are
# nothing; a reference to a hash or an array becomes compact JSON, with its keys sorted; anything else is a line. `next'
# ends CODE without a result: `next unless /x/; $_' is grep. A string of characters is written as UTF-8, a string of
# bytes as it is.
# What is printed is the record's output. die is its failure, with perl's status ($!, else $? >> 8, else 255) and perl's
# message; exit is its status. What CODE changes in the interpreter (variables, %ENV, the folder) stays.
# --setup runs once before the first record, and what it declares (my, use) holds in CODE; --teardown runs at the end.
# --isolate runs each record in a process that is forked for it.
#
# Numbers of JSON: one that Perl would write differently (1.10, 123456789012345678901, 1E400) is an object that computes
# as a number and is written as it came. true and false are objects of JSON::PP::Boolean.
#
# The protocol is that of mpmap-coproc(7), "block": records on descriptor 3, answers on 4, the mark on 5.

package MPMAP;

BEGIN {
    if ($] < 5.014) {
        my $words = sprintf "perl %vd is too old for mpmap --perl: it takes 5.14\n", $^V;
        open ANSWERS, '>&=4';
        print ANSWERS 'fail 2 ', length $words, "\n", $words;
        close ANSWERS;
        exit 2;
    }
}

# Runs the user's code. It stands here since it would see any variable that is declared above it.
sub evaluate { package main; eval $_[0] }

use strict;
use warnings;

# exit in code that is compiled from here on is leave below.
BEGIN { *CORE::GLOBAL::exit = sub (;$) { leave(@_ ? $_[0] : 0) } }

use Time::HiRes ();

use constant {
    OUTPUT_MAX => 65536,    # bytes of output that are kept until the record's answer
    VALUE_MAX => 64 << 20,  # bytes of a value: what a message holds
    SLICE_MAX => 64,        # records that are run without a look at the clock
    SEND_AFTER => 0.010,    # seconds that an answer waits for company
};

our $pid = $$;              # of the interpreter: what user code forks has another
our $isolated = 0;          # true in the process of one record
our $released = 0;          # true if the record in work has opened or closed STDOUT or STDERR
my ($code, $teardown);      # what is called for each record, and at the end
my $isolate = 0;
my ($requests, $answers, $mark);
my %settings;               # of `begin'
my $is_told = 0;            # true if what CODE gave, or each record, has an answer of its own
my @names;                  # of the columns

my $in_record = 0;
my $exit;                   # status that the record in work gave exit
my $exit_object = bless {}, 'MPMAP::Exit';
my $record;                 # number of the record in work
my $parted = 0;             # true if it has sent output ahead of its answer

my $queue = '';             # messages to be sent
my $well = '';              # output of the $wells records from $well_first on that went well
my ($well_first, $wells) = (1, 0);
my $sent = 0;               # when messages were last sent
my $slice = 1;

# ---- messages ----------------------------------------------------------------------------------------------------

# Ends quietly: mpmap has gone.
sub gone { $in_record = 0; $pid = 0; CORE::exit(0) }

sub send_now {
    seal();
    local $SIG{PIPE} = 'IGNORE';
    while (length $queue) {
        my $count = syswrite $answers, $queue;
        if (defined $count) { substr $queue, 0, $count, '' }
        elsif (!$!{EINTR}) { gone() }
    }
    $sent = Time::HiRes::time();
}

# Makes one message of what went well.
sub seal {
    return if !$wells;
    $queue .= "ok $well_first $wells " . length($well) . "\n" . $well;
    ($well, $wells) = ('', 0);
}

# Sends a part of the record's output ahead of its answer.
sub part {
    my ($number, $text) = @_;
    seal();
    for (my $at = 0; $at < length $text; $at += OUTPUT_MAX) {
        my $piece = substr $text, $at, OUTPUT_MAX;
        $queue .= "output $record $number " . length($piece) . "\n" . $piece;
        send_now() if length $queue > OUTPUT_MAX;
    }
    $parted = 1;
    send_now();
}

# Answers the record in work.
sub answer {
    my ($status, $out, $err, $value) = @_;
    if (defined $value and length $value > VALUE_MAX) {
        ($status, $value) = (1, undef);
        $err .= "the value is larger than 64 MiB\n";
    }
    if (length $out > OUTPUT_MAX) { part(1, $out); $out = '' }
    if (length $err > OUTPUT_MAX) { part(2, $err); $err = '' }
    if ($status == 0 and $err eq '' and !defined $value and !$parted) {
        $well_first = $record if !$wells++;
        $well .= $out;
        seal() if $settings{singles};
        return;
    }
    seal();
    my $size = defined $value ? length $value : '-';
    $queue .= "result $record $status " . length($out) . ' ' . length($err) . " $size\n$out$err";
    $queue .= $value if defined $value;
    $parted = 0;
}

# Gives a string as it is written.
sub bytes {
    my ($text) = @_;
    utf8::encode($text) if utf8::is_utf8($text);
    return $text;
}

my $unread = '';

# Reads until the buffer holds $size bytes, or, without $size, a line; returns and removes them. undef at end of file.
sub take {
    my ($size) = @_;
    until (defined $size ? length $unread >= $size : $unread =~ /\n/) {
        my $count = sysread $requests, $unread, 1 << 18, length $unread;
        next if !defined $count and $!{EINTR};
        return undef if !$count;
    }
    $size = index($unread, "\n") + 1 if !defined $size;
    return substr $unread, 0, $size, '';
}

# ---- standard output and error -----------------------------------------------------------------------------------

# What print returns: true, and no result of CODE.
package MPMAP::Printed {
    use overload 'bool' => sub { 1 }, '0+' => sub { 1 }, '""' => sub { '1' }, fallback => 1;
}
my $printed = bless {}, 'MPMAP::Printed';

# STDOUT and STDERR while a record runs. Below each is the real handle, which children and C code write to.
package MPMAP::Stream {

    # number: 1 or 2; text: what was written and is not sent; encodes: true after binmode(':utf8'); real: the descriptor
    sub TIEHANDLE {
        my ($class, $number) = @_;
        open my $real, '>&=', $number;
        # Buffered as in any program where it is written to; otherwise only a process that user code forks does.
        select((select($real), $| = $number == 2 || !$isolated)[0]);
        my $encodes = grep { $_ eq 'utf8' } PerlIO::get_layers($number == 1 ? *STDOUT : *STDERR, output => 1);
        return bless { number => $number, text => '', encodes => $encodes, real => $real }, $class;
    }

    sub put {
        my ($self, $text) = @_;
        utf8::encode($text) if $self->{encodes} or utf8::is_utf8($text);
        if ($isolated or $$ != $pid) {
            local ($,, $\);
            print { $self->{real} } $text;
            return;
        }
        $self->{text} .= $text;
        return if length $self->{text} <= MPMAP::OUTPUT_MAX;
        MPMAP::part($self->{number}, $self->{text});
        $self->{text} = '';
    }

    sub PRINT {
        my $self = shift;
        no warnings 'uninitialized';
        my $text = join($,, @_) . $\;
        # Bytes that are printed together with characters remain what they are.
        $text = join($,, map { MPMAP::bytes($_) } @_) . $\ if @_ > 1 and utf8::is_utf8($text) and !$self->{encodes};
        $self->put($text);
        return $printed;
    }

    sub PRINTF {
        my ($self, $format, @values) = @_;
        $self->put(sprintf $format, @values);
        return $printed;
    }

    sub WRITE {
        my ($self, $data, $length, $offset) = @_;
        $data = substr $data, $offset || 0, defined $length ? $length : length $data;
        $self->put($data);
        return length $data;
    }

    sub BINMODE {
        my ($self, $layer) = @_;
        $self->{encodes} = defined $layer && $layer =~ /utf-?8/i ? 1 : 0;
        return 1;
    }

    sub FILENO { $_[0]{number} }

    # Opened anew or closed: no longer ours until the end of the record (restore).
    sub OPEN {
        my ($self, $mode, @rest) = @_;
        my $handle = $self->release;
        return @rest ? open($handle, $mode, @rest) : open($handle, $mode);
    }

    sub CLOSE { close $_[0]->release }

    sub release {
        my ($self) = @_;
        my $handle = $self->{number} == 1 ? \*STDOUT : \*STDERR;
        MPMAP::part($self->{number}, $self->{text}) if $$ == $pid and !$isolated and $self->{text} ne '';
        $self->{text} = '';
        no warnings 'untie';
        untie *$handle;
        $MPMAP::released = 1;
        return $handle;
    }
}

my ($out, $err);            # the tied streams
my @originals;              # copies of descriptors 1 and 2

# Takes what is printed.
sub capture {
    if (!@originals and !$isolated) {
        open $originals[0], '>&', \*STDOUT;
        open $originals[1], '>&', \*STDERR;
    }
    # What passes by the tie (write, with a format) is not to wait in a buffer.
    select((select(STDOUT), $| = 1)[0]);
    $out = tie *STDOUT, 'MPMAP::Stream', 1;
    $err = tie *STDERR, 'MPMAP::Stream', 2;
}

sub uncapture {
    untie *STDOUT;
    untie *STDERR;
}

# Takes it again after a record that opened STDOUT or STDERR anew.
sub restore {
    my @encodes = map { $_->{encodes} } $out, $err;
    uncapture();
    close STDOUT;
    open STDOUT, '>&', $originals[0];
    close STDERR;
    open STDERR, '>&', $originals[1];
    capture();
    ($out->{encodes}, $err->{encodes}) = @encodes;
    $released = 0;
}

# ---- JSON --------------------------------------------------------------------------------------------------------

# A number that Perl would write differently.
package MPMAP::Number {
    use overload '0+' => sub { 0 + ${ $_[0] } }, '""' => sub { ${ $_[0] } },
        'bool' => sub { 0 != ${ $_[0] } }, fallback => 1;
}

my %escapes = (b => "\b", f => "\f", n => "\n", r => "\r", t => "\t");

# Gives the characters that an escape in a string stands for.
sub unescape {
    my ($letter, $high, $low) = @_;
    return exists $escapes{$letter} ? $escapes{$letter} : $letter if !defined $high;
    ($high, $low) = (hex $high, defined $low ? hex $low : undef);
    no warnings 'surrogate';
    return defined $low ? chr(0x10000 + (($high - 0xD800) << 10) + $low - 0xDC00) : chr $high;
}

my ($json_true, $json_false);

# Parses the value at pos($_[0]).
sub parse_value {
    $_[0] =~ /\G[ \t\n\r]+/gc;
    if ($_[0] =~ /\G"((?:[^"\\]|\\.)*+)"/gcs) {
        my $text = $1;
        utf8::decode($text);
        $text =~ s/\\(?:u([dD][89abAB]..)\\u([dD][c-fC-F]..)|u(....)|(.))/unescape($4, defined $1 ? $1 : $3, $2)/gse
            if $text =~ /\\/;
        return $text;
    }
    if ($_[0] =~ /\G(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)/gc) {
        my $text = $1;
        my $number = 0 + $text;
        my $plain = "$number" eq $text;
        return $plain ? 0 + $text : bless \$text, 'MPMAP::Number';
    }
    return parse_object($_[0]) if $_[0] =~ /\G\{/gc;
    return parse_array($_[0]) if $_[0] =~ /\G\[/gc;
    return $json_true if $_[0] =~ /\Gtrue/gc;
    return $json_false if $_[0] =~ /\Gfalse/gc;
    return undef if $_[0] =~ /\Gnull/gc;
    die sprintf "not JSON, from byte %d on\n", (pos $_[0] || 0) + 1;
}

sub parse_object {
    my %object;
    return \%object if $_[0] =~ /\G[ \t\n\r]*\}/gc;
    do {
        my $key = parse_value($_[0]);
        $_[0] =~ /\G[ \t\n\r]*:/gc or die "not JSON: a key has no value\n";
        $object{$key} = parse_value($_[0]);
    } while ($_[0] =~ /\G[ \t\n\r]*,/gc);
    $_[0] =~ /\G[ \t\n\r]*\}/gc or die "not JSON: an object has no end\n";
    return \%object;
}

sub parse_array {
    my @array;
    return \@array if $_[0] =~ /\G[ \t\n\r]*\]/gc;
    do { push @array, parse_value($_[0]) } while ($_[0] =~ /\G[ \t\n\r]*,/gc);
    $_[0] =~ /\G[ \t\n\r]*\]/gc or die "not JSON: an array has no end\n";
    return \@array;
}

# Makes a value of a JSON text.
sub json_decode {
    my ($text) = @_;
    if (!$json_true) {
        require JSON::PP::Boolean;
        $json_true = bless \(my $yes = 1), 'JSON::PP::Boolean';
        $json_false = bless \(my $no = 0), 'JSON::PP::Boolean';
    }
    no warnings 'recursion';
    return parse_value($text);
}

my %escaped = ("\b" => '\b', "\f" => '\f', "\n" => '\n', "\r" => '\r', "\t" => '\t', '"' => '\"', '\\' => '\\\\');

sub json_string {
    my ($text) = @_;
    # Bytes are taken as UTF-8 where they are; others are Latin-1.
    utf8::decode($text) if !utf8::is_utf8($text);
    $text =~ s/(["\\\x00-\x1f\x7f\x{D800}-\x{DFFF}])/$escaped{$1} || sprintf '\\u%04x', ord $1/ge;
    utf8::encode($text);
    return qq("$text");
}

# True if a scalar was made as a number.
sub is_number;
*is_number = $] >= 5.036 ? eval q{ no warnings; sub { builtin::created_as_number($_[0]) } } : sub {
    require B;
    my $flags = B::svref_2object(\$_[0])->FLAGS;
    return $flags & (B::SVf_IOK() | B::SVf_NOK()) && !($flags & B::SVf_POK());
};

# True if it was made by a comparison: since Perl 5.36.
sub is_bool;
*is_bool = $] >= 5.036 ? eval q{ no warnings; sub { builtin::is_bool($_[0]) } } : sub { 0 };

# Makes a JSON text of a value.
sub json_encode {
    my ($value) = @_;
    no warnings 'recursion';
    return 'null' if !defined $value;
    my $type = ref $value;
    if ($type eq '') {
        return $value ? 'true' : 'false' if is_bool($_[0]);
        return json_string($value) if !is_number($_[0]);
        # An infinite number, or none, is no number in JSON.
        return $value =~ /^-?[0-9]/ ? "$value" : 'null';
    }
    return '[' . join(',', map { json_encode($_) } @$value) . ']' if $type eq 'ARRAY';
    if ($type eq 'HASH') {
        return '{' . join(',', map { json_string($_) . ':' . json_encode($value->{$_}) } sort keys %$value) . '}';
    }
    return $$value if $type eq 'MPMAP::Number';
    return $value ? 'true' : 'false' if $type eq 'JSON::PP::Boolean';
    return json_encode($value->TO_JSON) if UNIVERSAL::can($value, 'TO_JSON');
    return json_string("$value");
}

# Makes a JSON text of what CODE gave; bytes that are not UTF-8 have no other form than base64.
sub json_scalar {
    my $text = $_[0];
    return json_encode($_[0]) if utf8::is_utf8($text) or utf8::decode($text);
    require MIME::Base64;
    return '{"base64":"' . MIME::Base64::encode($text, '') . '"}';
}

# ---- one record --------------------------------------------------------------------------------------------------

# Is exit. In a record it ends the record, whatever evals it is in.
sub leave {
    my ($status) = @_;
    CORE::exit($status) if $$ != $pid;
    die "exit($status) was called\n" if !$in_record;
    $exit = $status & 255;
    eval { no warnings 'exiting'; last RECORD };
    # A sort, or a callback of C code, cannot be left so.
    die $exit_object;
}

# Returns the output and, if values are asked for, the JSON of what CODE gave.
sub render {
    my ($value) = @_;
    my $type = ref $value;
    return ('', undef) if !defined $value or $type eq 'MPMAP::Printed';
    return ('', $type eq '' ? json_scalar($_[0]) : json_encode($value)) if $settings{value};
    my $text = $type eq 'HASH' || $type eq 'ARRAY' ? json_encode($value) : bytes("$value");
    return ("$text\n", undef);
}

# Returns the message of a failure, without the adapter's own lines of a stack.
sub message {
    my ($error) = @_;
    my $text = "$error";
    $text =~ s/^\t.* called at \Q$0\E line [0-9]+\n//mg;
    $text =~ s/ at \Q$0\E line [0-9]+\.$//mg;
    return bytes($text);
}

# Calls CODE for the record in $_; $_[0] are its values. Returns the status of its failure, 0 if it returned, or undef
# if it was left (exit, next); then what it gave.
sub call {
    my ($values) = @_;
    my ($status, $value);
    ($exit, $in_record) = (undef, 1);
    $! = 0;
    $? = 0;
    RECORD: { $status = eval { $value = $code->(@$values); 0 } // ($! & 255 || $? >> 8 & 255 || 255) }
    $in_record = 0;
    return ($status, $value);
}

# Returns, of what call returned, the status of the record, what it gave as output and as JSON, the message of its
# failure.
sub outcome {
    my ($status, $value) = @_;
    return ($exit || 0, '', undef, '') if defined $exit or !defined $status;
    if ($status == 0) {
        my @gave;
        return (0, @gave, '') if eval { @gave = render($value); 1 };
        $status = 255;
    }
    return ($status, '', undef, message($@));
}

# Ends a process that user code has forked and that has come out of CODE.
sub end_fork {
    my ($status, $text, undef, $words) = @_;
    $out->put($text) if $text ne '';
    $err->put($words) if $words ne '';
    CORE::exit($status);
}

# Runs the record in $_.
sub run {
    my ($values) = @_;
    my ($status, $value) = call($values);
    if (defined $status and $status == 0 and !defined $exit and defined $value and !ref $value and !$is_told
        and !$parted and $out->{text} eq '' and $err->{text} eq '' and length $value <= OUTPUT_MAX and $$ == $pid)
    {
        # Most records: a line.
        $well_first = $record if !$wells++;
        $well .= utf8::is_utf8($value) ? bytes($value) : $value;
        $well .= "\n";
    }
    else { conclude(outcome($status, $value)) }
    restore() if $released;
}

# Answers the record in work, which had this outcome.
sub conclude {
    my ($status, $text, $value, $words) = @_;
    end_fork($status, $text, $value, $words) if $$ != $pid;
    my ($output, $errors) = ($out->{text} . $text, $err->{text} . $words);
    $out->{text} = $err->{text} = '';
    answer($status, $output, $errors, $value);
}

# ---- --isolate ---------------------------------------------------------------------------------------------------

# Runs the record in $_ in a process of its own, which is this one; returns never.
sub run_alone {
    my ($values, $output, $errors, $values_to) = @_;
    $SIG{CHLD} = 'DEFAULT';
    close $requests;
    close $answers;
    open STDOUT, '>&', $output;
    open STDERR, '>&', $errors;
    close $output;
    close $errors;
    ($pid, $isolated) = ($$, 1);
    capture();
    my ($status, $text, $value, $words) = outcome(call($values));
    end_fork($status, $text, $value, $words) if $$ != $pid;
    $out->put($text) if $text ne '';
    $err->put($words) if $words ne '';
    my ($out_handle, $err_handle) = ($out->{real}, $err->{real});
    ($out, $err) = ();
    uncapture();
    close $_ for $out_handle, $err_handle;
    print {$values_to} $value if defined $value;
    close $values_to;
    POSIX::_exit($status);
}

# Runs the record in $_ in a process that is forked for it.
sub run_isolated {
    my ($values) = @_;
    my (@read, @write);
    pipe $read[$_], $write[$_] or die "cannot make a pipe: $!\n" for 0 .. 2;
    my $child = fork;
    die "cannot fork: $!\n" if !defined $child;
    if (!$child) {
        close $_ for @read;
        run_alone($values, @write);
    }
    close $_ for @write;
    my ($wait, $output, $errors, $value) = gather($child, @read);
    answer($wait & 127 ? -($wait & 127) : $wait >> 8, $output, $errors, length $value ? $value : undef);
    # Whatever ends this process is about the record that comes next.
    send_now();
}

# Reads what a child writes until it ends; returns its wait status and what is not sent of its output, errors and value.
# What it leaves running may hold the pipes for as long as it likes.
sub gather {
    my ($child, @read) = @_;
    my @text = ('', '', '');
    my ($wait, $left);
    while (1) {
        if (!defined $wait and waitpid($child, POSIX::WNOHANG()) == $child) { ($wait, $left) = ($?, OUTPUT_MAX) }
        my $ready = '';
        vec($ready, fileno $read[$_], 1) = 1 for grep { $read[$_] } 0 .. 2;
        # The last pipe ends with the child, at once or nearly so.
        my $found = select $ready, undef, undef, defined $wait ? 0 : $read[2] ? 0.2 : 0.001;
        last if defined $wait and $found <= 0;
        next if $found <= 0;
        my $count = 0;
        for my $at (grep { $read[$_] && vec $ready, fileno $read[$_], 1 } 0 .. 2) {
            my $got = sysread $read[$at], $text[$at], 65536, length $text[$at];
            if (!$got) { close $read[$at]; $read[$at] = undef; next }
            $count += $got;
            next if $at == 2 or length $text[$at] <= OUTPUT_MAX;
            part($at + 1, $text[$at]);
            $text[$at] = '';
        }
        # A pipe holds that much; more comes from what it left.
        last if defined $wait and (($left -= $count) < -2 * OUTPUT_MAX or !grep { $_ } @read);
    }
    return ($wait, @text);
}

# ---- blocks ------------------------------------------------------------------------------------------------------

# Runs COUNT records from $first on; $records are these, $fields their values if they are divided.
sub work {
    my ($first, $records, $fields) = @_;
    my $at = 0;
    my $begun = Time::HiRes::time();
    my $json = $settings{json};
    while ($at < @$records) {
        my $end = $at + $slice > @$records ? $#$records : $at + $slice - 1;
        for (@$records[$at .. $end]) {
            $main::seq = $record = $first + $at;
            if ($mark) {
                sysseek $mark, 0, 0;
                syswrite $mark, pack 'Q', $record;
            }
            my $values = $fields && $fields->[$at];
            $at++;
            no strict 'refs';
            if ($json and !$values) {
                $_ = json_decode($_);
                *main::F = ref $_ eq 'HASH' ? $_ : {};
            }
            elsif (@names) {
                my %named;
                my $last = $values ? $#$values < $#names ? $#$values : $#names : 0;
                @named{ @names[0 .. $last] } = $values ? @$values[0 .. $last] : $_;
                *main::F = \%named;
            }
            $values ||= [$_];
            *main::F = $values;
            if ($isolate) { run_isolated($values) }
            else { run($values) }
        }
        my $now = Time::HiRes::time();
        my $took = $now - $begun;
        $begun = $now;
        if ($took < 0.002) { $slice *= 2 if $slice < SLICE_MAX }
        elsif ($took > 0.010) { $slice >>= 1 if $slice > 1 }
        send_now() if $now - $sent > SEND_AFTER;
    }
    send_now();
}

# Takes the settings of a run.
sub begin {
    my ($data) = @_;
    %settings = (delimiter => 0);
    @names = ();
    for (split /\0/, $data) {
        my ($key, $value) = split /=/, $_, 2;
        if ($key eq 'name') { push @names, $value }
        else { $settings{$key} = $value }
    }
    $is_told = $settings{value} || $settings{singles};
}

# Works on a block of records that are ended by the delimiter.
sub lines {
    my ($first, $count, $data) = @_;
    my $delimiter = quotemeta chr $settings{delimiter};
    my @records = split /$delimiter/, $data, -1;
    $#records = $count - 1;
    work($first, \@records, undef);
}

# Works on a block of records with their values: for each the number of values, the record, the values.
sub values_of {
    my ($first, $count, $data) = @_;
    my @words = split /\0/, $data, -1;
    my (@records, @fields);
    for (my $at = 0; @records < $count;) {
        my $number = $words[$at];
        push @records, $words[$at + 1];
        push @fields, $number ? [@words[$at + 2 .. $at + 1 + $number]] : undef;
        $at += 2 + $number;
    }
    work($first, \@records, \@fields);
}

# Serves until there are no more records.
sub serve {
    while (defined(my $header = take())) {
        my ($type, @numbers) = split ' ', $header;
        my $data = take($numbers[-1]);
        last if !defined $data;
        if ($type eq 'begin') { begin($data); next }
        $main::attempt = 0 + $numbers[2];
        if ($type eq 'lines') { lines(@numbers[0, 1], $data) }
        elsif ($type eq 'values') { values_of(@numbers[0, 1], $data) }
    }
}

# ---- beginning and end -------------------------------------------------------------------------------------------

# Says why nothing can be run, and ends.
sub fail {
    my ($words) = @_;
    $words .= "\n" if $words !~ /\n\z/;
    $queue = 'fail 2 ' . length($words) . "\n" . $words;
    send_now();
    $pid = 0;
    CORE::exit(2);
}

# Reads the command line: CODE, and what is to be run before and after.
sub options {
    my (@setups, @teardowns);
    while (@ARGV and $ARGV[0] =~ /^--(setup|teardown|isolate)(?:=(.*))?\z/s) {
        if ($1 eq 'setup') { push @setups, $2 }
        elsif ($1 eq 'teardown') { push @teardowns, $2 }
        else { $isolate = 1 }
        shift @ARGV;
    }
    shift @ARGV if @ARGV and $ARGV[0] eq '--';
    my $wanted = shift @ARGV;
    die "usage: adapter.pl [--setup=CODE]... [--teardown=CODE]... [--isolate] -- CODE\n" if !defined $wanted or @ARGV;
    return ($wanted, \@setups, \@teardowns);
}

# Compiles all of the user's code, then runs the setup.
sub compile {
    my ($wanted, $setups, $teardowns) = @_;
    my $named = $wanted =~ /^(\w+(?:::\w+)*)::\w+\z/ ? $1 : undef;
    my $source = "use feature qw(say state); our (\$seq, \$attempt, \@F, \%F);\n";
    $source .= "#line 1 \"SETUP\"\n$_\n;\n" for @$setups;
    # What is found at the end of CODE is said of its last line.
    my $lines = 1 + ($wanted =~ tr/\n//);
    $source .= "(sub {\n#line 1 \"CODE\"\n" . (defined $named ? '' : $wanted) . "\n#line $lines \"CODE\"\n}, sub {\n";
    $source .= "#line 1 \"TEARDOWN\"\n$_\n;\n" for @$teardowns;
    $source .= '})';
    push @INC, '.' if !grep { $_ eq '.' } @INC;
    ($main::seq, $main::attempt) = (0, 0);
    my $error;
    ($code, $teardown) = evaluate($source);
    if (ref $teardown ne 'CODE') { return length $@ ? $@ : "the setup returned: CODE was not reached\n" }
    return undef if !defined $named;
    no strict 'refs';
    if (!defined &$wanted and $named ne 'main') {
        (my $file = "$named.pm") =~ s{::}{/}g;
        eval { require $file; 1 } or return $@;
    }
    defined &$wanted or return "Undefined subroutine &$wanted called\n";
    $code = \&$wanted;
    return undef;
}

# Opens the descriptors of the protocol. Perl closes them when another program is executed, as all above $^F.
sub connect_to_mpmap {
    open $requests, '<&=', 3 or die "this is started by mpmap --perl\n";
    open $answers, '>&=', 4 or die "this is started by mpmap --perl\n";
    open $mark, '+<&=', 5 or undef $mark;
    binmode $_ for $requests, $answers, $mark ? $mark : ();
}

# Serves from the first message to the end; $failure is why it cannot.
sub adapt {
    my ($failure) = @_;
    fail($failure) if defined $failure;
    if ($isolate) {
        require POSIX;
        $SIG{CHLD} = sub { };
        $mark = undef;
    }
    else { capture() }
    $queue = 'hello 1 ' . ($isolate ? 'each' : 'mark') . "\n";
    send_now();
    serve();
    if (!$isolate) { ($out, $err) = (); uncapture() }
    # exit, and die, mean what they mean in a program.
    $pid = 0;
    $teardown->();
    CORE::exit(0);
}

# ---- the prototype, of which each worker's adapter is forked -----------------------------------------------------

my @reserved;               # handles of descriptors 4 and 5

# Keeps what the setup opens from descriptors that have a meaning in each adapter.
sub reserve {
    while (open my $handle, '<', '/dev/null') {
        last if fileno $handle > 5;
        push @reserved, $handle;
    }
}

# Moves a handle's descriptor above those that have a meaning.
sub above {
    my ($handle) = @_;
    my $high = fcntl $handle, Fcntl::F_DUPFD(), 64 or POSIX::_exit(1);
    close $handle;
    return $high;
}

# Opens a descriptor of the worker.
sub borrow {
    my ($process, $number, $mode) = @_;
    open my $handle, $mode, "/proc/$process/fd/$number" or POSIX::_exit(1);
    return above($handle);
}

# Is the adapter of a worker: its descriptors are those that were borrowed.
sub forked {
    my ($failure, $slot, $worker, @borrowed) = @_;
    setpgrp 0, 0;
    $SIG{CHLD} = 'DEFAULT';
    ($pid, $unread) = ($$, '');
    @ENV{qw(MPMAP_SLOT MPMAP_WORKER)} = ($slot, $worker);
    my @places = (3, 4, 5, 1, 2);
    close $_ for $requests, @reserved;
    undef $requests;
    POSIX::dup2($borrowed[$_], $places[$_]) for 0 .. 4;
    POSIX::close($_) for @borrowed;
    connect_to_mpmap();
    fcntl $_, Fcntl::F_SETFD(), Fcntl::FD_CLOEXEC() for $requests, $answers, $mark;
    adapt($failure);
}

# Watches a worker's adapter: forks it, sees that it ends with its worker, says how it ended.
sub watch {
    my ($begun, $failure, $process, $numbers, $slot, $worker) = @_;
    setpgrp 0, 0;
    $SIG{CHLD} = 'DEFAULT';
    my @modes = ('<', '>', '+<', '>', '>', '>', '>');
    # Not 5, the status: the worker has closed it once it has read that this process has begun.
    my @borrowed = map { borrow($process, $numbers->[$_], $modes[$_]) } 0 .. 4, 6;
    my $status = above($begun);
    my $adapter = fork;
    POSIX::_exit(1) if !defined $adapter;
    forked($failure, $slot, $worker, @borrowed, $status) if !$adapter;
    setpgrp $adapter, $adapter;
    my $life = $borrowed[5];
    open my $owner, '>&=', $life;
    fcntl $owner, Fcntl::F_SETOWN(), -$adapter;
    fcntl $owner, 10, 9;        # F_SETSIG, which Fcntl does not have; SIGKILL
    fcntl $owner, Fcntl::F_SETFL(), Fcntl::O_WRONLY() | Fcntl::O_ASYNC();
    vec(my $set = '', $life, 1) = 1;
    kill -9, $adapter if select my $closed = $set, undef, undef, 0;        # its worker had gone before that
    POSIX::write($status, "started $adapter\n", length "started $adapter\n");
    opendir my $open, '/proc/self/fd';
    my @open = grep { /^[0-9]+$/ && $_ != $status && $_ != $life } readdir $open;
    closedir $open;
    POSIX::close($_) for @open;
    1 while waitpid($adapter, 0) != $adapter && $!{EINTR};
    POSIX::write($status, "ended $?\n", length "ended $?\n");
    POSIX::_exit(0);
}

# Forks an adapter for each request, until there are no more.
sub serve_workers {
    my ($failure) = @_;
    require POSIX;
    require Fcntl;
    open $requests, '<&=', 3 or die "this is started by mpmap --perl\n";
    $SIG{CHLD} = 'IGNORE';
    while (defined(my $line = take())) {
        my ($word, $process, @rest) = split ' ', $line;
        # From this on the worker knows by the end of its pipe that the watcher is gone.
        open my $status, '>', "/proc/$process/fd/$rest[5]" or next;
        syswrite $status, "begun 0\n";
        my $watcher = fork;
        next if $watcher or !defined $watcher;
        watch($status, $failure, $process, [@rest[0 .. 6]], @rest[7, 8]);
    }
    POSIX::_exit(0);
}

my @wanted = options();
my $is_prototype = delete $ENV{MPMAP_BLOCK_FORK};
$is_prototype ? reserve() : connect_to_mpmap();
my $failure = compile(@wanted);
$failure = message($failure) if defined $failure;
$is_prototype ? serve_workers($failure) : adapt($failure);
