/* SPDX-License-Identifier: MIT */
/*
 * The command is what the program is called after "xenstore-", or else its
 * first argument. Commands that work on several nodes do so in a transaction,
 * repeated until it succeeds; their output waits until then.
 *
 * A store that dies is restarted within a second, and a script that falls into
 * that time must not take "no answer" for "no such node": so a command whose
 * connection has ended runs again on a new one.
 */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <base/macros.h>

#include "client.h"

/* How long a restart of the store may take. */
#define RESTART_S 20

static const struct command {
    const char *name;
    int (*run)(struct context *c, int argc, char **argv);
    const char *options; /* those of getopt_long() that make sense */
    const char *usage;
    int min_args;
    bool pairs;       /* arguments come in twos */
    bool transaction; /* when there is more than one thing to do */
    bool repeatable;  /* once more does no harm */
    int misused;      /* the exit status then */
} commands[] = {
    {"exists", command_exists, "hs", "[-h] [-p] [-s] key [...]", 1, false,
     false, true, 1},
    {"list", command_list, "hps", "[-h] [-p] [-s] key [...]", 1, false, false,
     true, 1},
    {"ls", command_ls, "hfps", "[-h] [-f] [-p] [-s] [path]", 0, false, false,
     true, 1},
    {"read", command_read, "hpsR", "[-h] [-p] [-s] [-R] key [...]", 1, false,
     true, true, 1},
    {"rm", command_rm, "hst", "[-h] [-s] [-t] key [...]", 1, false, true, true,
     1},
    {"write", command_write, "hsR", "[-h] [-s] [-R] key value [...]", 2, true,
     true, true, 1},
    {"chmod", command_chmod, "hrsu",
     "[-h] [-u] [-r] [-s] key <mode [modes...]>", 2, false, true, true, 1},
    {"watch", command_watch, "hn:s", "[-h] [-n NR] key", 1, false, false, true,
     1},
    {"control", command_control, "+h", "[-h] command [argument...]", 1, false,
     false, false, 2},
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
    FILE *out = c->complaints ? c->complaints : stderr;
    va_list ap;

    va_start(ap, format);
    fprintf(out, "%s: ", c->program);
    vfprintf(out, format, ap);
    fputc('\n', out);
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
    exit(command->misused);
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

/* Waits for a daemon whose socket is there but that does not run. */
static int connect_to_store(struct context *c)
{
    for (int tries = 0; tries < RESTART_S * 10; tries++) {
        c->xs = xs_open(c->open_flags);
        if (c->xs || errno != ECONNREFUSED)
            break;
        usleep(100000);
    }
    return c->xs
               ? 0
               : complain(c, "cannot reach the store: %s (does xenstored run?)",
                          strerror(errno));
}

/* A handle whose connection has ended answers nothing any more. */
static bool connection_has_ended(struct context *c)
{
    char *path = xs_get_domain_path(c->xs, 0);

    free(path);
    return !path;
}

static int in_transaction(struct context *c, const struct command *command,
                          int argc, char **argv)
{
    int status;

    c->t = xs_transaction_start(c->xs);
    if (c->t == XBT_NULL)
        return complain(c, "no transaction could be started");
    status = command->run(c, argc, argv);
    if (!xs_transaction_end(c->xs, c->t, status != 0) && !status)
        return errno == EAGAIN
                   ? -1
                   : complain(c, "the transaction was not committed");
    return status;
}

static int run_once(struct context *c, const struct command *command, int argc,
                    char **argv, bool transaction)
{
    char *text = NULL, *complaints = NULL;
    size_t len, complaints_len = 0;
    int status;

    c->out = open_memstream(&text, &len);
    if (command->repeatable)
        c->complaints = open_memstream(&complaints, &complaints_len);
    if (!c->out || (command->repeatable && !c->complaints))
        exit(complain(c, "out of memory"));
    status = transaction ? in_transaction(c, command, argc, argv)
                         : command->run(c, argc, argv);
    fclose(c->out);
    if (c->complaints)
        fclose(c->complaints);
    c->complaints = NULL;
    if (status > 0 && command->repeatable && connection_has_ended(c)) {
        xs_close(c->xs);
        status = connect_to_store(c) ? 1 : -1;
    } else if (status >= 0) {
        fwrite(complaints, complaints_len, 1, stderr);
        fwrite(text, len, 1, stdout);
    }
    free(complaints);
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
    if (connect_to_store(&c))
        return 1;
    argc -= optind;
    argv += optind;
    transaction =
        command->transaction && (argc > (command->pairs ? 2 : 1) || c.tidy);
    do {
        status = run_once(&c, command, argc, argv, transaction);
    } while (status < 0);
    if (fflush(stdout) || ferror(stdout))
        status =
            complain(&c, "the output was not written: %s", strerror(errno));
    if (c.xs)
        xs_close(c.xs);
    return status;
}
