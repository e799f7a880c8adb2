# SPDX-License-Identifier: MIT
#
# What libxl's headers do not say about its types. The headers give layouts,
# enumerations and the list of functions; the rules below give the values that
# an *_init() function stores, and the few fields that never travel as JSON.
# tests/unit/libxl_types compares the result with an independent library.

# A field of one of these types starts with this value instead of zero.
DEFAULT_BY_TYPE = {
    "libxl_devid": "-1",
    "libxl_domain_type": "LIBXL_DOMAIN_TYPE_INVALID",
    "libxl_rdm_reserve_policy": "LIBXL_RDM_RESERVE_POLICY_INVALID",
    "libxl_shutdown_reason": "LIBXL_SHUTDOWN_REASON_UNKNOWN",
    "libxl_timer_mode": "LIBXL_TIMER_MODE_DEFAULT",
    "libxl_action_on_shutdown": "LIBXL_ACTION_ON_SHUTDOWN_DESTROY",
}

# Amounts of memory are named so; "not given" is all ones.
MEMKB_SUFFIX = "memkb"
MEMKB_DEFAULT = "LIBXL_MEMKB_DEFAULT"

# (structure, member): initial value. A nested member is written a.b.
DEFAULT_BY_FIELD = {
    ("libxl_iomem_range", "gfn"): "~(uint64_t)0",
    ("libxl_domain_restore_params", "stream_version"): "1",
    ("libxl_sched_params", "vcpuid"): "-1",
    ("libxl_sched_params", "weight"): "-1",
    ("libxl_sched_params", "cap"): "-1",
    ("libxl_sched_params", "period"): "-1",
    ("libxl_sched_params", "extratime"): "-1",
    ("libxl_sched_params", "budget"): "-1",
    ("libxl_domain_sched_params", "weight"): "-1",
    ("libxl_domain_sched_params", "cap"): "-1",
    ("libxl_domain_sched_params", "period"): "-1",
    ("libxl_domain_sched_params", "budget"): "-1",
    ("libxl_domain_sched_params", "extratime"): "-1",
    ("libxl_domain_sched_params", "slice"): "-1",
    ("libxl_domain_sched_params", "latency"): "-1",
    ("libxl_domain_build_info", "max_grant_frames"): "~(uint32_t)0",
    ("libxl_domain_build_info", "max_maptrack_frames"): "~(uint32_t)0",
    ("libxl_domain_build_info", "max_grant_version"): "-1",
}

# Types of which libxl.h has lists, with T_list_free().
LISTED = {"libxl_cpupoolinfo", "libxl_cputopology", "libxl_dominfo",
          "libxl_numainfo", "libxl_vcpuinfo", "libxl_vminfo"}

# Members that are this process's business only: not copied, not printed.
PRIVATE = {("libxl_event", "link")}

# The fields that older programs fill in; *_init_type() leaves them unset and
# JSON prints them like any other. Strings that are not ours to free:
CONST_STRINGS = {("libxl_domain_build_info", "u.pv.features")}

# Values that the enumerations' strings leave out of the type's name.
ENUM_PREFIX = {"libxl_error": "ERROR_"}

# What absent functions return that are questions rather than requests; the
# others answer ERROR_NI or NULL.
ABSENT_RESULT = {
    "libxl_get_required_shadow_memory": "0",
    "libxl_psr_cmt_domain_attached": "0",
    "libxl_psr_cmt_enabled": "0",
    "libxl_psr_cmt_type_supported": "0",
}
