/* SPDX-License-Identifier: MIT */
/*
 * Specifications of PCI devices and reserved memory: they can be named, but
 * not be used, since devices are not passed to guests.
 */
#include "internal.h"

static int not_supported(XLU_Config *cfg, const char *what, const char *str)
{
    xlu__report(cfg, 0, "%s '%s': not supported by xen-lite", what, str);
    return ENOSYS;
}

int xlu_pci_parse_bdf(XLU_Config *cfg, libxl_device_pci *pci, const char *str)
{
    return not_supported(cfg, "PCI device", str);
}

int xlu_pci_parse_spec_string(XLU_Config *cfg, libxl_device_pci *pci,
                              const char *str)
{
    return not_supported(cfg, "PCI device", str);
}

int xlu_rdm_parse(XLU_Config *cfg, libxl_rdm_reserve *rdm, const char *str)
{
    return not_supported(cfg, "reserved memory", str);
}
