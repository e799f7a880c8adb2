/* SPDX-License-Identifier: MIT */
/* Path rules, and permission lists in wire form. */
#include "store_test.h"

#include <errno.h>

#include "../../tools/xenstored/path.h"

static int resolve(const char *in, char *out, bool special)
{
    return path_resolve(out, in, strlen(in), "/local/domain/7", special);
}

static void legal_paths_become_absolute(void **state)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"/", "/"},
        {"/a", "/a"},
        {"/a/b-c_d@0", "/a/b-c_d@0"},
        {"a", "/local/domain/7/a"},
        {"device/vif/0", "/local/domain/7/device/vif/0"},
    };
    char out[PATH_BUFFER];

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(resolve(cases[i].in, out, false), 0);
        assert_string_equal(out, cases[i].out);
    }
    assert_int_equal(resolve("@releaseDomain", out, true), 0);
    assert_string_equal(out, "@releaseDomain");
}

static void illegal_paths_are_refused(void **state)
{
    static const char *const cases[] = {
        "",     "//",        "/a/",  "a/",  "/a//b",         "/a b",
        "/a.b", "/\xc3\xa9", "/a\n", "/%n", "@releaseDomain"};
    char out[PATH_BUFFER];

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(resolve(cases[i], out, false), EINVAL);
    assert_int_equal(resolve("@a b", out, true), EINVAL);
}

/* The limits hold for the final form as well as for what was sent. */
static void a_path_may_be_as_long_as_the_limit(void **state)
{
    char in[4000], out[PATH_BUFFER];
    size_t prefix = strlen("/local/domain/7/");

    memset(in, 'a', sizeof(in));
    in[0] = '/';
    for (size_t len = 2000; len < 3500; len++)
        assert_int_equal(path_resolve(out, in, len, "/local/domain/7", false),
                         len <= 3072 ? 0 : EINVAL);
    in[0] = 'a';
    for (size_t len = 2000; len < 3500; len++)
        assert_int_equal(path_resolve(out, in, len, "/local/domain/7", false),
                         len <= 2048 ? 0 : EINVAL);
    assert_int_equal(path_resolve(out, in, 2048, "/local/domain/7", false), 0);
    assert_int_equal(strlen(out), 2048 + prefix);
}

static void a_path_is_below_itself_and_the_nodes_above_it(void **state)
{
    assert_true(path_is_below("/a", "/a"));
    assert_true(path_is_below("/a", "/a/b"));
    assert_false(path_is_below("/a", "/ab"));
    assert_false(path_is_below("/a/b", "/a"));
    assert_true(path_is_below("/", "/a"));
    assert_false(path_is_below("/", "@releaseDomain"));
    assert_int_equal(path_local_length("/local/domain/12/abc"), 3);
    assert_int_equal(path_local_length("/local/domain/x"), 15);
    assert_int_equal(path_local_length("/tool"), 5);
}

static uint32_t incarnation(uint16_t domid)
{
    return domid == 9 ? INCARNATION_NONE : domid + 100u;
}

#define PARSE(p, text) perms_parse(p, text, sizeof(text) - 1, 4)

static void
permissions_are_read_and_written_in_the_form_of_the_wire(void **state)
{
    struct perms *p;
    char out[64];

    assert_int_equal(PARSE(&p, "n1\0r2\0w3\0b32751\0"), 0);
    assert_int_equal(p->count, 4);
    perms_resolve(p, incarnation);
    assert_int_equal(p->entry[1].id.domid, 2);
    assert_int_equal(p->entry[1].id.incarnation, 102);
    assert_int_equal(p->entry[3].bits, PERM_READ | PERM_WRITE);
    assert_int_equal(perms_format(p, out, sizeof(out)), 16);
    assert_memory_equal(out, "n1\0r2\0w3\0b32751\0", 16);
    assert_int_equal(perms_format(p, out, 15), 0);
    perms_put(p);

    assert_int_equal(PARSE(&p, ""), EINVAL);
    assert_int_equal(PARSE(&p, "n1"), EINVAL);
    assert_int_equal(PARSE(&p, "n1\0n2"), 0);
    assert_int_equal(p->count, 1);
    perms_put(p);
    assert_int_equal(PARSE(&p, "\0"), EINVAL);
    assert_int_equal(PARSE(&p, "n1\0\0"), EINVAL);
    assert_int_equal(PARSE(&p, "x1\0"), EINVAL);
    assert_int_equal(PARSE(&p, "n\0"), EINVAL);
    assert_int_equal(PARSE(&p, "n-1\0"), EINVAL);
    assert_int_equal(PARSE(&p, "n1x\0"), EINVAL);
    assert_int_equal(PARSE(&p, "n99999\0"), EINVAL);
    assert_int_equal(PARSE(&p, "n4294967296\0"), EINVAL);
    assert_int_equal(PARSE(&p, "n1\0n2\0n3\0n4\0n5\0"), ENOSPC);
}

static unsigned int bits(struct perms *p, uint16_t domid, uint32_t inc)
{
    struct actor who = {false, {domid, inc}, {domid, inc}};
    return perms_of(p, &who);
}

static void owner_entries_and_default_decide_who_may_do_what(void **state)
{
    struct actor root = {true, {0, 1}, {0, 1}};
    struct actor model = {false, {5, 105}, {1, 101}};
    struct perms *p;

    assert_int_equal(PARSE(&p, "r1\0b2\0n3\0w9\0"), 0);
    perms_resolve(p, incarnation);
    assert_int_equal(perms_of(p, &root), PERM_READ | PERM_WRITE | PERM_OWNER);
    assert_int_equal(bits(p, 1, 101), PERM_READ | PERM_WRITE | PERM_OWNER);
    assert_int_equal(bits(p, 2, 102), PERM_READ | PERM_WRITE);
    assert_int_equal(bits(p, 3, 103), PERM_NONE);
    assert_int_equal(bits(p, 4, 104), PERM_READ);
    /* A device model has its target's rights. */
    assert_int_equal(perms_of(p, &model), PERM_READ | PERM_WRITE | PERM_OWNER);
    /* A successor with the same id has no access, nor has a domain that did not
     * exist yet. */
    assert_int_equal(bits(p, 1, 555), PERM_READ);
    assert_int_equal(bits(p, 2, 555), PERM_READ);
    assert_int_equal(bits(p, 9, 109), PERM_READ);
    perms_put(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(legal_paths_become_absolute),
        cmocka_unit_test(illegal_paths_are_refused),
        cmocka_unit_test(a_path_may_be_as_long_as_the_limit),
        cmocka_unit_test(a_path_is_below_itself_and_the_nodes_above_it),
        cmocka_unit_test(
            permissions_are_read_and_written_in_the_form_of_the_wire),
        cmocka_unit_test(owner_entries_and_default_decide_who_may_do_what),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
