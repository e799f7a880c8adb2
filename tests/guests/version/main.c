/* SPDX-License-Identifier: MIT */
/* HYPERVISOR_xen_version: every sub-operation, good and bad arguments. */
#include <pv/pv.h>

int main(void)
{
    char buf[1024];
    struct xen_feature_info f = {0};
    struct xen_platform_parameters p;

    is(HC2(xen_version, XENVER_version, 0), 0x00040011,
       "XENVER_version is 4.17");
    memset(buf, 0, sizeof(buf));
    is(HC2(xen_version, XENVER_extraversion, buf), 0,
       "XENVER_extraversion returns 0");
    ok(strlen(buf) > 0 && strlen(buf) < 16, "XENVER_extraversion is %s", buf);
    is(HC2(xen_version, XENVER_compile_info, buf), 0,
       "XENVER_compile_info returns 0");
    memset(buf, 0, sizeof(buf));
    is(HC2(xen_version, XENVER_capabilities, buf), 0,
       "XENVER_capabilities returns 0");
    ok(!strncmp(buf, "xen-3.0-x86_64", 14),
       "XENVER_capabilities has xen-3.0-x86_64: %s", buf);
    is(HC2(xen_version, XENVER_changeset, buf), 0,
       "XENVER_changeset returns 0");
    is(HC2(xen_version, XENVER_platform_parameters, &p), 0,
       "XENVER_platform_parameters returns 0");
    is(p.virt_start, 0xffff800000000000UL,
       "XENVER_platform_parameters tells virt_start");
    is(HC2(xen_version, XENVER_get_features, &f), 0,
       "XENVER_get_features returns 0");
    ok(f.submap >> XENFEAT_mmu_pt_update_preserve_ad & 1,
       "the features have mmu_pt_update_preserve_ad");
    ok(f.submap >> XENFEAT_gnttab_map_avail_bits & 1,
       "the features have gnttab_map_avail_bits");
    ok(f.submap >> XENFEAT_dom0 & 1, "the features have dom0");
    ok(!(f.submap & (1u << XENFEAT_writable_page_tables |
                     1u << XENFEAT_auto_translated_physmap |
                     1u << XENFEAT_supervisor_mode_kernel)),
       "the features have nothing that a PV guest has not");
    f = (struct xen_feature_info){.submap_idx = 1};
    ok(HC2(xen_version, XENVER_get_features, &f) <= 0 && f.submap == 0,
       "there is no second word of features");
    is(HC2(xen_version, XENVER_pagesize, 0), 4096, "XENVER_pagesize is 4096");
    is(HC2(xen_version, XENVER_guest_handle, buf), 0,
       "XENVER_guest_handle returns 0");
    is(HC2(xen_version, XENVER_commandline, buf), 0,
       "XENVER_commandline returns 0");
    ok(HC2(xen_version, XENVER_build_id, 0) > 0,
       "XENVER_build_id tells a length");
    is(HC2(xen_version, 1000, 0), -ENOSYS,
       "an unknown sub-operation of xen_version is -ENOSYS");
    is(HC2(xen_version, XENVER_extraversion, 0xffff830000000000UL), -EFAULT,
       "xen_version with a pointer into the hypervisor is -EFAULT");
    is(HC2(xen_version, XENVER_extraversion, 0x00007ffffffffff8UL), -EFAULT,
       "xen_version with a pointer to the end of the lower half is -EFAULT");
    return 0;
}
