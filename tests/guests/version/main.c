/* SPDX-License-Identifier: MIT */
/* HYPERVISOR_xen_version: every sub-operation, good and bad arguments. */
#include <pv/pv.h>

int main(void)
{
    char buf[1024];
    struct xen_feature_info f = {0};
    struct xen_platform_parameters p;

    is(HC2(xen_version, XENVER_version, 0), 0x00040011, "version is 4.17");
    memset(buf, 0, sizeof(buf));
    is(HC2(xen_version, XENVER_extraversion, buf), 0, "extraversion");
    ok(strlen(buf) > 0 && strlen(buf) < 16, "extraversion is %s", buf);
    is(HC2(xen_version, XENVER_compile_info, buf), 0, "compile_info");
    memset(buf, 0, sizeof(buf));
    is(HC2(xen_version, XENVER_capabilities, buf), 0, "capabilities");
    ok(!strncmp(buf, "xen-3.0-x86_64", 14), "capabilities: %s", buf);
    is(HC2(xen_version, XENVER_changeset, buf), 0, "changeset");
    is(HC2(xen_version, XENVER_platform_parameters, &p), 0, "parameters");
    is(p.virt_start, 0xffff800000000000UL, "virt_start");
    is(HC2(xen_version, XENVER_get_features, &f), 0, "get_features");
    ok(f.submap >> XENFEAT_mmu_pt_update_preserve_ad & 1, "preserve_ad");
    ok(f.submap >> XENFEAT_gnttab_map_avail_bits & 1, "map_avail_bits");
    ok(f.submap >> XENFEAT_dom0 & 1, "dom0");
    ok(!(f.submap & (1u << XENFEAT_writable_page_tables |
                     1u << XENFEAT_auto_translated_physmap |
                     1u << XENFEAT_supervisor_mode_kernel)),
       "nothing a PV guest has not");
    f = (struct xen_feature_info){.submap_idx = 1};
    ok(HC2(xen_version, XENVER_get_features, &f) <= 0 && f.submap == 0,
       "no second word of features");
    is(HC2(xen_version, XENVER_pagesize, 0), 4096, "page size");
    is(HC2(xen_version, XENVER_guest_handle, buf), 0, "guest handle");
    is(HC2(xen_version, XENVER_commandline, buf), 0, "command line");
    ok(HC2(xen_version, XENVER_build_id, 0) > 0, "build id has a length");
    is(HC2(xen_version, 1000, 0), -ENOSYS, "unknown sub-operation");
    is(HC2(xen_version, XENVER_extraversion, 0xffff830000000000UL), -EFAULT,
       "pointer into the hypervisor");
    is(HC2(xen_version, XENVER_extraversion, 0x00007ffffffffff8UL), -EFAULT,
       "pointer to the end of the lower half");
    return 0;
}
