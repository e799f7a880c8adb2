/* SPDX-License-Identifier: MIT */
/* control: a command for the daemon itself. One of them takes several steps. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"

/* The answer, or NULL; E2BIG: the words are too long. */
static char *ask(struct context *c, const char *name, int n, char **words)
{
    char data[XENSTORE_PAYLOAD_MAX];
    size_t used = 0;

    for (int i = 0; i < n; i++) {
        size_t len = strlen(words[i]) + 1;
        if (len > sizeof(data) - used) {
            errno = E2BIG;
            return NULL;
        }
        memcpy(data + used, words[i], len);
        used += len;
    }
    return xs_control_command(c->xs, name, data, (unsigned int)used);
}

/* One step of those below; its answer is "OK" or why not. */
static int step(struct context *c, int n, char **words)
{
    char *answer = ask(c, "live-update", n, words);
    int rc = 0;

    if (!answer)
        rc = complain(c, "live-update: %s", strerror(errno));
    else if (strcmp(answer, "OK"))
        rc = complain(c, "live-update: %s", answer);
    free(answer);
    return rc ? 3 : 0;
}

static int wrong_usage(struct context *c)
{
    complain(c, "live-update: [-c arguments] [-F] [-t seconds] program");
    return 2;
}

/* The program, then its arguments, then the start, which is answered by the new
 * program. */
static int live_update(struct context *c, int n, char **words)
{
    char *program[] = {(char *)"-f", NULL};
    char *arguments[] = {(char *)"-c", NULL};
    char *start[] = {(char *)"-s", (char *)"-t", (char *)"60", (char *)"-F"};
    bool force = false;
    int rc;

    for (; n > 1; n--, words++) {
        if (!strcmp(*words, "-F"))
            force = true;
        else if (n > 2 && !strcmp(*words, "-c"))
            arguments[1] = words[1];
        else if (n > 2 && !strcmp(*words, "-t"))
            start[2] = words[1];
        else
            return wrong_usage(c);
        if (strcmp(*words, "-F"))
            n--, words++;
    }
    if (n != 1 || **words == '-')
        return wrong_usage(c);
    program[1] = *words;
    rc = step(c, 2, program) ?: (arguments[1] ? step(c, 2, arguments) : 0)
             ?: step(c, force ? 4 : 3, start);
    if (!rc)
        puts("OK");
    return rc;
}

int command_control(struct context *c, int argc, char **argv)
{
    char *answer;

    if (!strcmp(argv[0], "live-update"))
        return live_update(c, argc - 1, argv + 1);
    answer = ask(c, argv[0], argc - 1, argv + 1);
    if (!answer && errno == EINVAL && strcmp(argv[0], "help")) {
        complain(c, "xenstored does not know this command; it has:");
        answer = xs_control_command(c->xs, "help", NULL, 0);
        fputs(answer ? answer : "", stderr);
        free(answer);
        return 3;
    }
    if (!answer) {
        complain(c, "%s: %s", argv[0], strerror(errno));
        return 3;
    }
    fputs(answer, stdout);
    if (!*answer || answer[strlen(answer) - 1] != '\n')
        fputc('\n', stdout);
    free(answer);
    return 0;
}
