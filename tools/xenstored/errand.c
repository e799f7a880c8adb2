/* SPDX-License-Identifier: MIT */
/* See errand.h. */
#include "errand.h"

#include <errno.h>
#include <string.h>

#include "errand_wire.h"

static int result(const struct errand_order *o)
{
    return -errand_do(o, NULL, NULL, NULL, 0);
}

int errand_open(const char *path, enum file_use use)
{
    return errand_descriptor(&(struct errand_order){
        .what = ERRAND_OPEN, .number = use, .text = {path}});
}

int errand_listen(const char *path)
{
    return errand_descriptor(
        &(struct errand_order){.what = ERRAND_LISTEN, .text = {path}});
}

int errand_rename(const char *from, const char *to)
{
    return result(
        &(struct errand_order){.what = ERRAND_RENAME, .text = {from, to}});
}

int errand_remove(const char *path)
{
    return result(
        &(struct errand_order){.what = ERRAND_REMOVE, .text = {path}});
}

int errand_cut(const char *path, uint32_t size)
{
    return result(&(struct errand_order){
        .what = ERRAND_CUT, .size = size, .text = {path}});
}

int errand_trace(const char *path)
{
    return result(&(struct errand_order){
        .what = ERRAND_TRACE, .number = path != NULL, .text = {path}});
}

void errand_trace_add(const char *text)
{
    errand_send(&(struct errand_order){.what = ERRAND_TRACED, .text = {text}});
}

int errand_report(const char *path, const char *text)
{
    return result(
        &(struct errand_order){.what = ERRAND_REPORT, .text = {path, text}});
}

int errand_domain(uint16_t domid, struct xen_domain_info *info)
{
    const struct errand_order o = {.what = ERRAND_DOMAIN, .number = domid};
    size_t len = sizeof(*info);
    int rc = errand_do(&o, info, &len, NULL, 0);

    return rc ? -rc : len == sizeof(*info) ? 0 : EIO;
}

const char *errand_program(const char *program, const char *arguments)
{
    const struct errand_order o = {.what = ERRAND_PROGRAM,
                                   .number = arguments ? 2 : 1,
                                   .text = {program, arguments}};
    static char why[ERRAND_WHY];
    size_t len = sizeof(why) - 1;
    int rc = errand_do(&o, why, &len, NULL, 0);

    if (rc)
        return strerror(-rc);
    why[len] = '\0';
    return *why ? why : NULL;
}

int errand_hand(unsigned int index, int fd)
{
    return result(
        &(struct errand_order){.what = ERRAND_HAND, .number = index, .fd = fd});
}

int errand_go(void)
{
    return result(&(struct errand_order){.what = ERRAND_GO});
}
