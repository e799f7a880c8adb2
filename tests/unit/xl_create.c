/* SPDX-License-Identifier: MIT */
/*
 * xl create after libxl has made the domain: it succeeds and the domain runs,
 * with its monitor, or it fails and there is no domain.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <cmocka.h>

#include "../../tools/xl/xl.h"

#define DOMID 7

libxl_ctx *ctx;
xentoollog_logger_stdiostream *logger;
bool dryrun_only;
struct xl_conf xl_conf = {.lockfile = "/dev/null"};

static bool exists, running, fork_fails, log_fails, unpause_fails;
static int monitored;

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
    *domid = DOMID;
    exists = true;
    return 0;
}

int libxl_domain_unpause(libxl_ctx *c, uint32_t domid,
                         const libxl_asyncop_how *how)
{
    assert_int_equal(domid, DOMID);
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
    return 0;
}

int libxl_create_logfile(libxl_ctx *c, const char *name, char **full_name)
{
    *full_name = strdup("/dev/null");
    return log_fails ? ERROR_FAIL : 0;
}

int monitor_domain(libxl_domain_config *config, uint32_t domid,
                   const struct create_options *options)
{
    monitored++;
    return EXIT_SUCCESS;
}

/* For the parts of create.c before and beside this. */
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
    monitored = 0;
    return 0;
}

static void runs(void **state)
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

static void no_process_for_the_monitor(void **state)
{
    fork_fails = true;
    assert_int_equal(create((struct create_options){0}), EXIT_FAILURE);
    assert_false(exists);
    assert_int_equal(create((struct create_options){.no_monitor = true}),
                     EXIT_SUCCESS);
    assert_true(exists && running);
}

static void monitor_gives_up(void **state)
{
    log_fails = true;
    assert_int_equal(create((struct create_options){0}), EXIT_FAILURE);
    assert_false(exists);
}

static void cannot_run(void **state)
{
    unpause_fails = true;
    assert_int_equal(create((struct create_options){0}), EXIT_FAILURE);
    assert_false(exists);
    assert_int_equal(create((struct create_options){.foreground = true}),
                     EXIT_FAILURE);
    assert_true(!exists && !monitored);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(runs, reset),
        cmocka_unit_test_setup(no_process_for_the_monitor, reset),
        cmocka_unit_test_setup(monitor_gives_up, reset),
        cmocka_unit_test_setup(cannot_run, reset),
    };

    return cmocka_run_group_tests_name("xl create", tests, NULL, NULL);
}
