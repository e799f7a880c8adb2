/* SPDX-License-Identifier: MIT */
/*
 * The kernel as an ELF file: which parts to load, and the Xen notes, by which
 * a PV kernel says how it wants to find its world (addresses, features).
 *
 * Everything is copied out of the file before it is looked at, and reduced to
 * struct kernel, whose numbers the layout can add without overflow:
 * guest-physical addresses stay below PHYS_MAX.
 */
#include <xen/elfnote.h>

#include "pure.h"

#define PAGE_MASK ((1ULL << KERNEL_PAGE_SHIFT) - 1)

/* 2 GiB: all that a kernel can reach that is linked at the top of memory. */
#define PHYS_MAX (1ULL << 31)

/* Larger tables than any kernel has; each entry costs work. */
#define MAX_HEADERS   128
#define MAX_NOTES     256
#define MAX_NOTE_AREA 65536

struct elf_header {
    uint8_t magic[4], class, data, version, padding[9];
    uint16_t type, machine;
    uint32_t version2;
    uint64_t entry, phoff, shoff;
    uint32_t flags;
    uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};
#define CLASS_64      2
#define LITTLE_ENDIAN 1
#define X86_64        62

struct program_header {
    uint32_t type, flags;
    uint64_t offset, vaddr, paddr, filesz, memsz, align;
};
#define SEGMENT_LOAD 1
#define SEGMENT_NOTE 4

struct section_header {
    uint32_t name, type;
    uint64_t flags, addr, offset, size;
    uint32_t link, info;
    uint64_t addralign, entsize;
};
#define SECTION_NOTE 7

struct note_header {
    uint32_t namesz, descsz, type;
};

/* The notes as found, before they are put into relation. */
struct notes {
    bool any, pvh_entry;
    uint64_t entry, virt_base, paddr_offset, init_p2m, hypercall_page;
    uint64_t features, mod_start_pfn;
    bool pae_pgdir_above_4gb;
    char guest_os[32], xen_version[16], loader[16];
};

/* --- notes ---------------------------------------------------------------- */

/* Numbers come as 4 or 8 bytes; other sizes are no number. */
static bool note_number(struct span desc, uint64_t *value)
{
    uint32_t small;

    if (desc.size == sizeof(*value))
        return span_read(desc, 0, value, sizeof(*value));
    if (desc.size != sizeof(small))
        return false;
    span_read(desc, 0, &small, sizeof(small));
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

static bool note_has(struct span desc, const char *word, size_t length)
{
    struct span part;

    for (uint64_t i = 0; span_part(desc, i, length, &part); i++)
        if (!memcmp(part.data, word, length))
            return true;
    return false;
}

/* Where the number of a note of this type goes; NULL: it is none. */
static uint64_t *number_of(struct notes *notes, uint32_t type)
{
    switch (type) {
    case XEN_ELFNOTE_ENTRY:
        return &notes->entry;
    case XEN_ELFNOTE_VIRT_BASE:
        return &notes->virt_base;
    case XEN_ELFNOTE_PADDR_OFFSET:
        return &notes->paddr_offset;
    case XEN_ELFNOTE_INIT_P2M:
        return &notes->init_p2m;
    case XEN_ELFNOTE_HYPERCALL_PAGE:
        return &notes->hypercall_page;
    case XEN_ELFNOTE_MOD_START_PFN:
        return &notes->mod_start_pfn;
    case XEN_ELFNOTE_SUPPORTED_FEATURES:
        return &notes->features;
    default:
        return NULL;
    }
}

static int take_note(struct notes *notes, uint32_t type, struct span desc,
                     struct why *why)
{
    static const char above_4gb[] = "pae_pgdir_above_4gb";
    uint64_t *number = number_of(notes, type);

    notes->any = true;
    if (number && !note_number(desc, number))
        return refuse(why, EINVAL, "Xen note %u has a value of %lu bytes", type,
                      desc.size);
    switch (type) {
    case XEN_ELFNOTE_GUEST_OS:
        note_text(desc, notes->guest_os, sizeof(notes->guest_os));
        break;
    case XEN_ELFNOTE_XEN_VERSION:
        note_text(desc, notes->xen_version, sizeof(notes->xen_version));
        break;
    case XEN_ELFNOTE_LOADER:
        note_text(desc, notes->loader, sizeof(notes->loader));
        break;
    case XEN_ELFNOTE_FEATURES:
        notes->pae_pgdir_above_4gb |=
            note_has(desc, above_4gb, sizeof(above_4gb) - 1);
        break;
    case XEN_ELFNOTE_PHYS32_ENTRY:
        notes->pvh_entry = true;
        break;
    }
    return 0;
}

/* One note segment or section. Name and value are padded to four bytes. */
static int read_notes(struct notes *notes, struct span elf, uint64_t offset,
                      uint64_t size, struct why *why)
{
    struct span area;
    uint64_t pos = 0;

    if (!span_part(elf, offset, size, &area))
        return refuse(why, EINVAL, "ELF notes are not inside the file");
    if (size > MAX_NOTE_AREA)
        return refuse(why, EINVAL, "ELF has %lu bytes of notes", size);
    for (unsigned int i = 0; i < MAX_NOTES && pos < area.size; i++) {
        struct note_header header;
        struct span name, desc;

        if (!span_read(area, pos, &header, sizeof(header)))
            return refuse(why, EINVAL, "ELF note header is cut off");
        pos += sizeof(header);
        if (!span_part(area, pos, header.namesz, &name))
            return refuse(why, EINVAL, "ELF note name is cut off");
        pos += (header.namesz + 3ULL) & ~3ULL;
        if (!span_part(area, pos, header.descsz, &desc))
            return refuse(why, EINVAL, "ELF note value is cut off");
        pos += (header.descsz + 3ULL) & ~3ULL;
        if (name.size == 4 && !memcmp(name.data, "Xen", 4) &&
            take_note(notes, header.type, desc, why))
            return -1;
    }
    return 0;
}

/* --- headers -------------------------------------------------------------- */

static bool overlap(const struct kernel_segment *a,
                    const struct kernel_segment *b)
{
    return a->phys < b->phys ? b->phys - a->phys < a->mem_size
                             : a->phys - b->phys < b->mem_size;
}

static int add_segment(struct kernel *kernel, struct span elf,
                       const struct program_header *phdr, struct why *why)
{
    unsigned int nr = kernel->nr_segments;
    struct kernel_segment *segment = &kernel->segments[nr];
    struct span bytes;

    if (!phdr->memsz)
        return 0;
    if (nr == KERNEL_MAX_SEGMENTS)
        return refuse(why, EINVAL, "ELF has more than %u loadable segments",
                      KERNEL_MAX_SEGMENTS);
    if (phdr->filesz > phdr->memsz ||
        !span_part(elf, phdr->offset, phdr->filesz, &bytes))
        return refuse(why, EINVAL, "ELF segment %u is not inside the file", nr);
    *segment = (struct kernel_segment){
        .offset = phdr->offset,
        .file_size = phdr->filesz,
        .phys = phdr->paddr,
        .mem_size = phdr->memsz,
    };
    /* Each byte is written once: bounds the work of loading. */
    for (unsigned int i = 0; i < nr; i++)
        if (overlap(&kernel->segments[i], segment))
            return refuse(why, EINVAL, "ELF segments %u and %u overlap", i, nr);
    kernel->nr_segments++;
    return 0;
}

static int read_program_headers(struct span elf,
                                const struct elf_header *header,
                                struct kernel *kernel, struct notes *notes,
                                struct why *why)
{
    struct program_header phdr;
    struct span table;

    if (header->phentsize != sizeof(phdr) || header->phnum > MAX_HEADERS)
        return refuse(why, EINVAL, "ELF program headers: %u of size %u",
                      header->phnum, header->phentsize);
    if (!span_part(elf, header->phoff, header->phnum * sizeof(phdr), &table))
        return refuse(why, EINVAL, "ELF program headers are cut off");
    for (unsigned int i = 0; i < header->phnum; i++) {
        span_read(table, i * sizeof(phdr), &phdr, sizeof(phdr));
        if (phdr.type == SEGMENT_LOAD && add_segment(kernel, elf, &phdr, why))
            return -1;
        if (phdr.type == SEGMENT_NOTE &&
            read_notes(notes, elf, phdr.offset, phdr.filesz, why))
            return -1;
    }
    return 0;
}

/* Some linkers' output has note sections without a segment for them. */
static int read_note_sections(struct span elf, const struct elf_header *header,
                              struct notes *notes, struct why *why)
{
    struct section_header shdr;
    struct span table;

    if (header->shentsize != sizeof(shdr) || header->shnum > MAX_HEADERS)
        return 0;
    if (!span_part(elf, header->shoff, header->shnum * sizeof(shdr), &table))
        return refuse(why, EINVAL, "ELF section headers are cut off");
    for (unsigned int i = 0; i < header->shnum; i++) {
        span_read(table, i * sizeof(shdr), &shdr, sizeof(shdr));
        if (shdr.type == SECTION_NOTE &&
            read_notes(notes, elf, shdr.offset, shdr.size, why))
            return -1;
    }
    return 0;
}

static int read_header(struct span elf, struct elf_header *header,
                       struct why *why)
{
    if (!span_read(elf, 0, header, sizeof(*header)) ||
        memcmp(header->magic, "\177ELF", 4))
        return refuse(why, EINVAL, "not an ELF file");
    if (header->class != CLASS_64 || header->data != LITTLE_ENDIAN ||
        header->machine != X86_64)
        return refuse(why, EINVAL, "not a 64-bit x86 ELF file");
    return 0;
}

/* --- what they say together ----------------------------------------------- */

static int check_notes(const struct notes *notes, struct why *why)
{
    if (!notes->any)
        return refuse(why, EINVAL, "not a Xen PV kernel: it has no Xen notes");
    if (notes->entry == KERNEL_NO_ADDRESS && notes->pvh_entry)
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

/* Segments become guest-physical; their hull is found. */
static int settle_segments(struct kernel *kernel, uint64_t paddr_offset,
                           struct why *why)
{
    if (!kernel->nr_segments)
        return refuse(why, EINVAL, "ELF has nothing to load");
    kernel->phys_start = PHYS_MAX;
    for (unsigned int i = 0; i < kernel->nr_segments; i++) {
        struct kernel_segment *segment = &kernel->segments[i];
        uint64_t phys = segment->phys - paddr_offset;

        if (segment->phys < paddr_offset || phys >= PHYS_MAX ||
            segment->mem_size > PHYS_MAX - phys)
            return refuse(why, EINVAL, "ELF segment %u is at %#lx, size %#lx",
                          i, segment->phys, segment->mem_size);
        segment->phys = phys;
        if (phys < kernel->phys_start)
            kernel->phys_start = phys;
        if (phys + segment->mem_size > kernel->phys_end)
            kernel->phys_end = phys + segment->mem_size;
    }
    return 0;
}

static int check_addresses(const struct kernel *kernel, struct why *why)
{
    uint64_t first = kernel->virt_base + kernel->phys_start;
    uint64_t last = kernel->virt_base + kernel->phys_end - 1;

    if (kernel->virt_base & PAGE_MASK || last < kernel->virt_base)
        return refuse(why, EINVAL, "kernel cannot be mapped at %#lx",
                      kernel->virt_base);
    if (kernel->entry < first || kernel->entry > last)
        return refuse(why, EINVAL,
                      "entry point %#lx is outside the kernel (%#lx-%#lx)",
                      kernel->entry, first, last);
    if (kernel->hypercall_page != KERNEL_NO_ADDRESS &&
        (kernel->hypercall_page & PAGE_MASK || kernel->hypercall_page < first ||
         kernel->hypercall_page > last))
        return refuse(why, EINVAL, "hypercall page %#lx is outside the kernel",
                      kernel->hypercall_page);
    return 0;
}

int kernel_parse(struct span elf, struct kernel *kernel, struct why *why)
{
    struct notes notes = {
        .entry = KERNEL_NO_ADDRESS,
        .init_p2m = KERNEL_NO_ADDRESS,
        .hypercall_page = KERNEL_NO_ADDRESS,
        .features = ~0ULL,
        .guest_os = "unknown",
    };
    struct elf_header header;

    memset(kernel, 0, sizeof(*kernel));
    if (read_header(elf, &header, why) ||
        read_program_headers(elf, &header, kernel, &notes, why))
        return -1;
    if (!notes.any && read_note_sections(elf, &header, &notes, why))
        return -1;
    if (check_notes(&notes, why) ||
        settle_segments(kernel, notes.paddr_offset, why))
        return -1;

    kernel->virt_base = notes.virt_base;
    kernel->entry =
        notes.entry == KERNEL_NO_ADDRESS ? header.entry : notes.entry;
    kernel->init_p2m = notes.init_p2m;
    kernel->hypercall_page = notes.hypercall_page;
    kernel->features = notes.features;
    kernel->mod_start_pfn = notes.mod_start_pfn != 0;
    kernel->pae_pgdir_above_4gb = notes.pae_pgdir_above_4gb;
    memcpy(kernel->guest_os, notes.guest_os, sizeof(kernel->guest_os));
    return check_addresses(kernel, why);
}
