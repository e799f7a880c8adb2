#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# Files and functions that comments and documents name exist. A file may be
# named by the end of its path. A function is one if its name stands anywhere
# in code followed by a bracket or in a #define; names of others (Linux, libc)
# are listed with reasons in names.others.
use strict;
use warnings;
use FindBin;
chdir "$FindBin::Bin/../.." or die;

my @files = split /\n/, `git ls-files`;
my %suffix; # every end of every path
for my $f (@files) {
    my @part = split m{/}, $f;
    $suffix{join '/', @part[$_ .. $#part]} = 1 for 0 .. $#part;
}
my %other;
open my $list, '<', 'tests/house/names.others' or die;
while (<$list>) { $other{$1} = 1 if /^(\S+)\s+\S/ && !/^#/ }

my (%code, @prose); # words of code; [place, text]
my %seen;
for my $f (grep { -f && !-l } @files) {
    open my $in, '<', $f or die "$f: $!";
    local $/;
    my $text = <$in>;
    if ($f =~ /\.(?:c|h|S)$/) {
        my $line = 1;
        my $code = '';
        while ($text =~ m{\G(?:(/\*.*?\*/|//[^\n]*)|("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|.))}gs) {
            my ($comment, $rest) = ($1, $2);
            if (defined $comment) { push @prose, ["$f:$line", $comment] }
            else { $code .= $rest }
            $line += ($comment // $rest) =~ tr/\n//;
        }
        $code{$1} = 1 while $code =~ /\b([A-Za-z_]\w*)/g;
    } elsif ($f =~ m{(?:^|/)(?:README|HACKING)$}) {
        push @prose, [$f, $text];
    } else {
        $code{$1} = 1 while $text =~ /\b([A-Za-z_]\w*)/g;
    }
}

my (@nofile, @nofunction);
for (@prose) {
    my ($where, $text) = @$_;
    $text =~ s{\n[ \t]*\*?[ \t]*}{ }g;
    while ($text =~ m{(?<![\w./*<~\$-])((?:[\w-]+/)*[\w-]+\.(?:[chSt]|mk|awk|lds|map))(?![\w/(*.-]\w)(?!\w)}g) {
        push @nofile, "$where: $1" unless $suffix{$1} || $other{$1} || $1 =~ /\b[A-Z]+[.\/]/; # FILE.c, a pattern
    }
    while ($text =~ /(?<![\w.>-])([a-z_]\w+)\(\)/g) {
        push @nofunction, "$where: $1()" unless $code{$1} || $other{$1};
    }
}
sub report {
    my ($n, $name, @bad) = @_;
    print "# $_\n" for @bad;
    print @bad ? 'not ' : '', "ok $n - $name\n";
}
print "1..2\n";
report 1, 'every file that a comment or README names is in the tree', @nofile;
report 2, 'every function that a comment or README names is in the tree', @nofunction;
