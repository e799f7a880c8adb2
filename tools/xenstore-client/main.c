/* SPDX-License-Identifier: MIT */
/*
 * The command is what the program is called after "xenstore-", or else its
 * first argument. Commands that work on several nodes do so in a transaction,
 * repeated until it succeeds; their output waits until then.
 */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <base/macros.h>

#include "client.h"

static const struct command {
    const char *name;
    int (*run)(struct context *c, int argc, char **argv);
    const char *options; /* those of getopt_long() that make sense */
    const char *usage;
    int min_args;
    bool pairs;       /* arguments come in twos */
    bool transaction; /* when there is more than one thing to do */
} commands[] = {
    {"exists", command_exists, "hs", "[-h] [-p] [-s] key [...]", 1, false,
     false},
    {"list", command_list, "hps", "[-h] [-p] [-s] key [...]", 1, false, false},
    {"ls", command_ls, "hfps", "[-h] [-f] [-p] [-s] [path]", 0, false, false},
    {"read", command_read, "hpsR", "[-h] [-p] [-s] [-R] key [...]", 1, false,
     true},
    {"rm", command_rm, "hst", "[-h] [-s] [-t] key [...]", 1, false, true},
    {"write", command_write, "hsR", "[-h] [-s] [-R] key value [...]", 2, true,
     true},
    {"chmod", command_chmod, "hrsu",
     "[-h] [-u] [-r] [-s] key <mode [modes...]>", 2, false, true},
    {"watch", command_watch, "hn:s", "[-h] [-n NR] key", 1, false, false},
    {"control", command_control, "+h", "[-h] command [argument...]", 1, false,
     false},
};
#define COMMANDS (ARRAY_SIZE(commands))

static const struct option long_options[] = {
    {"help", no_argument, NULL, 'h'},
    {"flat", no_argument, NULL, 'f'},
    {"socket", no_argument, NULL, 's'},
    {"prefix", no_argument, NULL, 'p'},
    {"tidy", no_argument, NULL, 't'},
    {"upto", no_argument, NULL, 'u'},
    {"recurse", no_argument, NULL, 'r'},
    {"number", required_argument, NULL, 'n'},
    {"raw", no_argument, NULL, 'R'},
    {NULL, 0, NULL, 0},
};

int complain(const struct context *c, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    fprintf(stderr, "%s: ", c->program);
    vfprintf(stderr, format, ap);
    fputc('\n', stderr);
    va_end(ap);
    return 1;
}

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++)
        if (!strcmp(name, commands[i].name))
            return &commands[i];
    return NULL;
}

/* @mode: "read " if the command was an argument, else empty. */
static void usage(const struct context *c, const char *mode,
                  const struct command *command)
{
    complain(c, "Usage: %s %s%s", c->invoked, mode, command->usage);
    exit(1);
}

static void set_option(struct context *c, int option)
{
    switch (option) {
    case 'f':
        c->flat = true;
        break;
    case 'p':
        c->prefix = true;
        break;
    case 't':
        c->tidy = true;
        break;
    case 'u':
        c->upto = true;
        break;
    case 'r':
        c->recurse = true;
        break;
    case 'R':
        c->raw = true;
        break;
    case 'n':
        c->number = atoi(optarg);
        break;
    case 's':
        c->open_flags = XS_OPEN_SOCKETONLY;
        break;
    }
}

static void parse_options(struct context *c, const struct command *command,
                          const char *mode, int argc, char **argv)
{
    int option, args;

    while ((option = getopt_long(argc, argv, command->options, long_options,
                                 NULL)) != -1) {
        if (option == 'h' || option == '?' || !strchr(command->options, option))
            usage(c, mode, command);
        set_option(c, option);
    }
    args = argc - optind;
    if (args < command->min_args || (command->pairs && args % 2))
        usage(c, mode, command);
}

static int run_once(struct context *c, const struct command *command, int argc,
                    char **argv, bool transaction)
{
    char *text = NULL;
    size_t len;
    int status;

    c->out = open_memstream(&text, &len);
    if (!c->out)
        return complain(c, "out of memory");
    c->t = transaction ? xs_transaction_start(c->xs) : XBT_NULL;
    if (transaction && c->t == XBT_NULL) {
        fclose(c->out);
        free(text);
        return complain(c, "no transaction could be started");
    }
    status = command->run(c, argc, argv);
    fclose(c->out);
    if (transaction && !xs_transaction_end(c->xs, c->t, status != 0) && !status)
        status = errno == EAGAIN
                     ? -1
                     : complain(c, "the transaction was not committed");
    if (status >= 0)
        fwrite(text, len, 1, stdout);
    free(text);
    return status;
}

int main(int argc, char **argv)
{
    struct context c = {.number = -1, .invoked = argv[0]};
    const char *slash = strrchr(argv[0], '/');
    const struct command *command;
    char mode[16] = "";
    bool transaction;
    int status;

    c.program = slash ? slash + 1 : argv[0];
    if (!strncmp(c.program, "xenstore-", 9)) {
        command = find_command(c.program + 9);
        if (!command)
            return complain(&c, "there is no command %s", c.program + 9);
    } else {
        if (argc < 2)
            return complain(&c, "Usage: %s <command> [-h] [argument ...]",
                            argv[0]);
        command = find_command(argv[1]);
        if (!command)
            return complain(&c, "there is no command %s", argv[1]);
        snprintf(mode, sizeof(mode), "%s ", command->name);
        argv[1] = argv[0]; /* getopt() speaks of argv[0] */
        argv++;
        argc--;
    }
    parse_options(&c, command, mode, argc, argv);
    c.xs = xs_open(c.open_flags);
    if (!c.xs)
        return complain(&c, "cannot reach the store: %s (does xenstored run?)",
                        strerror(errno));
    argc -= optind;
    argv += optind;
    transaction =
        command->transaction && (argc > (command->pairs ? 2 : 1) || c.tidy);
    do {
        status = run_once(&c, command, argc, argv, transaction);
    } while (status < 0);
    xs_close(c.xs);
    return status;
}
