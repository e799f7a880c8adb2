/* SPDX-License-Identifier: MIT */
/*
 * The files that libxl keeps of a domain, and the lock on them: real files in a
 * /var/lib of this process's own, and a domain that is played.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <xentoollog.h>

#include <cmocka.h>

#include "../../tools/libxl/domain.h"

#define DIR   LIBXL__USERDATA_DIR
#define UUID  "05000000-0000-0000-0000-000000000000"
#define LOCK  DIR "/userdata-l.5." UUID ".domain-userdata-lock"
#define DATA  DIR "/userdata-d.5." UUID ".mine"
#define OTHER DIR "/userdata-d.6.06000000-0000-0000-0000-000000000000.mine"

static libxl_ctx the_ctx = {.lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP};
static libxl__gc gc_ = {.ctx = &the_ctx}, *gc = &gc_;
static int calls_until_gone = -1; /* of domain 5; -1: it stays */

int libxl__domain_uuid(libxl__gc *its_gc, uint32_t domid, libxl_uuid *uuid)
{
    if (domid == 5 && !calls_until_gone)
        return ERROR_DOMAIN_NOTFOUND;
    if (domid == 5 && calls_until_gone > 0)
        calls_until_gone--;
    *uuid = (libxl_uuid){{domid}};
    return 0;
}

struct libxl__due *libxl__take_due(libxl_ctx *ctx)
{
    return NULL;
}

void libxl__run_due(libxl_ctx *ctx, struct libxl__due *due)
{
}

static void store(uint32_t domid)
{
    assert_int_equal(libxl_userdata_store(&the_ctx, domid, "mine",
                                          (const uint8_t *)"text", 4),
                     0);
}

/* Another process that wants the lock and says what it has got: + or -. */
static pid_t another(int *answer)
{
    int ends[2], fd;
    pid_t pid;

    assert_int_equal(pipe(ends), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (!pid) {
        fd = libxl__userdata_lock(gc, 5);
        _exit(write(ends[1], fd < 0 ? "-" : "+", 1) != 1);
    }
    close(ends[1]);
    *answer = ends[0];
    return pid;
}

static bool has_answered(int answer)
{
    struct pollfd p = {.fd = answer, .events = POLLIN};

    return poll(&p, 1, 100) == 1;
}

static char answer_of(pid_t pid, int answer)
{
    char c = 0;

    assert_int_equal(read(answer, &c, 1), 1);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    close(answer);
    return c;
}

static void the_lock_is_one_processs_at_a_time(void **state)
{
    int fd = libxl__userdata_lock(gc, 5), answer;
    pid_t pid;

    assert_true(fd >= 0);
    pid = another(&answer);
    assert_false(has_answered(answer));
    libxl__userdata_unlock(fd);
    assert_int_equal(answer_of(pid, answer), '+');
}

static void the_lock_of_a_domain_that_ended_is_not_taken(void **state)
{
    int fd = libxl__userdata_lock(gc, 5), answer;
    pid_t pid;

    calls_until_gone = 1; /* it is there when the other begins */
    pid = another(&answer);
    assert_false(has_answered(answer));
    assert_int_equal(unlink(LOCK), 0);
    libxl__userdata_unlock(fd);
    assert_int_equal(answer_of(pid, answer), '-');
    assert_int_equal(access(LOCK, F_OK), -1); /* nobody would remove it */
    calls_until_gone = -1;
}

static void a_domains_files_are_removed_with_its_lock(void **state)
{
    libxl_uuid uuid = {{5}};

    store(5);
    store(6);
    assert_int_equal(access(LOCK, F_OK), 0);
    libxl__userdata_destroy_all(gc, 5, &uuid);
    assert_int_equal(access(LOCK, F_OK), -1);
    assert_int_equal(access(DATA, F_OK), -1);
    assert_int_equal(access(OTHER, F_OK), 0);
}

static void what_is_stored_is_what_is_retrieved(void **state)
{
    uint8_t *data;
    int len;

    store(5);
    assert_int_equal(libxl_userdata_retrieve(&the_ctx, 5, "mine", &data, &len),
                     0);
    assert_int_equal(len, 4);
    assert_memory_equal(data, "text", 4);
    free(data);
    assert_int_equal(libxl_userdata_unlink(&the_ctx, 5, "mine"), 0);
    assert_int_equal(access(DATA, F_OK), -1);
    assert_int_equal(libxl_userdata_store(&the_ctx, 5, "../mine", NULL, 0),
                     ERROR_INVAL);
}

/* Nothing of the host's is to be seen or changed. */
static bool own_var_lib(void)
{
    return !unshare(geteuid() ? CLONE_NEWUSER | CLONE_NEWNS : CLONE_NEWNS) &&
           !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) &&
           !mount("none", "/var/lib", "tmpfs", 0, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_lock_is_one_processs_at_a_time),
        cmocka_unit_test(the_lock_of_a_domain_that_ended_is_not_taken),
        cmocka_unit_test(a_domains_files_are_removed_with_its_lock),
        cmocka_unit_test(what_is_stored_is_what_is_retrieved),
    };
    xentoollog_logger_stdiostream *lg =
        xtl_createlogger_stdiostream(stderr, XTL_CRITICAL, 0);
    int failed;

    the_ctx.lg = (xentoollog_logger *)lg;
    if (!own_var_lib()) {
        print_message("1..0 # SKIP no file systems of its own\n");
        return 0;
    }
    failed = cmocka_run_group_tests_name("libxl userdata", tests, NULL, NULL);
    libxl__gc_free(gc);
    xtl_logger_destroy((xentoollog_logger *)lg);
    return failed;
}
