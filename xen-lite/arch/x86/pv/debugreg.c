/* SPDX-License-Identifier: MIT */
/*
 * Debug registers. A guest's breakpoints never lie in the hypervisor's range,
 * are never I/O breakpoints, and general detection stays off: nothing that a
 * guest sets can trap in the hypervisor's code, except while that code touches
 * guest memory, which is harmless.
 */
#include <hv/lib.h>
#include <hv/hypercall.h>
#include <asm/pv.h>

#define DR7_ENABLE     0xffULL /* L0..G3 */
#define DR7_GD         (1ULL << 13)
#define DR7_ALLOWED    0xffff03ffULL /* enables, LE, GE, conditions, lengths */
#define DR7_FIXED      0x400ULL
#define DR6_FIXED      0xffff0ff0ULL
#define DR7_RW(dr7, n) (((dr7) >> (16 + 4 * (n))) & 3)
#define RW_IO          2

static void write_hw(unsigned int reg, uint64_t value)
{
    switch (reg) {
    case 0:
        asm volatile("mov %0, %%dr0" ::"r"(value));
        break;
    case 1:
        asm volatile("mov %0, %%dr1" ::"r"(value));
        break;
    case 2:
        asm volatile("mov %0, %%dr2" ::"r"(value));
        break;
    case 3:
        asm volatile("mov %0, %%dr3" ::"r"(value));
        break;
    case 6:
        asm volatile("mov %0, %%dr6" ::"r"(value));
        break;
    case 7:
        asm volatile("mov %0, %%dr7" ::"r"(value));
        break;
    }
}

void load_debugregs(const struct vcpu *v)
{
    for (unsigned int i = 0; i < 4; i++)
        write_hw(i, v->arch.dr[i]);
    write_hw(6, DR6_FIXED);
    write_hw(7, v->arch.dr[7] | DR7_FIXED);
}

static int set_dr7(struct vcpu *v, uint64_t value)
{
    bool was_active = v->arch.dr[7] & DR7_ENABLE;

    if (value >> 32)
        return -EINVAL;
    if (value & DR7_GD)
        return -EPERM;
    value &= DR7_ALLOWED;
    for (unsigned int i = 0; i < 4 && (value & DR7_ENABLE); i++)
        if (DR7_RW(value, i) == RW_IO)
            return -EPERM;
    v->arch.dr[7] = value;
    if (v == current) {
        if (value & DR7_ENABLE)
            load_debugregs(v);
        else if (was_active)
            write_hw(7, DR7_FIXED);
    }
    return 0;
}

/* DR4 and DR5 are other names of DR6 and DR7, unless the kernel has switched
 * debugging extensions on. */
static unsigned int real_register(const struct vcpu *v, unsigned int reg)
{
    bool is_alias = reg == 4 || reg == 5;

    return is_alias && !(v->arch.ctrlreg_cr4 & CR4_DE) ? reg + 2 : reg;
}

int set_debugreg(struct vcpu *v, unsigned int reg, uint64_t value)
{
    switch (real_register(v, reg)) {
    case 0:
    case 1:
    case 2:
    case 3:
        /* The widest breakpoint has eight bytes. */
        if (value && !guest_range_ok(value, 8))
            return -EPERM;
        v->arch.dr[reg] = value;
        if (v == current && (v->arch.dr[7] & DR7_ENABLE))
            write_hw(reg, value);
        return 0;
    case 6:
        if (value >> 32)
            return -EINVAL;
        v->arch.dr[6] = value & DR6_STATUS;
        return 0;
    case 7:
        return set_dr7(v, value);
    default:
        return -ENODEV;
    }
}

long do_set_debugreg(unsigned int reg, uint64_t value)
{
    return set_debugreg(current, reg, value);
}

long do_get_debugreg(unsigned int reg)
{
    const struct vcpu *v = current;

    switch (real_register(v, reg)) {
    case 0:
    case 1:
    case 2:
    case 3:
        return v->arch.dr[reg];
    case 6:
        return v->arch.dr[6] | DR6_FIXED;
    case 7:
        return v->arch.dr[7] | DR7_FIXED;
    default:
        return -ENODEV;
    }
}
