#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Rights of the hypervisor's pages while it runs, from the tables that the CPU
# uses: QEMU's monitor shows them when a tiny guest has come to its end.
use strict;
use warnings;
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use IPC::Open2;
use Test::More;

chdir dirname(__FILE__) . "/../.." or die;
my $build      = $ENV{BUILD} // "build";
my $hypervisor = $ENV{HYPERVISOR} // "dist/xen-lite.elf";
my $serial     = tempdir(CLEANUP => 1) . "/serial";

my $pid = open2(my $out, my $in, qw(timeout 60 qemu-system-x86_64 -accel tcg -nodefaults),
    qw(-vga none -display none -no-reboot -net none -m 256 -monitor stdio), "-cpu", "qemu64,+rdrand",
    "-kernel", $hypervisor, "-initrd", "$build/guests/version", "-serial", "file:$serial",
    "-append", "console=com1 com1=115200,8n1 dom0_mem=64M noreboot");
for (1 .. 300) {
    last if -f $serial && `grep -c '^1\\.\\.' $serial` > 0;
    select undef, undef, undef, 0.1;
}
print $in "info tlb\nquit\n";
close $in;

# [first address, frame, pages, rights]: X: not executable, W, U
my @pages;
while (<$out>) {
    my ($va, $pa, $rights) = /^([0-9a-f]{16}): ([0-9a-f]{16}) ([XGPDACTUW-]{9})/ or next;
    next if $va lt "ffff800000000000" || $va ge "ffff880000000000";
    push @pages, [ $va, hex($pa) >> 12, $rights =~ /P/ ? 512 : 1, $rights ];
}
waitpid $pid, 0;

my @run = grep { $_->[3] !~ /X/ } @pages;
my %code = map { my $p = $_; map { ($p->[1] + $_ => $p->[0]) } 0 .. $p->[2] - 1 } @run;
sub list { join " ", map { "$_->[0]:$_->[3]" } @_ }

ok(@run > 10, "the hypervisor has " . @run . " executable mappings among " . @pages);
is(list(grep { $_->[3] =~ /W/ } @run), "", "no page of the hypervisor is writable and executable");
is(list(grep { my $p = $_; $p->[3] =~ /W/ && grep { $code{ $p->[1] + $_ } } 0 .. $p->[2] - 1 } @pages), "",
    "code of the hypervisor cannot be written at another address");
is(list(grep { $_->[3] =~ /U/ && ($_->[3] !~ /X/ || $_->[3] =~ /W/) } @pages), "",
    "what a guest can read of the hypervisor's range it can neither write nor run");
is(join(" ", map { $_->[0] } grep { $_->[3] =~ /U/ } @pages), "ffff800000000000",
    "it is the machine-to-phys table alone");
done_testing();
