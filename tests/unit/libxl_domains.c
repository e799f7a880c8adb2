/* SPDX-License-Identifier: MIT */
/*
 * Domains in libxl, with a hypervisor and a store that are played here: uuids,
 * which no two domains share; and destruction, where nothing that fails on the
 * way stops the rest.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <xentoollog.h>

#include <cmocka.h>

#include "../../tools/libxl/device.h"
#include "../../tools/libxl/domain.h"

#define UUID "12345678-1234-1234-1234-123456789abc"

static libxl_ctx the_ctx;
static libxl__ao ao = {.gc.ctx = &the_ctx};
static const char *stubborn; /* what the store does not remove */
static char removed[256];
static int read_error = ENOENT;

/* --- the store --- */

const char *libxl__xs_domain_path(libxl__gc *gc, uint32_t domid)
{
    return GCSPRINTF("/local/domain/%u", domid);
}

const char *libxl__xs_read(libxl__gc *gc, xs_transaction_t t, const char *path)
{
    errno = read_error;
    return !strcmp(path, "/local/domain/5/vm")     ? GCSPRINTF("/vm/%s", UUID)
           : !strcmp(path, "/local/domain/4/name") ? "four"
                                                   : NULL;
}

int libxl__xs_rm(libxl__gc *gc, xs_transaction_t t, const char *path)
{
    if (stubborn && !strcmp(path, stubborn))
        return ERROR_FAIL;
    strcat(strcat(removed, " "), path);
    return 0;
}

int libxl__xs_rm_up(libxl__gc *gc, const char *path)
{
    return libxl__xs_rm(gc, XBT_NULL, path);
}

void libxl__userdata_destroy_all(libxl__gc *gc, uint32_t domid,
                                 const libxl_uuid *uuid)
{
}

int libxl__domain_config_load(libxl__gc *gc, uint32_t domid,
                              libxl_domain_config *config)
{
    return ERROR_JSON_CONFIG_EMPTY;
}

/* --- the hypervisor --- */

int xlc_domain_getinfo(xlc_handle *xch, uint32_t domid,
                       struct xen_domctl_getdomaininfo *info)
{
    errno = ESRCH;
    return -1;
}

int xlc_domain_getinfolist(xlc_handle *xch, uint32_t first, unsigned int max,
                           struct xen_domctl_getdomaininfo *info)
{
    static const struct xen_domctl_getdomaininfo list[] = {
        {.domain = 0},
        {.domain = 3, .handle = {3}, .flags = XEN_DOMINF_dying},
        {.domain = 4, .handle = {4}},
        {.domain = 7, .handle = {3}},
    };

    assert_int_equal(first, 0);
    memcpy(info, list, sizeof(list));
    return ARRAY_SIZE(list);
}

int xlc_domain_pause(xlc_handle *xch, uint32_t domid)
{
    return 0;
}

xlc_handle *xlc_open(xentoollog_logger *lg)
{
    return NULL;
}

int xlc_domain_destroy(xlc_handle *xch, uint32_t domid)
{
    return 0;
}

/* --- it has no devices but one that comes late --- */

static bool late_device;

int libxl__device_list(libxl__gc *gc, xs_transaction_t t, uint32_t domid,
                       const char *kind, libxl__device **list, int *n)
{
    static libxl__device late = {.domid = 5, .kind = "vbd", .devid = 2};

    *list = &late;
    *n = t && late_device;
    return 0;
}

const char *libxl__device_backend(libxl__gc *gc, const libxl__device *dev)
{
    return GCSPRINTF("%s-%u", dev->kind, dev->devid);
}

int libxl__xs_transaction(libxl__gc *gc, libxl__xs_body *body, void *arg)
{
    return body(gc, 1, arg);
}

const char *libxl__device_record(libxl__gc *gc, const libxl__device *dev)
{
    return NULL;
}

void libxl__multidev_begin(libxl__ao *its_ao, libxl__multidev *multi,
                           void (*callback)(libxl__multidev *, int))
{
    multi->ao = its_ao;
    multi->callback = callback;
}

void libxl__multidev_add(libxl__multidev *multi, const libxl__aodev *template)
{
}

void libxl__multidev_prepared(libxl__multidev *multi, int rc)
{
    multi->callback(multi, rc);
}

const char *libxl__domain_label(libxl__gc *gc, uint32_t domid)
{
    return "g";
}

/* --- the tests --- */

static int result;

static void destroyed(libxl__destroy *d, int rc)
{
    result = rc;
}

static int destroy(const char *what_stays)
{
    libxl__destroy d = {.ao = &ao, .domid = 5, .callback = destroyed};

    stubborn = what_stays;
    removed[0] = 0;
    result = 1;
    libxl__domain_destroy(&d);
    libxl__gc_free(&ao.gc);
    return result;
}

static void a_dead_domains_nodes_are_all_removed_though_one_fails(void **state)
{
    assert_int_equal(destroy(NULL), 0);
    assert_string_equal(removed,
                        " /libxl/5 /vm/" UUID " /local/domain/5 /libxl/5");
    assert_int_equal(destroy("/vm/" UUID), ERROR_FAIL);
    assert_string_equal(removed, " /libxl/5 /local/domain/5 /libxl/5");
    assert_int_equal(destroy("/local/domain/5"), ERROR_FAIL);
    assert_string_equal(removed, " /libxl/5 /vm/" UUID " /libxl/5");
}

static void a_device_that_came_during_destruction_is_removed(void **state)
{
    late_device = true;
    assert_int_equal(destroy(NULL), 0);
    assert_string_equal(removed, " /libxl/5 vbd-2 /vm/" UUID
                                 " /local/domain/5 /libxl/5");
    late_device = false;
}

static void a_uuid_names_the_domain_that_is_not_dying(void **state)
{
    libxl_uuid uuid = {{4}};
    uint32_t domid = 99;

    assert_int_equal(libxl__uuid_to_domid(&ao.gc, &uuid, &domid), 0);
    assert_int_equal(domid, 4);
    uuid.uuid[0] = 3; /* not the one that is dying */
    assert_int_equal(libxl__uuid_to_domid(&ao.gc, &uuid, &domid), 0);
    assert_int_equal(domid, 7);
    uuid.uuid[15] = 1;
    assert_int_equal(libxl__uuid_to_domid(&ao.gc, &uuid, &domid), ERROR_INVAL);
    libxl__gc_free(&ao.gc);
}

/* Or two domains would have one name. */
static void a_name_is_free_when_the_store_says_so(void **state)
{
    uint32_t domid = 99;

    assert_int_equal(libxl__name_to_domid(&ao.gc, "new", &domid), ERROR_INVAL);
    read_error = EIO;
    assert_int_equal(libxl__name_to_domid(&ao.gc, "new", &domid), ERROR_FAIL);
    assert_int_equal(libxl__name_to_domid(&ao.gc, "four", &domid), 0);
    assert_int_equal(domid, 4);
    read_error = ENOENT;
    libxl__gc_free(&ao.gc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dead_domains_nodes_are_all_removed_though_one_fails),
        cmocka_unit_test(a_device_that_came_during_destruction_is_removed),
        cmocka_unit_test(a_uuid_names_the_domain_that_is_not_dying),
        cmocka_unit_test(a_name_is_free_when_the_store_says_so),
    };

    return cmocka_run_group_tests_name("libxl domains", tests, NULL, NULL);
}
