/* SPDX-License-Identifier: MIT */
/*
 * xl's entry: global options, the configuration of xl itself, and the
 * command. The library's context is made only for commands that exist, so
 * that help works everywhere.
 */
#include "xl.h"

#define XL_CONF "/etc/xen/xl.conf"

libxl_ctx *ctx;
xentoollog_logger_stdiostream *logger;
bool dryrun_only, force_execution;

static void close_all(void)
{
    libxl_ctx_free(ctx);
    ctx = NULL;
    xtl_logger_destroy((xentoollog_logger *)logger);
    logger = NULL;
}

/* Reads the options before the command; returns the command's index. */
static int global_options(int argc, char **argv)
{
    xentoollog_level level = XTL_PROGRESS;
    unsigned int flags = 0;
    int opt;

    while ((opt = getopt(argc, argv, "+vftTN")) >= 0) {
        switch (opt) {
        case 'v':
            if (level > XTL_DEBUG)
                level--;
            break;
        case 'N':
            dryrun_only = true;
            break;
        case 'f':
            force_execution = true;
            break;
        case 't':
            flags |= XTL_STDIOSTREAM_PROGRESS_USE_CR;
            break;
        case 'T':
            flags |= XTL_STDIOSTREAM_SHOW_DATE | XTL_STDIOSTREAM_SHOW_PID;
            break;
        default:
            fprintf(stderr,
                    "xl: unknown option before the command, see 'xl help'\n");
            exit(EXIT_FAILURE);
        }
    }
    logger = xtl_createlogger_stdiostream(stderr, level, flags);
    if (!logger)
        exit(EXIT_FAILURE);
    return optind;
}

static int run_help(int argc, char **argv)
{
    const struct command *command = argc > 1 ? find_command(argv[1]) : NULL;

    if (argc < 2) {
        print_help();
        return EXIT_SUCCESS;
    }
    if (!command || !command->run) {
        fprintf(stderr, "xl: there is no command '%s'\n", argv[1]);
        return EXIT_FAILURE;
    }
    print_command_help(command, stdout);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    int first = global_options(argc, argv), status;
    const struct command *command;
    const char *name;

    atexit(close_all);
    argc -= first;
    argv += first;
    if (!argc) {
        print_help();
        return EXIT_FAILURE;
    }
    name = argv[0];
    optind = 1;
    if (!strcmp(name, "help"))
        return run_help(argc, argv);
    command = find_command(name);
    if (!command) {
        fprintf(stderr, "xl: there is no command '%s', see 'xl help'\n", name);
        return EXIT_FAILURE;
    }
    if (!command->run) {
        fprintf(stderr, "xl: '%s' is not supported by xen-lite\n", name);
        return EXIT_FAILURE;
    }
    if (argc == 2 && (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help"))) {
        print_command_help(command, stdout);
        return EXIT_SUCCESS;
    }
    if (dryrun_only && !has_dry_run(command)) {
        fprintf(stderr, "xl: '%s' cannot be tried without doing it (-N)\n",
                name);
        return EXIT_FAILURE;
    }
    if (read_xl_conf(XL_CONF))
        return EXIT_FAILURE;
    if (libxl_ctx_alloc(&ctx, LIBXL_VERSION, 0, (xentoollog_logger *)logger))
        return EXIT_FAILURE; /* it said why */
    status = command->run(argc, argv);
    if (fflush(stdout) || ferror(stdout)) {
        fprintf(stderr, "xl: cannot write: %s\n", strerror(errno));
        status = EXIT_FAILURE;
    }
    return status;
}
