/* SPDX-License-Identifier: MIT */
/*
 * The tree against a simple model: random edits, with snapshots taken on the
 * way that must never change; then the same edits with memory running out at
 * every allocation in turn, which must change nothing.
 */
#include "store_test.h"

#include <errno.h>

#include "../../tools/xenstored/tree.h"

/* Linked with --wrap: the allocation number @fail_at fails. */
static long allocations, fail_at = -1;
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);

static bool fails(void)
{
    return ++allocations == fail_at;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
    return fails() ? NULL : __real_realloc(p, size);
}

/* Names that exercise the order: numbers, words, prefixes of each other. */
static const char *const names[] = {"0",  "2", "10", "9", "a",
                                    "ab", "b", "-",  "x1"};
#define NAMES  (sizeof(names) / sizeof(names[0]))
#define MODELS 8

/* All nodes as sorted-by-walk text: "path=value;" */
static char *dump(const struct node *root)
{
    static struct tree_walk w;
    const struct node *n;
    char *text = __real_malloc(1 << 18), *p = text;

    tree_walk_start(&w, root, "/");
    while ((n = tree_walk_next(&w)))
        p += sprintf(p, "%s=%.*s.%u;", w.path, (int)node_value_len(n),
                     n->value ? n->value->data : "", n->perms->entry[0].bits);
    return text;
}

/* --- the model: what each possible path should hold ----------------------- */

struct cell {
    char path[16];
    bool exists;
    char value[100];
    unsigned int bits;
};
static struct cell model[NAMES + NAMES * NAMES + NAMES * NAMES * NAMES];
static size_t cells;

/* All paths of up to three names, parents before children. */
static void model_init(void)
{
    cells = 0;
    for (size_t i = 0; i < NAMES; i++)
        sprintf(model[cells++].path, "/%s", names[i]);
    for (size_t parent = 0; cells < sizeof(model) / sizeof(model[0]); parent++)
        for (size_t i = 0; i < NAMES; i++) {
            struct cell *c = &model[cells++];
            strcpy(c->path, model[parent].path);
            sprintf(c->path + strlen(c->path), "/%s", names[i]);
        }
    for (size_t i = 0; i < cells; i++)
        model[i].exists = false;
}

static void model_create(struct cell *cell, const char *value, size_t len,
                         unsigned int bits)
{
    for (struct cell *c = model; c <= cell; c++)
        if (!c->exists && path_is_below(c->path, cell->path)) {
            c->exists = true;
            c->bits = bits;
            c->value[0] = '\0';
        }
    sprintf(cell->value, "%.*s", (int)len, value);
}

static void model_remove(const struct cell *cell)
{
    for (size_t i = 0; i < cells; i++)
        if (path_is_below(cell->path, model[i].path))
            model[i].exists = false;
}

static void assert_model(struct node *root)
{
    for (size_t i = 0; i < cells; i++) {
        const struct node *n = tree_lookup(root, model[i].path);

        assert_int_equal(n != NULL, model[i].exists);
        if (!n)
            continue;
        assert_int_equal(node_value_len(n), strlen(model[i].value));
        if (n->value)
            assert_memory_equal(n->value->data, model[i].value, n->value->len);
        assert_int_equal(n->perms->entry[0].bits, model[i].bits);
    }
}

static int create(struct node **root, const char *path, const void *data,
                  size_t len, struct perms *perms, struct stamp s)
{
    const char *rest;

    tree_nearest(*root, path, &rest);
    return tree_create(root, path, rest, data, len, perms, s);
}

/* The same edit of the tree and, if it succeeds, of the model. */
static int random_edit(struct node **root, struct perms *perms[2], uint64_t gen)
{
    struct cell *cell = &model[(size_t)rand() % cells];
    const char *path = cell->path;
    char value[100];
    struct stamp s = {gen, 7};
    struct perms *p = perms[rand() % 2];
    struct node *removed;
    size_t len = (size_t)rand() % 90;
    int kind = rand() % 10, rc;

    memset(value, 'a' + rand() % 26, sizeof(value));
    if (!tree_lookup(*root, path)) {
        rc = create(root, path, value, len, p, s);
        if (!rc)
            model_create(cell, value, len, p->entry[0].bits);
    } else if (kind < 5) {
        rc = tree_set_value(root, path, value, len, s);
        if (!rc)
            sprintf(cell->value, "%.*s", (int)len, value);
    } else if (kind < 7) {
        rc = tree_set_perms(root, path, p, s);
        if (!rc)
            cell->bits = p->entry[0].bits;
    } else {
        rc = tree_remove(root, path, s, &removed);
        if (!rc) {
            node_put(removed);
            model_remove(cell);
        }
    }
    return rc;
}

static void make_perms(struct perms *perms[2])
{
    for (int i = 0; i < 2; i++) {
        perms[i] = perms_alloc(1);
        perms[i]->entry[0].bits = (uint8_t)(i + 1);
    }
}

static void snapshots_never_change(void **state)
{
    struct perms *perms[2];
    struct node *root, *snapshot[MODELS] = {NULL};
    char *text[MODELS] = {NULL};

    srand(1);
    model_init();
    make_perms(perms);
    root = tree_new(perms[0]);
    for (uint64_t i = 1; i < 20000; i++) {
        int m = rand() % MODELS;
        assert_int_equal(random_edit(&root, perms, i), 0);
        if (rand() % 50)
            continue;
        assert_model(root);
        if (snapshot[m]) {
            char *now = dump(snapshot[m]);
            assert_string_equal(now, text[m]);
            free(now);
            free(text[m]);
            node_put(snapshot[m]);
        }
        snapshot[m] = node_get(root);
        text[m] = dump(root);
    }
    for (int m = 0; m < MODELS; m++) {
        node_put(snapshot[m]);
        free(text[m]);
    }
    node_put(root);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(perms[i]->refs, 1);
        perms_put(perms[i]);
    }
}

/* Every allocation of every edit fails once: same tree, same snapshot. */
static void out_of_memory_changes_nothing(void **state)
{
    struct perms *perms[2];
    struct node *root, *snapshot;
    int failures = 0;

    srand(2);
    model_init();
    make_perms(perms);
    root = tree_new(perms[0]);
    for (uint64_t i = 1; i < 500; i++) {
        unsigned int seed = (unsigned int)rand();
        int rc;

        snapshot = node_get(root);
        for (long n = 1;; n++) {
            char *before = dump(root), *after;
            srand(seed);
            allocations = 0;
            fail_at = n;
            rc = random_edit(&root, perms, i);
            fail_at = -1;
            if (rc) {
                assert_int_equal(rc, ENOMEM);
                after = dump(root);
                assert_string_equal(before, after);
                free(after);
                failures++;
            }
            free(before);
            if (!rc)
                break;
        }
        node_put(snapshot);
        if (i % 100 == 0)
            assert_model(root);
    }
    assert_true(failures > 500);
    node_put(root);
    perms_put(perms[0]);
    perms_put(perms[1]);
}

static void children_are_sorted(void **state)
{
    struct perms *p = perms_alloc(1);
    struct node *root = tree_new(p);
    struct stamp s = {1, 0};
    static const char *const sorted[] = {"0", "2",  "9", "10", "-",
                                         "a", "ab", "b", "x1"};

    for (size_t i = 0; i < NAMES; i++) {
        char path[8];
        sprintf(path, "/%s", names[i]);
        assert_int_equal(create(&root, path, NULL, 0, p, s), 0);
    }
    assert_int_equal(root->child_count, NAMES);
    for (size_t i = 0; i < NAMES; i++)
        assert_string_equal(root->child[i]->name, sorted[i]);
    node_put(root);
    perms_put(p);
}

/* As deep as a path can be; freeing and walking must not use the stack. */
static void a_tree_as_deep_as_a_path_can_be_is_walked_and_freed(void **state)
{
    struct perms *p = perms_alloc(1);
    struct node *root = tree_new(p);
    struct stamp s = {1, 0};
    static struct tree_walk w;
    char path[PATH_BUFFER];
    int nodes = 0;

    for (size_t i = 0; i < 3072; i++)
        path[i] = i % 2 ? 'a' : '/';
    path[3072] = '\0';
    assert_int_equal(create(&root, path, "v", 1, p, s), 0);
    assert_non_null(tree_lookup(root, path));
    tree_walk_start(&w, root, "/");
    while (tree_walk_next(&w))
        nodes++;
    assert_int_equal(nodes, 1537);
    assert_string_equal(w.path, path);
    node_put(root);
    perms_put(p);
}

/* A node's generation changes with the node, not with what is below it. */
static void a_nodes_generation_changes_with_the_node_alone(void **state)
{
    struct perms *p = perms_alloc(1);
    struct node *root = tree_new(p), *n;

    assert_int_equal(create(&root, "/a/b", "1", 1, p, (struct stamp){1, 5}), 0);
    assert_int_equal(
        tree_set_value(&root, "/a/b", "2", 1, (struct stamp){2, 6}), 0);
    n = tree_lookup(root, "/a");
    assert_int_equal(n->generation, 1);
    assert_int_equal(n->list_generation, 1);
    assert_int_equal(tree_lookup(root, "/a/b")->generation, 2);
    assert_int_equal(tree_lookup(root, "/a/b")->writer, 6);
    assert_int_equal(create(&root, "/a/c", "", 0, p, (struct stamp){3, 5}), 0);
    n = tree_lookup(root, "/a");
    assert_int_equal(n->generation, 1);
    assert_int_equal(n->list_generation, 3);
    node_put(root);
    perms_put(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(snapshots_never_change),
        cmocka_unit_test(out_of_memory_changes_nothing),
        cmocka_unit_test(children_are_sorted),
        cmocka_unit_test(a_tree_as_deep_as_a_path_can_be_is_walked_and_freed),
        cmocka_unit_test(a_nodes_generation_changes_with_the_node_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
