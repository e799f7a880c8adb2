/* SPDX-License-Identifier: MIT */
/*
 * A plugin of QEMU's emulation (TCG): marks each instruction of a range that
 * has been translated, which QEMU does when it is about to run it. So this
 * costs nothing while the guest runs. The marks are a file with a byte for each
 * address of the range, 1 where an instruction begins; runs with the same file
 * add to it, at the same time, too, and whatever ends them.
 *
 *     -plugin executed.so,marks=FILE,first=ADDRESS     the range: FILE's size
 *
 * Debian packages no header for plugins: below is what is used of version 1 of
 * QEMU's interface (docs/devel/tcg-plugins).
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

typedef uint64_t plugin_id;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
void qemu_plugin_register_vcpu_tb_trans_cb(
    plugin_id id, void (*translated)(plugin_id id, struct qemu_plugin_tb *tb));
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *
qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t n);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);

/* Called by QEMU. */
extern int qemu_plugin_version;
int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv);
int qemu_plugin_version = 1;

static uint8_t *marks;
static uint64_t first, size;

static void translated(plugin_id id, struct qemu_plugin_tb *tb)
{
    size_t n = qemu_plugin_tb_n_insns(tb);

    for (size_t i = 0; i < n; i++) {
        uint64_t at =
            qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(tb, i)) - first;

        if (at < size)
            marks[at] = 1;
    }
}

static const char *value_of(const char *name, int argc, char **argv)
{
    size_t n = strlen(name);

    for (int i = 0; i < argc; i++)
        if (!strncmp(argv[i], name, n) && argv[i][n] == '=')
            return argv[i] + n + 1;
    fprintf(stderr, "executed: %s= is missing\n", name);
    exit(1);
}

int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv)
{
    const char *file = value_of("marks", argc, argv);
    int fd = open(file, O_RDWR);
    struct stat st;

    first = strtoull(value_of("first", argc, argv), NULL, 0);
    if (fd < 0 || fstat(fd, &st)) {
        perror(file);
        return 1;
    }
    size = st.st_size;
    marks = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (marks == MAP_FAILED) {
        perror(file);
        return 1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    return 0;
}
