#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Scheduler and host control with Debian's tools: the commands of host.dom0 run
# on genuine Xen and on xen-lite; texts and statuses are compared after figures
# and names that differ by nature are masked. Then the serial console: input
# goes to dom0 or, after three times Ctrl-A, to the debug keys.
use strict;
use warnings;
use File::Temp qw(tempdir);
use IPC::Open2;
use Test::More;

chdir(($0 =~ m{(.*)/})[0] . "/../..") or die;
my $tmp = tempdir(CLEANUP => 1);
my $image = "dom0-scripts/image";
my $cc    = $ENV{CC} // "cc";
my $dist  = $ENV{DIST} // "dist";

# Why a text is not the same; the command must still end in time on both.
my %reason = (
    "xl info -n"                    => "versions, capabilities, CPU topology (none shown by Xen here)",
    "xl dmesg -c"                   => "boot messages are each one's own",
    "xenhypfs tree"                 => "no hypfs: ENOSYS, as a Xen built without it",
    "xenpm get-cpu-topology"        => "Xen has no topology on this machine",
    "xentrace_setsize 10"           => "no trace buffers: ENOSYS",
    "xen-livepatch list"            => "no live patches: ENOSYS, as a Xen built without them",
    "xl set-parameters foo=1"       => "no hypfs",
);

mkdir "$tmp/extra";
mkdir "$tmp/extra/job";
system("$cc -nostdlib -static -no-pie -Wl,--build-id=none -Wl,-Ttext-segment=0x100000 "
      . "-o $tmp/extra/job/burn tests/system/burn.S") == 0 or BAIL_OUT("no compiler");

# Runs host.dom0: commands in their order, and lines of checks.
sub run_system {
    my ($name, @env) = @_;
    my $log = "$tmp/$name.log";
    system("env", @env, "TOOLS=stock", "EXTRA=$tmp/extra", "LOG=$log", "LIMIT=" . ($ENV{LIMIT} // 900),
        "IMAGE_DIR=$image", "bash", "-c", ". $image/lib.sh; in_dom0 tests/system/host.dom0 > $tmp/$name.out 2>&1");
    my (@commands, @checks, $end);
    open my $f, "<", $log or return (\@commands, \@checks, 0);
    while (<$f>) {
        s/[\r\n]+$//;
        if    (/HOST([<=]) (.*)/)          { push @commands, { name => $2, other => $1 eq "=", text => "" } }
        elsif (/HOST\| ?(.*)/ && @commands) { $commands[-1]{text} .= "$1\n" }
        elsif (/HOST> (\d+)/ && @commands) { $commands[-1]{status} = $1 }
        elsif (/HOST ((?:not )?ok) (.*)/)  { push @checks, [$1 eq "ok", $2] }
        elsif (/HOST # (.*)/)              { diag("$name: $1") }
        elsif (/HOST end/)                 { $end = 1 }
    }
    return (\@commands, \@checks, $end);
}

sub mask {
    my ($text) = @_;
    $text =~ s/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/UUID/g;
    $text =~ s/^libxl: \w+: \K\S+?:\d+:/FILE:/gm;
    $text =~ s/^(flags): \S+/$1: F/gm;    # eflags of a vcpu that has not run
    $text =~ s/\s*\b\d+\.\d\b/ T/g;       # times, shares
    $text =~ s/^( *[\w-]+ [-\w]{6}) +\d+/$1 T/gm;                 # xentop's seconds
    $text =~ s/^(VCPUs\(sec\):).*/$1/gm;
    $text =~ s/(\[|\s)\s*\d+( ms|\])/$1 N$2/g;                  # idle times
    $text =~ s/^(idle time\(ms\) *:).*/$1/gm;
    $text =~ s/Port \d+/Port N/g;
    $text =~ s/ +/ /g;
    return $text;
}

my ($genuine, undef, $genuine_end) = run_system("genuine", "HYPERVISOR=genuine");
my ($lite, $checks, $end) = run_system("xen-lite", "HYPERVISOR=" . ($ENV{HYPERVISOR} // "$dist/xen-lite.elf"));
ok($genuine_end, "genuine: the script in dom0 came to its end") or diag(`tail -n 15 $tmp/genuine.out`);
ok($end,         "xen-lite: the script in dom0 came to its end") or diag(`tail -n 15 $tmp/xen-lite.out`);
is(scalar @$lite, scalar @$genuine, "as many commands on both");
for my $i (0 .. $#$genuine) {
    my ($g, $l) = ($genuine->[$i], $lite->[$i] // { name => "missing", text => "", status => -1 });
    my $name = $g->{name};
    if (my $why = $reason{$name}) {
        isnt($l->{status} // 124, 124, "$name (not compared: $why)");
        next;
    }
    is(mask($l->{text}) . "status $l->{status}\n", mask($g->{text}) . "status $g->{status}\n", $name);
}
ok($_->[0], "xen-lite: $_->[1]") for @$checks;

# --- the serial line -----------------------------------------------------------
# A guest that asks for nothing is dom0; what is typed shows who gets it.
sub serial {
    my ($name, $hypervisor) = @_;
    my $seen = "";
    my $pid  = open2(my $from, my $to,
        "exec timeout 60 qemu-system-x86_64 -accel tcg -nodefaults -vga none -display none -no-reboot -net none "
          . "-cpu qemu64,+rdrand -m 256 -kernel $hypervisor -initrd $tmp/extra/job/burn -serial stdio "
          . "-append 'console=com1 com1=115200,8n1 dom0_mem=64M noreboot' 2>&1");
    my $wait = sub {
        my ($what) = @_;
        while ($seen !~ /$what/) {
            sysread($from, $seen, 4096, length $seen) or return 0;
        }
        $seen =~ s/.*?$what//s;
        return 1;
    };
    ok($wait->(qr/input to DOM0/i), "$name: input goes to dom0 to begin with");
    syswrite $to, "h\x01h\x01\x01\x01";
    ok($wait->(qr/(?<!key 'h')input to Xen/i), "$name: three times Ctrl-A gives it to the hypervisor");
    syswrite $to, "h";
    ok($wait->(qr/key 'q'/), "$name: whose keys work then");
    syswrite $to, "\x01\x01\x01";
    ok($wait->(qr/input to DOM0/i), "$name: three times more gives it back");
    syswrite $to, "\x01\x01\x01R";
    my $rest = do { local $/; <$from> };
    waitpid $pid, 0;
    is($? >> 8, 0, "$name: R reboots");
}
chomp(my $xen = `tests/oracle/genuine path`);
serial("genuine",  $xen);
serial("xen-lite", $ENV{HYPERVISOR} // "$dist/xen-lite.elf");
done_testing;
