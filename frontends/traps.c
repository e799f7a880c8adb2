/* SPDX-License-Identifier: MIT */
/*
 * Traps: a table with a stub for each vector, handlers, and try_call(), which
 * turns the first trap of a function into a return value.
 */
#include <pv/pv.h>

struct trap_frame caught;
extern uint64_t try_rsp;
extern char try_return[];
int try_call_asm(void (*fn)(void *arg), void *arg);
void trap_dispatch(struct trap_frame *f);
extern char event_entry[], failsafe_entry[];

static trap_handler_t handlers[256];

void trap_dispatch(struct trap_frame *f)
{
    if (f->vector < 256 && handlers[f->vector]) {
        handlers[f->vector](f);
        return;
    }
    caught = *f;
    if (try_rsp) {
        f->rip = (uint64_t)try_return;
        f->cs = FLAT_KERNEL_CS & ~3UL; /* level 0 is kernel mode */
        f->rsp = try_rsp;
        f->ss = FLAT_KERNEL_SS;
        f->rax = f->vector;
        return;
    }
    printf("Bail out! trap %lu error %lx at rip %lx rsp %lx cr2 %lx\n",
           f->vector, f->error, f->rip, f->rsp,
           shared_info ? shared_info->vcpu_info[0].arch.cr2 : 0);
    shutdown(SHUTDOWN_crash);
}

int try_call(void (*fn)(void *arg), void *arg)
{
    return try_call_asm(fn, arg);
}

void set_trap_handler(unsigned int vector, trap_handler_t fn)
{
    handlers[vector] = fn;
}

static void do_read(void *p)
{
    (void)*(volatile uint8_t *)p;
}

bool read_faults(const volatile void *p)
{
    return try_call(do_read, (void *)p) == 14;
}

struct write {
    volatile uint64_t *p;
    uint64_t v;
};

static void do_write(void *arg)
{
    struct write *w = arg;

    *w->p = w->v;
}

bool write_faults(volatile void *p, uint64_t v)
{
    struct write w = {p, v};

    return try_call(do_write, &w) == 14;
}

void traps_init(void)
{
    static struct trap_info table[257];
    struct callback_register event = {
        .type = CALLBACKTYPE_event,
        .flags = CALLBACKF_mask_events,
        .address = (unsigned long)event_entry,
    };
    struct callback_register failsafe = {
        .type = CALLBACKTYPE_failsafe,
        .flags = CALLBACKF_mask_events,
        .address = (unsigned long)failsafe_entry,
    };

    for (unsigned int i = 0; i < 256; i++) {
        table[i].vector = i;
        table[i].flags = 4 | (i == 3 || i == 4 || i == 0x80 ? 3 : 0);
        table[i].cs = FLAT_KERNEL_CS;
        table[i].address = trap_stubs[i];
    }
    HC1(set_trap_table, table);
    HC2(callback_op, CALLBACKOP_register, &event);
    HC2(callback_op, CALLBACKOP_register, &failsafe);
}

void user_mode_init(void)
{
    const uint64_t *kernel = (uint64_t *)start_info->pt_base;
    uint64_t *root = alloc_page();

    for (unsigned int i = 0; i < 512; i++)
        if (i < 256 || i > 271) /* the hypervisor fills in its own */
            root[i] = kernel[i];
    if (make_readonly(root) ||
        mmuext(MMUEXT_PIN_L4_TABLE, virt_to_mfn(root), 0) ||
        mmuext(MMUEXT_NEW_USER_BASEPTR, virt_to_mfn(root), 0) ||
        HC2(stack_switch, FLAT_KERNEL_SS, (char *)alloc_page() + PAGE_SIZE)) {
        printf("Bail out! no user mode\n");
        shutdown(SHUTDOWN_crash);
    }
}
