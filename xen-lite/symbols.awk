# SPDX-License-Identifier: MIT
# From nm's list of the linked image to a table of its functions in assembly
# (common/lib/symbols.c reads it). Addresses stay hexadecimal words, relative to
# base= (XEN_VIRT_START): awk's numbers are too short for them.

$2 ~ /^[tT]$/ && $3 !~ /^(\.|_stext$|_etext$)/ && !past_text {
    if ($1 in seen)
        next
    seen[$1] = 1
    sub(/\..*/, "", $3) # which part or copy of it the compiler made
    entries = entries sprintf("\t.long 0x%s - %s, %d\n", $1, base, length_so_far)
    strings = strings sprintf("\t.asciz \"%s\"\n", $3)
    length_so_far += length($3) + 1
    count++
}
$3 == "_etext" { past_text = 1 }

END {
    printf "\t.section .rodata.symbols, \"a\", @progbits\n"
    printf "\t.globl symbol_count, symbol_table, symbol_names\n\t.balign 8\n"
    printf "symbol_count:\n\t.long %d\nsymbol_table:\n%s", count, entries
    printf "symbol_names:\n%s", strings
    printf "\t.section .note.GNU-stack, \"\", @progbits\n"
}
