/* SPDX-License-Identifier: MIT */
/*
 * xl create: configuration to domain, console, and then the monitor, a daemon
 * that lives as long as the domain and does what the configuration says when
 * it shuts down.
 */
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "xl.h"
#include "commands.h"

/* A directory of root's: in /run/lock any user can make the file first. */
#define DEFAULT_LOCK_DIR "/run/xen"
#define DEFAULT_LOCK     DEFAULT_LOCK_DIR "/xl.lock"

static int lock(void)
{
    const char *file = xl_conf.lockfile ? xl_conf.lockfile : DEFAULT_LOCK;
    int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0 && errno == ENOENT && !xl_conf.lockfile &&
        !mkdir(DEFAULT_LOCK_DIR, 0755)) /* a fresh file system in memory */
        fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    while (fd >= 0 && flock(fd, LOCK_EX)) {
        if (errno == EINTR)
            continue;
        close(fd);
        fd = -1;
    }
    if (fd < 0)
        fprintf(stderr, "cannot lock %s: %s\n", file, strerror(errno));
    return fd;
}

/* Two creations at once could both find a name or memory free. */
int make_domain(libxl_domain_config *config, uint32_t *domid,
                const libxl_asyncprogress_how *console)
{
    int fd = lock(), rc;

    if (fd < 0)
        return ERROR_FAIL;
    make_room(config);
    rc = libxl_domain_create_new(ctx, config, domid, NULL, console);
    close(fd);
    return rc;
}

/* The console's program, started as soon as there is one to connect to. */
static pid_t console_pid;

static void start_console(libxl_ctx *its_ctx, libxl_event *event, void *unused)
{
    uint32_t domid = event->domid;

    libxl_event_free(its_ctx, event);
    fflush(stdout);
    console_pid = fork();
    if (console_pid < 0)
        fprintf(stderr, "cannot fork: %s\n", strerror(errno));
    if (console_pid)
        return;
    libxl_postfork_child_noexec(its_ctx);
    if (!libxl_ctx_alloc(&ctx, LIBXL_VERSION, 0, (xentoollog_logger *)logger))
        libxl_primary_console_exec(ctx, domid, -1);
    _exit(EXIT_FAILURE);
}

static void wait_for_console(void)
{
    while (console_pid > 0 && waitpid(console_pid, NULL, 0) < 0 &&
           errno == EINTR)
        ;
    console_pid = 0;
}

/* In the child: become a daemon with its own log, then tell the parent. */
static int become_monitor(const char *name, int ready)
{
    char *log = NULL, *log_name = NULL;
    int null, fd;

    libxl_postfork_child_noexec(ctx);
    ctx = NULL;
    /* No descriptor of the caller may stay open as long as the domain lives. */
    dup2(ready, 3);
    close_range(4, ~0U, 0);
    if (libxl_ctx_alloc(&ctx, LIBXL_VERSION, 0, (xentoollog_logger *)logger))
        return -1;
    if (asprintf(&log_name, "xl-%s", name) < 0 ||
        libxl_create_logfile(ctx, log_name, &log))
        return -1;
    free(log_name);
    null = open("/dev/null", O_RDONLY);
    fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0644);
    if (fd < 0 || null < 0) {
        fprintf(stderr, "cannot open %s: %s\n", log, strerror(errno));
        return -1;
    }
    free(log);
    setsid();
    dup2(null, 0);
    dup2(fd, 1);
    dup2(fd, 2);
    close(null);
    close(fd);
    if (chdir("/")) /* keep no file system busy */
        return -1;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (write(3, "", 1) != 1)
        return -1;
    close(3);
    return 0;
}

/* The parent goes on with its user, once the child has gone on with the
 * domain. */
static int start_monitor(libxl_domain_config *config, uint32_t domid,
                         const struct create_options *options)
{
    int ends[2];
    ssize_t r;
    pid_t pid;
    char byte;

    fflush(stdout);
    if (pipe2(ends, O_CLOEXEC)) {
        fprintf(stderr, "cannot start the monitor: %s\n", strerror(errno));
        return ERROR_FAIL;
    }
    pid = fork();
    if (pid < 0)
        fprintf(stderr, "cannot start the monitor: %s\n", strerror(errno));
    if (!pid) {
        if (become_monitor(config->c_info.name, ends[1]))
            _exit(EXIT_FAILURE);
        _exit(monitor_domain(config, domid, options));
    }
    close(ends[1]);
    do
        r = read(ends[0], &byte, 1);
    while (r < 0 && errno == EINTR);
    close(ends[0]);
    return r == 1 ? 0 : ERROR_FAIL;
}

int create_domain(libxl_domain_config *config,
                  const struct create_options *options)
{
    libxl_asyncprogress_how console_how = {.callback = start_console};
    uint32_t domid = INVALID_DOMID;
    int rc =
        make_domain(config, &domid, options->console ? &console_how : NULL);

    if (rc) {
        wait_for_console(); /* its domain is gone, and so it ends */
        return EXIT_FAILURE;
    }
    /* The monitor first, so that no early death goes unnoticed. */
    if (!options->no_monitor && !options->foreground)
        rc = start_monitor(config, domid, options);
    if (!rc && !options->paused)
        rc = libxl_domain_unpause(ctx, domid, NULL);
    /*
     * All or nothing: a caller that gets an error may start the guest
     * elsewhere.
     */
    if (rc)
        libxl_domain_destroy(ctx, domid, NULL);
    else if (options->foreground)
        return monitor_domain(config, domid, options);
    wait_for_console();
    return exit_status(rc);
}

static int print_config(libxl_domain_config *config)
{
    char *json = libxl_domain_config_to_json(ctx, config);

    if (!json)
        return EXIT_FAILURE;
    printf("%s", json);
    free(json);
    return EXIT_SUCCESS;
}

static int has_overrides(const char *arg)
{
    return strchr(arg, '=') != NULL;
}

int main_create(int argc, char **argv)
{
    static const struct option longopts[] = {
        {"dryrun", 0, 0, 'n'},
        {"quiet", 0, 0, 'q'},
        {"help", 0, 0, 'h'},
        {"defconfig", 1, 0, 'f'},
        {0},
    };
    struct create_options options = {0};
    const char *file = NULL;
    libxl_domain_config config;
    bool dryrun = dryrun_only;
    int opt, len, status = EXIT_FAILURE;
    char *text;

    /* The file may stand before the options. */
    if (argc > 1 && argv[1][0] != '-' && !has_overrides(argv[1])) {
        file = argv[1];
        argv[1] = argv[0];
        argc--;
        argv++;
    }
    while ((opt = next_option(argc, argv, "Fnqf:pcde", longopts, 0)) != -1) {
        switch (opt) {
        case 'f':
            file = optarg;
            break;
        case 'p':
            options.paused = true;
            break;
        case 'c':
            options.console = true;
            break;
        case 'd':
            xtl_stdiostream_set_minlevel(logger, XTL_DEBUG);
            break;
        case 'F':
            options.foreground = true;
            break;
        case 'e':
            options.no_monitor = true;
            break;
        case 'n':
            dryrun = true;
            break;
        case 'q':
            options.quiet = true;
            break;
        }
    }
    if (optind < argc && !has_overrides(argv[optind])) {
        if (file) {
            fprintf(stderr, "xl create: two config files: %s and %s\n", file,
                    argv[optind]);
            return EXIT_FAILURE;
        }
        file = argv[optind++];
    }
    if (!file && optind == argc) {
        fprintf(stderr, "xl create: no config file given\n");
        return EXIT_FAILURE;
    }
    text = read_config_text(file, argv + optind, argc - optind, &len);
    if (!text)
        return EXIT_FAILURE;
    if (!options.quiet && file)
        fprintf(stderr, "reading configuration %s\n", file);
    libxl_domain_config_init(&config);
    if (!parse_config(file ? file : "command line", text, len, &config))
        status =
            dryrun ? print_config(&config) : create_domain(&config, &options);
    libxl_domain_config_dispose(&config);
    free(text);
    return status;
}
