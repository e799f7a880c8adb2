/* SPDX-License-Identifier: MIT */
/*
 * The kernel as an ELF file: which parts to load, and the Xen notes, by which
 * a PV kernel says how it wants to find its world (addresses, features).
 *
 * Everything is copied out of the file before it is looked at, and reduced to
 * struct xlg_kernel, whose numbers the layout can add without overflow:
 * guest-physical addresses stay below PHYS_MAX.
 */
#include <elf.h>
#include <stdlib.h>

#include <xen/elfnote.h>

#include "private.h"

#define PHYS_MAX (1ULL << 40)

/* Larger tables than any kernel has; each entry costs work. */
#define MAX_HEADERS   128
#define MAX_NOTES     256
#define MAX_NOTE_AREA 65536

/* The notes as found, before they are put into relation. */
struct notes {
    bool any, pvh_entry;
    uint64_t entry, virt_base, paddr_offset, init_p2m, hypercall_page;
    bool mod_start_pfn;
    char guest_os[32], xen_version[16], loader[16];
};

/* Numbers come as 4 or 8 bytes; other sizes are no number. */
static bool note_number(struct span desc, uint64_t *value)
{
    uint32_t small;

    if (desc.size == sizeof(*value))
        return span_read(desc, 0, value, sizeof(*value));
    if (desc.size != sizeof(small))
        return false;
    if (!span_read(desc, 0, &small, sizeof(small)))
        return false;
    *value = small;
    return true;
}

/* Texts end up in log lines: only printable characters pass. */
static void note_text(struct span desc, char *text, size_t size)
{
    size_t i;

    for (i = 0; i < desc.size && i < size - 1 && desc.data[i]; i++)
        text[i] = desc.data[i] >= ' ' && desc.data[i] < 0x7f
                      ? (char)desc.data[i]
                      : '?';
    text[i] = '\0';
}

static int take_note(struct notes *notes, uint32_t type, struct span desc,
                     struct why *why)
{
    uint64_t flag, *number = NULL;

    switch (type) {
    case XEN_ELFNOTE_ENTRY:
        number = &notes->entry;
        break;
    case XEN_ELFNOTE_VIRT_BASE:
        number = &notes->virt_base;
        break;
    case XEN_ELFNOTE_PADDR_OFFSET:
        number = &notes->paddr_offset;
        break;
    case XEN_ELFNOTE_INIT_P2M:
        number = &notes->init_p2m;
        break;
    case XEN_ELFNOTE_HYPERCALL_PAGE:
        number = &notes->hypercall_page;
        break;
    case XEN_ELFNOTE_MOD_START_PFN:
        number = &flag;
        break;
    case XEN_ELFNOTE_GUEST_OS:
        note_text(desc, notes->guest_os, sizeof(notes->guest_os));
        break;
    case XEN_ELFNOTE_XEN_VERSION:
        note_text(desc, notes->xen_version, sizeof(notes->xen_version));
        break;
    case XEN_ELFNOTE_LOADER:
        note_text(desc, notes->loader, sizeof(notes->loader));
        break;
    case XEN_ELFNOTE_PHYS32_ENTRY:
        notes->pvh_entry = true;
        break;
    }
    notes->any = true;
    if (number && !note_number(desc, number))
        return refuse(why, EINVAL, "Xen note %u has a value of %llu bytes",
                      type, (unsigned long long)desc.size);
    if (type == XEN_ELFNOTE_MOD_START_PFN)
        notes->mod_start_pfn = flag != 0;
    return 0;
}

/* Name and value are each padded to four bytes. */
static int read_notes(struct notes *notes, struct span area, struct why *why)
{
    uint64_t pos = 0;
    unsigned int i;

    for (i = 0; i < MAX_NOTES && pos < area.size; i++) {
        struct span name, desc;
        Elf64_Nhdr header;

        if (!span_read(area, pos, &header, sizeof(header)))
            return refuse(why, EINVAL, "ELF note header is cut off");
        pos += sizeof(header);
        if (!span_part(area, pos, header.n_namesz, &name))
            return refuse(why, EINVAL, "ELF note name is cut off");
        pos += (header.n_namesz + 3ULL) & ~3ULL;
        if (!span_part(area, pos, header.n_descsz, &desc))
            return refuse(why, EINVAL, "ELF note value is cut off");
        pos += (header.n_descsz + 3ULL) & ~3ULL;
        if (name.size == 4 && !memcmp(name.data, "Xen", 4) &&
            take_note(notes, header.n_type, desc, why))
            return -1;
    }
    return 0;
}

/* Read one note segment or section and take its notes. */
static int read_note_area(struct notes *notes, const struct source *elf,
                          uint64_t offset, uint64_t size, struct why *why)
{
    struct span area = {.size = size};
    uint8_t *bytes;
    int rc;

    if (!source_has(elf, offset, size))
        return refuse(why, EINVAL, "ELF notes are not inside the file");
    if (size > MAX_NOTE_AREA)
        return refuse(why, EINVAL, "ELF has %llu bytes of notes",
                      (unsigned long long)size);
    bytes = malloc(size ? size : 1);
    if (!bytes)
        return refuse(why, ENOMEM, "no memory to read ELF notes");
    area.data = bytes;
    if (source_read(elf, offset, bytes, size))
        rc = read_notes(notes, area, why);
    else
        rc = refuse(why, errno, "cannot read ELF notes: %s", strerror(errno));
    free(bytes);
    return rc;
}

static int add_segment(struct xlg_kernel *kernel, const struct source *elf,
                       const Elf64_Phdr *phdr, struct why *why)
{
    if (!phdr->p_memsz)
        return 0;
    if (kernel->nr_segments == XLG_MAX_SEGMENTS)
        return refuse(why, EINVAL, "ELF has more than %u loadable segments",
                      XLG_MAX_SEGMENTS);
    if (phdr->p_filesz > phdr->p_memsz ||
        !source_has(elf, phdr->p_offset, phdr->p_filesz))
        return refuse(why, EINVAL, "ELF segment %u is not inside the file",
                      kernel->nr_segments);
    kernel->segments[kernel->nr_segments++] = (struct xlg_segment){
        .offset = phdr->p_offset,
        .file_size = phdr->p_filesz,
        .phys = phdr->p_paddr,
        .mem_size = phdr->p_memsz,
    };
    return 0;
}

static int read_program_headers(const struct source *elf,
                                const Elf64_Ehdr *ehdr,
                                struct xlg_kernel *kernel, struct notes *notes,
                                struct why *why)
{
    unsigned int i;

    if (ehdr->e_phentsize != sizeof(Elf64_Phdr) || ehdr->e_phnum > MAX_HEADERS)
        return refuse(why, EINVAL, "ELF program headers: %u of size %u",
                      ehdr->e_phnum, ehdr->e_phentsize);
    for (i = 0; i < ehdr->e_phnum; i++) {
        Elf64_Phdr phdr;

        if (ehdr->e_phoff > elf->size ||
            !source_read(elf, ehdr->e_phoff + i * sizeof(phdr), &phdr,
                         sizeof(phdr)))
            return refuse(why, EINVAL, "ELF program headers are cut off");
        if (phdr.p_type == PT_LOAD && add_segment(kernel, elf, &phdr, why))
            return -1;
        if (phdr.p_type == PT_NOTE &&
            read_note_area(notes, elf, phdr.p_offset, phdr.p_filesz, why))
            return -1;
    }
    return 0;
}

/* Some linkers' output has note sections without a PT_NOTE segment. */
static int read_note_sections(const struct source *elf, const Elf64_Ehdr *ehdr,
                              struct notes *notes, struct why *why)
{
    unsigned int i;

    if (ehdr->e_shentsize != sizeof(Elf64_Shdr) || ehdr->e_shnum > MAX_HEADERS)
        return 0;
    for (i = 0; i < ehdr->e_shnum; i++) {
        Elf64_Shdr shdr;

        if (ehdr->e_shoff > elf->size ||
            !source_read(elf, ehdr->e_shoff + i * sizeof(shdr), &shdr,
                         sizeof(shdr)))
            return refuse(why, EINVAL, "ELF section headers are cut off");
        if (shdr.sh_type == SHT_NOTE &&
            read_note_area(notes, elf, shdr.sh_offset, shdr.sh_size, why))
            return -1;
    }
    return 0;
}

static int check_identity(const struct source *elf, Elf64_Ehdr *ehdr,
                          struct why *why)
{
    if (!source_read(elf, 0, ehdr, sizeof(*ehdr)) ||
        memcmp(ehdr->e_ident, ELFMAG, SELFMAG))
        return refuse(why, EINVAL, "neither an ELF file nor a bzImage");
    if (ehdr->e_ident[EI_CLASS] != ELFCLASS64 ||
        ehdr->e_ident[EI_DATA] != ELFDATA2LSB || ehdr->e_machine != EM_X86_64)
        return refuse(why, EINVAL, "not a 64-bit x86 ELF file");
    return 0;
}

static int check_notes(const struct notes *notes, struct why *why)
{
    if (!notes->any)
        return refuse(why, EINVAL, "not a Xen PV kernel: it has no Xen notes");
    if (notes->entry == XLG_NO_ADDRESS && notes->pvh_entry)
        return refuse(why, EINVAL, "a PVH kernel, without a PV entry point");
    if (strcmp(notes->xen_version, "xen-3.0"))
        return refuse(why, EINVAL,
                      "kernel is for Xen version \"%s\", not \"xen-3.0\"",
                      notes->xen_version);
    if (notes->loader[0] && strcmp(notes->loader, "generic"))
        return refuse(why, EINVAL, "kernel wants the loader \"%s\"",
                      notes->loader);
    return 0;
}

/* Segments become guest-physical; the hull and the entry are checked. */
static int settle_addresses(struct xlg_kernel *kernel, uint64_t paddr_offset,
                            struct why *why)
{
    unsigned int i;
    uint64_t first, last;

    if (!kernel->nr_segments)
        return refuse(why, EINVAL, "ELF has nothing to load");
    kernel->phys_start = PHYS_MAX;
    for (i = 0; i < kernel->nr_segments; i++) {
        struct xlg_segment *segment = &kernel->segments[i];

        if (segment->phys < paddr_offset ||
            segment->phys - paddr_offset >= PHYS_MAX ||
            segment->mem_size > PHYS_MAX - (segment->phys - paddr_offset))
            return refuse(why, EINVAL, "ELF segment %u is at %#llx, size %#llx",
                          i, (unsigned long long)segment->phys,
                          (unsigned long long)segment->mem_size);
        segment->phys -= paddr_offset;
        if (segment->phys < kernel->phys_start)
            kernel->phys_start = segment->phys;
        if (segment->phys + segment->mem_size > kernel->phys_end)
            kernel->phys_end = segment->phys + segment->mem_size;
    }

    if (kernel->virt_base % PAGE_SIZE ||
        kernel->virt_base + kernel->phys_end - 1 < kernel->virt_base)
        return refuse(why, EINVAL, "kernel cannot be mapped at %#llx",
                      (unsigned long long)kernel->virt_base);
    first = kernel->virt_base + kernel->phys_start;
    last = kernel->virt_base + kernel->phys_end - 1;
    if (kernel->entry < first || kernel->entry > last)
        return refuse(why, EINVAL,
                      "entry point %#llx is outside the kernel (%#llx-%#llx)",
                      (unsigned long long)kernel->entry,
                      (unsigned long long)first, (unsigned long long)last);
    if (kernel->hypercall_page != XLG_NO_ADDRESS &&
        (kernel->hypercall_page % PAGE_SIZE || kernel->hypercall_page < first ||
         kernel->hypercall_page > last))
        return refuse(why, EINVAL, "hypercall page %#llx is outside the kernel",
                      (unsigned long long)kernel->hypercall_page);
    return 0;
}

int xlg_elf_parse(const struct source *elf, struct xlg_kernel *kernel,
                  struct why *why)
{
    struct notes notes = {
        .entry = XLG_NO_ADDRESS,
        .init_p2m = XLG_NO_ADDRESS,
        .hypercall_page = XLG_NO_ADDRESS,
        .guest_os = "unknown",
    };
    Elf64_Ehdr ehdr;

    memset(kernel, 0, sizeof(*kernel));
    if (check_identity(elf, &ehdr, why) ||
        read_program_headers(elf, &ehdr, kernel, &notes, why))
        return -1;
    if (!notes.any && read_note_sections(elf, &ehdr, &notes, why))
        return -1;
    if (check_notes(&notes, why))
        return -1;

    kernel->virt_base = notes.virt_base;
    kernel->entry = notes.entry == XLG_NO_ADDRESS ? ehdr.e_entry : notes.entry;
    kernel->init_p2m = notes.init_p2m;
    kernel->hypercall_page = notes.hypercall_page;
    kernel->mod_start_pfn = notes.mod_start_pfn;
    memcpy(kernel->guest_os, notes.guest_os, sizeof(kernel->guest_os));
    return settle_addresses(kernel, notes.paddr_offset, why);
}
