/* SPDX-License-Identifier: MIT */
/*
 * The types that the header names but does not spell out: defaultable
 * booleans, string and key-value lists, UUIDs, MAC addresses and a few
 * others. Bitmaps have a file of their own.
 */
#include <ctype.h>
#include <sys/random.h>

#include "internal.h"
#include "types_support.h"

/* --- defbool: 0 is "not said", negative false, positive true -------------- */

void libxl_defbool_set(libxl_defbool *db, bool b)
{
    db->val = b ? 1 : -1;
}

void libxl_defbool_unset(libxl_defbool *db)
{
    db->val = 0;
}

bool libxl_defbool_is_default(libxl_defbool db)
{
    return !db.val;
}

void libxl_defbool_setdefault(libxl_defbool *db, bool b)
{
    if (libxl_defbool_is_default(*db))
        libxl_defbool_set(db, b);
}

bool libxl_defbool_val(libxl_defbool db)
{
    libxl__must_be_unset(db.val != 0, "libxl_defbool");
    return db.val > 0;
}

const char *libxl_defbool_to_string(libxl_defbool b)
{
    return b.val < 0 ? "False" : b.val > 0 ? "True" : "<default>";
}

yajl_gen_status libxl_defbool_gen_json(yajl_gen hand, libxl_defbool *p)
{
    return libxl__string_gen_json(hand, libxl_defbool_to_string(*p));
}

int libxl__defbool_parse_json(libxl_ctx *ctx, yajl_val x, libxl_defbool *p)
{
    const char *s = YAJL_GET_STRING(x);

    if (!s)
        return ERROR_INVAL;
    if (!strcmp(s, "<default>"))
        libxl_defbool_unset(p);
    else if (!strcmp(s, "True") || !strcmp(s, "False"))
        libxl_defbool_set(p, *s == 'T');
    else
        return ERROR_INVAL;
    return 0;
}

/* --- lists of strings; a key-value list is pairs of strings --------------- */

static void strings_dispose(char ***list, int step)
{
    if (!list || !*list)
        return;
    for (char **s = *list; *s; s += step)
        for (int i = 0; i < step; i++)
            free(s[i]);
    free(*list);
    *list = NULL;
}

static int strings_length(char *const *list, int step)
{
    int n = 0;

    while (list && list[n * step])
        n++;
    return n;
}

static char **strings_copy(libxl_ctx *ctx, char *const *src, int step)
{
    int n = strings_length(src, step) * step;
    char **dst;

    if (!src)
        return NULL;
    dst = libxl__array_nogc(ctx, n + step, sizeof(*dst));
    for (int i = 0; i < n; i++)
        dst[i] = libxl__strdup_nogc(ctx, src[i]);
    return dst;
}

void libxl_string_list_dispose(libxl_string_list *sl)
{
    strings_dispose(sl, 1);
}

int libxl_string_list_length(const libxl_string_list *sl)
{
    return sl ? strings_length(*sl, 1) : 0;
}

void libxl_string_list_copy(libxl_ctx *ctx, libxl_string_list *dst,
                            const libxl_string_list *src)
{
    *dst = strings_copy(ctx, *src, 1);
}

yajl_gen_status libxl_string_list_gen_json(yajl_gen hand, libxl_string_list *p)
{
    yajl_gen_status s = yajl_gen_array_open(hand);

    for (char **e = *p; e && *e && s == yajl_gen_status_ok; e++)
        s = libxl__string_gen_json(hand, *e);
    return s == yajl_gen_status_ok ? yajl_gen_array_close(hand) : s;
}

int libxl__string_list_parse_json(libxl_ctx *ctx, yajl_val x,
                                  libxl_string_list *p)
{
    if (!YAJL_IS_ARRAY(x))
        return ERROR_INVAL;
    libxl_string_list_dispose(p);
    *p = libxl__array_nogc(ctx, x->u.array.len + 1, sizeof(**p));
    for (size_t i = 0; i < x->u.array.len; i++) {
        const char *s = YAJL_GET_STRING(x->u.array.values[i]);

        if (!s)
            return ERROR_INVAL;
        (*p)[i] = libxl__strdup_nogc(ctx, s);
    }
    return 0;
}

void libxl_key_value_list_dispose(libxl_key_value_list *kvl)
{
    strings_dispose(kvl, 2);
}

int libxl_key_value_list_length(const libxl_key_value_list *kvl)
{
    return kvl ? strings_length(*kvl, 2) : 0;
}

void libxl_key_value_list_copy(libxl_ctx *ctx, libxl_key_value_list *dst,
                               const libxl_key_value_list *src)
{
    *dst = strings_copy(ctx, *src, 2);
}

yajl_gen_status libxl_key_value_list_gen_json(yajl_gen hand,
                                              libxl_key_value_list *p)
{
    yajl_gen_status s = yajl_gen_map_open(hand);

    for (char **e = *p; e && *e && s == yajl_gen_status_ok; e += 2) {
        s = libxl__key_gen_json(hand, e[0]);
        if (s == yajl_gen_status_ok)
            s = libxl__string_gen_json(hand, e[1]);
    }
    return s == yajl_gen_status_ok ? yajl_gen_map_close(hand) : s;
}

int libxl__key_value_list_parse_json(libxl_ctx *ctx, yajl_val x,
                                     libxl_key_value_list *p)
{
    int rc;

    if (!YAJL_IS_OBJECT(x))
        return ERROR_INVAL;
    libxl_key_value_list_dispose(p);
    *p = libxl__array_nogc(ctx, (x->u.object.len + 1) * 2, sizeof(**p));
    for (size_t i = 0; i < x->u.object.len; i++) {
        (*p)[2 * i] = libxl__strdup_nogc(ctx, x->u.object.keys[i]);
        rc = libxl__string_parse_json(ctx, x->u.object.values[i],
                                      &(*p)[2 * i + 1]);
        if (rc)
            return rc;
    }
    return 0;
}

/* --- identifiers --- */

static const libxl_uuid nil_uuid;

int libxl_uuid_is_nil(const libxl_uuid *uuid)
{
    return !libxl_uuid_compare(uuid, &nil_uuid);
}

/* A random one: version 4, variant 1 of RFC 4122. */
void libxl_uuid_generate(libxl_uuid *uuid)
{
    if (getrandom(uuid->uuid, sizeof(uuid->uuid), 0) != sizeof(uuid->uuid))
        abort(); /* cannot fail for 16 bytes once the kernel is seeded */
    uuid->uuid[6] = (uuid->uuid[6] & 0x0f) | 0x40;
    uuid->uuid[8] = (uuid->uuid[8] & 0x3f) | 0x80;
}

/* Hexadecimal digits with dashes anywhere between them. */
int libxl_uuid_from_string(libxl_uuid *uuid, const char *in)
{
    libxl_uuid u;

    for (size_t i = 0; i < sizeof(u.uuid); i++) {
        unsigned int v;

        if (i && *in == '-')
            in++;
        if (!isxdigit((unsigned char)in[0]) || !isxdigit((unsigned char)in[1]))
            return -1;
        sscanf(in, "%2x", &v);
        u.uuid[i] = v;
        in += 2;
    }
    if (*in)
        return -1;
    *uuid = u;
    return 0;
}

void libxl_uuid_copy(libxl_ctx *ctx, libxl_uuid *dst, const libxl_uuid *src)
{
    *dst = *src;
}

void libxl_uuid_clear(libxl_uuid *uuid)
{
    *uuid = nil_uuid;
}

int libxl_uuid_compare(const libxl_uuid *uuid1, const libxl_uuid *uuid2)
{
    return memcmp(uuid1, uuid2, sizeof(*uuid1));
}

const uint8_t *libxl_uuid_bytearray_const(const libxl_uuid *uuid)
{
    return uuid->uuid;
}

uint8_t *libxl_uuid_bytearray(libxl_uuid *uuid)
{
    return uuid->uuid;
}

yajl_gen_status libxl_uuid_gen_json(yajl_gen hand, libxl_uuid *p)
{
    char buf[LIBXL_UUID_FMTLEN + 1];

    snprintf(buf, sizeof(buf), LIBXL_UUID_FMT, LIBXL_UUID_BYTES(*p));
    return libxl__string_gen_json(hand, buf);
}

int libxl__uuid_parse_json(libxl_ctx *ctx, yajl_val x, libxl_uuid *p)
{
    const char *s = YAJL_GET_STRING(x);

    return s && !libxl_uuid_from_string(p, s) ? 0 : ERROR_INVAL;
}

void libxl_mac_copy(libxl_ctx *ctx, libxl_mac *dst, const libxl_mac *src)
{
    memcpy(dst, src, sizeof(*dst));
}

bool libxl__mac_is_default(const libxl_mac *p)
{
    static const libxl_mac none;

    return !memcmp(*p, none, sizeof(none));
}

yajl_gen_status libxl_mac_gen_json(yajl_gen hand, libxl_mac *p)
{
    char buf[LIBXL_MAC_FMTLEN + 1];

    snprintf(buf, sizeof(buf), LIBXL_MAC_FMT, LIBXL_MAC_BYTES((*p)));
    return libxl__string_gen_json(hand, buf);
}

/* Of one or more digits each. */
int libxl__parse_mac(const char *s, libxl_mac mac)
{
    for (size_t i = 0; i < sizeof(libxl_mac); i++) {
        bool last = i == sizeof(libxl_mac) - 1;
        char *end;
        unsigned long v = strtoul(s, &end, 16);

        if (!isxdigit((unsigned char)*s) || v > 0xff ||
            *end != (last ? '\0' : ':'))
            return ERROR_INVAL;
        mac[i] = v;
        s = end + 1;
    }
    return 0;
}

int libxl__mac_parse_json(libxl_ctx *ctx, yajl_val x, libxl_mac *p)
{
    const char *s = YAJL_GET_STRING(x);

    return s ? libxl__parse_mac(s, *p) : ERROR_INVAL;
}

/* --- arrays of numbers --- */

/* Of the eight words of the host's capabilities, four are printed. */
#define HWCAP_PRINTED 4

void libxl_hwcap_copy(libxl_ctx *ctx, libxl_hwcap *dst, const libxl_hwcap *src)
{
    memcpy(*dst, *src, sizeof(*dst));
}

yajl_gen_status libxl_hwcap_gen_json(yajl_gen hand, libxl_hwcap *p)
{
    yajl_gen_status s = yajl_gen_array_open(hand);

    for (int i = 0; i < HWCAP_PRINTED && s == yajl_gen_status_ok; i++)
        s = yajl_gen_integer(hand, (*p)[i]);
    return s == yajl_gen_status_ok ? yajl_gen_array_close(hand) : s;
}

int libxl__hwcap_parse_json(libxl_ctx *ctx, yajl_val x, libxl_hwcap *p)
{
    if (!YAJL_IS_ARRAY(x) || x->u.array.len > sizeof(*p) / sizeof(**p))
        return ERROR_INVAL;
    for (size_t i = 0; i < x->u.array.len; i++)
        if (libxl__integer_parse_json(x->u.array.values[i], 0, sizeof(**p),
                                      &(*p)[i]))
            return ERROR_INVAL;
    return 0;
}

void libxl_ms_vm_genid_copy(libxl_ctx *ctx, libxl_ms_vm_genid *dst,
                            const libxl_ms_vm_genid *src)
{
    *dst = *src;
}

bool libxl_ms_vm_genid_is_zero(const libxl_ms_vm_genid *id)
{
    static const libxl_ms_vm_genid zero;

    return !memcmp(id, &zero, sizeof(zero));
}

yajl_gen_status libxl_ms_vm_genid_gen_json(yajl_gen hand, libxl_ms_vm_genid *p)
{
    yajl_gen_status s = yajl_gen_array_open(hand);

    for (int i = 0; i < LIBXL_MS_VM_GENID_LEN && s == yajl_gen_status_ok; i++)
        s = yajl_gen_integer(hand, p->bytes[i]);
    return s == yajl_gen_status_ok ? yajl_gen_array_close(hand) : s;
}

int libxl__ms_vm_genid_parse_json(libxl_ctx *ctx, yajl_val x,
                                  libxl_ms_vm_genid *p)
{
    if (!YAJL_IS_ARRAY(x) || x->u.array.len != LIBXL_MS_VM_GENID_LEN)
        return ERROR_INVAL;
    for (int i = 0; i < LIBXL_MS_VM_GENID_LEN; i++)
        if (libxl__integer_parse_json(x->u.array.values[i], 0, 1, &p->bytes[i]))
            return ERROR_INVAL;
    return 0;
}

/*
 * --- CPU policies: a domain gets Xen's default one, so that the only list
 * that can exist is the empty one, the null pointer.
 */
void libxl_cpuid_dispose(libxl_cpuid_policy_list *cpuid_list)
{
    *cpuid_list = NULL;
}

int libxl_cpuid_policy_list_length(const libxl_cpuid_policy_list *l)
{
    return 0;
}

void libxl_cpuid_policy_list_copy(libxl_ctx *ctx, libxl_cpuid_policy_list *dst,
                                  const libxl_cpuid_policy_list *src)
{
    *dst = NULL;
}

yajl_gen_status libxl_cpuid_policy_list_gen_json(yajl_gen hand,
                                                 libxl_cpuid_policy_list *p)
{
    return yajl_gen_null(hand);
}

int libxl__cpuid_policy_list_parse_json(libxl_ctx *ctx, yajl_val x,
                                        libxl_cpuid_policy_list *p)
{
    *p = NULL;
    return YAJL_IS_NULL(x) ? 0 : ERROR_INVAL;
}
