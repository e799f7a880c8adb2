/* SPDX-License-Identifier: MIT */
/* control: a command for the daemon itself. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"

int command_control(struct context *c, int argc, char **argv)
{
    char data[XENSTORE_PAYLOAD_MAX], *answer;
    size_t used = 0;

    for (int i = 1; i < argc; i++) {
        size_t len = strlen(argv[i]) + 1;
        if (len > sizeof(data) - used)
            return complain(c, "the command is too long");
        memcpy(data + used, argv[i], len);
        used += len;
    }
    answer = xs_control_command(c->xs, argv[0], data, (unsigned int)used);
    if (!answer && errno == EINVAL && strcmp(argv[0], "help")) {
        complain(c, "xenstored does not know this command; it has:");
        fflush(stderr);
        answer = xs_control_command(c->xs, "help", NULL, 0);
        fputs(answer ? answer : "", stdout);
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
