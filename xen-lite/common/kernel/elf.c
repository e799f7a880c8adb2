/* SPDX-License-Identifier: MIT */
/*
 * ELF kernels for PV: loadable segments and the Xen notes that say how the
 * kernel wants to be started. The file comes from a disk and is not trusted:
 * each offset is checked against the file before use.
 */
#include <hv/kernel.h>
#include <hv/lib.h>
#include <xen/elfnote.h>

struct ehdr {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, phoff, shoff;
    uint32_t flags;
    uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};
struct phdr {
    uint32_t type, flags;
    uint64_t offset, vaddr, paddr, filesz, memsz, align;
};
struct nhdr {
    uint32_t namesz, descsz, type;
};
#define PT_LOAD   1
#define PT_NOTE   4
#define EM_X86_64 62

static bool inside(const struct blob *f, uint64_t offset, uint64_t size)
{
    return offset <= f->size && size <= f->size - offset;
}

static struct phdr phdr_at(const struct elf_kernel *k, unsigned int i)
{
    struct phdr p;

    memcpy(&p, k->file.data + k->phoff + (uint64_t)i * k->phentsize, sizeof(p));
    return p;
}

static uint64_t number(const uint8_t *desc, uint32_t size)
{
    uint64_t v = 0;

    memcpy(&v, desc, MIN(size, 8u));
    return v;
}

static void one_note(struct elf_kernel *k, uint32_t type, const uint8_t *desc,
                     uint32_t size)
{
    switch (type) {
    case XEN_ELFNOTE_ENTRY:
        k->virt_entry = number(desc, size);
        break;
    case XEN_ELFNOTE_VIRT_BASE:
        k->virt_base = number(desc, size);
        break;
    case XEN_ELFNOTE_PADDR_OFFSET:
        k->paddr_offset = number(desc, size);
        break;
    case XEN_ELFNOTE_HYPERCALL_PAGE:
        k->hypercall_page = number(desc, size);
        break;
    case XEN_ELFNOTE_HV_START_LOW:
        k->hv_start_low = number(desc, size);
        break;
    case XEN_ELFNOTE_INIT_P2M:
        k->init_p2m = number(desc, size);
        break;
    case XEN_ELFNOTE_MOD_START_PFN:
        k->mod_start_pfn = number(desc, size) != 0;
        break;
    case XEN_ELFNOTE_SUPPORTED_FEATURES:
        k->dom0_capable = number(desc, size) >> 11 & 1; /* XENFEAT_dom0 */
        break;
    case XEN_ELFNOTE_GUEST_OS:
        memset(k->guest_os, 0, sizeof(k->guest_os));
        memcpy(k->guest_os, desc, MIN(size, (uint32_t)sizeof(k->guest_os) - 1));
        break;
    case XEN_ELFNOTE_FEATURES:
        for (uint32_t i = 0; i + 19 <= size; i++)
            if (!memcmp(desc + i, "pae_pgdir_above_4gb", 19))
                k->pae_pgdir_above_4gb = true;
        break;
    }
}

/* Notes of one segment. Returns how many of them are Xen's. */
static unsigned int notes(struct elf_kernel *k, uint64_t offset, uint64_t size)
{
    uint64_t pos = offset, end = offset + size;
    unsigned int found = 0;
    struct nhdr n;

    while (end - pos >= sizeof(n)) {
        uint64_t name, desc;

        memcpy(&n, k->file.data + pos, sizeof(n));
        name = pos + sizeof(n);
        desc = name + ROUND_UP((uint64_t)n.namesz, 4);
        pos = desc + ROUND_UP((uint64_t)n.descsz, 4);
        if (pos > end)
            break;
        if (n.namesz == 4 && !memcmp(k->file.data + name, "Xen", 4)) {
            one_note(k, n.type, k->file.data + desc, n.descsz);
            found++;
        }
    }
    return found;
}

static const char *segments(struct elf_kernel *k, unsigned int *nr_notes)
{
    k->pstart = ~0ULL;
    for (unsigned int i = 0; i < k->phnum; i++) {
        struct phdr p = phdr_at(k, i);
        uint64_t end;

        if (p.type != PT_LOAD && p.type != PT_NOTE)
            continue;
        if (!inside(&k->file, p.offset, p.filesz))
            return "ELF segment lies outside the file";
        if (p.type == PT_NOTE) {
            *nr_notes += notes(k, p.offset, p.filesz);
            continue;
        }
        if (p.filesz > p.memsz ||
            __builtin_add_overflow(p.paddr, p.memsz, &end))
            return "ELF segment with nonsensical sizes";
        k->pstart = MIN(k->pstart, p.paddr);
        k->pend = MAX(k->pend, end);
    }
    return k->pend ? NULL : "ELF file without loadable segments";
}

const char *elf_parse(const struct blob *file, struct elf_kernel *k)
{
    struct ehdr h;
    const char *err;
    unsigned int nr_notes = 0;

    *k = (struct elf_kernel){.file = *file,
                             .init_p2m = ~0ULL,
                             .virt_entry = ~0ULL,
                             .hypercall_page = ~0ULL};
    if (file->size < sizeof(h))
        return "kernel is too short for an ELF file";
    memcpy(&h, file->data, sizeof(h));
    if (memcmp(h.ident, "\177ELF", 4))
        return "kernel is neither a bzImage nor an ELF file";
    if (h.ident[4] != 2 || h.ident[5] != 1 || h.machine != EM_X86_64)
        return "kernel is not a 64-bit x86 ELF file";
    if (h.phentsize < sizeof(struct phdr) ||
        !inside(file, h.phoff, (uint64_t)h.phnum * h.phentsize))
        return "ELF program headers lie outside the file";
    k->phoff = h.phoff;
    k->phnum = h.phnum;
    k->phentsize = h.phentsize;
    err = segments(k, &nr_notes);
    if (err)
        return err;
    if (!nr_notes)
        return "kernel is not built for Xen PV (no Xen notes)";
    if (k->virt_entry == ~0ULL)
        k->virt_entry = h.entry;
    k->pstart -= k->paddr_offset;
    k->pend -= k->paddr_offset;
    if (k->pend > GB(2ULL) || k->pstart >= k->pend)
        return "kernel's segments need more than 2 GiB";
    return NULL;
}

int elf_load(const struct elf_kernel *k,
             int (*copy)(void *arg, uint64_t paddr, const void *src,
                         uint64_t filesz, uint64_t memsz),
             void *arg)
{
    for (unsigned int i = 0; i < k->phnum; i++) {
        struct phdr p = phdr_at(k, i);
        int rc;

        if (p.type != PT_LOAD)
            continue;
        rc = copy(arg, p.paddr - k->paddr_offset, k->file.data + p.offset,
                  p.filesz, p.memsz);
        if (rc)
            return rc;
    }
    return 0;
}
