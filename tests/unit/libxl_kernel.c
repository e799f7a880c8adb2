/* SPDX-License-Identifier: MIT */
/*
 * Which backend libxl gives a disk to while the kernel has one of its own,
 * which takes all of its kind.
 */
#include "libxl_device_world.h"

#define VBD   "/local/domain/0/backend/vbd/7/51728"
#define QDISK "/local/domain/0/backend/qdisk/7/51728"

static char image[] = "/tmp/libxl_kernel.XXXXXX";

static libxl_device_disk a_disk(libxl_disk_backend backend, const char *script)
{
    libxl_device_disk disk;

    libxl_device_disk_init(&disk);
    disk.vdev = strdup("xvdb");
    disk.pdev_path = strdup(image);
    disk.format = LIBXL_DISK_FORMAT_RAW;
    disk.backend = backend;
    disk.readwrite = 1;
    disk.script = script ? strdup(script) : NULL;
    return disk;
}

static int setup(void **state)
{
    kernel_serves = true;
    libxl_domain_config_init(&config);
    libxl_defbool_set(&config.c_info.run_hotplug_scripts, false);
    set_node("/libxl/7", "");
    return 0;
}

static int teardown(void **state)
{
    remove_nodes("/libxl");
    remove_nodes("/local");
    libxl_domain_config_dispose(&config);
    forget_operation();
    return 0;
}

/* Attaches it, and expects its backend there; by the type in its record Xen's
 * own libxl finds the backend. */
static void goes_to(libxl_device_disk disk, const char *back)
{
    char type[64];

    assert_int_equal(libxl_device_disk_add(&the_ctx, 7, &disk, NULL), 0);
    assert_int_equal(result, RUNNING);
    backend_says(back, "2");
    assert_int_equal(result, 0);
    assert_string_equal(node("/local/domain/7/device/vbd/51728/backend"), back);
    assert_string_equal(node("/libxl/7/device/vbd/51728/type"),
                        strcmp(back, QDISK) ? "phy" : "qdisk");
    snprintf(type, sizeof(type), "%s/type", back);
    assert_string_equal(node(type), "phy"); /* in backendd's eyes all are */
    assert_int_equal(libxl_device_disk_destroy(&the_ctx, 7, &disk, NULL), 0);
    backend_says(back, "6");
    assert_int_equal(result, 0);
    assert_int_equal(count(back) + count("/libxl/7/device/vbd/51728"), 0);
    libxl_device_disk_dispose(&disk);
}

static void the_kernel_gets_block_devices(void **state)
{
    goes_to(a_disk(LIBXL_DISK_BACKEND_UNKNOWN, "block-drbd"), VBD);
    goes_to(a_disk(LIBXL_DISK_BACKEND_PHY, "block-drbd"), VBD);
}

static void a_process_gets_what_qdisk_says(void **state)
{
    goes_to(a_disk(LIBXL_DISK_BACKEND_QDISK, "block-drbd"), QDISK);
}

static void a_process_gets_what_is_no_block_device(void **state)
{
    libxl_device_disk disk;

    goes_to(a_disk(LIBXL_DISK_BACKEND_UNKNOWN, NULL), QDISK);
    goes_to(a_disk(LIBXL_DISK_BACKEND_PHY, NULL), QDISK);
    goes_to(a_disk(LIBXL_DISK_BACKEND_UNKNOWN, "block-nbd"), QDISK);
    disk = a_disk(LIBXL_DISK_BACKEND_UNKNOWN, "block-drbd");
    disk.format = LIBXL_DISK_FORMAT_QCOW2;
    goes_to(disk, QDISK);
    disk = a_disk(LIBXL_DISK_BACKEND_UNKNOWN, NULL);
    disk.format = LIBXL_DISK_FORMAT_EMPTY;
    disk.is_cdrom = 1;
    goes_to(disk, QDISK);
}

static void another_domain_has_its_own_kernel(void **state)
{
    libxl_device_disk disk = a_disk(LIBXL_DISK_BACKEND_UNKNOWN, NULL);

    disk.backend_domname = strdup("2");
    goes_to(disk, "/local/domain/2/backend/vbd/7/51728");
}

static void without_the_kernel_all_are_of_one_kind(void **state)
{
    kernel_serves = false;
    goes_to(a_disk(LIBXL_DISK_BACKEND_UNKNOWN, NULL), VBD);
    goes_to(a_disk(LIBXL_DISK_BACKEND_QDISK, NULL), VBD);
}

/* Also when the driver has been unloaded since. */
static void a_list_tells_which_it_is(void **state)
{
    libxl_device_disk disk = a_disk(LIBXL_DISK_BACKEND_UNKNOWN, NULL), *list;
    int n;

    assert_int_equal(libxl_device_disk_add(&the_ctx, 7, &disk, NULL), 0);
    backend_says(QDISK, "2");
    kernel_serves = false;
    set_node("/local/domain/0/error/backend/qdisk/7/51728/error", "5 waits");
    list = libxl_device_disk_list(&the_ctx, 7, &n);
    assert_int_equal(n, 1);
    assert_int_equal(list[0].backend, LIBXL_DISK_BACKEND_QDISK);
    libxl_device_disk_list_free(list, n);
    assert_int_equal(libxl_device_disk_destroy(&the_ctx, 7, &disk, NULL), 0);
    backend_says(QDISK, "6");
    assert_int_equal(count(QDISK), 0);
    libxl_device_disk_dispose(&disk);
}

static void who_does_not_serve_it_is_named(void **state)
{
    libxl_device_disk disk = a_disk(LIBXL_DISK_BACKEND_QDISK, NULL);

    assert_int_equal(libxl_device_disk_add(&the_ctx, 7, &disk, NULL), 0);
    backend_says(QDISK, "1");
    time_passes();
    assert_int_equal(result, ERROR_TIMEDOUT);
    assert_non_null(strstr(logged, "serves 'qdisk'"));
    libxl_device_disk_dispose(&disk);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_kernel_gets_block_devices),
        TEST(a_process_gets_what_qdisk_says),
        TEST(a_process_gets_what_is_no_block_device),
        TEST(another_domain_has_its_own_kernel),
        TEST(without_the_kernel_all_are_of_one_kind),
        TEST(a_list_tells_which_it_is),
        TEST(who_does_not_serve_it_is_named),
    };
    int fd = mkstemp(image), failed;

    if (fd < 0 || ftruncate(fd, 4096))
        return 1;
    the_ctx.lg = &log_of_one_line;
    failed = cmocka_run_group_tests_name("libxl kernel", tests, NULL, NULL);
    unlink(image);
    close(fd);
    return failed;
}
