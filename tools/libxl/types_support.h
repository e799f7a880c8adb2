/* SPDX-License-Identifier: MIT */
/*
 * What the generated type functions stand on: allocation that cannot fail,
 * enumeration tables, JSON printing (yajl_gen) and reading (yajl_tree), and
 * the hand-written builtin types.
 *
 * Reading trusts nothing: every helper checks the kind and range of the value
 * and answers ERROR_INVAL. A caller owes *_dispose() to the object even when
 * reading failed half-way.
 *
 * The generated functions call these for each member: its name, then its value.
 * Nothing here takes the context's lock; ctx is for messages, and may be NULL
 * where an application may have none.
 */
#ifndef LIBXL_TYPES_SUPPORT_H
#define LIBXL_TYPES_SUPPORT_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <yajl/yajl_tree.h>

/*
 * The yajl header includes the version only if HAVE_YAJL_YAJL_VERSION_H is set.
 */
#define HAVE_YAJL_YAJL_VERSION_H 1

#include "libxl.h"
#include "libxl_utils.h"
#include "libxl_json.h"

/* More elements than any real object has; keeps counts inside an int. */
#define LIBXL__JSON_MAX_ARRAY 65536

/* One type's way to JSON and back. */
/* p: the object. Printing returns what yajl says; reading 0 or ERROR_INVAL,
 * with an object that has been initialised. */
typedef yajl_gen_status libxl__gen_json_fn(yajl_gen hand, void *p);
typedef int libxl__parse_json_fn(libxl_ctx *ctx, yajl_val o, void *p);

/* From malloc; an exhausted heap ends the process with a message. */
char *libxl__strdup_nogc(libxl_ctx *ctx, const char *s /* NULL is NULL */);
/* n zeroed elements of size bytes. */
void *libxl__array_nogc(libxl_ctx *ctx, size_t n, size_t size);

/* A keyed union is initialised once: a second time is a caller's bug, which
 * ends the process. type: for the message. */
void libxl__must_be_unset(bool unset, const char *type);

/* Enumerations by their names. NULL: no such value; ERROR_INVAL: no such name,
 * in either case of letters. */
const char *libxl__enum_to_string(const libxl_enum_string_table *t, int e);
int libxl__enum_from_string(const libxl_enum_string_table *t, const char *s,
                            int *e);

/* The name of a member; a string or the name of a value, NULL being null. */
yajl_gen_status libxl__key_gen_json(yajl_gen hand, const char *name);
yajl_gen_status libxl__string_gen_json(yajl_gen hand, const char *s);
yajl_gen_status libxl__enum_gen_json(yajl_gen hand, const char *name);
/* A whole object as text, from malloc; NULL with a line in the log. */
char *libxl__object_to_json(libxl_ctx *ctx, const char *type,
                            libxl__gen_json_fn *gen, void *p);

/* A whole object out of a text; ERROR_INVAL with a line in the log. */
int libxl__object_from_json(libxl_ctx *ctx, const char *type,
                            libxl__parse_json_fn *parse, void *p,
                            const char *s);
/* NULL: o has none of that name, or is no object at all. It stays part of o. */
yajl_val libxl__json_member(yajl_val o, const char *name);
/* *p is an integer of size bytes; refuses what does not fit. */
int libxl__integer_parse_json(yajl_val x, int is_signed, size_t size, void *p);
/* The value replaces what *p has; on ERROR_INVAL that stays. A string is freed
 * first and then from malloc; a null leaves it alone. */
int libxl__bool_parse_json(yajl_val x, bool *p);
int libxl__string_parse_json(libxl_ctx *ctx, yajl_val x, char **p);
/* From its name. */
int libxl__enum_parse_json(yajl_val x, const libxl_enum_string_table *t,
                           int *p);

/* The builtin types. */
#define BUILTIN_JSON(name)                                                     \
    int libxl__##name##_parse_json(libxl_ctx *ctx, yajl_val x, libxl_##name *p)
BUILTIN_JSON(defbool);
BUILTIN_JSON(bitmap);
BUILTIN_JSON(uuid);
BUILTIN_JSON(mac);
BUILTIN_JSON(hwcap);
BUILTIN_JSON(ms_vm_genid);
BUILTIN_JSON(string_list);
BUILTIN_JSON(key_value_list);
BUILTIN_JSON(cpuid_policy_list);
#undef BUILTIN_JSON

/* Whether it is as its init function makes it: such a member is not printed. */
bool libxl__mac_is_default(const libxl_mac *p);

#endif
