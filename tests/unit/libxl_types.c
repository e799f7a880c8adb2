/* SPDX-License-Identifier: MIT */
/*
 * The generated type functions of libxl, checked by themselves (what is
 * printed can be read back, a copy prints the same, everything is freed) and,
 * where Debian's libxenlight is installed, member by member against it.
 */
#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "libxl.h"
#include "libxl_utils.h"

/* Big enough for every structure of the header. */
#define OBJECT_SIZE 4096
#define ORACLE      "/usr/lib/x86_64-linux-gnu/libxenlight.so.4.17"

typedef void init_fn(void *p);
typedef void copy_fn(libxl_ctx *ctx, void *dst, const void *src);
typedef char *to_json_fn(libxl_ctx *ctx, void *p);
typedef int from_json_fn(libxl_ctx *ctx, void *p, const char *s);
typedef void fill_fn(void *p, unsigned int *n, unsigned int variant);

struct type {
    const char *name;
    size_t size;
    unsigned int variants;
    init_fn *init, *dispose;
    copy_fn *copy;
    to_json_fn *to_json;
    from_json_fn *from_json;
    fill_fn *fill;
};
#define TYPE(t, variants)                                                      \
    {                                                                          \
#t, sizeof(t), variants, (init_fn *)t##_init, (init_fn *)t##_dispose,  \
            (copy_fn *)t##_copy, (to_json_fn *)t##_to_json,                    \
            (from_json_fn *)t##_from_json, (fill_fn *)fill_##t                 \
    }

struct enumeration {
    const char *name;
    const libxl_enum_string_table *table;
};

static char *fill_string(unsigned int *n)
{
    char buf[32];

    snprintf(buf, sizeof(buf), "text \"%u\"\n", ++*n);
    return strdup(buf);
}

static void fill_libxl_defbool(libxl_defbool *p, unsigned int *n)
{
    libxl_defbool_set(p, ++*n & 1);
}

static void fill_libxl_bitmap(libxl_bitmap *p, unsigned int *n)
{
    p->size = 3;
    p->map = calloc(1, 3);
    libxl_bitmap_set(p, ++*n % 24);
    libxl_bitmap_set(p, 23); /* so that reading back finds the same size */
}

static void fill_libxl_uuid(libxl_uuid *p, unsigned int *n)
{
    for (int i = 0; i < 16; i++)
        p->uuid[i] = ++*n;
}

static void fill_libxl_mac(libxl_mac *p, unsigned int *n)
{
    for (int i = 0; i < 6; i++)
        (*p)[i] = ++*n;
}

static void fill_libxl_hwcap(libxl_hwcap *p, unsigned int *n)
{
    for (int i = 0; i < 4; i++)
        (*p)[i] = ++*n;
}

static void fill_libxl_ms_vm_genid(libxl_ms_vm_genid *p, unsigned int *n)
{
    memset(p->bytes, ++*n, sizeof(p->bytes));
}

static void fill_libxl_string_list(libxl_string_list *p, unsigned int *n)
{
    *p = calloc(3, sizeof(**p));
    (*p)[0] = fill_string(n);
    (*p)[1] = fill_string(n);
}

static void fill_libxl_key_value_list(libxl_key_value_list *p, unsigned int *n)
{
    *p = calloc(5, sizeof(**p));
    for (int i = 0; i < 4; i++)
        (*p)[i] = fill_string(n);
}

static void fill_libxl_cpuid_policy_list(libxl_cpuid_policy_list *p,
                                         unsigned int *n)
{
    *p = NULL; /* the only one there is */
}

#include "libxl_types.inc"

static void filled(const struct type *t, void *object, unsigned int variant)
{
    unsigned int n = 0;

    assert_true(t->size <= OBJECT_SIZE);
    memset(object, 0x5a, OBJECT_SIZE);
    t->init(object);
    t->fill(object, &n, variant);
}

static void same_json(const char *type, const char *what, char *a, char *b)
{
    if (!a || !b || strcmp(a, b))
        fail_msg("%s: %s: %s\nis not\n%s", type, what, a, b);
    free(b);
}

static void every_type_survives_the_way_through_json(void **state)
{
    char a[OBJECT_SIZE], b[OBJECT_SIZE];

    for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
        const struct type *t = &types[i];

        for (unsigned int v = 0; v < t->variants; v++) {
            char *json;

            filled(t, a, v);
            json = t->to_json(NULL, a);
            t->copy(NULL, b, a);
            same_json(t->name, "copy", json, t->to_json(NULL, b));
            t->dispose(b);

            t->init(b);
            assert_int_equal(t->from_json(NULL, b, json), 0);
            same_json(t->name, "read back", json, t->to_json(NULL, b));
            t->dispose(b);
            t->dispose(a);
            free(json);
        }
    }
}

/* Damaged text is refused, and what was read of it can be disposed of. */
static void damaged_json_is_refused_and_can_be_disposed_of(void **state)
{
    char a[OBJECT_SIZE];

    for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
        const struct type *t = &types[i];
        char *json;
        size_t len;

        filled(t, a, t->variants - 1);
        json = t->to_json(NULL, a);
        t->dispose(a);
        len = strlen(json);
        for (size_t cut = 1; cut < len - 1; cut += 1 + len / 50) {
            char c = json[cut];

            json[cut] = 0;
            t->init(a);
            assert_int_not_equal(t->from_json(NULL, a, json), 0);
            t->dispose(a);
            json[cut] = c;
        }
        free(json);
    }
}

/* It would be kept and could not be read again. */
static void a_text_that_is_no_utf8_is_not_printed(void **state)
{
    libxl_device_disk disk;

    libxl_device_disk_init(&disk);
    disk.pdev_path = strdup("/images/caf\xe9.img");
    assert_null(libxl_device_disk_to_json(NULL, &disk));
    libxl_device_disk_dispose(&disk);
}

static void json_of_another_kind_is_refused(void **state)
{
    static const char *const bad[] = {
        "[]",
        "{\"max_vcpus\": \"1\"}",
        "{\"max_vcpus\": 99999999999}",
        "{\"rtc_timeoffset\": -1}",
        "{\"kernel\": 1}",
        "{\"localtime\": true}",
        "{\"tsc_mode\": \"no such\"}",
        "{\"avail_vcpus\": [99999999]}",
        "{\"sched_params\": []}",
        "{\"vnuma_nodes\": {}}",
        "{\"type.pv\": {}, \"type.hvm\": {}}",
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        libxl_domain_build_info b;

        libxl_domain_build_info_init(&b);
        if (!libxl_domain_build_info_from_json(NULL, &b, bad[i]))
            fail_msg("accepted: %s", bad[i]);
        libxl_domain_build_info_dispose(&b);
    }
}

static void *oracle;

/* All ones: its type functions then allocate from malloc and need no more. */
static struct {
    char bytes[65536];
} its_ctx;

static void *of_oracle(const struct type *t, const char *function)
{
    char name[96];
    void *f;

    snprintf(name, sizeof(name), "%s_%s", t->name, function);
    f = dlsym(oracle, name);
    if (!f)
        fail_msg("Debian's library has no %s", name);
    return f;
}

static void need_oracle(void)
{
    oracle = dlopen(ORACLE, RTLD_NOW | RTLD_LOCAL);
    if (!oracle)
        skip();
}

static void the_type_functions_do_what_debians_do(void **state)
{
    char a[OBJECT_SIZE], b[OBJECT_SIZE];

    need_oracle();
    memset(&its_ctx, 0xff, sizeof(its_ctx));
    for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
        const struct type *t = &types[i];
        to_json_fn *to_json = (to_json_fn *)of_oracle(t, "to_json");
        from_json_fn *from_json = (from_json_fn *)of_oracle(t, "from_json");
        copy_fn *copy = (copy_fn *)of_oracle(t, "copy");
        init_fn *dispose = (init_fn *)of_oracle(t, "dispose");

        t->init(a);
        ((init_fn *)of_oracle(t, "init"))(b);
        if (memcmp(a, b, t->size))
            fail_msg("%s_init differs", t->name);
        for (unsigned int v = 0; v < t->variants; v++) {
            char *json;

            filled(t, a, v);
            json = t->to_json(NULL, a);
            same_json(t->name, "its print", json, to_json(NULL, a));
            copy((libxl_ctx *)&its_ctx, b, a);
            same_json(t->name, "its copy", json, t->to_json(NULL, b));
            t->dispose(b);
            t->init(b);
            if (from_json((libxl_ctx *)&its_ctx, b, json))
                fail_msg("%s: it cannot read\n%s", t->name, json);
            same_json(t->name, "its reading", json, t->to_json(NULL, b));
            t->dispose(b);
            t->copy(NULL, b, a);
            dispose(b);
            dispose(a);
            free(json);
        }
    }
}

static void the_names_of_enumerations_are_debians(void **state)
{
    need_oracle();
    for (size_t i = 0; i < sizeof(enumerations) / sizeof(*enumerations); i++) {
        const libxl_enum_string_table *ours = enumerations[i].table, *its;
        char name[96];

        snprintf(name, sizeof(name), "%s_string_table", enumerations[i].name);
        its = dlsym(oracle, name);
        assert_non_null(its);
        for (; ours->s; ours++, its++) {
            assert_string_equal(ours->s, its->s);
            assert_int_equal(ours->v, its->v);
        }
        assert_null(its->s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_survives_the_way_through_json),
        cmocka_unit_test(damaged_json_is_refused_and_can_be_disposed_of),
        cmocka_unit_test(a_text_that_is_no_utf8_is_not_printed),
        cmocka_unit_test(json_of_another_kind_is_refused),
        cmocka_unit_test(the_type_functions_do_what_debians_do),
        cmocka_unit_test(the_names_of_enumerations_are_debians),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
