/* SPDX-License-Identifier: MIT */
/*
 * XS_CONTROL: what an administrator asks of the running daemon. One row per
 * command; the payload is the command's name and its arguments as strings, the
 * answer a text.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <base/macros.h>

#include "live_update.h"
#include "protocol.h"
#include "state.h"
#include "trace.h"

#define ARGUMENTS 5

struct text {
    struct request *request;
    bool later; /* the answer comes then */
    size_t used;
    char data[XENSTORE_PAYLOAD_MAX];
};

static void say(struct text *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* What does not fit is left out. */
static void say(struct text *t, const char *format, ...)
{
    size_t room = sizeof(t->data) - t->used;
    va_list ap;
    int n;

    va_start(ap, format);
    n = vsnprintf(t->data + t->used, room, format, ap);
    va_end(ap);
    if (n > 0 && (size_t)n < room)
        t->used += (size_t)n;
    else
        t->data[t->used] = '\0';
}

static int control_check(struct text *out, const char **arg, int n);
static int control_help(struct text *out, const char **arg, int n);

static int control_log(struct text *out, const char **arg, int n)
{
    if (n != 1 || (strcmp(arg[0], "on") && strcmp(arg[0], "off")))
        return EINVAL;
    say(out, "OK");
    trace_enabled = !strcmp(arg[0], "on") && trace_is_open();
    return 0;
}

static int control_logfile(struct text *out, const char **arg, int n)
{
    if (n != 1)
        return EINVAL;
    say(out, "OK");
    return trace_open(arg[0]);
}

static int control_print(struct text *out, const char **arg, int n)
{
    if (n < 1)
        return EINVAL;
    say(out, "OK");
    trace_note("control: %s", arg[0]);
    return 0;
}

static void say_account(struct text *out, const struct domain *d)
{
    const struct connection *c = d->connection;

    say(out,
        "Domain %u:\nnodes           : %8ld\nwatches         : %8u\n"
        "transactions    : %8u\noutstanding     : %8ld\n"
        "memory          : %8ld\n",
        (unsigned int)d->id.domid, d->account.nodes, c ? c->watches.count : 0,
        c ? c->transactions.count : 0, d->outstanding.requests,
        d->account.node_bytes + d->account.held);
}

/* Nothing if it was never refused anything. */
static void say_refusals(struct text *out, const struct domain *d)
{
    for (int q = 0; q < QUOTA_COUNT; q++)
        if (d->account.refused[q])
            say(out, "domain %u refused %s: %lu times\n",
                (unsigned int)d->id.domid, quota_name[q],
                d->account.refused[q]);
}

static void say_memory(struct text *out)
{
    unsigned int locals = 0;
    struct domain *d = NULL;

    for (struct connection *c = connections; c; c = c->next)
        locals += !c->domain;
    say(out, "local connections: %u\n", locals);
    while ((d = domain_next(d))) {
        const struct connection *c = d->connection;

        say(out,
            "domain %5u: nodes %ld, node bytes %ld, other bytes %ld, watches "
            "%u, transactions %u%s\n",
            (unsigned int)d->id.domid, d->account.nodes, d->account.node_bytes,
            d->account.held, c ? c->watches.count : 0,
            c ? c->transactions.count : 0, c && c->fault ? ", not served" : "");
    }
}

static int control_memreport(struct text *out, const char **arg, int n)
{
    int rc;

    if (n > 1)
        return EINVAL;
    say_memory(out);
    if (n == 0)
        return 0;
    rc = trace_report(arg[0], out->data);
    out->used = 0;
    say(out, "OK");
    return rc;
}

static int quota_of(struct text *out, const char *number)
{
    const struct domain *d;
    uint16_t domid;

    if (protocol_domid(number, &domid))
        return EINVAL;
    d = domain_known(domid);
    if (!d)
        return ENOENT;
    say_account(out, d);
    say_refusals(out, d);
    return 0;
}

static int control_quota(struct text *out, const char **arg, int n)
{
    struct domain *d = NULL;

    if (n == 3 && !strcmp(arg[0], "set")) {
        int rc = quota_set(arg[1], arg[2]);
        say(out, "OK");
        state_quotas();
        return rc;
    }
    if (n == 1)
        return quota_of(out, arg[0]);
    if (n)
        return EINVAL;
    say(out, "Quota settings:\n");
    for (int q = 0; q < QUOTA_COUNT; q++)
        say(out, "%-17s: %8ld %s\n", quota_name[q], quota[q], quota_text[q]);
    while ((d = domain_next(d)))
        say_refusals(out, d);
    return 0;
}

static int control_quota_soft(struct text *out, const char **arg, int n)
{
    char *end;
    long limit;

    if (n == 0) {
        say(out, "Quota settings:\n%-17s: %8ld %s\n", "memory",
            quota_soft_memory, "Bytes that a domain holds (logged beyond it)");
        return 0;
    }
    if (n != 3 || strcmp(arg[0], "set") || strcmp(arg[1], "memory"))
        return EINVAL;
    limit = strtol(arg[2], &end, 10);
    if (*end || end == arg[2] || limit < 0)
        return EINVAL;
    quota_soft_memory = limit;
    state_quotas();
    say(out, "OK");
    return 0;
}

static int control_live_update(struct text *out, const char **arg, int n)
{
    const char *text = live_update_command(out->request, arg, n);

    out->later = !text;
    if (text && !*text)
        return EINVAL;
    say(out, "%s", text ? text : "");
    return 0;
}

static const struct command {
    const char *name;
    int (*func)(struct text *out, const char **arg, int n);
    const char *usage;
} commands[] = {
    {"check", control_check, ""},
    {"log", control_log, "on|off"},
    {"logfile", control_logfile, "<file>"},
    {"memreport", control_memreport, "[<file>]"},
    {"print", control_print, "<string>"},
    {"quota", control_quota, "[set <name> <val>|<domid>]"},
    {"quota-soft", control_quota_soft, "[set <name> <val>]"},
    {"live-update", control_live_update,
     "[-c <cmdline>] [-F] [-t <timeout>] <file>"},
    {"help", control_help, ""},
};
#define COMMANDS (ARRAY_SIZE(commands))

static int control_help(struct text *out, const char **arg, int n)
{
    (void)arg, (void)n;
    for (size_t i = 0; i < COMMANDS; i++)
        say(out, "%s\t%s\n", commands[i].name, commands[i].usage);
    return 0;
}

/* Do the accounts add up to what is in the tree? */
static int control_check(struct text *out, const char **arg, int n)
{
    struct domain *d = NULL;
    long nodes = 0, bytes = 0, booked_nodes = 0, booked_bytes = 0;
    static struct tree_walk w;
    const struct node *i;

    (void)arg, (void)n;
    tree_walk_start(&w, store.root, "/");
    while ((i = tree_walk_next(&w)))
        if (account_of(i->perms->entry[0].id)) {
            nodes++;
            bytes += node_cost(i->name_len, node_value_len(i));
        }
    while ((d = domain_next(d))) {
        booked_nodes += d->account.nodes;
        booked_bytes += d->account.node_bytes;
    }
    if (nodes == booked_nodes && bytes == booked_bytes)
        say(out, "OK");
    else
        say(out, "accounts: %ld nodes, %ld bytes; tree: %ld, %ld", booked_nodes,
            booked_bytes, nodes, bytes);
    return 0;
}

/* Strings of the payload; the last may lack its terminator, as some clients
 * send it. */
static int arguments(const struct request *r, char *copy, const char *arg[])
{
    int n = 0;

    memcpy(copy, r->data, r->hdr->len);
    copy[r->hdr->len] = '\0';
    for (size_t at = 0; at < r->hdr->len; at += strlen(copy + at) + 1) {
        if (n == ARGUMENTS)
            return -1;
        arg[n++] = copy + at;
    }
    return n;
}

int do_control(struct request *r)
{
    char copy[XENSTORE_PAYLOAD_MAX + 1];
    const char *arg[ARGUMENTS];
    struct text out = {.request = r};
    int n = arguments(r, copy, arg), rc = EINVAL;

    if (n < 1)
        return EINVAL;
    for (size_t i = 0; i < COMMANDS; i++)
        if (!strcmp(arg[0], commands[i].name)) {
            rc = commands[i].func(&out, arg + 1, n - 1);
            return rc || out.later ? rc
                                   : protocol_reply(r, out.data, out.used + 1);
        }
    return rc;
}
