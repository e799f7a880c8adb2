/* SPDX-License-Identifier: MIT */
/*
 * A vif's specification: key=value pairs between commas, "mac=...,bridge=...".
 */
#include <ctype.h>

#include "xl.h"

struct spec {
    const char *where, *text;
};

static int complain(const struct spec *spec, const char *what,
                    const char *value)
{
    fprintf(stderr, "%s: vif specification '%s': %s '%s'\n", spec->where,
            spec->text, what, value);
    return -1;
}

/* Six numbers of one or more digits; the bytes are often written with '-', too.
 */
static int parse_mac(const char *s, libxl_mac mac)
{
    for (int i = 0; i < 6; i++) {
        char *end;
        unsigned long v = strtoul(s, &end, 16);

        if (!isxdigit((unsigned char)*s) || v > 0xff)
            return -1;
        if (i < 5 ? *end != ':' && *end != '-' : *end)
            return -1;
        mac[i] = v;
        s = end + 1;
    }
    return 0;
}

static int parse_number(const char *s, int *value)
{
    char *end;
    long v = strtol(s, &end, 10);

    if (!isdigit((unsigned char)*s) || *end || v > INT32_MAX)
        return -1;
    *value = v;
    return 0;
}

/* NULL leaves what is there. */
static void replace(char **to, const char *value)
{
    if (!value)
        return;
    free(*to);
    *to = strdup(value);
}

static int set(XLU_Config *cfg, const struct spec *spec, libxl_device_nic *nic,
               const char *key, const char *value)
{
    const struct {
        const char *key;
        char **to;
    } strings[] = {
        {"bridge", &nic->bridge},
        {"script", &nic->script},
        {"ip", &nic->ip},
        {"vifname", &nic->ifname},
        {"backend", &nic->backend_domname},
        {"model", &nic->model},
        {"gatewaydev", &nic->gatewaydev},
        {"netdev", &nic->gatewaydev},
    };

    for (size_t i = 0; i < ARRAY_SIZE(strings); i++) {
        if (!strcmp(key, strings[i].key)) {
            replace(strings[i].to, value);
            return 0;
        }
    }
    if (!strcmp(key, "mac"))
        return parse_mac(value, nic->mac)
                   ? complain(spec, "not a MAC address", value)
                   : 0;
    if (!strcmp(key, "rate"))
        return xlu_vif_parse_rate(cfg, value, nic) ? -1 : 0;
    if (!strcmp(key, "mtu"))
        return parse_number(value, &nic->mtu)
                   ? complain(spec, "not a number for mtu:", value)
                   : 0;
    if (!strcmp(key, "devid"))
        return parse_number(value, &nic->devid)
                   ? complain(spec, "not a number for devid:", value)
                   : 0;
    /* An emulated card is for other kinds of guest: every one is a vif. */
    if (!strcmp(key, "type") || !strcmp(key, "accel"))
        return 0;
    return complain(spec, "unknown key", key);
}

int parse_vif(XLU_Config *cfg, const char *where, const char *text,
              libxl_device_nic *nic)
{
    const struct spec spec = {where, text};
    char *copy = strdup(text), *at = copy, *element, *equals;
    int r = copy ? 0 : -1;

    replace(&nic->script, xl_conf.default_vifscript);
    replace(&nic->bridge, xl_conf.default_bridge);
    replace(&nic->gatewaydev, xl_conf.default_gatewaydev);
    replace(&nic->backend_domname, xl_conf.default_vifbackend);
    while (!r && (element = strsep(&at, ","))) {
        element += strspn(element, " \t\n");
        for (char *end = element + strlen(element);
             end > element && isspace((unsigned char)end[-1]);)
            *--end = 0;
        equals = strchr(element, '=');
        if (equals) {
            *equals = 0;
            r = set(cfg, &spec, nic, element, equals + 1);
        } else if (!strcmp(element, "trusted") ||
                   !strcmp(element, "untrusted")) {
            libxl_defbool_set(&nic->trusted, *element == 't');
        } else if (*element) {
            r = complain(&spec, "not key=value:", element);
        }
    }
    free(copy);
    return r;
}
