#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# public-headers against libxen-dev: every constant, every type and every field
# of ours must exist there with equal value, size, offset and signedness.
#
# The list comes from our own headers, as the preprocessor sees them: macros
# from -dD, structures from a small parser. From it a C program is generated
# that prints one line per identifier; it is compiled twice, once with our
# headers and once with Debian's, and the two outputs are compared. The last
# tests spoil copies of our headers to see that a difference is noticed.
use strict;
use warnings;
use File::Temp qw(tempdir);
use File::Basename qw(dirname);
use Test::More;

chdir dirname(__FILE__) . "/../.." or die;
my $ours   = "public-headers";
my $debian = $ENV{XEN_INCLUDE} // "/usr/include";
plan skip_all => "libxen-dev is not installed" unless -e "$debian/xen/xen.h";
my $cc  = $ENV{CC} // "gcc";
my $tmp = tempdir(CLEANUP => 1);

# Helpers of our own that the ABI does not know, with the reason.
my %own = map { $_ => 1 } qw(
  xen_mb xen_rmb xen_wmb
  __RD_MASK __RD_FILL
);    # barriers: left to the program there; ring arithmetic written otherwise

my @headers = sort split /\n/, `cd $ours && find xen -name '*.h'`;
ok(@headers >= 20, "found " . @headers . " headers");
my $includes = join "", "#include <xen/xen.h>\n", map { "#include <$_>\n" } @headers;

sub spew {
    my ($file, $text) = @_;
    open my $f, ">", $file or die "$file: $!";
    print $f $text;
    close $f;
}

# --- what is in our headers -------------------------------------------------
# Fields of a structure body as paths; unnamed members lend theirs.
sub fields {
    my ($tokens, $prefix) = @_;    # tokens start after "{"; consumes "}"
    my @out;
    while (@$tokens && $tokens->[0] ne "}") {
        my (@inner, $is_struct);
        my @decl;
        while ($tokens->[0] ne ";") {
            my $t = shift @$tokens;
            if ($t eq "{") {
                $is_struct = 1;
                @inner     = fields($tokens, "");
                @decl      = ();
                next;
            }
            push @decl, $t;
        }
        shift @$tokens;
        my $text = join " ", @decl;
        $text =~ s/\[[^\]]*\]//g;
        my @names;
        for my $one (split /,/, $text) {
            push @names, $1 if $one =~ /(\w+)\s*$/;
        }
        @names = () if $is_struct && $text !~ /\w/;
        push @out, @inner if $is_struct && !@names;
        for my $n (@names) {
            push @out, $n;
            # arrays of structures: look into the first element
            my $dot = $text =~ /\b$n\b/ && join(" ", @decl) =~ /\b$n\s*\[/ ? "$n\[0]." : "$n.";
            push @out, map { $dot . $_ } @inner;
        }
    }
    shift @$tokens;
    return @out;
}

# Names in an enumeration's body; tokens start after "{"; consumes "}".
sub enumerators {
    my ($tokens) = @_;
    my @out;
    while ((my $t = shift @$tokens) ne "}") {
        push @out, [ "M", $t ] if $t =~ /^[A-Za-z_]\w*$/;
        if ($t eq "=") { shift @$tokens while $tokens->[0] !~ /^[,}]$/ }
    }
    return @out;
}

# Returns: header => list of [kind, C name, field path].
sub inventory {
    my ($dir) = @_;
    my (%found, %c, $file);
    my $cpp = "$cc -E -dD -D__XEN_TOOLS__ -I$dir -x c -";
    spew("$tmp/all.c", $includes);
    for (split /\n/, `$cpp < $tmp/all.c`) {
        if (/^# \d+ "(.*?)"/) { $file = $1 =~ m{^\Q$dir\E/(xen/.*)} ? $1 : undef; next }
        next unless defined $file;
        if    (/^#define (\w+)\(/)         { push @{ $found{$file} }, [ "F", $1 ] }
        elsif (/^#define (\w+)[ ]+(\S.*)/) { push @{ $found{$file} }, [ "M", $1 ] }
        elsif (/^#undef (\w+)/) { @{ $found{$file} } = grep { $_->[1] ne $1 } @{ $found{$file} } }
        elsif (!/^#/) { $c{$file} .= "$_\n" }
    }
    for my $h (keys %c) {
        my @t = $c{$h} =~ /\w+|\S/g;
        while (@t) {
            my $t = shift @t;
            if ($t =~ /^(struct|union)$/ && $t[1] && $t[0] =~ /^\w+$/ && $t[1] eq "{") {
                my $name = "$t " . shift @t;
                shift @t;
                push @{ $found{$h} }, [ "T", $name ], map { [ "O", $name, $_ ] } fields(\@t, "");
            } elsif ($t eq "enum") {
                shift @t while $t[0] ne "{";
                shift @t;
                push @{ $found{$h} }, enumerators(\@t);
            } elsif ($t eq "typedef") {
                my @d;
                while (@t) {
                    my $x = shift @t;
                    if ($x eq "{" && $d[0] eq "enum") {
                        push @{ $found{$h} }, enumerators(\@t);
                        @d = ();
                        next;
                    }
                    if ($x eq "{") {
                        my @body = fields(\@t, "");
                        @d    = grep { !/^(struct|union)$/ } @d;
                        push @{ $found{$h} }, [ "T", "struct $d[-1]" ], map { [ "O", "struct $d[-1]", $_ ] } @body
                          if @d;
                        @d = ();
                        next;
                    }
                    last if $x eq ";";
                    push @d, $x;
                }
                my $text = join " ", @d;
                $text =~ s/\[[^\]]*\]//g;
                push @{ $found{$h} }, [ "T", $1 ] if $text =~ /(\w+)\s*$/;
            }
        }
    }
    for my $h (keys %found) {
        @{ $found{$h} } = grep { !$own{ $_->[1] } } @{ $found{$h} };
    }
    return \%found;
}

# --- the generated program --------------------------------------------------
my $prelude = <<'C';
#include <stdio.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <errno.h>
#define KIND(x) _Generic((x), char: "char", signed char: "s8", \
    unsigned char: "u8", short: "s16", unsigned short: "u16", int: "s32", \
    unsigned: "u32", long: "s64", unsigned long: "u64", long long: "s64", \
    unsigned long long: "u64", default: "other")
#define TYPE(t) printf("%s size %zu\n", #t, sizeof(t));
#define FIELD(t, f) printf("%s.%s offset %zu size %zu %s\n", #t, #f, \
    offsetof(t, f), sizeof(((t *)0)->f), KIND(((t *)0)->f));
#define FLEX(t, f) printf("%s.%s offset %zu\n", #t, #f, offsetof(t, f));
#define INT(m) printf("%s = %#llx\n", #m, (unsigned long long)(m));
#define TEXT(m) printf("%s = \"%s\"\n", #m, (const char *)(m));
C

my $head      = $prelude . $includes;
my $headlines = () = $head =~ /\n/g;

# The lines among @$lines that do not compile in a place of their own (at file
# scope, or in a function), as a map from index to message. One wrong line can
# hide another, so look again without those already found.
sub refused {
    my ($dir, $lines, $open, $close) = @_;
    my (%bad, $n);
    do {
        $n = keys %bad;
        my @try = map { $bad{$_} ? "" : $lines->[$_] } 0 .. $#$lines;
        spew("$tmp/probe.c", $head . $open . join("\n", @try) . "\n$close");
        my $err = `$cc -w -ftrack-macro-expansion=0 -fmax-errors=0 -fsyntax-only -D__XEN_TOOLS__ -I$dir $tmp/probe.c 2>&1`;
        while ($err =~ m{probe\.c:(\d+):\d+: (?:fatal )?error: ([^\n]*)}g) {
            my $i = $1 - $headlines - ($open =~ tr/\n//) - 1;
            die "$dir: $err" if $i < 0 || $i > $#$lines;
            $bad{$i} //= $2;
        }
    } while (keys %bad > $n);
    return \%bad;
}

# Which macros are strings, which integers, which neither: the compiler knows.
sub classify {
    my ($dir, $items) = @_;
    my %probe = (
        TEXT => 'static const char t%d[] = "" %s;',
        INT  => 'static char i%d[2 + !((unsigned long long)((%s)))];'
    );
    my (%kind, $n);
    my @left = map { $_->[1] } grep { $_->[0] eq "M" } @$items;
    for my $try (qw(TEXT INT)) {
        my $bad = refused($dir, [ map { sprintf $probe{$try}, $n++, $_ } @left ], "", "");
        $kind{ $left[$_] } = $try for grep { !$bad->{$_} } 0 .. $#left;
        @left = map { $left[$_] } sort { $a <=> $b } keys %$bad;
    }
    return \%kind;
}

# Compare everything in $dir with Debian's. Returns: header => differences.
sub compare {
    my ($dir, $inventory) = @_;
    my (@lines, @header, %diff);
    for my $h (sort keys %$inventory) {
        my $kind = classify($dir, $inventory->{$h});
        my %seen;
        for (@{ $inventory->{$h} }) {
            my ($k, $name, $field) = @$_;
            my $line =
                $k eq "T"     ? "TYPE($name)"
              : $k eq "O"     ? ($field =~ /^(buf|optarr)$/ ? "FLEX" : "FIELD") . "($name, $field)"
              : $kind->{$name} && $k eq "M" ? "$kind->{$name}($name)"
              :                 "MACRO($name)";
            next if $seen{$line}++;
            push @lines,  $line;
            push @header, $h;
        }
    }
    # A macro that is no value must at least be defined there.
    my %there = map { $_ => 1 } `$cc -E -dM -D__XEN_TOOLS__ -I$debian $tmp/all.c` =~ /^#define (\w+)/mg;
    for my $i (0 .. $#lines) {
        next unless $lines[$i] =~ /^MACRO\((.*)\)/;
        push @{ $diff{ $header[$i] } }, "not in libxen-dev: macro $1" unless $there{$1};
        $lines[$i] = "";
    }
    my $missing = refused($debian, \@lines, "int main(void) {\n", "return 0;\n}\n");
    for my $i (keys %$missing) {
        push @{ $diff{ $header[$i] } }, "not in libxen-dev: $lines[$i]: $missing->{$i}";
        $lines[$i] = "";
    }
    my (@out);
    for my $d ($dir, $debian) {
        my $body = join "\n", map { "puts(\"$_\");" . ($lines[$_] || "") } 0 .. $#lines;
        spew("$tmp/dump.c", "$head int main(void) {\n$body\nreturn 0;\n}\n");
        system("$cc -w -D__XEN_TOOLS__ -I$d -o $tmp/dump $tmp/dump.c") == 0 or die "compiling with $d";
        push @out, { map { /^(\d+)\n(.*)/s ? ($1, $2) : () } split /^(?=\d+\n)/m, scalar `$tmp/dump` };
    }
    for my $i (0 .. $#lines) {
        next if $out[0]{$i} eq $out[1]{$i};
        push @{ $diff{ $header[$i] } }, "ours:   $out[0]{$i}theirs: $out[1]{$i}";
    }
    return \%diff;
}

# --- the tests ----------------------------------------------------------------
my $all  = inventory($ours);
my $diff = compare($ours, $all);
for my $h (@headers) {
    my %n;
    $n{ $_->[0] }++ for @{ $all->{$h} // [] };
    my $what = sprintf "%d constants, %d types, %d fields", map { $n{$_} // 0 } qw(M T O);
    ok(%n && !$diff->{$h}, "$h: $what") or diag join "\n", @{ $diff->{$h} // ["nothing found in it"] };
}

# Every header by itself, as the hypervisor and as programs include it.
for my $h (@headers) {
    my @fail;
    my $gccinc = `$cc -print-file-name=include`;
    chomp $gccinc;
    for my $flags ("-D__HYPERVISOR__ -ffreestanding -nostdinc -isystem $gccinc", "-D_GNU_SOURCE") {
        spew("$tmp/one.c", "#include <$h>\n");
        my $err = `$cc -std=gnu11 -Wall -Wextra -Werror -fsyntax-only $flags -I$ours $tmp/one.c 2>&1`;
        push @fail, $err if $?;
    }
    ok(!@fail, "$h alone") or diag join "", @fail;
}

# Does the comparison see a wrong value, a shifted field, another sign, an
# invented name? Each of these is put into a copy of our headers.
my @spoilt = (
    [ "event_channel.h", qr/#define EVTCHNOP_send\s+4/, "#define EVTCHNOP_send 5", qr/EVTCHNOP_send = 0x5/ ],
    [ "grant_table.h",   qr/uint16_t flags; /,          "uint32_t flags; ",        qr/grant_entry_v1 size 12/ ],
    [ "xen.h",           qr/int8_t tsc_shift/,          "uint8_t tsc_shift",       qr/tsc_shift offset 28 size 1 u8/ ],
    [ "sched.h",         qr/#define SCHEDOP_yield/, "#define SCHEDOP_dance 9\n#define SCHEDOP_yield", qr/SCHEDOP_dance/ ],
    [ "io/xenbus.h",     qr/XenbusStateClosing = 5/,    "XenbusStateClosing = 15", qr/XenbusStateClosing = 0xf/ ],
);
system("cp -r $ours $tmp/bad") == 0 or die;
for (@spoilt) {
    my ($h, $from, $to) = @$_;
    open my $f, "<", "$tmp/bad/xen/$h" or die;
    my $text = join "", <$f>;
    $text =~ s/$from/$to/ or die "spoiling $h: pattern not found";
    spew("$tmp/bad/xen/$h", $text);
}
my $noticed = compare("$tmp/bad", inventory("$tmp/bad"));
like(join("\n", @{ $noticed->{"xen/$_->[0]"} // [] }), $_->[3], "a spoilt $_->[0] is noticed") for @spoilt;
done_testing();
