/* SPDX-License-Identifier: MIT */
/*
 * What a disk's process has given up, none of its threads has: each is looked
 * at from outside. As root alone.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "../../backends/block/storage.h"
#include "../../backends/common/privileges.h"

#define SOMEBODY 0x70000006u

/* io_uring is forbidden. */
int io_uring_queue_init(unsigned int depth, struct io_uring *ring,
                        unsigned int flags)
{
    return -EPERM;
}

/* As a backend does it. */
static int become_backend(struct storage *s, const char *image)
{
    int rc = privileges_limit();

    rc = rc ? rc : storage_open(s, image, "w", false, 8);
    rc = rc ? rc : privileges_drop(SOMEBODY);
    rc = rc ? rc : storage_begin(s);
    return rc ? rc : privileges_seal();
}

static pid_t start_backend(const char *image)
{
    static struct storage s;
    int told[2], rc;
    pid_t pid;

    assert_int_equal(pipe(told), 0);
    pid = fork();
    if (!pid) {
        rc = become_backend(&s, image);
        if (write(told[1], &rc, sizeof(rc)) != sizeof(rc))
            _exit(1);
        for (;;)
            pause();
    }
    assert_int_equal(read(told[0], &rc, sizeof(rc)), sizeof(rc));
    close(told[0]);
    close(told[1]);
    assert_int_equal(rc, 0);
    return pid;
}

static void line_of(const char *task, const char *key, char value[128])
{
    char path[PATH_MAX], line[128];
    FILE *f;

    snprintf(path, sizeof(path), "%s/status", task);
    f = fopen(path, "re");
    assert_non_null(f);
    *value = 0;
    while (fgets(line, sizeof(line), f))
        if (!strncmp(line, key, strlen(key)))
            snprintf(value, 128, "%s", line + strlen(key));
    fclose(f);
}

static void namespace_of(const char *task, const char *which, char name[64])
{
    char path[PATH_MAX];
    ssize_t n;

    snprintf(path, sizeof(path), "%s/ns/%s", task, which);
    n = readlink(path, name, 63);
    assert_true(n > 0);
    name[n] = 0;
}

static void has_given_up(const char *task)
{
    static const char *const spaces[] = {"mnt", "net", "ipc", "uts"};
    char value[128], name[64], host[64];
    unsigned int uid[4];

    line_of(task, "Uid:", value);
    assert_int_equal(
        sscanf(value, "%u %u %u %u", &uid[0], &uid[1], &uid[2], &uid[3]), 4);
    for (int i = 0; i < 4; i++)
        assert_int_equal(uid[i], SOMEBODY);
    line_of(task, "CapPrm:", value);
    assert_int_equal(strtoull(value, NULL, 16), 0);
    line_of(task, "Seccomp:", value);
    assert_int_equal(atoi(value), 2);
    line_of(task, "NoNewPrivs:", value);
    assert_int_equal(atoi(value), 1);
    for (int i = 0; i < 4; i++) {
        namespace_of("/proc/self", spaces[i], host);
        namespace_of(task, spaces[i], name);
        assert_string_not_equal(name, host);
    }
}

static void no_thread_has_more_privileges(void **state)
{
    char image[] = "/tmp/backend-privileges-XXXXXX", path[PATH_MAX];
    int fd = mkstemp(image), threads = 0;
    struct dirent *e;
    pid_t pid;
    DIR *tasks;

    if (geteuid())
        skip();
    assert_int_equal(ftruncate(fd, 65536), 0);
    close(fd);
    pid = start_backend(image);
    unlink(image);
    snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    tasks = opendir(path);
    assert_non_null(tasks);
    while ((e = readdir(tasks)))
        if (e->d_name[0] != '.') {
            snprintf(path, sizeof(path), "/proc/%d/task/%s", (int)pid,
                     e->d_name);
            has_given_up(path);
            threads++;
        }
    closedir(tasks);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    assert_true(threads > 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_thread_has_more_privileges),
    };

    return cmocka_run_group_tests_name("backend privileges", tests, NULL, NULL);
}
