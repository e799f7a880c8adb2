/* SPDX-License-Identifier: MIT */
/*
 * Rules of the PV CPU that are plain functions: which descriptors a guest may
 * have, what CPUID tells it, which ports it may use.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <asm/device_access.h>
#include <asm/pv.h>
#include "../../xen-lite/arch/x86/pv/emul/cpu_policy.h"
#include <hv/guest_access.h>
#include <hv/page_alloc.h>

/* --- descriptors ---------------------------------------------------------- */

static unsigned int type_of(uint64_t d)
{
    return d >> 40 & 0xf;
}

/* Every combination of type, S, DPL, P, L, D: nothing that is accepted can be
 * a gate or a system segment, or run below ring 3. */
static void no_accepted_descriptor_is_a_gate_or_runs_below_ring_3(void **state)
{
    for (unsigned int access = 0; access < 256; access++)
        for (unsigned int flags = 0; flags < 16; flags++) {
            uint64_t d = (uint64_t)access << 40 | (uint64_t)flags << 52 |
                         0x1200003456789abcull,
                     out = d;
            bool present = access & 0x80, segment = access & 0x10;
            bool code = access & 8, l = flags & 2, db = flags & 4;
            bool ok = fixup_guest_descriptor(&out);

            if (!present) {
                assert_true(ok);
                assert_true(out == d);
                continue;
            }
            assert_int_equal(ok, segment && !(code && l && db));
            if (ok) {
                assert_int_equal(out >> 45 & 3, 3);
                assert_true((out & ~(3ull << 45)) == (d & ~(3ull << 45)));
                assert_int_equal(type_of(out), type_of(d));
            }
        }
}

static void flat_user_segments_are_recognised(void **state)
{
    uint64_t gdt[16] = {[5] = 0x00cff3000000ffff, [6] = 0x00affb000000ffff};

    assert_true(gdt_has_flat_user_segments(gdt));
    gdt[6] = 0x00cffb000000ffff; /* 32-bit code */
    assert_false(gdt_has_flat_user_segments(gdt));
    gdt[6] = 0x00af7b000000ffff; /* not present */
    assert_false(gdt_has_flat_user_segments(gdt));
    gdt[6] = 0x00affb000000ffff;
    gdt[5] = 0x00cff1000000ffff; /* read-only data is no stack */
    assert_false(gdt_has_flat_user_segments(gdt));
    gdt[5] = 0x00affb000000ffff; /* code is no stack either */
    assert_false(gdt_has_flat_user_segments(gdt));
}

/* --- CPUID ---------------------------------------------------------------- */

/* A CPU that has everything. */
static void generous_host(uint32_t leaf, uint32_t subleaf, uint32_t r[4])
{
    for (unsigned int i = 0; i < 4; i++)
        r[i] = ~0u;
    if (leaf == 0) {
        r[0] = 0x20;
        r[1] = 0x68747541; /* AMD's */
    }
    if (leaf == 0x80000000)
        r[0] = 0x80000028;
}

static void old_host(uint32_t leaf, uint32_t subleaf, uint32_t r[4])
{
    memset(r, 0, 16);
    if (leaf == 0)
        r[0] = 1;
    if (leaf == 1)
        r[3] = ~0u;
    if (leaf == 0x80000000)
        r[0] = 0x80000001;
}

static uint32_t bits(const struct cpu_policy *p, uint32_t leaf,
                     uint32_t subleaf, char reg)
{
    const xen_cpuid_leaf_t *l = cpu_policy_find(p, leaf, subleaf);

    assert_non_null(l);
    return reg == 'a' ? l->a : reg == 'b' ? l->b : reg == 'c' ? l->c : l->d;
}

static void a_cpu_policy_hides_what_a_pv_guest_cannot_use(void **state)
{
    static const struct {
        uint32_t leaf, subleaf;
        char reg;
        uint8_t bit;
    } hidden[] = {
        {1, 0, 'd', 3},           /* PSE */
        {1, 0, 'd', 12},          /* MTRR */
        {1, 0, 'd', 13},          /* PGE */
        {1, 0, 'c', 3},           /* MONITOR */
        {1, 0, 'c', 5},           /* VMX */
        {1, 0, 'c', 17},          /* PCID */
        {1, 0, 'c', 21},          /* x2APIC */
        {1, 0, 'c', 24},          /* TSC deadline */
        {7, 0, 'b', 0},           /* FSGSBASE */
        {7, 0, 'b', 7},           /* SMEP */
        {7, 0, 'b', 20},          /* SMAP */
        {7, 0, 'b', 10},          /* INVPCID */
        {7, 0, 'b', 4},           /* HLE */
        {7, 0, 'c', 2},           /* UMIP */
        {7, 0, 'c', 3},           /* PKU */
        {7, 0, 'd', 26},          /* IBRS */
        {7, 0, 'd', 29},          /* ARCH_CAPABILITIES */
        {0xd, 1, 'a', 3},         /* XSAVES */
        {0x80000001, 0, 'd', 26}, /* 1 GiB pages */
        {0x80000001, 0, 'c', 2},  /* SVM */
        {0x80000008, 0, 'b', 12}, /* IBPB */
    };
    struct cpu_policy p;

    cpu_policy_read(&p, generous_host);
    cpu_policy_to_pv(&p, 0xe7);
    for (unsigned int i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
        assert_int_equal(
            bits(&p, hidden[i].leaf, hidden[i].subleaf, hidden[i].reg) >>
                    hidden[i].bit &
                1,
            0);
    assert_int_equal(bits(&p, 0, 0, 'a'), CPU_POLICY_MAX_BASIC);
    assert_int_equal(bits(&p, 0x80000000, 0, 'a'), CPU_POLICY_MAX_EXT);
    assert_int_equal(bits(&p, 0xa, 0, 'a'), 0); /* counters */
    assert_true(bits(&p, 1, 0, 'c') >> 31);     /* hypervisor */
    assert_true(bits(&p, 1, 0, 'c') >> 27 & 1); /* OSXSAVE with XSAVE */
    assert_int_equal(bits(&p, 0xd, 0, 'a'), 0xe7);
    assert_int_equal(bits(&p, 0xd, 9, 'a'), 0); /* PKRU's state */
}

/* Without the state there is no feature that needs it. */
static void a_cpu_policy_has_no_feature_without_its_state(void **state)
{
    struct cpu_policy p;

    cpu_policy_read(&p, generous_host);
    cpu_policy_to_pv(&p, 0x3);
    assert_int_equal(bits(&p, 1, 0, 'c') >> 28 & 1, 0); /* AVX */
    assert_int_equal(bits(&p, 7, 0, 'b') >> 5 & 1, 0);  /* AVX2 */
    assert_int_equal(bits(&p, 7, 0, 'b') >> 16 & 1, 0); /* AVX512F */
    assert_int_equal(bits(&p, 1, 0, 'c') >> 26 & 1, 1); /* XSAVE */
    cpu_policy_read(&p, generous_host);
    cpu_policy_to_pv(&p, 0x7);
    assert_int_equal(bits(&p, 7, 0, 'b') >> 5 & 1, 1);
    assert_int_equal(bits(&p, 7, 0, 'b') >> 16 & 1, 0);
    cpu_policy_read(&p, generous_host);
    cpu_policy_to_pv(&p, 0);
    assert_int_equal(bits(&p, 1, 0, 'c') >> 26 & 3, 0);
    assert_int_equal(bits(&p, 0xd, 0, 'a'), 0);
}

/* All combinations of the states that there are: what XSETBV would refuse is
 * not tried. */
static void states_are_a_value_that_xcr0_takes(void **state)
{
    for (uint32_t offered = 0; offered < 1024; offered++) {
        uint64_t s = cpu_policy_states(offered);

        assert_int_equal(s & ~(uint64_t)offered, 0);
        assert_int_equal(s & ~0xe7UL, 0);
        assert_true(!s == ((offered & 3) != 3));
        assert_true(!s || (s & 3) == 3);
        assert_true(!s || (s & 4) == (offered & 4));
        assert_true(!(s & 0xe0) || (s & 0xe4) == 0xe4);
        if ((offered & 0xe7) == 0xe7)
            assert_int_equal(s, 0xe7);
    }
}

static void a_cpu_policy_of_an_old_host_has_the_leaves_there_are(void **state)
{
    struct cpu_policy p;

    cpu_policy_read(&p, old_host);
    cpu_policy_to_pv(&p, 0);
    assert_int_equal(bits(&p, 0, 0, 'a'), 1);
    assert_int_equal(bits(&p, 7, 0, 'b'), 0);
    /* Leaves 0 and 1, two of the hypervisor's, two extended ones. */
    assert_int_equal(cpu_policy_serialise(&p, NULL), 6);
    assert_int_equal(bits(&p, 1, 0, 'd'), 0x1fc9cbf5);
}

static void a_cpu_policy_takes_less_and_refuses_what_is_not_known(void **state)
{
    struct cpu_policy max, p;
    xen_cpuid_leaf_t want[2], bad;

    cpu_policy_read(&max, generous_host);
    cpu_policy_to_pv(&max, 0xe7);
    p = max;
    /* More than is offered: masked. Less: taken. */
    want[0] = *cpu_policy_find(&max, 7, 0);
    want[0].b = ~0u & ~(1u << 3);
    assert_int_equal(cpu_policy_apply(&p, &max, want, 1, &bad), 0);
    assert_int_equal(bits(&p, 7, 0, 'b'), bits(&max, 7, 0, 'b') & ~(1u << 3));
    /* Unknown leaves and leaves beyond the last one. */
    want[0] = (xen_cpuid_leaf_t){.leaf = 0x99};
    assert_int_equal(cpu_policy_apply(&p, &max, want, 1, &bad), -ERANGE);
    assert_int_equal(bad.leaf, 0x99);
    want[0] = *cpu_policy_find(&max, 0, 0);
    want[0].a++;
    assert_int_equal(cpu_policy_apply(&p, &max, want, 1, &bad), -EINVAL);
    /* A leaf without subleaves has none, one with them needs one. */
    p = max;
    want[0] = (xen_cpuid_leaf_t){.leaf = 1, .subleaf = 0};
    assert_int_equal(cpu_policy_apply(&p, &max, want, 1, &bad), -ERANGE);
    want[0] = (xen_cpuid_leaf_t){.leaf = 7, .subleaf = XEN_CPUID_NO_SUBLEAF};
    assert_int_equal(cpu_policy_apply(&p, &max, want, 1, &bad), -ERANGE);
    /* Ours to say: ignored. */
    want[0] = (xen_cpuid_leaf_t){
        .leaf = 0x40000001, .subleaf = XEN_CPUID_NO_SUBLEAF, .a = 1};
    assert_int_equal(cpu_policy_apply(&p, &max, want, 1, &bad), 0);
}

static void feature_words_are_those_of_the_leaves(void **state)
{
    struct cpu_policy p;
    uint32_t words[CPU_FEATURE_WORDS];

    cpu_policy_read(&p, generous_host);
    cpu_policy_to_pv(&p, 0xe7);
    cpu_policy_features(&p, words);
    assert_int_equal(words[0], bits(&p, 1, 0, 'd'));
    assert_int_equal(words[5], bits(&p, 7, 0, 'b'));
    assert_int_equal(words[11], bits(&p, 0x80000021, 0, 'a'));
    assert_int_equal(words[17], 0);
}

/* --- ports ---------------------------------------------------------------- */

__thread struct cpu_info test_cpu;
static uint8_t guest_bitmap[8192];
static struct tss_block test_tss;
static unsigned int pci_reads;

size_t copy_from_guest_raw(void *to, uint64_t from, size_t n)
{
    if (from + n > sizeof(guest_bitmap) + 0x1000)
        return n;
    memcpy(to, guest_bitmap + from - 0x1000, n);
    return 0;
}
void *alloc_xenheap_pages(unsigned int order, unsigned int memflags)
{
    return calloc(4096, 1u << order);
}
void free_xenheap_pages(void *p, unsigned int order)
{
    free(p);
}
uint32_t pci_cf8_read(uint32_t cf8, unsigned int offset, unsigned int bytes);
uint32_t pci_cf8_read(uint32_t cf8, unsigned int offset, unsigned int bytes)
{
    pci_reads++;
    return cf8 + offset;
}
void pci_cf8_write(uint32_t cf8, unsigned int offset, unsigned int bytes,
                   uint32_t value);
void pci_cf8_write(uint32_t cf8, unsigned int offset, unsigned int bytes,
                   uint32_t value)
{
}
struct tss_block *this_cpu_tss(void)
{
    return &test_tss;
}
uint8_t inb(uint16_t port)
{
    return 0xff;
}

void outb(uint16_t port, uint8_t v)
{
}

void pv_update_fast_paths(struct vcpu *v)
{
}
void borrow_kernel_root(const struct vcpu *v)
{
}
void return_root(const struct vcpu *v)
{
}
noreturn void bug(const char *file, int line, const char *what)
{
    fail_msg("%s:%d %s", file, line, what);
    abort();
}

static struct domain test_domain;
static struct vcpu test_vcpu = {.domain = &test_domain};

static void make_dom0(void)
{
    memset(&test_domain, 0, sizeof(test_domain));
    memset(&test_vcpu.arch, 0, sizeof(test_vcpu.arch));
    test_domain.is_privileged = true;
    assert_int_equal(io_bitmap_create(&test_domain), 0);
    test_vcpu.arch.flags = TF_KERNEL_MODE;
}

static void dom0_has_all_ports_but_the_hypervisors(void **state)
{
    make_dom0();
    assert_true(ioports_access_permitted(&test_domain, 0x3f8, 0x3ff));
    assert_true(ioports_access_permitted(&test_domain, 0xffff, 0xffff));
    assert_false(ioports_access_permitted(&test_domain, 0xffff, 0x10000));
    assert_false(ioports_access_permitted(&test_domain, 5, 4));
    assert_false(ioports_access_permitted(&test_domain, 0xcf8, 0xcfb));
    assert_false(ioports_access_permitted(&test_domain, 0xcff, 0xd00));
    assert_false(ioports_access_permitted(&test_domain, 0x3f, 0x40));
    assert_false(ioports_access_permitted(&test_domain, 0x20, 0x20));
    /* What the CPU reads behind the last port. */
    assert_int_equal(test_domain.arch.ioport_bitmap[8192], 0xff);
    free(test_domain.arch.ioport_bitmap);
}

/* Only the kernel with its I/O privilege opens the bitmap. */
static void only_a_kernel_with_io_privilege_opens_the_bitmap(void **state)
{
    make_dom0();
    io_bitmap_open(&test_vcpu);
    assert_int_equal(test_tss.tss.iopb, TSS_IOPB_VALID);
    assert_true(test_vcpu.arch.flags & TF_IO_OPEN);
    assert_memory_equal(test_tss.iobmp, test_domain.arch.ioport_bitmap, 8193);
    io_bitmap_close(&test_vcpu);
    assert_int_equal(test_tss.tss.iopb, TSS_IOPB_INVALID);
    assert_false(test_vcpu.arch.flags & TF_IO_OPEN);
    free(test_domain.arch.ioport_bitmap);
}

static void a_mode_reaches_ports_with_its_io_privilege_level(void **state)
{
    struct arch_vcpu *a = &test_vcpu.arch;

    memset(&test_domain, 0, sizeof(test_domain));
    memset(a, 0, sizeof(*a));
    a->flags = TF_KERNEL_MODE;
    assert_false(guest_io_permitted(&test_vcpu, 0x80, 1));
    a->iopl = 1;
    assert_true(guest_io_permitted(&test_vcpu, 0x80, 1));
    a->flags = 0; /* user mode needs level 3 */
    assert_false(guest_io_permitted(&test_vcpu, 0x80, 1));
    a->iopl = 3;
    assert_true(guest_io_permitted(&test_vcpu, 0x80, 1));
    a->iopl = 0;
    a->flags = TF_KERNEL_MODE;
    test_domain.vm_assist = 1ull << VMASST_TYPE_architectural_iopl;
    assert_true(guest_io_permitted(&test_vcpu, 0x80, 1));
}

/* The process's bitmap, against a port-by-port reading of it. */
static void a_process_reaches_the_ports_of_its_bitmap(void **state)
{
    struct arch_vcpu *a = &test_vcpu.arch;

    memset(&test_domain, 0, sizeof(test_domain));
    memset(a, 0, sizeof(*a));
    srand(1);
    for (unsigned int i = 0; i < sizeof(guest_bitmap); i++)
        guest_bitmap[i] = rand();
    a->iobmp = 0x1000;
    for (unsigned int limit = 65536; limit > 100; limit /= 3) {
        a->iobmp_limit = limit;
        for (unsigned int port = 0; port < 65536; port++)
            for (unsigned int bytes = 1; bytes <= 4; bytes *= 2) {
                bool want = port + bytes <= limit;

                for (unsigned int p = port; want && p < port + bytes; p++)
                    want = !(guest_bitmap[p / 8] >> p % 8 & 1);
                assert_int_equal(guest_io_permitted(&test_vcpu, port, bytes),
                                 want);
            }
    }
}

static void an_unprivileged_domain_reaches_the_ports_it_was_given(void **state)
{
    memset(&test_domain, 0, sizeof(test_domain));
    memset(&test_vcpu.arch, 0, sizeof(test_vcpu.arch));
    pci_reads = 0;
    guest_io_write(&test_vcpu, 0xcf8, 4, 0x80001234);
    assert_int_equal(guest_io_read(&test_vcpu, 0xcf8, 4), 0x80001234);
    assert_int_equal(guest_io_read(&test_vcpu, 0xcfc, 4), 0xffffffff);
    assert_int_equal(guest_io_read(&test_vcpu, 0xcfe, 2), 0xffff);
    assert_int_equal(pci_reads, 0);
    assert_int_equal(guest_io_read(&test_vcpu, 0x3f8, 1), 0xff);
    /* Calibration against the PIT must not see all ones. */
    assert_int_not_equal(guest_io_read(&test_vcpu, 0x42, 1), 0xff);
    assert_true(guest_io_read(&test_vcpu, 0x61, 1) & 0x20);
    test_domain.is_privileged = true;
    assert_int_equal(guest_io_read(&test_vcpu, 0xcfd, 1), 0x80001235);
    assert_int_equal(pci_reads, 1);
    assert_int_equal(guest_io_read(&test_vcpu, 0xcfe, 4), 0xffffffff);
    assert_int_equal(pci_reads, 1);
}

/* --- MSRs ----------------------------------------------------------------- */

#define MSR_OF_CPU 0x1a2 /* the CPU has it, guests do not */

bool cpu_is_amd, cpu_has_rdtscp;

int rdmsr_safe(uint32_t msr, uint64_t *v)
{
    *v = 0x5ec4e7;
    return msr == MSR_OF_CPU ? 0 : -EFAULT;
}

static void unknown_msrs_read_as_zero_where_the_domain_wants_it(void **state)
{
    static struct domain d;
    static struct vcpu v = {.domain = &d};
    uint64_t value = 1;

    assert_false(guest_rdmsr(&v, MSR_OF_CPU, &value));
    assert_false(guest_wrmsr(&v, MSR_OF_CPU, 1));
    d.arch.msr_relaxed = true;
    assert_true(guest_rdmsr(&v, MSR_OF_CPU, &value));
    assert_int_equal(value, 0);
    assert_true(guest_wrmsr(&v, MSR_OF_CPU, 1));
    assert_false(guest_rdmsr(&v, MSR_OF_CPU + 1, &value));
}

/* That of the CPU below it changes when the vcpu moves. */
static void the_base_of_the_apic_is_the_vcpus_own(void **state)
{
    static struct domain d;
    static struct vcpu v = {.domain = &d};
    uint64_t value;

    assert_true(guest_rdmsr(&v, MSR_APIC_BASE, &value));
    assert_int_equal(value, 0xfee00900);
    v.vcpu_id = 1;
    assert_true(guest_rdmsr(&v, MSR_APIC_BASE, &value));
    assert_int_equal(value, 0xfee00800);
    assert_true(guest_wrmsr(&v, MSR_APIC_BASE, value));
    assert_false(guest_wrmsr(&v, MSR_APIC_BASE, value + 0x1000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_accepted_descriptor_is_a_gate_or_runs_below_ring_3),
        cmocka_unit_test(flat_user_segments_are_recognised),
        cmocka_unit_test(a_cpu_policy_hides_what_a_pv_guest_cannot_use),
        cmocka_unit_test(a_cpu_policy_has_no_feature_without_its_state),
        cmocka_unit_test(states_are_a_value_that_xcr0_takes),
        cmocka_unit_test(a_cpu_policy_of_an_old_host_has_the_leaves_there_are),
        cmocka_unit_test(a_cpu_policy_takes_less_and_refuses_what_is_not_known),
        cmocka_unit_test(feature_words_are_those_of_the_leaves),
        cmocka_unit_test(dom0_has_all_ports_but_the_hypervisors),
        cmocka_unit_test(only_a_kernel_with_io_privilege_opens_the_bitmap),
        cmocka_unit_test(a_mode_reaches_ports_with_its_io_privilege_level),
        cmocka_unit_test(a_process_reaches_the_ports_of_its_bitmap),
        cmocka_unit_test(an_unprivileged_domain_reaches_the_ports_it_was_given),
        cmocka_unit_test(unknown_msrs_read_as_zero_where_the_domain_wants_it),
        cmocka_unit_test(the_base_of_the_apic_is_the_vcpus_own),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
