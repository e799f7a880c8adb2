#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# What xen-lite/README says twice is the same in the code: the address map, the
# order of locks, the functions and files of its tour.
use strict;
use warnings;
use File::Basename qw(dirname);
use Test::More;

chdir dirname(__FILE__) . "/../.." or die;
sub slurp { open my $f, "<", $_[0] or die "$_[0]: $!"; local $/; return <$f> }
my $readme = slurp("xen-lite/README");
my $config = slurp("xen-lite/arch/x86/include/asm/config.h");

my %map = $readme =~ /^    (\w+_START|\w+_VIRT_START) +(0x[0-9a-f]+)/mg;
ok(keys %map >= 8, "xen-lite/README has an address map");
for my $name (sort keys %map) {
    my ($value) = $config =~ /#define \Q$name\E +ADDR\((0x[0-9a-f]+)\)/;
    is($map{$name}, $value, "xen-lite/README and asm/config.h agree on $name");
}

my ($order) = $readme =~ /outermost first:\n\n(.*?)\n\n/s;
my ($levels) = slurp("xen-lite/include/hv/spinlock.h") =~ /#define LOCK_LEVELS\(X\)(.*?)\nenum/s;
is(join(" ", split ' ', $order), join(" ", $levels =~ /^    X\((\w+)\)/mg),
    "xen-lite/README and hv/spinlock.h agree on the order of locks");

my $source = join "", map { slurp($_) } split /\n/, `git ls-files -co --exclude-standard 'xen-lite/*.[chS]'`;
my @unknown = sort grep { $source !~ /\b$_\b/ } $readme =~ /\b(\w+)\(\)/g;
is("@unknown", "", "each function that xen-lite/README names exists");
my @gone = grep { !`git ls-files -co --exclude-standard '$_' 'xen-lite/*$_'` } $readme =~ /([\w\/]+\.[chS])\b/g;
is("@gone", "", "each file that xen-lite/README names exists");
done_testing();
