#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# The man pages: mandoc finds nothing wrong with them, and what a program
# accepts (options, commands, keys of its files) is in its page. The sources say
# what that is: getopt's tables and strings, xl's table, the keys it asks for.
use strict;
use warnings;
use File::Basename qw(dirname);
use Test::More;

chdir dirname(__FILE__) . "/../.." or die;

sub slurp {
    return join "", map { open my $f, "<", $_ or die "$_: $!"; local $/; <$f> } @_;
}

# The words after a macro up to the next one: "Fl f , -flat" gives f, -flat.
sub words_of {
    my ($macro, $page) = @_;
    my %words;
    for my $line (grep { /^\./ } split /\n/, $page) {
        my $on = 0;
        for my $w (split ' ', $line =~ s/^\.//r) {
            if    ($w eq $macro)              { $on = 1 }
            elsif ($w =~ /^[A-Z][a-z]$/)      { $on = 0 }
            elsif ($on && $w !~ /^[,|.;:()]$/) { $words{$w =~ s/\\&//r} = 1 }
        }
    }
    return \%words;
}

# Options as -x and --word that the page has and the source accepts.
sub documented {
    my ($page) = @_;
    return { map { my $w = $_; $w =~ /^-/ ? ("-$w" => 1) : map { ("-$_" => 1) } split //, $w }
          keys %{ words_of("Fl", $page) } };
}

sub short {
    my ($letters) = @_;
    return map { "-$_" } grep { /\w/ } split //, $letters;
}

sub accepted {
    my ($source) = @_;
    my @long  = $source =~ /\{\s*"([a-z0-9-]+)",\s*(?:no_argument|required_argument|optional_argument|[01]),/g;
    my @short = map { short($_) } $source =~ /getopt_long\(argc, argv,\s*"([^"]*)"/g;
    return (map { "--$_" } @long), @short;
}

sub all_there {
    my ($name, $there, @wanted) = @_;
    my @missing = sort grep { !$there->{$_} } @wanted;
    ok(@wanted && !@missing, $name) or diag "missing: @missing";
}

my @pages = split /\n/, `git ls-files -co --exclude-standard '*.[158]'`;
for my $page (@pages) {
    my $said = `mandoc -T lint -W warning $page 2>&1`;
    is($said, "", "$page has nothing that mandoc warns of");
}

# --- options of the daemons and clients ---
my %programs = (
    "tools/xenstored/xenstored.8"          => ["tools/xenstored/main.c"],
    "tools/xenstore-client/xenstore.1"     => ["tools/xenstore-client/main.c"],
    "tools/console/xenconsole.1"           => ["tools/console/client.c"],
    "backends/console/xenconsoled.8"       => ["backends/console/main.c"],
    "backends/supervisor/xen-backendd.8"   => ["backends/supervisor/main.c"],
);
for my $page (sort keys %programs) {
    all_there("$page has every option that its program accepts",
        documented(slurp($page)), accepted(slurp(@{ $programs{$page} })));
}
my $client = slurp("tools/xenstore-client/main.c");
my ($table) = $client =~ /\bcommands\[\] = \{(.*?)\n\};/s;
all_there("xenstore.1 has every option of a command of the client",
    documented(slurp("tools/xenstore-client/xenstore.1")),
    map { short($_) } $table =~ /\{"[a-z]+", \w+, "([^"]*)"/g);
all_there("xenstore.1 has every command of the client",
    words_of("Cm", slurp("tools/xenstore-client/xenstore.1")), $table =~ /\{"([a-z]+)"/g);

# --- xl's commands and their options ---
my $xl     = slurp("tools/xl/xl.1");
my $source = slurp(glob "tools/xl/*.c");
my %run    = slurp("tools/xl/cmdtable.c") =~ /\{"([a-z0-9-]+)",\s*(main_\w+),/g;
my (undef, @parts) = split /^(?=\.It Cm )/m, $xl =~ s/^\.Sh FILES.*//msr;
my %part;

# A command without a list of options shares that of the next one.
for my $i (0 .. $#parts) {
    my ($name) = $parts[$i] =~ /^\.It Cm (\S+)/;
    $part{$name} = $parts[$i];
    $part{$name} .= $parts[ $i + 1 ] if $i < $#parts && $parts[$i] !~ /^\.Bl/m && $parts[$i] =~ /Oo options Oc/;
}
all_there("xl.1 has every command of xl", \%part, keys %run);

sub body { return $source =~ /^\w[^;\n]*\b$_[0]\([^;{]*\)\n\{(.*?)^\}/ms ? $1 : "" }
for my $name (sort keys %run) {
    my $body = body($run{$name});
    $body = body($1) if $body !~ /next_option/ && $body =~ /\b(\w+)\(\s*argc, argv/;
    my @wanted = map { short($_) } $body =~ /next_option\([^"]*"([^"]*)"/g;
    push @wanted, map { "--$_" } $body =~ /\{"([a-z-]+)", [01], 0,/g;
    next unless @wanted;
    all_there("xl.1 has every option of xl $name", documented($part{$name} // ""), @wanted);
}
all_there("xl.1 has every option before the command", documented($xl =~ s/^\.Sh COMMANDS.*//msr),
    short("vftTN"));
like(slurp("tools/xl/main.c"), qr/"\+vftTN"/, "xl has the options before the command that this test knows");

# --- keys of the two files ---
sub array {
    my ($name, $text) = @_;
    return ($text =~ /\b\Q$name\E\[\] = \{(.*?)\};/s)[0] =~ /"([^"]+)"/g;
}
my $config = slurp("tools/xl/config.c");
my @keys   = ($config =~ /(?:get_string|get_number|get_action|get_specs|parse_affinity|xlu_cfg_get_\w+)\(\s*cfg, "(\w+)"/g);
my $cfg    = words_of("Cm", slurp("tools/xl/xl.cfg.5"));
all_there("xl.cfg.5 has every key that xl reads", $cfg, @keys);
all_there("xl.cfg.5 has every key that xl refuses", $cfg, array("not_here", $config));
all_there("xl.cfg.5 has every key of a vif", $cfg, array("strings", slurp("tools/xl/vif.c")),
    slurp("tools/xl/vif.c") =~ /strcmp\((?:key|element), "(\w+)"\)/g);
my $disk = slurp("tools/libxlutil/disk.c");
all_there("xl.cfg.5 has every key of a disk", $cfg, $disk =~ /\{"(\w+)", set_\w+\}/g, $disk =~ /strcmp\(w, "([a-z-]+)"\)/g);

my $conf = slurp("tools/xl/xl_conf.c");
all_there("xl.conf.5 has every key that xl reads or ignores", words_of("Cm", slurp("tools/xl/xl.conf.5")),
    $conf =~ /\{"([a-z_.]+)", &xl_conf/g, $conf =~ /xlu_cfg_get_\w+\(cfg, "(\w+)"/g, array("keys", $conf));
done_testing();
