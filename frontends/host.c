/* SPDX-License-Identifier: MIT */
/* What a tiny dom0 asks the hypervisor about the host, and reads of its log. */
#include <pv/host.h>
#include <pv/domu.h>
#include <xen/sysctl.h>

uint64_t option(const char *name, uint64_t otherwise)
{
    const char *s = (const char *)start_info->cmd_line;
    size_t n = strlen(name);

    for (; *s; s++)
        if (!strncmp(s, name, n) && s[n] == '=') {
            uint64_t v = 0;

            for (s += n + 1; *s >= '0' && *s <= '9'; s++)
                v = v * 10 + *s - '0';
            return v;
        }
    return otherwise;
}

static struct xen_sysctl sysctl;
static long do_sysctl(uint32_t cmd)
{
    sysctl.cmd = cmd;
    sysctl.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    return HC1(sysctl, &sysctl);
}

void nap(uint64_t ns)
{
    struct sched_poll poll = {.timeout = system_time() + ns};

    HC2(sched_op, SCHEDOP_poll, &poll);
}

/* --- memory and domains --------------------------------------------------- */

uint64_t free_pages(void)
{
    memset(&sysctl, 0, sizeof(sysctl));
    do_sysctl(XEN_SYSCTL_availheap);
    return sysctl.u.availheap.avail_bytes / PAGE_SIZE;
}

uint64_t wait_for_free_pages(uint64_t wanted)
{
    uint64_t end = system_time() + 2000000000UL;

    while (free_pages() != wanted && system_time() < end)
        nap(100000);
    return free_pages();
}

unsigned int nr_domains(void)
{
    static struct xen_domctl d;
    unsigned int n = 0;

    for (domid_t id = 0; !domu_control(id, XEN_DOMCTL_getdomaininfo, &d);
         id = d.domain + 1)
        n++;
    return n;
}

/* --- the log, and the auditor in it --------------------------------------- */

static void press(char key)
{
    memset(&sysctl, 0, sizeof(sysctl));
    set_xen_guest_handle(sysctl.u.debug_keys.keys, &key);
    sysctl.u.debug_keys.nr_keys = 1;
    do_sysctl(XEN_SYSCTL_debug_keys);
}

/* New text of the hypervisor's log, up to what fits. */
static char log[16384];
static uint32_t log_index;
static uint32_t read_log(void)
{
    memset(&sysctl, 0, sizeof(sysctl));
    sysctl.u.readconsole.incremental = 1;
    sysctl.u.readconsole.index = log_index;
    sysctl.u.readconsole.count = sizeof(log) - 1;
    set_xen_guest_handle(sysctl.u.readconsole.buffer, log);
    if (do_sysctl(XEN_SYSCTL_readconsole))
        return 0;
    log_index = sysctl.u.readconsole.index;
    log[sysctl.u.readconsole.count] = 0;
    return sysctl.u.readconsole.count;
}

static bool has(const char *line, const char *with)
{
    for (; *line && *line != '\n'; line++)
        if (!strncmp(line, with, strlen(with)))
            return true;
    return false;
}

/* Shows what the auditor complains of. The number before " errors" if its last
 * line is among what is in the log. */
static long audit_result(void)
{
    long result = AUDIT_SAYS_NOTHING;

    for (char *s = log, *end; *s; s = end) {
        for (end = s; *end && *end != '\n';)
            end++;
        if (has(s, "audit: ") && has(s, " errors")) {
            char *n = s;

            while (strncmp(n, " errors", 7))
                n++;
            for (long unit = 1, value = 0; *--n >= '0' && *n <= '9'; unit *= 10)
                result = value += (*n - '0') * unit;
        } else if (has(s, "audit: ")) {
            *(*end ? end : end - 1) = 0;
            diag("%s", s);
            *end = '\n';
        }
        end += *end == '\n';
    }
    return result;
}

/* Presses the key and looks at what the log says then, until that is not 'none'
 * any more. */
static long ask_by_key(char key, long (*result)(void), long none, uint64_t ns)
{
    uint64_t end = system_time() + ns;
    long found = none;

    while (read_log())
        ;
    press(key);
    while (found == none && system_time() < end) {
        nap(1000000);
        if (read_log())
            found = result();
    }
    return found;
}

long audit(void)
{
    return ask_by_key('A', audit_result, AUDIT_SAYS_NOTHING, 20000000000UL);
}

static long lists_auditor(void)
{
    for (const char *s = log; *s; s++)
        if (has(s, "'A' => audit"))
            return true;
    return false;
}

bool has_auditor(void)
{
    return ask_by_key('h', lists_auditor, false, 2000000000UL);
}
