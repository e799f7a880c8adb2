#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
#
# Generates the per-type functions of libxl (init, init_<key>, dispose, copy,
# gen_json, to_json, from_json, enumeration strings) from the public header
# _libxl_types.h. The header is the specification: whatever functions it
# declares for a type are what is generated; type_facts.py adds what it cannot
# say. Two habits of the header carry the structure:
#   "int num_x; T *y;"   is an array y of num_x elements, JSON array "y";
#   "T_init_<key>()"     says that the union u is selected by member <key>,
#                        an enumeration whose values are the branches' names.
#
# usage: gentypes.py types HEADER > types.inc
#        gentypes.py map HEADER... > libxl.map    (the names to export)
#        gentypes.py absent LIST HEADER... > absent.inc

import re
import sys

import type_facts as facts

BUILTINS = {  # types with hand-written functions in types_builtin.c
    "libxl_defbool", "libxl_bitmap", "libxl_uuid", "libxl_mac",
    "libxl_hwcap", "libxl_ms_vm_genid", "libxl_string_list",
    "libxl_key_value_list", "libxl_cpuid_policy_list",
}
DISPOSE = {"libxl_bitmap": "libxl_bitmap_dispose",
           "libxl_string_list": "libxl_string_list_dispose",
           "libxl_key_value_list": "libxl_key_value_list_dispose",
           "libxl_cpuid_policy_list": "libxl_cpuid_dispose"}
DIFFERS = {  # a member that is not as its init function makes it
    "libxl_defbool": "!libxl_defbool_is_default(%s)",
    "libxl_bitmap": "!libxl_bitmap_is_empty(&%s)",
    "libxl_uuid": "!libxl_uuid_is_nil(&%s)",
    "libxl_mac": "!libxl__mac_is_default(&%s)",
    "libxl_ms_vm_genid": "!libxl_ms_vm_genid_is_zero(&%s)",
    "libxl_string_list": "libxl_string_list_length(&%s)",
    "libxl_key_value_list": "libxl_key_value_list_length(&%s)",
    "libxl_cpuid_policy_list": "libxl_cpuid_policy_list_length(&%s)",
}
PLAIN_COPY = {"libxl_defbool", "libxl_mac"}  # by assignment
INTEGERS = {"int", "uint8_t", "uint16_t", "uint32_t", "libxl_domid",
            "libxl_devid"}


class Field:
    def __init__(self, ctype, name, sub=None, kind=None):
        self.ctype, self.name, self.sub, self.kind = ctype, name, sub, kind
        self.array_of = None  # element type when an array
        self.count = None     # its num_ member


def parse_fields(text):
    """The members of one struct body; nested bodies become sub-fields."""
    fields, pos = [], 0
    token = re.compile(r"\s*(?:(struct|union)\s*\{|([\w ]+?[\s*]+)(\w+);)")
    while text[pos:].strip():
        m = token.match(text, pos)
        if not m:
            sys.exit("gentypes: cannot parse: " + text[pos:pos + 60])
        pos = m.end()
        if not m.group(1):
            fields.append(Field(" ".join(m.group(2).split()), m.group(3)))
            continue
        depth, start = 1, pos
        while depth:
            depth += {"{": 1, "}": -1}.get(text[pos], 0)
            pos += 1
        end = re.compile(r"\s*(\w+);").match(text, pos)
        fields.append(Field(None, end.group(1),
                            parse_fields(text[start:pos - 1]), m.group(1)))
        pos = end.end()
    return pair_arrays(fields)


def pair_arrays(fields):
    out = []
    for f in fields:
        prev = out[-1] if out else None
        if (prev and prev.name.startswith("num_") and prev.ctype == "int" and
                f.ctype and f.ctype.endswith("*") and f.ctype != "char *"):
            f.array_of, f.count = f.ctype[:-1].strip(), prev.name
            out.pop()
        out.append(f)
    return out


class Header:
    def __init__(self, text):
        self.text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
        self.enums, self.structs, self.order = {}, {}, []
        start = re.compile(r"typedef (enum|struct) (libxl_\w+) \{")
        for m in start.finditer(self.text):
            body = self.text[m.end():self.text.index(
                "\n} %s;" % m.group(2), m.end())]
            if m.group(1) == "enum":
                self.enums[m.group(2)] = re.findall(r"(\w+) = (-?\d+)", body)
            else:
                self.structs[m.group(2)] = parse_fields(body)
            self.order.append(m.group(2))
        self.keys = {}
        for t, key in re.findall(r"^void (libxl_\w+)_init_(\w+)\(\1 \*p,",
                                 self.text, re.M):
            self.keys[t] = key

    def declares(self, function):
        return re.search(r"\b%s\(" % function, self.text) is not None

    def key_type(self, t):
        return next(f for f in self.structs[t] if f.name == self.keys[t]).ctype

    def unset(self, t):
        return facts.DEFAULT_BY_TYPE.get(self.key_type(t), "0")

    def branch_values(self, t):
        """Union branch name -> enumeration constant, for keyed type t."""
        ctype = self.key_type(t)
        prefix = ctype.upper() + "_"
        return {v[len(prefix):].lower(): v for v, _ in self.enums[ctype]}


class Walk:
    """Common descent over a structure's members, in order. Subclasses emit
    code for a leaf, an array and the branches of a keyed union."""

    def __init__(self, header, out):
        self.h, self.out = header, out

    def line(self, depth, text):
        self.out.append("    " * depth + text if text else "")

    def members(self, t, fields, path, depth):
        for f in fields:
            where = path + f.name
            if (t, where) in facts.PRIVATE:
                continue
            if f.kind == "union":
                self.union(t, f, where, depth)
            elif f.kind == "struct":
                self.nested(t, f, where, depth)
            elif f.array_of:
                self.array(t, f, path, where, depth)
            else:
                self.leaf(t, f.ctype, f.name, where, depth)

    def nested(self, t, f, where, depth):
        self.members(t, f.sub, where + ".", depth)

    def union(self, t, f, where, depth):
        values = self.h.branch_values(t)
        self.line(depth, "switch (%s) {" % self.key(t))
        for b in f.sub:
            before = len(self.out)
            self.line(depth, "case %s:" % values[b.name])
            self.branch(t, b, where + "." + b.name, depth + 1)
            if len(self.out) == before + 1:
                self.out.pop()
                continue
            self.line(depth + 1, "break;")
        self.line(depth, "default:")
        self.default_branch(t, f, depth + 1)
        self.line(depth + 1, "break;")
        self.line(depth, "}")

    def key(self, t):
        return "p->" + self.h.keys[t]

    def branch(self, t, b, where, depth):
        self.members(t, b.sub, where + ".", depth)

    def default_branch(self, t, f, depth):
        pass

    def is_scalar(self, ctype):
        return ctype in INTEGERS or ctype in self.h.enums or \
            ctype in ("bool", "uint64_t")


def initial(t, ctype, name, where):
    value = facts.DEFAULT_BY_FIELD.get((t, where))
    if value is None:
        value = facts.DEFAULT_BY_TYPE.get(ctype)
    if value is None and ctype == "uint64_t" and \
            name.endswith(facts.MEMKB_SUFFIX):
        value = facts.MEMKB_DEFAULT
    return value


class Init(Walk):
    def leaf(self, t, ctype, name, where, depth):
        if ctype in self.h.structs:
            self.line(depth, "%s_init(&p->%s);" % (ctype, where))
        elif ctype == "libxl_bitmap":
            self.line(depth, "libxl_bitmap_init(&p->%s);" % where)
        else:
            value = initial(t, ctype, name, where)
            if value is not None:
                self.line(depth, "p->%s = %s;" % (where, value))

    def array(self, t, f, path, where, depth):
        pass

    def union(self, t, f, where, depth):
        pass  # nothing is selected yet

    def function(self, t):
        self.line(0, "void %s_init(%s *p)" % (t, t))
        self.line(0, "{")
        self.line(1, "memset(p, 0, sizeof(*p));")
        self.members(t, self.h.structs[t], "", 1)
        self.line(0, "}")
        self.line(0, "")
        if t in self.h.keys:
            self.keyed(t)

    def keyed(self, t):
        key = self.h.keys[t]
        ctype = self.h.key_type(t)
        self.line(0, "void %s_init_%s(%s *p, %s %s)" % (t, key, t, ctype, key))
        self.line(0, "{")
        self.line(1, "libxl__must_be_unset((int)p->%s == (int)%s, \"%s\");"
                  % (key, self.h.unset(t), t))
        self.line(1, "p->%s = %s;" % (key, key))
        union = next(f for f in self.h.structs[t] if f.kind == "union")
        Walk.union(self, t, union, union.name, 1)
        self.line(0, "}")
        self.line(0, "")


class Dispose(Walk):
    def free(self, ctype, expr, depth):
        if ctype == "char *":
            self.line(depth, "free(%s);" % expr)
        elif ctype in self.h.structs:
            self.line(depth, "%s_dispose(&%s);" % (ctype, expr))
        elif ctype in DISPOSE:
            self.line(depth, "%s(&%s);" % (DISPOSE[ctype], expr))

    def leaf(self, t, ctype, name, where, depth):
        self.free(ctype, "p->" + where, depth)

    def array(self, t, f, path, where, depth):
        inner = []
        inner, self.out = self.out, inner
        self.free(f.array_of, "p->%s[i]" % where, depth + 1)
        inner, self.out = self.out, inner
        if inner:
            self.line(depth, "for (int i = 0; i < p->%s%s; i++)"
                      % (path, f.count))
            self.out += inner
        self.line(depth, "free(p->%s);" % where)

    def function(self, t):
        self.line(0, "void %s_dispose(%s *p)" % (t, t))
        self.line(0, "{")
        self.line(1, "if (!p)")
        self.line(2, "return;")
        self.members(t, self.h.structs[t], "", 1)
        self.line(1, "memset(p, 0, sizeof(*p));")
        self.line(0, "}")
        self.line(0, "")


class Copy(Walk):
    def assign(self, ctype, dst, src, depth):
        if ctype in self.h.structs or \
                (ctype in BUILTINS and ctype not in PLAIN_COPY):
            fn = "libxl_bitmap_copy_alloc" if ctype == "libxl_bitmap" \
                else ctype + "_copy"
            self.line(depth, "%s(ctx, &%s, &%s);" % (fn, dst, src))
        elif ctype == "char *":
            self.line(depth, "%s = libxl__strdup_nogc(ctx, %s);" % (dst, src))
        elif ctype == "libxl_mac":
            self.line(depth, "memcpy(%s, %s, sizeof(%s));" % (dst, src, dst))
        else:
            self.line(depth, "%s = %s;" % (dst, src))

    def leaf(self, t, ctype, name, where, depth):
        self.assign(ctype, "dst->" + where, "src->" + where, depth)

    def array(self, t, f, path, where, depth):
        n = path + f.count
        self.line(depth, "dst->%s = src->%s;" % (n, n))
        self.line(depth, "dst->%s = libxl__array_nogc(ctx, src->%s, "
                  "sizeof(*dst->%s));" % (where, n, where))
        self.line(depth, "for (int i = 0; i < src->%s; i++)" % n)
        self.assign(f.array_of, "dst->%s[i]" % where, "src->%s[i]" % where,
                    depth + 1)

    def key(self, t):
        return "src->" + self.h.keys[t]

    def function(self, t):
        self.line(0, "void %s_copy(libxl_ctx *ctx, %s *dst," % (t, t))
        self.line(0, "    const %s *src)" % t)
        self.line(0, "{")
        self.line(1, "memset(dst, 0, sizeof(*dst));")
        self.members(t, self.h.structs[t], "", 1)
        self.line(0, "}")
        self.line(0, "")


class GenJson(Walk):
    """Members that still have their initial value are left out."""

    def value(self, ctype, expr, depth):
        if ctype == "bool":
            gen = "yajl_gen_bool(hand, %s)" % expr
        elif ctype == "uint64_t":
            gen = "libxl__uint64_gen_json(hand, %s)" % expr
        elif ctype == "char *" or ctype == "const char *":
            gen = "libxl__string_gen_json(hand, %s)" % expr
        elif ctype in self.h.enums:
            gen = "libxl__enum_gen_json(hand, %s_to_string(%s))" \
                % (ctype, expr)
        elif ctype in INTEGERS:
            gen = "yajl_gen_integer(hand, %s)" % expr
        else:
            gen = "%s_gen_json(hand, &%s)" % (ctype, expr)
        self.line(depth, "if ((s = %s) != yajl_gen_status_ok)" % gen)
        self.line(depth + 1, "return s;")

    def differs(self, t, ctype, name, where):
        e = "p->" + where
        if ctype == "bool" or (self.is_scalar(ctype) and
                               initial(t, ctype, name, where) is None):
            return e
        if self.is_scalar(ctype):
            return "%s != %s" % (e, initial(t, ctype, name, where))
        if ctype in ("char *", "const char *"):
            return e
        if ctype in self.h.structs or ctype in ("libxl_hwcap",):
            return None  # always printed
        return DIFFERS[ctype] % e

    def print_key(self, name, depth):
        self.line(depth, "if ((s = libxl__key_gen_json(hand, \"%s\")) != "
                  "yajl_gen_status_ok)" % name)
        self.line(depth + 1, "return s;")

    def leaf(self, t, ctype, name, where, depth):
        if t in self.h.keys and where == self.h.keys[t]:
            return  # travels in the union's name
        cond = self.differs(t, ctype, name, where)
        if cond:
            self.line(depth, "if (%s) {" % cond)
            depth += 1
        self.print_key(name, depth)
        self.value(ctype, "p->" + where, depth)
        if cond:
            self.line(depth - 1, "}")

    def array(self, t, f, path, where, depth):
        self.line(depth, "if (p->%s%s) {" % (path, f.count))
        self.print_key(f.name, depth + 1)
        self.bracket("array", "open", depth + 1)
        self.line(depth + 1, "for (int i = 0; i < p->%s%s; i++) {"
                  % (path, f.count))
        self.value(f.array_of, "p->%s[i]" % where, depth + 2)
        self.line(depth + 1, "}")
        self.bracket("array", "close", depth + 1)
        self.line(depth, "}")

    def bracket(self, what, how, depth):
        self.line(depth, "if ((s = yajl_gen_%s_%s(hand)) != "
                  "yajl_gen_status_ok)" % (what, how))
        self.line(depth + 1, "return s;")

    def nested(self, t, f, where, depth):
        self.print_key(f.name, depth)
        self.bracket("map", "open", depth)
        self.members(t, f.sub, where + ".", depth)
        self.bracket("map", "close", depth)

    def union(self, t, f, where, depth):
        values = self.h.branch_values(t)
        subs = {b.name: b for b in f.sub}
        self.line(depth, "switch ((int)%s) {" % self.key(t))
        for name, value in values.items():
            self.line(depth, "case %s:" % value)
            self.print_key("%s.%s" % (self.h.keys[t], name), depth + 1)
            self.bracket("map", "open", depth + 1)
            if name in subs:
                self.members(t, subs[name].sub, "%s.%s." % (where, name),
                             depth + 1)
            self.bracket("map", "close", depth + 1)
            self.line(depth + 1, "break;")
        self.line(depth, "default:")
        self.line(depth + 1, "break;")
        self.line(depth, "}")

    def function(self, t):
        self.line(0, "yajl_gen_status %s_gen_json(yajl_gen hand, %s *p)"
                  % (t, t))
        self.line(0, "{")
        self.line(1, "yajl_gen_status s;")
        self.line(0, "")
        self.bracket("map", "open", 1)
        self.members(t, self.h.structs[t], "", 1)
        self.line(1, "return yajl_gen_map_close(hand);")
        self.line(0, "}")
        self.line(0, "")


class ParseJson(Walk):
    """Reads one member after the other by name; unknown names are ignored,
    a value of the wrong kind fails the whole object."""

    def value(self, ctype, expr, node, depth):
        if self.is_scalar(ctype) and ctype not in self.h.enums \
                and ctype != "bool":
            signed = "1" if ctype in ("int", "libxl_devid") else "0"
            self.line(depth, "if ((rc = libxl__integer_parse_json(%s, %s, "
                      "sizeof(%s), &%s)))" % (node, signed, expr, expr))
        elif ctype in self.h.enums:
            self.line(depth, "if ((rc = libxl__enum_parse_json(%s, "
                      "%s_string_table, &v)))" % (node, ctype))
            self.line(depth + 1, "return rc;")
            self.line(depth, "%s = v;" % expr)
            return
        elif ctype == "bool":
            self.line(depth, "if ((rc = libxl__bool_parse_json(%s, &%s)))"
                      % (node, expr))
        elif ctype == "char *":
            self.line(depth, "if ((rc = libxl__string_parse_json(ctx, %s, "
                      "&%s)))" % (node, expr))
        else:
            self.line(depth, "if ((rc = %s_parse_json(ctx, %s, &%s)))"
                      % (ctype.replace("libxl_", "libxl__"), node, expr))
        self.line(depth + 1, "return rc;")

    def open(self, name, depth):
        self.line(depth, "if ((x = libxl__json_member(o%s, \"%s\"))) {"
                  % (self.level, name))

    def leaf(self, t, ctype, name, where, depth):
        if t in self.h.keys and where == self.h.keys[t] or \
                ctype == "const char *":
            return
        self.open(name, depth)
        self.value(ctype, "p->" + where, "x", depth + 1)
        self.line(depth, "}")

    def array(self, t, f, path, where, depth):
        n = path + f.count
        self.open(f.name, depth)
        self.line(depth + 1, "if (!YAJL_IS_ARRAY(x) || "
                  "x->u.array.len > LIBXL__JSON_MAX_ARRAY)")
        self.line(depth + 2, "return ERROR_INVAL;")
        self.line(depth + 1, "p->%s = libxl__array_nogc(ctx, "
                  "x->u.array.len, sizeof(*p->%s));" % (where, where))
        self.line(depth + 1, "p->%s = x->u.array.len;" % n)
        if f.array_of in self.h.structs:
            self.line(depth + 1, "for (int i = 0; i < p->%s; i++)" % n)
            self.line(depth + 2, "%s_init(&p->%s[i]);" % (f.array_of, where))
        self.line(depth + 1, "for (int i = 0; i < p->%s; i++) {" % n)
        self.value(f.array_of, "p->%s[i]" % where, "x->u.array.values[i]",
                   depth + 2)
        self.line(depth + 1, "}")
        self.line(depth, "}")

    def nested(self, t, f, where, depth):
        self.open(f.name, depth)
        self.inside(t, f.sub, where, depth)
        self.line(depth, "}")

    def inside(self, t, sub, where, depth):
        outer = self.level
        self.level = outer + "o"
        self.line(depth + 1, "yajl_val o%s = x;" % self.level)
        self.members(t, sub, where + ".", depth + 1)
        self.line(depth + 1, "(void)o%s;" % self.level)
        self.level = outer

    def union(self, t, f, where, depth):
        subs = {b.name: b for b in f.sub}
        for name, value in self.h.branch_values(t).items():
            self.open("%s.%s" % (self.h.keys[t], name), depth)
            # two branches in one object: the first was not the last word
            self.line(depth + 1, "if ((int)%s != %s) {"
                      % (self.key(t), value))
            self.line(depth + 2, "if ((int)%s != (int)%s)"
                      % (self.key(t), self.h.unset(t)))
            self.line(depth + 3, "return ERROR_INVAL;")
            self.line(depth + 2, "%s_init_%s(p, %s);"
                      % (t, self.h.keys[t], value))
            self.line(depth + 1, "}")
            if name in subs:
                self.inside(t, subs[name].sub, "%s.%s" % (where, name), depth)
            self.line(depth, "}")

    def function(self, t):
        self.level = ""
        self.line(0, "static int %s_parse_json(libxl_ctx *ctx, yajl_val o, "
                  "%s *p)" % (t.replace("libxl_", "libxl__"), t))
        self.line(0, "{")
        for f in "yajl_val x;", "int rc, v;":
            self.line(1, f)
        self.line(0, "")
        self.line(1, "(void)rc, (void)v, (void)ctx;")
        self.line(1, "if (!YAJL_IS_OBJECT(o))")
        self.line(2, "return ERROR_INVAL;")
        self.members(t, self.h.structs[t], "", 1)
        self.line(1, "return 0;")
        self.line(0, "}")
        self.line(0, "")


def enum_functions(h, t, line):
    prefix = facts.ENUM_PREFIX.get(t, t.upper() + "_")
    line("libxl_enum_string_table %s_string_table[] = {" % t)
    for name, _ in h.enums[t]:
        line("    {\"%s\", %s}," % (name[len(prefix):].lower(), name))
    line("    {NULL, -1},\n};\n")
    line("const char *%s_to_string(%s e)\n{" % (t, t))
    line("    return libxl__enum_to_string(%s_string_table, e);\n}\n" % t)
    line("int %s_from_string(const char *s, %s *e)\n{" % (t, t))
    line("    int v, rc = libxl__enum_from_string(%s_string_table, s, &v);\n"
         % t)
    line("    if (!rc)\n        *e = v;\n    return rc;\n}\n")
    line("yajl_gen_status %s_gen_json(yajl_gen hand, %s *p)\n{" % (t, t))
    line("    return libxl__enum_gen_json(hand, %s_to_string(*p));\n}\n" % t)
    line("char *%s_to_json(libxl_ctx *ctx, %s p)\n{" % (t, t))
    line("    return libxl__object_to_json(ctx, \"%s\",\n        "
         "(libxl__gen_json_fn *)%s_gen_json, &p);\n}\n" % (t, t))
    line("static int %s_parse_json(libxl_ctx *ctx, yajl_val o, %s *p)\n{"
         % (t.replace("libxl_", "libxl__"), t))
    line("    int v, rc = libxl__enum_parse_json(o, %s_string_table, &v);\n"
         % t)
    line("    if (!rc)\n        *p = v;\n    return rc;\n}\n")
    from_json(t, line)


def from_json(t, line):
    line("int %s_from_json(libxl_ctx *ctx, %s *p, const char *s)\n{" % (t, t))
    line("    return libxl__object_from_json(ctx, \"%s\",\n        "
         "(libxl__parse_json_fn *)%s_parse_json, p, s);\n}\n"
         % (t, t.replace("libxl_", "libxl__")))


def list_free(t, line):
    line("void %s_list_free(%s *list, int n)\n{" % (t, t))
    line("    for (int i = 0; i < n; i++)")
    line("        %s_dispose(&list[i]);\n    free(list);\n}\n" % t)


def print_types(header):
    with open(header) as f:
        h = Header(f.read())
    out = ["/* Generated by tools/libxl/gentypes.py. */"]
    for t in h.order:
        if t in h.enums:
            enum_functions(h, t, out.append)
            continue
        for cls, name in ((Init, "init"), (Dispose, "dispose"),
                          (Copy, "copy"), (GenJson, "to_json"),
                          (ParseJson, "from_json")):
            if name == "to_json" or h.declares("%s_%s" % (t, name)):
                cls(h, out).function(t)
        if t in facts.LISTED:
            list_free(t, out.append)
        if h.declares(t + "_to_json"):
            out.append("char *%s_to_json(libxl_ctx *ctx, %s *p)\n{\n    "
                       "return libxl__object_to_json(ctx, \"%s\",\n        "
                       "(libxl__gen_json_fn *)%s_gen_json, p);\n}\n"
                       % (t, t, t, t))
        if h.declares(t + "_from_json"):
            from_json(t, out.append)
    print("\n".join(out))


def print_map(headers):
    """A linker version script with every name that the headers declare; the
    linker takes those that exist. libxl__* is ours, with two exceptions that
    the headers make."""
    names = set()
    for header in headers:
        with open(header) as f:
            text = re.sub(r"/\*.*?\*/", "", f.read(), flags=re.S)
        names |= set(re.findall(r"\b(libxl_\w+)\s*\(", text))
        names |= set(re.findall(r"\b(libxl_\w+)\[\];", text))
    names = {n for n in names if not n.startswith("libxl__")}
    names |= {"libxl__uint64_gen_json",
              "libxl__domain_build_info_copy_deprecated"}
    print("VERS_4.17.0 {\nglobal:")
    for n in sorted(names):
        print("    %s;" % n)
    print("local:\n    *;\n};")


def print_absent(listed, headers):
    """For each name in the list a function with the header's prototype that
    says so and fails."""
    with open(listed) as f:
        names = [n.strip() for n in f if n.strip() and n[0] != "#"]
    text = ""
    for header in headers:
        with open(header) as f:
            text += re.sub(r"/\*.*?\*/", " ", f.read(), flags=re.S)
    text = re.sub(r"^\s*#.*$", "", text.replace("\\\n", " "), flags=re.M)
    for name in names:
        m = re.search(r"(?:^|[;}])\s*((?:[a-zA-Z_]\w*[\s*]+)+)%s\s*\(([^()]*)\)"
                      r"\s*(?:LIBXL_EXTERNAL_CALLERS_ONLY)?\s*;" % name, text,
                      re.M)
        if not m:
            sys.exit("gentypes: no prototype of %s" % name)
        returns = " ".join(m.group(1).split())
        args = " ".join(m.group(2).split())
        # The header leaves some parameters without a name.
        args = ", ".join(a + " p%d" % i
                         if re.match(r".*\*$|(const )?\w+$", a) and a != "void"
                         else a for i, a in enumerate(args.split(", ")))
        print("%s %s(%s)\n{" % (returns, name, args))
        ctx = "ctx" if re.match(r"libxl_ctx \*ctx\b", args) else "NULL"
        if returns != "void":
            print("    libxl__absent(%s, __func__);" % ctx)
            print("    return %s;" % ("NULL" if returns.endswith("*") else
                                      facts.ABSENT_RESULT.get(name,
                                                              "ERROR_NI")))
        print("}\n")


if __name__ == "__main__":
    if sys.argv[1] == "types":
        print_types(sys.argv[2])
    elif sys.argv[1] == "absent":
        print_absent(sys.argv[2], sys.argv[3:])
    else:
        print_map(sys.argv[2:])
