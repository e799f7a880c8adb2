#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# tests/threats: each row has a test or a reason, each test is there and run by
# `make check` or `make check-long`, and has the check that is named. The rows are
# printed with their tests, and with the planted mistakes of tests/mutants that
# carry their numbers.
use strict;
use warnings;
use File::Basename qw(dirname);
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
    return "$file is not run" unless $file =~ m{^(?:guests/\w+/main\.c|\w+/\w+\.t|fuzz/\w+\.c)$}
        || $file =~ m{^unit/(\w+)\.c$} && $unit{$1}
        || $file =~ m{^(\w+/\w+)\.dom0$} && -f "tests/$1.t";
    my $n = () = text_of($path) =~ /(?<!\w)\Q$check\E/g;
    # A function of a unit test is there twice: it is run.
    return "$file does not say '$check'" if $n < ($check =~ /^\w+$/ ? 2 : 1);
    return;
}

my %mutants;
for my $table (grep { !/README|run$/ } glob "tests/mutants/*") {
    my $name;
    for (split /\n/, slurp($table)) {
        $name = $1 if /^mutant (\w+)/;
        push @{ $mutants{$_} }, $name for defined $name && /^# XSA-([\d, ]+)/ ? $1 =~ /\d+/g : ();
    }
}

# --- rows ---
for my $row (@rows) {
    my $name  = join(" ", map { /^R/ ? $_ : "XSA-$_" } @{ $row->{ids} });
    my @wrong = grep { defined } map { fault_of(@$_) } @{ $row->{tests} };
    push @wrong, "neither a test nor a reason" unless @{ $row->{tests} } || @{ $row->{why} };
    ok(!@wrong, "$name $row->{must}") or diag join "\n", @wrong;
    my @planted = map { @{ $mutants{$_} // [] } } @{ $row->{ids} };
    note join "\n", (map { "  $_->[0]: $_->[1]" } @{ $row->{tests} }), (map { "  $_" } @{ $row->{why} }),
        (map { "  mutant: $_" } @planted);
}
is(join("\n", @faults), "", "each row of tests/threats is understood, and each number there once");
my @without = grep { !$seen{$_} } sort { $a <=> $b } keys %mutants;
is("@without", "", "each advisory that tests/mutants names has a row");
done_testing();
