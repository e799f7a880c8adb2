/* SPDX-License-Identifier: MIT */
/*
 * A domain's configuration: unset values get their defaults, and what is not
 * supported is refused with one line before the domain exists.
 */
#include "device_change.h"
#include "domain.h"

#include <xen-lite.h>
#include <xlguest.h>

static void move_string(char **to, char **from)
{
    if (!*to)
        *to = *from;
    else
        free(*from);
    *from = NULL;
}

/*
 * Members that have moved out of the union, for programs that still fill in
 * the old ones. Called by libxl.h's users, too.
 */
int libxl__domain_build_info_copy_deprecated(libxl_ctx *ctx,
                                             libxl_domain_build_info *p)
{
    if (p->type != LIBXL_DOMAIN_TYPE_PV)
        return 0;
    move_string(&p->kernel, &p->u.pv.kernel);
    move_string(&p->ramdisk, &p->u.pv.ramdisk);
    move_string(&p->cmdline, &p->u.pv.cmdline);
    move_string(&p->bootloader, &p->u.pv.bootloader);
    if (!p->bootloader_args)
        p->bootloader_args = p->u.pv.bootloader_args;
    else
        libxl_string_list_dispose(&p->u.pv.bootloader_args);
    p->u.pv.bootloader_args = NULL;
    return 0;
}

static int not_supported(libxl__gc *gc, const char *what)
{
    LOG(ERROR, "%s not supported by xen-lite", what);
    return ERROR_INVAL;
}

static int check_kind(libxl__gc *gc, const libxl_domain_config *c)
{
    const struct {
        int n;
        const char *what;
    } absent[] = {
        {c->num_pcidevs, "PCI devices are"},
        {c->num_dtdevs, "device tree devices are"},
        {c->num_vfbs, "virtual frame buffers are"},
        {c->num_vkbs, "virtual keyboards are"},
        {c->num_vtpms, "virtual TPMs are"},
        {c->num_p9s, "9pfs devices are"},
        {c->num_pvcallsifs, "pvcalls devices are"},
        {c->num_vdispls, "virtual displays are"},
        {c->num_vsnds, "virtual sound devices are"},
        {c->num_channels, "channels are"},
        {c->num_usbctrls + c->num_usbdevs, "USB devices are"},
        {c->b_info.num_vnuma_nodes, "virtual NUMA is"},
        {c->b_info.num_ioports + c->b_info.num_irqs + c->b_info.num_iomem,
         "access to the host's I/O ports, interrupts and memory is"},
        {!!c->b_info.bootloader, "a boot loader (bootloader=) is"},
    };

    if (c->c_info.type != LIBXL_DOMAIN_TYPE_PV)
        return not_supported(gc, "domains of a type other than pv are");
    for (size_t i = 0; i < ARRAY_SIZE(absent); i++)
        if (absent[i].n)
            return not_supported(gc, absent[i].what);
    return 0;
}

static int vcpus_setdefault(libxl__gc *gc, libxl_domain_build_info *b)
{
    int rc;

    if (!b->max_vcpus)
        b->max_vcpus = 1;
    if (b->max_vcpus < 0 || b->max_vcpus > XEN_LITE_MAX_VCPUS) {
        LOG(ERROR, "%d vcpus are not between 1 and %d", b->max_vcpus,
            XEN_LITE_MAX_VCPUS);
        return ERROR_INVAL;
    }
    if (!b->avail_vcpus.size) {
        rc = libxl_bitmap_alloc(CTX, &b->avail_vcpus, b->max_vcpus);
        if (rc)
            return rc;
        libxl_bitmap_set(&b->avail_vcpus, 0);
    }
    if (b->num_vcpu_hard_affinity > b->max_vcpus ||
        b->num_vcpu_soft_affinity > b->max_vcpus) {
        LOG(ERROR, "there are more affinities than vcpus (%d)", b->max_vcpus);
        return ERROR_INVAL;
    }
    return 0;
}

static int memory_setdefault(libxl__gc *gc, libxl_domain_build_info *b)
{
    if (b->max_memkb == LIBXL_MEMKB_DEFAULT)
        b->max_memkb = 32 * 1024;
    if (b->target_memkb == LIBXL_MEMKB_DEFAULT)
        b->target_memkb = b->max_memkb;
    if (b->video_memkb == LIBXL_MEMKB_DEFAULT)
        b->video_memkb = 0;
    if (!b->target_memkb || b->target_memkb > b->max_memkb) {
        LOG(ERROR,
            "memory of %" PRIu64 " KiB is not between 1 and maxmem, %" PRIu64
            " KiB",
            b->target_memkb, b->max_memkb);
        return ERROR_INVAL;
    }
    if (b->max_memkb > UINT32_MAX) { /* what the guest's nodes can say */
        LOG(ERROR, "memory of %" PRIu64 " MiB is more than a domain can have",
            b->max_memkb / 1024);
        return ERROR_INVAL;
    }
    return 0;
}

static int build_setdefault(libxl__gc *gc, libxl_domain_build_info *b)
{
    int rc = vcpus_setdefault(gc, b) ?: memory_setdefault(gc, b);

    if (rc)
        return rc;
    libxl_defbool_setdefault(&b->claim_mode, true);
    libxl_defbool_setdefault(&b->localtime, false);
    libxl_defbool_setdefault(&b->arch_x86.msr_relaxed, false);
    if (!b->event_channels)
        b->event_channels = 1023;
    if (!b->kernel) {
        LOG(ERROR, "no kernel is given");
        return ERROR_INVAL;
    }
    if (b->cmdline && strlen(b->cmdline) >= XLG_CMDLINE_MAX) {
        LOG(ERROR, "the kernel's command line is longer than %d characters",
            XLG_CMDLINE_MAX - 1);
        return ERROR_INVAL;
    }
    return 0;
}

int libxl__check_duplicates(libxl__gc *gc, const libxl_domain_config *c)
{
    for (int i = 0; i < c->num_disks; i++) {
        for (int j = 0; j < i; j++) {
            if (libxl__disk_number(c->disks[i].vdev) !=
                libxl__disk_number(c->disks[j].vdev))
                continue;
            LOG(ERROR, "two disks are called %s", c->disks[i].vdev);
            return ERROR_INVAL;
        }
    }
    for (int i = 0; i < c->num_nics; i++) {
        for (int j = 0; j < i; j++) {
            if (memcmp(c->nics[i].mac, c->nics[j].mac, sizeof(libxl_mac)))
                continue;
            LOG(ERROR, "two vifs have the address " LIBXL_MAC_FMT,
                LIBXL_MAC_BYTES(c->nics[i].mac));
            return ERROR_INVAL;
        }
    }
    return 0;
}

int libxl__domain_config_setdefault(libxl__gc *gc, libxl_domain_config *config)
{
    libxl_domain_create_info *c = &config->c_info;
    int rc;

    if (c->type == LIBXL_DOMAIN_TYPE_INVALID)
        c->type = LIBXL_DOMAIN_TYPE_PV;
    if (config->b_info.type == LIBXL_DOMAIN_TYPE_INVALID)
        libxl_domain_build_info_init_type(&config->b_info, c->type);
    libxl__domain_build_info_copy_deprecated(CTX, &config->b_info);
    rc = check_kind(gc, config);
    if (rc)
        return rc;
    rc = libxl__check_name(gc, c->name ? c->name : "");
    if (rc)
        return rc;
    if (!c->domid) /* dom0's: was never asked for */
        c->domid = INVALID_DOMID;
    if (libxl_uuid_is_nil(&c->uuid))
        libxl_uuid_generate(&c->uuid);
    libxl_defbool_setdefault(&c->run_hotplug_scripts, true);
    rc = build_setdefault(gc, &config->b_info);
    for (int i = 0; !rc && i < config->num_disks; i++)
        rc = libxl__disk_setdefault(gc, &config->disks[i]);
    for (int i = 0; !rc && i < config->num_nics; i++) {
        if (config->nics[i].devid < 0)
            config->nics[i].devid = i;
        rc = libxl__nic_setdefault(gc, &config->nics[i]);
    }
    return rc ? rc : libxl__check_duplicates(gc, config);
}

/* What is being added or removed, see device_change.c, or was released; not a
 * drive, whose medium somebody may be changing. */
static void forget_absent(libxl__gc *gc, uint32_t domid, libxl_domain_config *c)
{
    libxl__device dev = {.domid = domid, .kind = "vbd"};

    for (int i = c->num_disks; i--;) {
        dev.devid = libxl__disk_number(c->disks[i].vdev);
        if (!c->disks[i].is_cdrom &&
            libxl__device_find(gc, XBT_NULL, &dev) == ERROR_NOTFOUND)
            libxl__disk_type.forget(c, dev.devid);
    }
    dev.kind = "vif";
    for (int i = c->num_nics; i--;) {
        dev.devid = c->nics[i].devid;
        if (libxl__device_find(gc, XBT_NULL, &dev) == ERROR_NOTFOUND)
            libxl__nic_type.forget(c, dev.devid);
    }
}

/*
 * The running domain may differ from its saved configuration: memory and
 * devices are taken from the store, the rest cannot change.
 */
int libxl_retrieve_domain_configuration(libxl_ctx *ctx, uint32_t domid,
                                        libxl_domain_config *d_config,
                                        const libxl_asyncop_how *ao_how)
{
    libxl__ao *ao = libxl__ao_create(ctx, domid, ao_how);
    libxl__gc *gc = &ao->gc;
    uint32_t target, max;
    char *name;
    int rc = libxl__domain_config_load(gc, domid, d_config);

    if (rc)
        return libxl__ao_failed(ao, rc);
    name = libxl_domid_to_name(ctx, domid);
    if (name) {
        free(d_config->c_info.name);
        d_config->c_info.name = name;
    }
    libxl__domain_uuid(gc, domid, &d_config->c_info.uuid);
    if (!libxl__xs_read_uint(gc, XBT_NULL,
                             GCSPRINTF("/local/domain/%u/memory/target", domid),
                             &target))
        d_config->b_info.target_memkb = target;
    if (!libxl__xs_read_uint(
            gc, XBT_NULL,
            GCSPRINTF("/local/domain/%u/memory/static-max", domid), &max))
        d_config->b_info.max_memkb = max;
    libxl_domain_sched_params_get(ctx, domid, &d_config->b_info.sched_params);
    forget_absent(gc, domid, d_config);
    return libxl__ao_done(ao, 0);
}
