/* SPDX-License-Identifier: MIT */
/* CPUID by the forced prefix: hypervisor leaves and what PV must not see. */
#include <pv/pv.h>

static void cpuid(uint32_t leaf, uint32_t sub, uint32_t r[4])
{
    asm volatile(".byte 0x0f, 0x0b, 0x78, 0x65, 0x6e\n\tcpuid"
                 : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3])
                 : "0"(leaf), "2"(sub));
}

/* What is shown can be enabled, and what can be enabled has a size. */
static void states(void)
{
    uint32_t r[4], features, offered;
    bool xsave;

    cpuid(1, 0, r);
    features = r[2];
    xsave = features >> 26 & 1;
    cpuid(0xd, 0, r);
    offered = r[0];
    is(features >> 27 & 1, xsave, "CPUID shows OSXSAVE if it shows XSAVE");
    is(offered & 3, xsave ? 3 : 0, "x87 and SSE go with XSAVE");
    ok(!xsave || r[1] >= 576, "their area has %u bytes", r[1]);
    ok(!(features >> 28 & 1) || offered & 4, "CPUID shows AVX if it is saved");
    ok(!(features >> 12 & 1) || offered & 4, "CPUID shows FMA if AVX is saved");
    cpuid(7, 0, r);
    ok(!(r[1] >> 5 & 1) || offered & 4, "CPUID shows AVX2 if AVX is saved");
    cpuid(0xd, 1, r);
    ok(xsave || !r[0], "CPUID shows no kind of XSAVE without XSAVE");
}

int main(void)
{
    uint32_t r[4];
    char sig[13] = {0};
    unsigned int other = 0;

    cpuid(0x40000000, 0, r);
    memcpy(sig, &r[1], 12);
    ok(!strcmp(sig, "XenVMMXenVMM"),
       "the hypervisor's leaf has the signature %s", sig);
    ok(r[0] >= 0x40000002 && r[0] < 0x40000100,
       "the hypervisor's last leaf is %x", r[0]);
    cpuid(0x40000001, 0, r);
    is(r[0], 0x00040011, "the version leaf says 4.17");
    for (uint32_t base = 0x40000100; base <= 0x4000ff00; base += 0x100) {
        cpuid(base, 0, r);
        if (r[1] == 0x566e6558)
            other++;
    }
    is(other, 0, "there is no second signature");
    cpuid(1, 0, r);
    ok(r[2] >> 31 & 1, "CPUID shows the hypervisor bit");
    ok(!(r[3] >> 3 & 1) && !(r[3] >> 13 & 1),
       "CPUID shows neither PSE nor PGE");
    ok(!(r[2] >> 5 & 1) && !(r[2] >> 3 & 1),
       "CPUID shows neither VMX nor MONITOR");
    ok(r[3] >> 6 & 1 && r[3] >> 26 & 1, "CPUID shows PAE and SSE2");
    cpuid(7, 0, r);
    ok(!(r[1] >> 7 & 1) && !(r[1] >> 20 & 1),
       "CPUID shows neither SMEP nor SMAP");
    cpuid(0x80000001, 0, r);
    ok(r[3] >> 29 & 1 && r[3] >> 11 & 1 && r[3] >> 20 & 1,
       "CPUID shows long mode, syscall and NX");
    cpuid(0x80000000, 0, r);
    ok(r[0] >= 0x80000008, "CPUID has extended leaves up to %x", r[0]);
    states();
    return 0;
}
