/* SPDX-License-Identifier: MIT */
/* The hypervisor's longest stretch, by debug keys and the console ring. */
#include <pv/stretch.h>
#include <xen/sysctl.h>

#define WORDS "longest stretch "

static char ring[16384 + 1];

static long sysctl(uint32_t cmd, struct xen_sysctl *s)
{
    s->cmd = cmd;
    s->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    return HC1(sysctl, s);
}

/* Keys are done when the call returns. */
static void press(char key)
{
    static struct xen_sysctl s;

    set_xen_guest_handle(s.u.debug_keys.keys, &key);
    s.u.debug_keys.nr_keys = 1;
    sysctl(XEN_SYSCTL_debug_keys, &s);
}

/* The ring is empty then. */
static const char *read_ring(void)
{
    static struct xen_sysctl s;

    memset(&s, 0, sizeof(s));
    s.u.readconsole.clear = 1;
    set_xen_guest_handle(s.u.readconsole.buffer, ring);
    s.u.readconsole.count = sizeof(ring) - 1;
    if (sysctl(XEN_SYSCTL_readconsole, &s))
        s.u.readconsole.count = 0;
    ring[s.u.readconsole.count] = '\0';
    return ring;
}

void stretch_begin(void)
{
    read_ring();
    press('L');
}

static const char *find(const char *s, const char *words)
{
    for (; *s; s++)
        if (!strncmp(s, words, strlen(words)))
            return s;
    return NULL;
}

uint64_t stretch_longest(const char **line)
{
    uint64_t most = 0;
    const char *end;

    press('l');
    *line = "";
    for (const char *s = read_ring(); (s = find(s, WORDS));) {
        uint64_t n = 0;

        for (s += strlen(WORDS); *s >= '0' && *s <= '9'; s++)
            n = n * 10 + *s - '0';
        if (n > most) {
            most = n;
            *line = s;
        }
    }
    end = find(*line, "\n");
    if (end)
        ring[end - ring] = '\0';
    return most;
}

void stretch_ok(const char *what)
{
    const char *line;
    uint64_t n = stretch_longest(&line);

    if (!n) {
        skip("the hypervisor counts no stretches", "%s", what);
        return;
    }
    ok(n <= STRETCH_LIMIT, "%s: no stretch is above 10^6 instructions", what);
    diag("%s: %lu%s", what, n, line);
}
