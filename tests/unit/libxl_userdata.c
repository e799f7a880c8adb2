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
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <xentoollog.h>

#include <cmocka.h>

#include "../../tools/libxl/device.h"
#include "../../tools/libxl/domain.h"

#define DIR      LIBXL__USERDATA_DIR
#define UUID     "05000000-0000-0000-0000-000000000000"
#define NEW_UUID "05010000-0000-0000-0000-000000000000"
#define LOCK     DIR "/userdata-l.5." UUID ".domain-userdata-lock"
#define NEW_LOCK DIR "/userdata-l.5." NEW_UUID ".domain-userdata-lock"
#define DATA     DIR "/userdata-d.5." UUID ".mine"
#define OTHER    DIR "/userdata-d.6.06000000-0000-0000-0000-000000000000.mine"

static libxl_ctx the_ctx = {.lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP};
static libxl__gc gc_ = {.ctx = &the_ctx}, *gc = &gc_;
static int calls_until_gone = -1; /* of domain 5; -1: it stays */
static libxl_uuid *uuid_of_5;     /* seen by all processes */

int libxl__domain_uuid(libxl__gc *its_gc, uint32_t domid, libxl_uuid *uuid)
{
    if (domid == 5 && !calls_until_gone)
        return ERROR_DOMAIN_NOTFOUND;
    if (domid == 5 && calls_until_gone > 0)
        calls_until_gone--;
    *uuid = domid == 5 ? *uuid_of_5 : (libxl_uuid){{domid}};
    return 0;
}

struct libxl__due *libxl__take_due(libxl_ctx *ctx)
{
    return NULL;
}

void libxl__run_due(libxl_ctx *ctx, struct libxl__due *due)
{
}

/* --- a domain that is preserved --- */

static bool is_locked(const char *file)
{
    int fd = open(file, O_RDWR);
    bool locked =
        fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK;

    close(fd);
    return locked;
}

int xlc_domain_set_handle(xlc_handle *xch, uint32_t domid,
                          const uint8_t handle[16])
{
    assert_true(is_locked(LOCK));
    memcpy(uuid_of_5->uuid, handle, sizeof(uuid_of_5->uuid));
    return 0;
}

int libxl__domain_rename(libxl__gc *its_gc, uint32_t domid,
                         const char *old_name, const char *new_name,
                         xs_transaction_t t)
{
    assert_true(is_locked(LOCK));
    return 0;
}

const char *libxl__vm_path(libxl__gc *its_gc, uint32_t domid)
{
    return NULL;
}

int libxl__xs_mknod(libxl__gc *its_gc, xs_transaction_t t, const char *path,
                    struct xs_permissions *perms, unsigned int n)
{
    return 0;
}

int libxl__xs_write(libxl__gc *its_gc, xs_transaction_t t, const char *path,
                    const char *value)
{
    return 0;
}

int libxl__xs_rm(libxl__gc *its_gc, xs_transaction_t t, const char *path)
{
    return 0;
}

libxl__ao *libxl__ao_create(libxl_ctx *ctx, uint32_t domid,
                            const libxl_asyncop_how *how)
{
    static libxl__ao ao;

    ao.gc.ctx = ctx;
    return &ao;
}

int libxl__ao_inprogress(libxl__ao *ao)
{
    libxl__gc_free(&ao->gc);
    return 0;
}

void libxl__ao_complete(libxl__ao *ao, int rc)
{
}

void libxl__multidev_begin(libxl__ao *ao, libxl__multidev *multi,
                           void (*callback)(libxl__multidev *, int))
{
}

int libxl__domain_remove_devices(libxl__multidev *multi, uint32_t domid,
                                 bool undo, const char *except)
{
    return 0;
}

void libxl__multidev_prepared(libxl__multidev *multi, int rc)
{
}

/* --- */

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

/* Whoever waits for the lock gets that of its new identity. */
static void a_domain_is_preserved_with_its_lock(void **state)
{
    libxl_domain_create_info info;
    libxl_uuid new = {{5, 1}};
    libxl_domain_config config;
    int answer, fd;
    pid_t pid;

    libxl_domain_config_init(&config);
    config.c_info.name = strdup("g");
    config.b_info.max_memkb = 4711;
    assert_int_equal(libxl__domain_config_save(gc, 5, &config), 0);
    libxl_domain_config_dispose(&config);
    store(5);

    libxl_domain_create_info_init(&info);
    info.uuid = *uuid_of_5;
    assert_int_equal(libxl_domain_preserve(&the_ctx, 5, &info, "-old", new), 0);
    libxl_domain_create_info_dispose(&info);
    assert_int_equal(access(LOCK, F_OK), -1);
    assert_int_equal(access(DATA, F_OK), -1);
    libxl_domain_config_init(&config);
    assert_int_equal(libxl__domain_config_load(gc, 5, &config), 0);
    assert_int_equal(config.b_info.max_memkb, 4711);
    libxl_domain_config_dispose(&config);

    *uuid_of_5 = (libxl_uuid){{5}};
    fd = libxl__userdata_lock(gc, 5);
    pid = another(&answer);
    assert_false(has_answered(answer));
    *uuid_of_5 = new;
    libxl__userdata_unlock(fd);
    assert_int_equal(answer_of(pid, answer), '+');
    assert_int_equal(access(LOCK, F_OK), -1); /* nobody would remove it */
    assert_int_equal(access(NEW_LOCK, F_OK), 0);
    *uuid_of_5 = (libxl_uuid){{5}};
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
        cmocka_unit_test(a_domain_is_preserved_with_its_lock),
    };
    xentoollog_logger_stdiostream *lg =
        xtl_createlogger_stdiostream(stderr, XTL_CRITICAL, 0);
    int failed;

    uuid_of_5 = mmap(NULL, sizeof(*uuid_of_5), PROT_READ | PROT_WRITE,
                     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (uuid_of_5 == MAP_FAILED)
        return 1;
    uuid_of_5->uuid[0] = 5;
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
