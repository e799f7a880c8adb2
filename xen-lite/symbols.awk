# SPDX-License-Identifier: MIT
# From nm's list of the linked image to a table of its functions in assembly
# (common/lib/symbols.c reads it). Addresses stay hexadecimal words, relative to
# base= (XEN_VIRT_START): awk's numbers are too short for them.

$2 ~ /^[tT]$/ && $3 !~ /^(\.|_stext$|_etext$)/ && !past_text {
    if ($1 in seen)
        next
    seen[$1] = 1
    sub(/\..*/, "", $3) # which part or copy of it the compiler made
    offsets = offsets sprintf("\t.long 0x%s - %s\n", $1, base)
    places = places sprintf("\t.short %d\n", length_so_far)
    strings = strings sprintf("\t.asciz \"%s\"\n", $3)
    length_so_far += length($3) + 1
    count++
}
$3 == "_etext" { past_text = 1 }

END {
    if (length_so_far > 65536) {
        print "symbols.awk: the names do not fit into 64 KiB" > "/dev/stderr"
        exit 1
    }
    printf "\t.section .rodata.symbols, \"a\", @progbits\n"
    printf "\t.globl symbol_count, symbol_offset, symbol_name_at, symbol_names\n"
    printf "\t.balign 4\nsymbol_count:\n\t.long %d\n", count
    printf "symbol_offset:\n%ssymbol_name_at:\n%s", offsets, places
    printf "symbol_names:\n%s", strings
    printf "\t.section .note.GNU-stack, \"\", @progbits\n"
}
