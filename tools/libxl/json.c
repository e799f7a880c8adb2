/* SPDX-License-Identifier: MIT */
/*
 * JSON in both directions: printing by yajl_gen, reading through yajl_tree.
 * Objects read back come from files that other programs may have written, so
 * a value is used only after its kind and range were checked.
 */
#include <errno.h>
#include <inttypes.h>

#include "internal.h"
#include "types_support.h"

const char *libxl__enum_to_string(const libxl_enum_string_table *t, int e)
{
    for (; t->s; t++)
        if (t->v == e)
            return t->s;
    return NULL;
}

int libxl__enum_from_string(const libxl_enum_string_table *t, const char *s,
                            int *e)
{
    for (; t->s; t++) {
        if (!strcasecmp(t->s, s)) {
            *e = t->v;
            return 0;
        }
    }
    return ERROR_INVAL;
}

static yajl_gen_status gen_text(yajl_gen hand, const char *s)
{
    return yajl_gen_string(hand, (const unsigned char *)s, strlen(s));
}

yajl_gen_status libxl__key_gen_json(yajl_gen hand, const char *name)
{
    return gen_text(hand, name);
}

yajl_gen_status libxl__string_gen_json(yajl_gen hand, const char *s)
{
    return s ? gen_text(hand, s) : yajl_gen_null(hand);
}

yajl_gen_status libxl__enum_gen_json(yajl_gen hand, const char *name)
{
    return libxl__string_gen_json(hand, name);
}

/* yajl's own integers are signed; the digits are handed over instead. */
yajl_gen_status libxl__uint64_gen_json(yajl_gen hand, uint64_t val)
{
    char digits[24];
    int n = snprintf(digits, sizeof(digits), "%" PRIu64, val);

    return yajl_gen_number(hand, digits, n);
}

char *libxl__object_to_json(libxl_ctx *ctx, const char *type,
                            libxl__gen_json_fn *gen, void *p)
{
    yajl_gen hand = libxl_yajl_gen_alloc(NULL);
    yajl_gen_status s = yajl_gen_in_error_state;
    const unsigned char *text;
    char *json = NULL;
    size_t len;

    /* What is no UTF-8 would be written and never read again. */
    if (hand && yajl_gen_config(hand, yajl_gen_validate_utf8, 1))
        s = gen(hand, p);
    if (s == yajl_gen_status_ok)
        s = yajl_gen_get_buf(hand, &text, &len);
    if (s == yajl_gen_status_ok)
        json = libxl__strdup_nogc(ctx, (const char *)text);
    else if (ctx && s == yajl_gen_invalid_string)
        LIBXL__LOG(ctx, XTL_ERROR, "cannot keep %s: a text in it is not UTF-8",
                   type);
    else if (ctx)
        LIBXL__LOG(ctx, XTL_ERROR, "cannot print %s as JSON (yajl status %d)",
                   type, s);
    if (hand)
        yajl_gen_free(hand);
    return json;
}

int libxl__object_from_json(libxl_ctx *ctx, const char *type,
                            libxl__parse_json_fn *parse, void *p, const char *s)
{
    char why[256] = "not the members that it should have";
    yajl_val tree = yajl_tree_parse(s, why, sizeof(why));
    int rc = tree ? parse(ctx, tree, p) : ERROR_INVAL;

    yajl_tree_free(tree);
    if (rc && ctx) {
        why[strcspn(why, "\n")] = 0;
        LIBXL__LOG(ctx, XTL_ERROR, "cannot read %s from JSON: %s", type, why);
    }
    return rc;
}

yajl_val libxl__json_member(yajl_val o, const char *name)
{
    if (!YAJL_IS_OBJECT(o))
        return NULL;
    for (size_t i = 0; i < o->u.object.len; i++)
        if (!strcmp(o->u.object.keys[i], name))
            return o->u.object.values[i];
    return NULL;
}

int libxl__integer_parse_json(yajl_val x, int is_signed, size_t size, void *p)
{
    const char *text;
    char *end;
    uint64_t u;

    if (!YAJL_IS_NUMBER(x))
        return ERROR_INVAL;
    text = YAJL_GET_NUMBER(x);
    errno = 0;
    if (is_signed) {
        long v = strtol(text, &end, 10);

        if (v < INT_MIN || v > INT_MAX || size != sizeof(int))
            return ERROR_INVAL;
        u = (uint64_t)v;
    } else {
        u = strtoull(text, &end, 10);
        if (*text == '-' || (size < 8 && u >> (size * 8)))
            return ERROR_INVAL;
    }
    if (errno || *end || end == text)
        return ERROR_INVAL;
    memcpy(p, &u, size); /* little-endian, as all of this ABI */
    return 0;
}

int libxl__bool_parse_json(yajl_val x, bool *p)
{
    if (!YAJL_IS_TRUE(x) && !YAJL_IS_FALSE(x))
        return ERROR_INVAL;
    *p = YAJL_IS_TRUE(x);
    return 0;
}

int libxl__string_parse_json(libxl_ctx *ctx, yajl_val x, char **p)
{
    if (YAJL_IS_NULL(x))
        return 0;
    if (!YAJL_IS_STRING(x))
        return ERROR_INVAL;
    free(*p);
    *p = libxl__strdup_nogc(ctx, YAJL_GET_STRING(x));
    return 0;
}

int libxl__enum_parse_json(yajl_val x, const libxl_enum_string_table *t, int *p)
{
    if (!YAJL_IS_STRING(x))
        return ERROR_INVAL;
    return libxl__enum_from_string(t, YAJL_GET_STRING(x), p);
}
