#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
#
# Generates the body of tests/unit/libxl_types.c: for every structure a
# function that gives each member a value that is not its initial one, in one
# variant per branch of its keyed union, and a table of our functions.
#
# usage: gentypes_test.py HEADER > libxl_types.inc

import sys

import gentypes
from gentypes import Header, INTEGERS, Walk


class Fill(Walk):
    """Strings and arrays come from malloc, as an application's would."""

    def put(self, ctype, expr, depth):
        h = self.h
        if ctype == "bool":
            self.line(depth, "%s = true;" % expr)
        elif ctype == "uint64_t":
            self.line(depth, "%s = 0x7ffffff000000000ULL + ++*n;" % expr)
        elif ctype in h.enums:
            self.line(depth, "%s = %s;" % (expr, h.enums[ctype][-1][0]))
        elif ctype in INTEGERS:
            self.line(depth, "%s = ++*n & 0x7f;" % expr)
        elif ctype == "char *":
            self.line(depth, "%s = fill_string(n);" % expr)
        elif ctype in h.structs:
            self.line(depth, "fill_%s(&%s, n, 0);" % (ctype, expr))
        elif ctype in gentypes.BUILTINS:
            self.line(depth, "fill_%s(&%s, n);" % (ctype, expr))

    def leaf(self, t, ctype, name, where, depth):
        if t in self.h.keys and where == self.h.keys[t]:
            return
        self.put(ctype, "p->" + where, depth)

    def array(self, t, f, path, where, depth):
        self.line(depth, "p->%s%s = 2;" % (path, f.count))
        self.line(depth, "p->%s = calloc(2, sizeof(*p->%s));" % (where, where))
        for i in "01":
            if f.array_of in self.h.structs:
                self.line(depth, "%s_init(&p->%s[%s]);"
                          % (f.array_of, where, i))
            self.put(f.array_of, "p->%s[%s]" % (where, i), depth)

    def function(self, t):
        self.line(0, "static void fill_%s(%s *p, unsigned int *n, unsigned int v)"
                  % (t, t))
        self.line(0, "{")
        if t in self.h.keys:
            values = list(self.h.branch_values(t).values())
            self.line(1, "static const int keys[] = {%s};" % ", ".join(values))
            self.line(1, "%s_init_%s(p, keys[v]);" % (t, self.h.keys[t]))
        self.members(t, self.h.structs[t], "", 1)
        self.line(0, "}")
        self.line(0, "")


def main():
    with open(sys.argv[1]) as f:
        h = Header(f.read())
    out, table = [], []
    for t in h.order:
        if t in h.enums:
            continue
        Fill(h, out).function(t)
        if not all(h.declares("%s_%s" % (t, f)) for f in
                   ("init", "dispose", "copy", "to_json", "from_json")):
            continue
        variants = len(h.branch_values(t)) if t in h.keys else 1
        table.append("    TYPE(%s, %d)," % (t, variants))
    out += ["static const struct type types[] = {"] + table + ["};", ""]
    out += ["static const struct enumeration enumerations[] = {"]
    out += ["    {\"%s\", %s_string_table}," % (t, t)
            for t in h.order if t in h.enums] + ["};"]
    print("\n".join(out))


if __name__ == "__main__":
    main()
