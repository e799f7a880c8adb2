/* SPDX-License-Identifier: MIT */
/*
 * Opening dom0's kernel at boot: bzImage, compressed payload, ELF with Xen
 * notes. All input is a file from disk: every offset is checked. Errors are
 * sentences for the console; NULL means success.
 */
#ifndef HV_KERNEL_H
#define HV_KERNEL_H

#include <hv/types.h>

/* Bytes somewhere in the direct map. */
struct blob {
    const uint8_t *data;
    size_t size;
};

/* If file is a bzImage, *payload is the compressed kernel in it and *unpacked
 * its size as the kernel's build noted it; else *payload = *file. */
const char *bzimage_payload(const struct blob *file, struct blob *payload,
                            size_t *unpacked);

/* gzip, xz, zstd, lz4 (legacy frame): by magic number. */
bool is_compressed(const struct blob *in);
/* Size the unpacked data will have, 0 when the format does not tell. */
size_t unpacked_size(const struct blob *in);
/* Unpacks into out (size: its capacity in, bytes written out). Uses the FPU
 * state and FS, with interrupts off: boot only. heap: scratch memory. */
const char *decompress(const struct blob *in, void *out, size_t *size,
                       void *heap, size_t heap_size);

/*
 * A PV kernel's ELF file, after its program headers and notes were read.
 * Addresses are the guest's; ~0 means that the kernel has no such note.
 */
struct elf_kernel {
    struct blob file;
    uint64_t virt_entry, virt_base, paddr_offset;
    uint64_t pstart, pend; /* loaded segments, guest-physical, bytes */
    uint64_t init_p2m;     /* ~0: inside the initial mapping */
    uint64_t hv_start_low;
    uint64_t hypercall_page; /* ~0: none */
    bool mod_start_pfn;      /* MOD_START_PFN: initrd need not be mapped */
    bool dom0_capable, pae_pgdir_above_4gb;
    char guest_os[16];
    uint16_t phnum, phentsize;
    uint64_t phoff;
};
/*
 * Reads headers and notes; *k refers to file->data afterwards. NULL, or what is
 * wrong with the file.
 */
const char *elf_parse(const struct blob *file, struct elf_kernel *k);
/*
 * Calls copy(arg, paddr, src, filesz, memsz) for each loadable segment; bytes
 * from filesz to memsz are to be zero. Returns 0 or what copy() returned.
 */
int elf_load(const struct elf_kernel *k,
             int (*copy)(void *arg, uint64_t paddr, const void *src,
                         uint64_t filesz, uint64_t memsz),
             void *arg);

#endif
