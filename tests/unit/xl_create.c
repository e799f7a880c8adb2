/* SPDX-License-Identifier: MIT */
/*
 * xl create and its monitor over a libxl that is played here: creation succeeds
 * and the domain runs, with its monitor, or it fails and there is no domain; of
 * all creations on the host, those of monitors included, one is under way at a
 * time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <cmocka.h>

#include "../../tools/xl/xl.h"

#define DOMID 7

libxl_ctx *ctx;
xentoollog_logger_stdiostream *logger;
bool dryrun_only;
static char lockfile[] = "/tmp/xl-create-XXXXXX";
struct xl_conf xl_conf = {.lockfile = lockfile};

static bool exists, running, fork_fails, log_fails, unpause_fails;
static bool cannot_restart;
static int monitored, creations, reboots;
static int store_away; /* so many tries to reach it fail */
static int goes_away;  /* and it does while a domain is watched */

/* --- what is played here --- */

pid_t fork(void)
{
    errno = EAGAIN;
    return fork_fails ? -1 : syscall(SYS_fork);
}

int libxl_domain_create_new(libxl_ctx *c, libxl_domain_config *config,
                            uint32_t *domid, const libxl_asyncop_how *how,
                            const libxl_asyncprogress_how *console_how)
{
    int fd = open(lockfile, O_RDWR | O_CLOEXEC);

    assert_int_equal(store_away, 0);
    assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), -1);
    close(fd);
    creations++;
    *domid = DOMID;
    exists = true;
    return 0;
}

int libxl_domain_unpause(libxl_ctx *c, uint32_t domid,
                         const libxl_asyncop_how *how)
{
    assert_int_equal(domid, DOMID);
    if (cannot_restart && creations > 1)
        return ERROR_FAIL;
    running = !unpause_fails;
    return unpause_fails ? ERROR_FAIL : 0;
}

int libxl_domain_destroy(libxl_ctx *c, uint32_t domid,
                         const libxl_asyncop_how *how)
{
    assert_int_equal(domid, DOMID);
    exists = running = false;
    return 0;
}

void libxl_postfork_child_noexec(libxl_ctx *c)
{
}

int libxl_ctx_alloc(libxl_ctx **c, int version, unsigned int flags,
                    xentoollog_logger *lg)
{
    *c = NULL;
    if (store_away && --store_away)
        return ERROR_FAIL;
    return 0;
}

int libxl_ctx_free(libxl_ctx *c)
{
    return 0;
}

char *libxl_domid_to_name(libxl_ctx *c, uint32_t domid)
{
    return store_away ? NULL : strdup("g");
}

int libxl_create_logfile(libxl_ctx *c, const char *name, char **full_name)
{
    *full_name = strdup("/dev/null");
    return log_fails ? ERROR_FAIL : 0;
}

int libxl_evenable_domain_death(libxl_ctx *c, uint32_t domid,
                                libxl_ev_user user,
                                libxl_evgen_domain_death **d)
{
    monitored++;
    store_away = goes_away;
    return 0;
}

void libxl_evdisable_domain_death(libxl_ctx *c, libxl_evgen_domain_death *d)
{
}

/* So many reboots, and then its death. */
int libxl_event_wait(libxl_ctx *c, libxl_event **event, uint64_t types,
                     libxl_event_predicate *predicate, void *arg)
{
    static libxl_event next;

    next.type = reboots ? LIBXL_EVENT_TYPE_DOMAIN_SHUTDOWN
                        : LIBXL_EVENT_TYPE_DOMAIN_DEATH;
    next.u.domain_shutdown.shutdown_reason = LIBXL_SHUTDOWN_REASON_REBOOT;
    reboots -= !!reboots;
    *event = &next;
    return 0;
}

int libxl_event_check(libxl_ctx *c, libxl_event **event, uint64_t types,
                      libxl_event_predicate *predicate, void *arg)
{
    return ERROR_NOT_READY;
}

int libxl_retrieve_domain_configuration(libxl_ctx *c, uint32_t domid,
                                        libxl_domain_config *config,
                                        const libxl_asyncop_how *how)
{
    return ERROR_FAIL;
}

int libxl_domain_preserve(libxl_ctx *c, uint32_t domid,
                          libxl_domain_create_info *info, const char *suffix,
                          libxl_uuid uuid)
{
    return ERROR_FAIL;
}

unsigned int sleep(unsigned int seconds)
{
    return 0;
}

/* For the parts of the two files before and beside this. */
void make_room(libxl_domain_config *config)
{
}

void libxl_event_free(libxl_ctx *c, libxl_event *event)
{
}

int libxl_primary_console_exec(libxl_ctx *c, uint32_t domid, int notify)
{
    return ERROR_FAIL;
}

int next_option(int argc, char **argv, const char *options,
                const struct option *longopts, int required)
{
    return -1;
}

char *read_config_text(const char *file, char **overrides, int n, int *len)
{
    return NULL;
}

int parse_config(const char *name, const char *text, int len,
                 libxl_domain_config *config)
{
    return -1;
}

/* --- the tests --- */

static int create(struct create_options options)
{
    libxl_domain_config config;
    FILE *err = stderr;
    int status;

    libxl_domain_config_init(&config);
    config.c_info.name = strdup("g");
    config.on_reboot = LIBXL_ACTION_ON_SHUTDOWN_RESTART;
    stderr = fopen("/dev/null", "w");
    status = create_domain(&config, &options);
    fclose(stderr);
    stderr = err;
    libxl_domain_config_dispose(&config);
    return status;
}

static int reset(void **state)
{
    exists = running = fork_fails = log_fails = unpause_fails = false;
    cannot_restart = false;
    monitored = creations = reboots = store_away = goes_away = 0;
    return 0;
}

static void a_guest_runs_unless_it_is_to_be_paused(void **state)
{
    assert_int_equal(create((struct create_options){0}), EXIT_SUCCESS);
    assert_true(exists && running);
    reset(NULL);
    assert_int_equal(create((struct create_options){.paused = true}),
                     EXIT_SUCCESS);
    assert_true(exists && !running);
    reset(NULL);
    assert_int_equal(create((struct create_options){.foreground = true}),
                     EXIT_SUCCESS);
    assert_true(exists && running && monitored == 1);
}

static void without_a_process_for_the_monitor_no_guest_is_left(void **state)
{
    fork_fails = true;
    assert_int_equal(create((struct create_options){0}), EXIT_FAILURE);
    assert_false(exists);
    assert_int_equal(create((struct create_options){.no_monitor = true}),
                     EXIT_SUCCESS);
    assert_true(exists && running);
}

static void without_the_monitors_log_no_guest_is_left(void **state)
{
    log_fails = true;
    assert_int_equal(create((struct create_options){0}), EXIT_FAILURE);
    assert_false(exists);
}

static void a_guest_that_cannot_run_is_not_left(void **state)
{
    unpause_fails = true;
    assert_int_equal(create((struct create_options){0}), EXIT_FAILURE);
    assert_false(exists);
    assert_int_equal(create((struct create_options){.foreground = true}),
                     EXIT_FAILURE);
    assert_true(!exists && !monitored);
}

static void restarts(void **state)
{
    reboots = 2;
    assert_int_equal(create((struct create_options){.foreground = true}),
                     EXIT_SUCCESS);
    assert_true(exists && running && creations == 3);
    reset(NULL);
    reboots = 1;
    cannot_restart = true;
    assert_int_equal(create((struct create_options){.foreground = true}),
                     EXIT_FAILURE);
    assert_false(exists);
}

static void restart_waits_for_the_store(void **state)
{
    reboots = 2;
    goes_away = 4;
    assert_int_equal(create((struct create_options){.foreground = true}),
                     EXIT_SUCCESS);
    assert_true(exists && running && creations == 3);
}

static int make_lockfile(void **state)
{
    return close(mkstemp(lockfile));
}

static int remove_lockfile(void **state)
{
    return unlink(lockfile);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_guest_runs_unless_it_is_to_be_paused, reset),
        cmocka_unit_test_setup(
            without_a_process_for_the_monitor_no_guest_is_left, reset),
        cmocka_unit_test_setup(without_the_monitors_log_no_guest_is_left,
                               reset),
        cmocka_unit_test_setup(a_guest_that_cannot_run_is_not_left, reset),
        cmocka_unit_test_setup(restarts, reset),
        cmocka_unit_test_setup(restart_waits_for_the_store, reset),
    };

    return cmocka_run_group_tests_name("xl create", tests, make_lockfile,
                                       remove_lockfile);
}
