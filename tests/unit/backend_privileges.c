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
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include <daemon/privileges.h>

#include "../../backends/block/storage.h"
#include "../../backends/common/syscall_filter.h"

#define SOMEBODY 0x70000006u

/* io_uring is forbidden. */
int io_uring_queue_init(unsigned int depth, struct io_uring *ring,
                        unsigned int flags)
{
    return -EPERM;
}

static void tell(int fd, int rc)
{
    if (write(fd, &rc, sizeof(rc)) != sizeof(rc))
        _exit(1);
}

/* As a backend does it; but it waits before the last step, since what the
 * sanitizer does when a thread begins is not among the calls that are left. */
static void become_backend(const char *image, int told, int go)
{
    static struct storage s;
    int rc = privileges_limit();
    char byte;

    rc = rc ? rc : storage_open(&s, image, NULL, "w", false, 8);
    rc = rc ? rc : privileges_drop(SOMEBODY);
    tell(told, rc ? rc : storage_begin(&s));
    if (read(go, &byte, 1) != 1)
        _exit(1);
    tell(told, syscall_filter_install(-1, -1));
    for (;;)
        pause();
}

static int heard(int fd)
{
    int rc = -EPIPE;

    assert_int_equal(read(fd, &rc, sizeof(rc)), sizeof(rc));
    return rc;
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

static bool threads_wait(pid_t pid)
{
    char path[64], task[PATH_MAX], state[128];
    bool all = true;
    struct dirent *e;
    int threads = 0;
    DIR *tasks;

    snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    tasks = opendir(path);
    assert_non_null(tasks);
    while ((e = readdir(tasks))) {
        if (e->d_name[0] == '.')
            continue;
        snprintf(task, sizeof(task), "%s/%s", path, e->d_name);
        line_of(task, "State:", state);
        all = all && strchr(state, 'S');
        threads++;
    }
    closedir(tasks);
    return all && threads > 4;
}

static pid_t start_backend(const char *image)
{
    int told[2], go[2];
    pid_t pid;

    assert_int_equal(pipe(told), 0);
    assert_int_equal(pipe(go), 0);
    pid = fork();
    if (!pid)
        become_backend(image, told[1], go[0]);
    assert_int_equal(heard(told[0]), 0);
    for (int i = 0; i < 5000 && !threads_wait(pid); i++)
        usleep(1000);
    assert_int_equal(write(go[1], "", 1), 1);
    assert_int_equal(heard(told[0]), 0);
    for (int i = 0; i < 2; i++) {
        close(told[i]);
        close(go[i]);
    }
    return pid;
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

/* What it may do: all of the file, and not one byte more. */
static int write_at_the_end(const char *image)
{
    int fd = open(image, O_RDWR | O_CLOEXEC);

    if (privileges_limit_files(65536) || privileges_drop(SOMEBODY))
        return 1;
    if (pwrite(fd, "a", 1, 65535) != 1 || pwrite(fd, "a", 1, 65536) != -1 ||
        errno != EFBIG)
        return 2;
    return fallocate(fd, 0, 65536, 1) != -1 || errno != EFBIG ? 3 : 0;
}

static void no_file_becomes_longer(void **state)
{
    char image[] = "/tmp/backend-privileges-XXXXXX";
    int fd = mkstemp(image), status;
    pid_t pid;

    if (geteuid())
        skip();
    assert_int_equal(ftruncate(fd, 65536), 0);
    close(fd);
    pid = fork();
    if (!pid)
        _exit(write_at_the_end(image));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    unlink(image);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_file_becomes_longer),
        cmocka_unit_test(no_thread_has_more_privileges),
    };

    return cmocka_run_group_tests_name("backend privileges", tests, NULL, NULL);
}
