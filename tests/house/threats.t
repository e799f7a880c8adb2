#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# tests/threats: each row has a test or a reason, each test is there and run by
# `make check` or `make check-long`, and has the check that is named. Of the tests
# that see a planted mistake of tests/mutants one is in each row of its numbers. The
# rows are printed with their tests and these mistakes.
use strict;
use warnings;
use File::Basename qw(dirname);
use List::Util qw(uniq);
use Test::More;

chdir dirname(__FILE__) . "/../.." or die;

sub slurp { open my $f, "<", $_[0] or die "$_[0]: $!"; local $/; return <$f> }

# --- the table ---
my (@rows, %seen, @faults);
for my $line (split /\n/, slurp("tests/threats")) {
    if    ($line =~ /^(?:#|=|$)/) { next }
    elsif ($line =~ /^((?:\d+ |R\d+ )+)(.+\.)$/) {
        my @ids = split ' ', $1;
        push @faults, "$_ stands there twice" for grep { $seen{$_}++ } @ids;
        push @rows, { ids => \@ids, must => $2, tests => [], why => [] };
    } elsif ($line =~ /^  test (\S+) (.+)$/ && @rows) { push @{ $rows[-1]{tests} }, [ $1, $2 ] }
    elsif ($line =~ /^  (kept|none|open) (.+)$/ && @rows) { push @{ $rows[-1]{why} }, "$1: $2" }
    else { push @faults, "not understood: $line" }
}

# --- what is there ---
my %unit = map { s{.*/}{}r => 1 } split ' ',
    `make -s --eval='names: ; \@echo \$(UNIT_TESTS)' names`;
my %text;

# What a test does: without its comments, its strings put together.
sub text_of {
    my ($file) = @_;
    return $text{$file} //= do {
        my $t = slurp($file);
        $t =~ s{/\*.*?\*/}{}gs, $t =~ s/"\s*\n\s*"//g if $file =~ /\.c$/;
        $t =~ s/^\s*#.*$//mg if $file !~ /\.c$/;
        $t;
    };
}

sub fault_of {
    my ($file, $check) = @_;
    my $path = "tests/$file";
    return "$file is not there" unless -f $path;
    return "$file is not run" unless $file =~ m{^(?:guests/\w+/\w+\.c|\w+/\w+\.t|fuzz/\w+\.c)$}
        || $file =~ m{^unit/(\w+)\.c$} && $unit{$1}
        || $file =~ m{^(\w+/\w+)\.dom0$} && -f "tests/$1.t";
    my $n = () = text_of($path) =~ /(?<!\w)\Q$check\E/g;
    # A function of a unit test is there twice: it is run.
    return "$file does not say '$check'" if $n < ($check =~ /^\w+$/ ? 2 : 1);
    return;
}

# By advisory: [name, the files of the tests that see it].
my %mutants;
sub file_of { return $_[0] =~ s{^(?:debug/)?guest/(\w+)$}{guests/$1/main.c}r =~ s{^unit/\w+\K$}{.c}r }
for my $table (grep { !/README|run$/ } glob "tests/mutants/*") {
    my $m;
    for (split /\n/, slurp($table)) {
        if    (/^mutant (\w+)/)      { $m = [$1] }
        elsif (/^# XSA-([\d, ]+)/)   { push @{ $mutants{$_} }, $m for $1 =~ /\d+/g }
        elsif (/^test (.+)/)         { push @$m, map { file_of($_) } split ' ', $1 }
    }
}

sub unseen_of {
    my ($row, $mutant) = @_;
    my ($name, @seen_by) = @$mutant;
    my %in_row = map { $_->[0] => 1 } @{ $row->{tests} };
    return if !@seen_by || grep { $in_row{$_} } @seen_by;
    return "$name is seen by @seen_by, which the row does not name";
}

# --- rows ---
for my $row (@rows) {
    my $name  = join(" ", map { /^R/ ? $_ : "XSA-$_" } @{ $row->{ids} });
    my @wrong = grep { defined } map { fault_of(@$_) } @{ $row->{tests} };
    my @planted = uniq map { @{ $mutants{$_} // [] } } @{ $row->{ids} };
    push @wrong, map { unseen_of($row, $_) } @planted;
    push @wrong, "neither a test nor a reason" unless @{ $row->{tests} } || @{ $row->{why} };
    ok(!@wrong, "$name $row->{must}") or diag join "\n", @wrong;
    note join "\n", (map { "  $_->[0]: $_->[1]" } @{ $row->{tests} }), (map { "  $_" } @{ $row->{why} }),
        (map { "  mutant: $_->[0]" } @planted);
}
is(join("\n", @faults), "", "each row of tests/threats is understood, and each number there once");
my @without = grep { !$seen{$_} } sort { $a <=> $b } keys %mutants;
is("@without", "", "each advisory that tests/mutants names has a row");
done_testing();
