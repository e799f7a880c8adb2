/* SPDX-License-Identifier: MIT */
/*
 * The domain builder's parsers on good, damaged and hostile kernels: ELF and
 * its Xen notes, bzImage headers, and the four compressions. The images are
 * made here; a fixed pseudo-random sequence then damages them byte by byte,
 * and whatever is still accepted must satisfy what the builder relies on.
 */
#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <lz4.h>
#include <lz4hc.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <xen/elfnote.h>

#include "../../tools/libs/guest/private.h"

#define BASE 0xffffffff80000000ULL

/* --- making images -------------------------------------------------------- */

struct image {
    uint8_t data[1 << 16];
    size_t size;
};

static void put(struct image *im, const void *data, size_t size)
{
    assert_true(im->size + size <= sizeof(im->data));
    memcpy(im->data + im->size, data, size);
    im->size += size;
}

static void put_note(struct image *im, uint32_t type, const void *desc,
                     uint32_t size)
{
    Elf64_Nhdr header = {.n_namesz = 4, .n_descsz = size, .n_type = type};

    put(im, &header, sizeof(header));
    put(im, "Xen", 4);
    put(im, desc, size);
    put(im, "\0\0\0", (4 - size % 4) % 4);
}

static void put_number(struct image *im, uint32_t type, uint64_t value)
{
    put_note(im, type, &value, sizeof(value));
}

static void put_text(struct image *im, uint32_t type, const char *text)
{
    put_note(im, type, text, (uint32_t)strlen(text) + 1);
}

/* A PV kernel: 0x3000 bytes of file at 16 MiB, 0x5000 in memory. */
static void make_notes(struct image *im)
{
    put_text(im, XEN_ELFNOTE_GUEST_OS, "linux");
    put_text(im, XEN_ELFNOTE_XEN_VERSION, "xen-3.0");
    put_text(im, XEN_ELFNOTE_LOADER, "generic");
    put_number(im, XEN_ELFNOTE_VIRT_BASE, BASE);
    put_number(im, XEN_ELFNOTE_PADDR_OFFSET, 0);
    put_number(im, XEN_ELFNOTE_INIT_P2M, 0x8000000000ULL);
    put_number(im, XEN_ELFNOTE_ENTRY, BASE + 0x1000040);
    put_note(im, XEN_ELFNOTE_MOD_START_PFN, &(uint32_t){1}, 4);
}

static void make_elf(struct image *im, void (*notes)(struct image *))
{
    static const uint8_t text[0x3000] = {0x90, 0xc3};
    struct image area = {.size = 0};
    Elf64_Ehdr ehdr = {
        .e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
        .e_type = ET_EXEC,
        .e_machine = EM_X86_64,
        .e_entry = 0x1000000,
        .e_phoff = sizeof(ehdr),
        .e_phentsize = sizeof(Elf64_Phdr),
        .e_phnum = 2,
    };
    Elf64_Phdr load = {
        .p_type = PT_LOAD,
        .p_offset = 0x1000,
        .p_paddr = 0x1000000,
        .p_vaddr = BASE + 0x1000000,
        .p_filesz = sizeof(text),
        .p_memsz = 0x5000,
    };
    Elf64_Phdr note = {.p_type = PT_NOTE, .p_offset = 0x1000 + sizeof(text)};

    notes(&area);
    note.p_filesz = note.p_memsz = area.size;
    memset(im, 0, sizeof(*im));
    put(im, &ehdr, sizeof(ehdr));
    put(im, &load, sizeof(load));
    put(im, &note, sizeof(note));
    im->size = 0x1000;
    put(im, text, sizeof(text));
    put(im, area.data, area.size);
}

static size_t pack_gzip(const struct image *in, uint8_t *out, size_t room)
{
    z_stream z = {
        .next_in = (Bytef *)in->data,
        .avail_in = (uInt)in->size,
        .next_out = out,
        .avail_out = (uInt)room,
    };

    assert_int_equal(
        deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY),
        Z_OK);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    deflateEnd(&z);
    return z.total_out; /* its trailer is the size */
}

static size_t append_size(const struct image *in, uint8_t *out, size_t size)
{
    uint32_t unpacked = (uint32_t)in->size;

    memcpy(out + size, &unpacked, sizeof(unpacked));
    return size + sizeof(unpacked);
}

static size_t pack_xz(const struct image *in, uint8_t *out, size_t room)
{
    size_t size = 0;

    assert_int_equal(lzma_easy_buffer_encode(6, LZMA_CHECK_CRC32, NULL,
                                             in->data, in->size, out, &size,
                                             room),
                     LZMA_OK);
    return append_size(in, out, size);
}

static size_t pack_zstd(const struct image *in, uint8_t *out, size_t room)
{
    size_t size = ZSTD_compress(out, room, in->data, in->size, 9);

    assert_false(ZSTD_isError(size));
    return append_size(in, out, size);
}

static size_t pack_lz4(const struct image *in, uint8_t *out, size_t room)
{
    uint32_t magic = 0x184c2102;
    int size = LZ4_compress_HC((const char *)in->data, (char *)out + 8,
                               (int)in->size, (int)room - 8, 9);

    assert_true(size > 0);
    memcpy(out, &magic, 4);
    memcpy(out + 4, &size, 4);
    return append_size(in, out, 8 + (size_t)size);
}

typedef size_t pack_fn(const struct image *in, uint8_t *out, size_t room);

/* A bzImage of 2 setup sectors with the payload 0x20 bytes behind them. */
static void make_bzimage(struct image *im, const struct image *elf,
                         pack_fn *pack)
{
    uint32_t offset = 0x20, length;

    memset(im, 0, sizeof(*im));
    im->data[0x1f1] = 2;
    im->data[0x1fe] = 0x55;
    im->data[0x1ff] = 0xaa;
    memcpy(im->data + 0x202, "HdrS", 4);
    im->data[0x206] = 0x0f;
    im->data[0x207] = 0x02;
    length = (uint32_t)pack(elf, im->data + 3 * 512 + offset,
                            sizeof(im->data) - 3 * 512 - offset - 4);
    memcpy(im->data + 0x248, &offset, 4);
    memcpy(im->data + 0x24c, &length, 4);
    im->size = 3 * 512 + offset + length;
}

/* --- running the pipe ----------------------------------------------------- */

/* The bytes are handed over in a block of their own: ASan sees overruns. */
static int parse(const uint8_t *data, size_t size, struct kernel *kernel,
                 struct why *why)
{
    uint8_t *file = malloc(size ? size : 1), *unpacked = NULL;
    struct kernel_payload payload;
    int rc;

    memcpy(file, data, size);
    *why = (struct why){.error = 0};
    rc = kernel_payload((struct span){file, size}, &payload, why);
    if (!rc && payload.unpacked_size) {
        unpacked = malloc(payload.unpacked_size);
        rc = kernel_unpack(&payload, unpacked, why);
        payload.data = (struct span){unpacked, payload.unpacked_size};
    }
    if (!rc)
        rc = kernel_parse(payload.data, kernel, why);
    free(unpacked);
    free(file);
    return rc;
}

static void expect_refusal(const struct image *im, const char *text)
{
    struct kernel kernel;
    struct why why;

    assert_int_equal(parse(im->data, im->size, &kernel, &why), -1);
    assert_int_equal(why.error, EINVAL);
    if (!strstr(why.text, text))
        fail_msg("refused with \"%s\", expected \"%s\"", why.text, text);
}

static void check_kernel(const struct kernel *kernel)
{
    assert_int_equal(kernel->nr_segments, 1);
    assert_int_equal(kernel->segments[0].offset, 0x1000);
    assert_int_equal(kernel->segments[0].file_size, 0x3000);
    assert_int_equal(kernel->segments[0].phys, 0x1000000);
    assert_int_equal(kernel->segments[0].mem_size, 0x5000);
    assert_int_equal(kernel->phys_start, 0x1000000);
    assert_int_equal(kernel->phys_end, 0x1005000);
    assert_true(kernel->virt_base == BASE);
    assert_true(kernel->entry == BASE + 0x1000040);
    assert_true(kernel->init_p2m == 0x8000000000ULL);
    assert_true(kernel->hypercall_page == KERNEL_NO_ADDRESS);
    assert_true(kernel->mod_start_pfn);
    assert_string_equal(kernel->guest_os, "linux");
}

/* What load_segment() and the layout take for granted. */
static void check_invariants(const struct kernel *kernel, uint64_t limit)
{
    unsigned int i;

    assert_in_range(kernel->nr_segments, 1, KERNEL_MAX_SEGMENTS);
    for (i = 0; i < kernel->nr_segments; i++) {
        const struct kernel_segment *s = &kernel->segments[i];

        assert_true(s->offset <= limit && s->file_size <= limit - s->offset);
        assert_true(s->mem_size && s->file_size <= s->mem_size);
        assert_true(s->phys >= kernel->phys_start);
        assert_true(s->phys < 1ULL << 40 && s->mem_size <= 1ULL << 40);
        assert_true(s->phys + s->mem_size <= kernel->phys_end);
    }
    assert_true(kernel->entry - kernel->virt_base >= kernel->phys_start);
    assert_true(kernel->entry - kernel->virt_base < kernel->phys_end);
}

/* --- tests ---------------------------------------------------------------- */

static void a_plain_elf_is_read(void **state)
{
    struct kernel kernel;
    struct image elf;
    struct why why;

    make_elf(&elf, make_notes);
    assert_int_equal(parse(elf.data, elf.size, &kernel, &why), 0);
    check_kernel(&kernel);
}

static void a_kernel_packed_in_each_format_is_read(void **state)
{
    static pack_fn *const packers[] = {pack_gzip, pack_xz, pack_zstd, pack_lz4};
    struct image elf, bz;
    struct kernel kernel;
    struct why why;
    size_t i;

    make_elf(&elf, make_notes);
    for (i = 0; i < 4; i++) {
        make_bzimage(&bz, &elf, packers[i]);
        if (parse(bz.data, bz.size, &kernel, &why))
            fail_msg("format %zu: %s", i, why.text);
        check_kernel(&kernel);
    }
}

static size_t pack_not(const struct image *in, uint8_t *out, size_t room)
{
    memcpy(out, in->data, in->size);
    return in->size;
}

/* Without a bzImage around it, only gzip data says how much it unpacks to. */
static void only_gzip_needs_no_bzimage_around_it(void **state)
{
    struct image elf, file;
    struct kernel kernel;
    struct why why;

    make_elf(&elf, make_notes);
    make_bzimage(&file, &elf, pack_not);
    assert_int_equal(parse(file.data, file.size, &kernel, &why), 0);
    check_kernel(&kernel);
    file.size = pack_gzip(&elf, file.data, sizeof(file.data));
    assert_int_equal(parse(file.data, file.size, &kernel, &why), 0);
    check_kernel(&kernel);
    file.size = pack_xz(&elf, file.data, sizeof(file.data));
    expect_refusal(&file, "xz data is no bzImage");
}

/* lz4 blocks hold 8 MiB each; the second must land behind the first. */
static void the_second_lz4_block_lands_behind_the_first(void **state)
{
    size_t block = 8 << 20, size = block + 5000, pos = 4, i, part;
    char *plain = malloc(size), *packed = malloc(2 * size);
    uint32_t magic = 0x184c2102, n = (uint32_t)size;
    struct kernel_payload payload = {.unpacked_size = n};
    char *out = malloc(size);
    struct why why;

    for (i = 0; i < size; i++)
        plain[i] = (char)(i * 2654435761U >> 13);
    memcpy(packed, &magic, 4);
    for (i = 0; i < size; i += part) {
        int length;

        part = size - i < block ? size - i : block;
        length = LZ4_compress_default(plain + i, packed + pos + 4, (int)part,
                                      LZ4_compressBound((int)part));
        memcpy(packed + pos, &length, 4);
        pos += 4 + (size_t)length;
    }
    memcpy(packed + pos, &n, 4);
    payload.data = (struct span){(uint8_t *)packed, pos + 4};
    assert_int_equal(kernel_unpack(&payload, out, &why), 0);
    assert_memory_equal(out, plain, size);
    free(out);
    free(plain);
    free(packed);
}

static void data_that_unpacks_to_another_size_is_refused(void **state)
{
    struct image elf, bz;
    uint32_t size;

    make_elf(&elf, make_notes);
    make_bzimage(&bz, &elf, pack_zstd);
    memcpy(&size, bz.data + bz.size - 4, 4);
    size++;
    memcpy(bz.data + bz.size - 4, &size, 4);
    expect_refusal(&bz, "zstd data of the kernel is damaged");
    size -= 2;
    memcpy(bz.data + bz.size - 4, &size, 4);
    expect_refusal(&bz, "zstd data of the kernel is damaged");
    size = KERNEL_UNPACKED_MAX;
    memcpy(bz.data + bz.size - 4, &size, 4);
    expect_refusal(&bz, "cannot unpack to");
    make_bzimage(&bz, &elf, pack_xz);
    bz.size--;
    expect_refusal(&bz, "is not inside the file");
    memset(bz.data + 3 * 512 + 0x20, 'B', 1);
    bz.size++;
    expect_refusal(&bz, "compression of an unknown kind");
    make_bzimage(&bz, &elf, pack_lz4);
    bz.data[0x206] = 7;
    expect_refusal(&bz, "protocol 2.07 is too old");
}

static void notes_none(struct image *im)
{
}

static void notes_other_version(struct image *im)
{
    put_number(im, XEN_ELFNOTE_ENTRY, 0x1000000);
    put_text(im, XEN_ELFNOTE_XEN_VERSION, "xen-\x1b[2J");
}

static void notes_pvh(struct image *im)
{
    put_note(im, XEN_ELFNOTE_PHYS32_ENTRY, &(uint32_t){0x1000000}, 4);
}

static void notes_loader(struct image *im)
{
    make_notes(im);
    put_text(im, XEN_ELFNOTE_LOADER, "special");
}

static void notes_entry_outside(struct image *im)
{
    make_notes(im);
    put_number(im, XEN_ELFNOTE_ENTRY, BASE + 0x1005000);
}

static void notes_hypercall_outside(struct image *im)
{
    make_notes(im);
    put_number(im, XEN_ELFNOTE_HYPERCALL_PAGE, BASE);
}

static void notes_base_wraps(struct image *im)
{
    make_notes(im);
    put_number(im, XEN_ELFNOTE_VIRT_BASE, -0x1000ULL);
}

static void notes_short_number(struct image *im)
{
    make_notes(im);
    put_note(im, XEN_ELFNOTE_ENTRY, "\1\2", 2);
}

static void notes_dom0(struct image *im)
{
    make_notes(im);
    put_note(im, XEN_ELFNOTE_SUPPORTED_FEATURES, &(uint32_t){0x801}, 4);
    put_text(im, XEN_ELFNOTE_FEATURES,
             "!writable_page_tables|pae_pgdir_above_4gb");
}

static void the_features_note_says_what_a_kernel_supports(void **state)
{
    struct image elf;
    struct kernel kernel;
    struct why why;

    make_elf(&elf, make_notes);
    assert_int_equal(parse(elf.data, elf.size, &kernel, &why), 0);
    assert_true(kernel.features == ~0ULL && !kernel.pae_pgdir_above_4gb);
    make_elf(&elf, notes_dom0);
    assert_int_equal(parse(elf.data, elf.size, &kernel, &why), 0);
    assert_true(kernel.features == 0x801 && kernel.pae_pgdir_above_4gb);
}

static void a_kernel_that_cannot_be_built_is_refused_with_a_reason(void **state)
{
    static const struct {
        void (*notes)(struct image *);
        const char *text;
    } cases[] = {
        {notes_none, "it has no Xen notes"},
        {notes_other_version, "Xen version \"xen-?[2J\", not \"xen-3.0\""},
        {notes_pvh, "a PVH kernel"},
        {notes_loader, "wants the loader \"special\""},
        {notes_entry_outside, "entry point 0xffffffff81005000 is outside"},
        {notes_hypercall_outside, "hypercall page"},
        {notes_base_wraps, "cannot be mapped at 0xfffffffffffff000"},
        {notes_short_number, "has a value of 2 bytes"},
    };
    struct image elf;
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        make_elf(&elf, cases[i].notes);
        expect_refusal(&elf, cases[i].text);
    }
    make_elf(&elf, make_notes);
    elf.data[EI_CLASS] = ELFCLASS32;
    expect_refusal(&elf, "not a 64-bit x86 ELF file");
    elf.size = 3;
    expect_refusal(&elf, "neither an ELF file nor a bzImage");
}

static void segments_that_cannot_be_loaded_are_refused(void **state)
{
    static const struct {
        uint64_t offset, paddr, filesz, memsz;
        const char *text;
    } cases[] = {
        {0x1000, 0x1000000, 0x5001, 0x5000, "segment 0 is not inside"},
        {0x1000, 0x1000000, 0x10000, 0x10000, "segment 0 is not inside"},
        {-0x1000, 0x1000000, 0x2000, 0x5000, "segment 0 is not inside"},
        {0x1000, -0x1000, 0x2000, 0x5000, "segment 0 is at"},
        {0x1000, 0x1000000, 0x2000, -0x1000, "segment 0 is at"},
        {0x1000, 1ULL << 31, 0x2000, 0x3000, "segment 0 is at"},
        {0x1000, (1ULL << 31) - 0x2fff, 0x2000, 0x3000, "segment 0 is at"},
        {0x1000, 0x1000000, 0, 0, "nothing to load"},
    };
    struct image elf;
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        Elf64_Phdr *load = (Elf64_Phdr *)(elf.data + sizeof(Elf64_Ehdr));

        make_elf(&elf, make_notes);
        load->p_offset = cases[i].offset;
        load->p_paddr = cases[i].paddr;
        load->p_filesz = cases[i].filesz;
        load->p_memsz = cases[i].memsz;
        expect_refusal(&elf, cases[i].text);
    }
}

/* Loading must not write a byte twice, however many segments there are. */
static void overlapping_segments_are_refused(void **state)
{
    static const struct {
        uint64_t paddr, memsz;
        bool overlap;
    } cases[] = {
        {0xffb000, 0x5001, true},  {0x1004fff, 1, true},
        {0x1000000, 0x5000, true}, {0, 1ULL << 40, true},
        {0xffb000, 0x5000, false}, {0x1005000, 1, false},
    };
    struct image elf;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        Elf64_Phdr *second = (Elf64_Phdr *)(elf.data + sizeof(Elf64_Ehdr)) + 1;

        make_elf(&elf, make_notes);
        second->p_type = PT_LOAD;
        second->p_paddr = cases[i].paddr;
        second->p_filesz = 1;
        second->p_memsz = cases[i].memsz;
        expect_refusal(&elf, cases[i].overlap ? "segments 0 and 1 overlap"
                                              : "no Xen notes");
    }
}

/* Every truncation of the ELF is refused, or leaves a whole segment. */
static void a_truncated_elf_is_refused_or_leaves_whole_segments(void **state)
{
    struct kernel kernel;
    struct image elf;
    struct why why;
    size_t size;

    make_elf(&elf, make_notes);
    for (size = 0; size < elf.size; size++) {
        assert_int_equal(parse(elf.data, size, &kernel, &why), -1);
        assert_int_equal(why.error, EINVAL);
        assert_true(why.text[0]);
    }
}

static uint32_t random_state;

static uint32_t next_random(void)
{
    random_state = random_state * 1664525 + 1013904223;
    return random_state >> 8;
}

/* Damage 1 to 4 bytes, mostly in headers, and see what comes out. */
static unsigned int damage(const struct image *good, unsigned int rounds,
                           size_t head, uint64_t limit)
{
    struct image *bad = malloc(sizeof(*bad));
    unsigned int accepted = 0, i;

    for (i = 0; i < rounds; i++) {
        struct kernel kernel;
        struct why why;
        unsigned int n = 1 + next_random() % 4;

        *bad = *good;
        while (n--) {
            size_t range = next_random() % 4 ? head : good->size;

            bad->data[next_random() % range] = (uint8_t)next_random();
        }
        if (!parse(bad->data, bad->size, &kernel, &why)) {
            check_invariants(&kernel, limit);
            accepted++;
        } else {
            assert_true(why.error == EINVAL || why.error == EFBIG);
            assert_true(why.text[0]);
        }
    }
    free(bad);
    return accepted;
}

static void a_damaged_elf_is_refused_or_stays_in_bounds(void **state)
{
    struct image elf, turned;
    unsigned int accepted;
    size_t notes = 0x4000;

    /* Notes to the front, where most of the damage goes. */
    make_elf(&elf, make_notes);
    turned = elf;
    memcpy(turned.data + 0x100, elf.data + notes, elf.size - notes);
    ((Elf64_Phdr *)(turned.data + sizeof(Elf64_Ehdr)))[1].p_offset = 0x100;
    random_state = 1;
    accepted = damage(&turned, 20000, 0x100 + elf.size - notes, turned.size);
    /* Both outcomes must have been seen often, or this tests nothing. */
    assert_in_range(accepted, 1000, 19000);
}

static void a_damaged_bzimage_is_refused_or_stays_in_bounds(void **state)
{
    static pack_fn *const packers[] = {pack_gzip, pack_xz, pack_zstd, pack_lz4};
    struct image elf, bz;
    unsigned int accepted;
    size_t i;

    make_elf(&elf, make_notes);
    for (i = 0; i < 4; i++) {
        make_bzimage(&bz, &elf, packers[i]);
        random_state = (uint32_t)i;
        accepted = damage(&bz, 3000, bz.size, elf.size);
        assert_in_range(accepted, 1, 2999);
    }
}

/* --- files ---------------------------------------------------------------- */

static char logged[300];

static void log_line(struct xentoollog_logger *logger, xentoollog_level level,
                     int errnoval, const char *context, const char *format,
                     va_list al)
{
    assert_int_equal(level, XTL_ERROR);
    assert_string_equal(context, "xlguest");
    vsnprintf(logged, sizeof(logged), format, al);
}

static struct xentoollog_logger logger = {.vmessage = log_line};

static const char *write_file(const void *data, size_t size)
{
    static char path[40];
    int fd;

    strcpy(path, "/tmp/guest_image.XXXXXX");
    fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, size), size);
    close(fd);
    return path;
}

static void expect_open_error(const char *kernel, const char *ramdisk,
                              int errnoval, const char *text)
{
    assert_null(xlg_image_open(&logger, kernel, ramdisk));
    assert_int_equal(errno, errnoval);
    assert_string_equal(logged, text);
}

static void files_are_read_and_unreadable_ones_refused_by_name(void **state)
{
    struct image elf, packed;
    xlg_image *image;
    const char *path;
    char text[100];

    make_elf(&elf, make_notes);
    path = write_file(elf.data, elf.size);
    image = xlg_image_open(&logger, path, path);
    assert_non_null(image);
    check_kernel(&image->kernel);
    assert_int_equal(image->ramdisk.size, elf.size);
    xlg_image_close(image);
    expect_open_error(path, "/nope", ENOENT,
                      "ramdisk /nope: cannot open: No such file or directory");
    unlink(path);

    packed.size = pack_gzip(&elf, packed.data, sizeof(packed.data));
    path = write_file(packed.data, packed.size);
    image = xlg_image_open(&logger, path, NULL);
    assert_non_null(image);
    check_kernel(&image->kernel);
    xlg_image_close(image);
    unlink(path);

    packed.data[20] ^= 1;
    path = write_file(packed.data, packed.size);
    snprintf(text, sizeof(text),
             "kernel %s: gzip data of the kernel is damaged", path);
    expect_open_error(path, NULL, EINVAL, text);
    unlink(path);

    path = write_file("", 0);
    snprintf(text, sizeof(text), "kernel %s: file is empty", path);
    expect_open_error(path, NULL, EINVAL, text);
    unlink(path);
    expect_open_error("/tmp", NULL, EINVAL, "kernel /tmp: not a regular file");
    expect_open_error("/dev/null", NULL, EINVAL,
                      "kernel /dev/null: not a regular file");
}

/* A file that shrinks while it is read is an error, not a crash or old
 * bytes. */
static void a_file_that_shrinks_while_it_is_read_is_refused(void **state)
{
    struct source source;
    struct why why;
    uint8_t bytes[100] = {0};
    const char *path = write_file(bytes, sizeof(bytes));

    assert_int_equal(source_open(&source, path, 99, &why), -1);
    assert_int_equal(why.error, EFBIG);
    assert_int_equal(source_open(&source, path, 100, &why), 0);
    assert_true(source_read(&source, 90, bytes, 10));
    assert_false(source_read(&source, 90, bytes, 11));
    assert_false(source_read(&source, -1ULL, bytes, 2));
    assert_int_equal(truncate(path, 95), 0);
    assert_false(source_read(&source, 90, bytes, 10));
    assert_int_equal(errno, EIO);
    source_close(&source);
    unlink(path);
}

static void write_seed(const char *name, const struct image *im)
{
    FILE *f = fopen(name, "w");

    if (!f || fwrite(im->data, im->size, 1, f) != 1 || fclose(f))
        exit(1);
}

/* guest_image DIRECTORY: the good images there, as a fuzzer's seeds. */
static int write_seeds(const char *directory)
{
    static pack_fn *const packers[] = {pack_gzip, pack_xz, pack_zstd, pack_lz4,
                                       pack_not};
    struct image elf, bz;

    if (chdir(directory))
        return 1;
    make_elf(&elf, notes_dom0);
    write_seed("elf", &elf);
    for (size_t i = 0; i < sizeof(packers) / sizeof(packers[0]); i++) {
        char name[] = "bzimage0";

        name[sizeof(name) - 2] += i;
        make_bzimage(&bz, &elf, packers[i]);
        write_seed(name, &bz);
    }
    bz.size = pack_gzip(&elf, bz.data, sizeof(bz.data));
    write_seed("gzip", &bz);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_elf_is_read),
        cmocka_unit_test(a_kernel_packed_in_each_format_is_read),
        cmocka_unit_test(the_second_lz4_block_lands_behind_the_first),
        cmocka_unit_test(data_that_unpacks_to_another_size_is_refused),
        cmocka_unit_test(
            a_kernel_that_cannot_be_built_is_refused_with_a_reason),
        cmocka_unit_test(segments_that_cannot_be_loaded_are_refused),
        cmocka_unit_test(a_truncated_elf_is_refused_or_leaves_whole_segments),
        cmocka_unit_test(a_damaged_elf_is_refused_or_stays_in_bounds),
        cmocka_unit_test(a_damaged_bzimage_is_refused_or_stays_in_bounds),
        cmocka_unit_test(files_are_read_and_unreadable_ones_refused_by_name),
        cmocka_unit_test(a_file_that_shrinks_while_it_is_read_is_refused),
        cmocka_unit_test(only_gzip_needs_no_bzimage_around_it),
        cmocka_unit_test(the_features_note_says_what_a_kernel_supports),
        cmocka_unit_test(overlapping_segments_are_refused),
    };

    if (argc > 1)
        return write_seeds(argv[1]);
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
