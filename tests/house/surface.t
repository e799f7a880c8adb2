#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# What can be reached is what tests/surface/kept says, section by section. Who
# means the change renews that file: tests/surface/show --kept > tests/surface/kept
use strict;
use warnings;
use File::Basename qw(dirname);
use Test::More;

chdir dirname(__FILE__) . "/../.." or die;

# Sections: a title, a ruler, lines.
sub sections {
    my ($text) = @_;
    my (undef, @parts) = split /^(\S[^\n]*)\n-+\n\n/m, $text;
    return {@parts};
}

my %name = (
    "Hypercalls of a plain domain" => "operations that a domU reaches are the known ones",
    "Operations that answer with more than they have read" =>
        "no row copies out more than it has copied in, but for the known ones",
    "What stops the hypervisor if it is true" => "each BUG of the hypervisor is a known one",
    "Pages of the hypervisor"                 => "no page holds code and data that can be written",
    "Processes" => "processes have the users and capabilities that are known",
    "System calls of processes with a filter" => "filters allow the system calls that are known",
);
open my $f, "<", "tests/surface/kept" or die;
my $kept = sections(do { local $/; <$f> });
my $now  = sections(scalar `tests/surface/show --kept`);
for my $section (sort keys %name) {
    my ($old, $new) = map { $_->{$section} // "nothing\n" } $kept, $now;
    ok($old eq $new && $old ne "nothing\n", $name{$section}) and next;
    my (%old, %new);
    $old{$_} = 1 for split /\n/, $old;
    $new{$_} = 1 for split /\n/, $new;
    diag "- $_" for grep { !$new{$_} } split /\n/, $old;
    diag "+ $_" for grep { !$old{$_} } split /\n/, $new;
}
is(join(", ", sort keys %$now), join(", ", sort keys %name), "each section is compared");
done_testing();
