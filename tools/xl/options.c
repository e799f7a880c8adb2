/* SPDX-License-Identifier: MIT */
/* Argument handling that all commands share. */
#include "xl.h"

int next_option(int argc, char **argv, const char *options,
                const struct option *longopts, int required)
{
    static const struct option none[] = {{0}};
    const struct command *command = find_command(argv[0]);
    char with_help[64];
    int opt;

    snprintf(with_help, sizeof(with_help), ":h%s", options);
    opt = getopt_long(argc, argv, with_help, longopts ? longopts : none, NULL);
    if (opt == 'h') {
        print_command_help(command, stdout);
        exit(EXIT_SUCCESS);
    }
    if (opt == '?' || opt == ':') {
        /* optopt is 0 for a long one, which then was the last word */
        if (optopt && optopt < 256 && opt == '?')
            fprintf(stderr, "xl %s: option '%c' is not supported\n", argv[0],
                    optopt);
        else
            fprintf(stderr, "xl %s: option '%s' %s\n", argv[0],
                    argv[optind - 1],
                    opt == ':' ? "needs a value" : "is not supported");
        exit(EXIT_FAILURE);
    }
    if (opt == -1 && argc - optind < required) {
        fprintf(stderr, "xl %s: too few arguments; usage: xl %s %s\n", argv[0],
                argv[0], command->usage);
        exit(EXIT_FAILURE);
    }
    return opt;
}

void no_options(int argc, char **argv, int required)
{
    next_option(argc, argv, "", NULL, required);
}

uint32_t find_domain(const char *id)
{
    uint32_t domid;

    if (!libxl_domain_qualifier_to_domid(ctx, id, &domid))
        return domid;
    fprintf(stderr, "xl: there is no domain '%s'\n", id);
    exit(EXIT_FAILURE);
}

char *domain_name(uint32_t domid)
{
    char *name = libxl_domid_to_name(ctx, domid);

    return name ? name : strdup("(null)");
}
