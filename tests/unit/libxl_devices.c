/* SPDX-License-Identifier: MIT */
/*
 * Devices that are added to a domain, removed and listed by libxl. What is
 * asked after each step is what the store and the configuration say, since
 * nothing may be left of what fails.
 */
#include "libxl_device_world.h"

#define DOMID  7
#define RECORD "/libxl/7/device/vbd/51728"
#define BACK   "/local/domain/0/backend/vbd/7/51728"
#define FRONT  "/local/domain/7/device/vbd/51728"

/* --- a domain with a disk --- */

static char image[] = "/tmp/libxl_devices.XXXXXX";

static libxl_device_disk a_disk(const char *vdev, const char *script)
{
    libxl_device_disk disk;

    libxl_device_disk_init(&disk);
    disk.vdev = strdup(vdev);
    disk.pdev_path = strdup(image);
    disk.format = LIBXL_DISK_FORMAT_RAW;
    disk.readwrite = 1;
    disk.script = script ? strdup(script) : NULL;
    return disk;
}

static int attach(libxl_device_disk disk)
{
    int rc = libxl_device_disk_add(&the_ctx, DOMID, &disk, NULL);

    libxl_device_disk_dispose(&disk);
    return rc;
}

/* With the scripts off: they are the affair of the tests that want them. */
static int setup(void **state)
{
    domain_is_gone = store_is_away = fails_to_write = cannot_save = false;
    stays_configured = NULL;
    logged[0] = 0;
    libxl_domain_config_init(&config);
    libxl_defbool_set(&config.c_info.run_hotplug_scripts, false);
    set_node("/libxl/7", "");
    return 0;
}

static int teardown(void **state)
{
    assert_int_equal(locks, 0);
    assert_null(watch);
    assert_null(timer);
    assert_null(meanwhile);
    stays_configured = NULL;
    remove_nodes("/libxl");
    remove_nodes("/local");
    libxl_domain_config_dispose(&config);
    forget_operation();
    return 0;
}

static void give_it_xvdb(void)
{
    assert_int_equal(attach(a_disk("xvdb", NULL)), 0);
    backend_says(BACK, "2");
    assert_int_equal(result, 0);
    backend_says(BACK, "4");
}

static void check_nothing_left(void)
{
    assert_int_equal(count(RECORD), 0);
    assert_int_equal(count(FRONT), 0);
    assert_int_equal(count(BACK), 0);
    assert_int_equal(config.num_disks, 0);
}

/* --- adding --- */

static void a_disk_that_its_backend_takes_stays(void **state)
{
    assert_int_equal(attach(a_disk("xvdb", NULL)), 0);
    assert_int_equal(result, RUNNING);
    /* A reboot while the backend is being waited for keeps it. */
    assert_int_equal(config.num_disks, 1);
    backend_says(BACK, "2");
    assert_int_equal(result, 0);
    assert_int_not_equal(count(RECORD), 0);
    assert_int_not_equal(count(FRONT), 0);
    assert_int_not_equal(count(BACK), 0);
    assert_string_equal(config.disks[0].vdev, "xvdb");
}

static void a_disk_that_its_backend_refuses_leaves_nothing(void **state)
{
    assert_int_equal(attach(a_disk("xvdb", NULL)), 0);
    backend_says(BACK, "6");
    assert_int_equal(result, ERROR_FAIL);
    check_nothing_left();
}

static void a_disk_without_a_backend_leaves_nothing(void **state)
{
    assert_int_equal(attach(a_disk("xvdb", NULL)), 0);
    time_passes();
    assert_int_equal(result, ERROR_TIMEDOUT);
    check_nothing_left();
}

static void a_disk_whose_script_fails_leaves_nothing(void **state)
{
    libxl_defbool_set(&config.c_info.run_hotplug_scripts, true);
    assert_int_equal(attach(a_disk("xvdb", "/none")), 0);
    backend_says(BACK, "2");
    assert_int_equal(result, RUNNING); /* until it is closed again, */
    assert_int_equal(count(FRONT), 0); /* which the guest cannot delay */
    backend_says(BACK, "6");
    assert_int_equal(result, ERROR_FAIL);
    check_nothing_left();
}

static void a_domain_that_is_destroyed_meanwhile_ends_the_wait(void **state)
{
    assert_int_equal(attach(a_disk("xvdb", NULL)), 0);
    remove_nodes("/local");
    remove_nodes("/libxl");
    look_again();
    assert_int_equal(result, ERROR_FAIL);
    check_nothing_left();
}

static void what_cannot_be_added_is_refused(void **state)
{
    libxl_device_disk disk = a_disk("xvdb", NULL);
    int before;

    strcpy(disk.pdev_path, "/none");
    assert_int_equal(attach(disk), ERROR_INVAL);
    disk = a_disk("xvdb", NULL);
    free(disk.pdev_path);
    disk.pdev_path = NULL;
    assert_int_equal(attach(disk), ERROR_INVAL);
    assert_int_equal(attach(a_disk("foo", NULL)), ERROR_INVAL);
    check_nothing_left();

    give_it_xvdb();
    before = count("/");
    assert_int_equal(attach(a_disk("xvdb", NULL)), ERROR_DEVICE_EXISTS);
    assert_int_equal(attach(a_disk("51728", NULL)), ERROR_DEVICE_EXISTS);
    assert_int_equal(count("/"), before);
    assert_int_equal(config.num_disks, 1);

    domain_is_gone = true;
    assert_int_equal(attach(a_disk("xvdc", NULL)), ERROR_DOMAIN_NOTFOUND);
    domain_is_gone = false; /* its end has come since this was asked */
    remove_nodes("/libxl/7");
    assert_int_equal(attach(a_disk("xvdc", NULL)), ERROR_DOMAIN_NOTFOUND);
    assert_int_equal(config.num_disks, 1);
    assert_int_equal(count("/libxl"), 0);
}

static void an_interface_gets_the_next_number(void **state)
{
    libxl_device_nic nic;

    for (int i = 0; i < 3; i++) {
        libxl_device_nic_init(&nic);
        assert_int_equal(libxl_device_nic_add(&the_ctx, DOMID, &nic, NULL), 0);
        assert_int_equal(nic.devid, i);
        assert_int_equal(config.nics[i].devid, i);
        assert_memory_equal(config.nics[i].mac, nic.mac, sizeof(nic.mac));
        backend_says(i == 0   ? "/local/domain/0/backend/vif/7/0"
                     : i == 1 ? "/local/domain/0/backend/vif/7/1"
                              : "/local/domain/0/backend/vif/7/2",
                     "2");
        assert_int_equal(result, 0);
        libxl_device_nic_dispose(&nic);
    }
}

/* --- removing --- */

static int detach(int (*how)(libxl_ctx *, uint32_t, libxl_device_disk *,
                             const libxl_asyncop_how *))
{
    libxl_device_disk disk = a_disk("xvdb", NULL);
    int rc = how(&the_ctx, DOMID, &disk, NULL);

    libxl_device_disk_dispose(&disk);
    return rc;
}

static void a_disk_that_the_guest_lets_go_is_gone(void **state)
{
    give_it_xvdb();
    assert_int_equal(detach(libxl_device_disk_safe_remove), 0);
    assert_string_equal(node(BACK "/online"), "0");
    assert_string_equal(node(BACK "/state"), "5");
    assert_int_not_equal(count(FRONT), 0); /* the guest is asked */
    assert_int_equal(result, RUNNING);
    backend_says(BACK, "6");
    assert_int_equal(result, 0);
    check_nothing_left();
}

static void a_disk_that_the_guest_keeps_is_not_removed_safely(void **state)
{
    give_it_xvdb();
    assert_int_equal(detach(libxl_device_disk_safe_remove), 0);
    time_passes();
    assert_int_equal(result, ERROR_TIMEDOUT);
    assert_int_not_equal(count(FRONT), 0);
    assert_int_equal(config.num_disks, 1);

    /* It lets go later, and the command is given again. */
    backend_says(BACK, "6");
    assert_int_equal(detach(libxl_device_disk_safe_remove), 0);
    assert_int_equal(result, 0);
    check_nothing_left();
}

static void a_disk_that_the_guest_keeps_is_removed_in_the_end(void **state)
{
    give_it_xvdb();
    assert_int_equal(detach(libxl_device_disk_remove), 0);
    time_passes();
    assert_int_equal(count(FRONT), 0);
    assert_int_equal(result, RUNNING);
    time_passes(); /* the backend is of no help either */
    assert_int_equal(result, 0);
    check_nothing_left();
}

/* What the store has not said is not known: a reboot must not lose the disk. */
static void a_store_that_is_away_does_not_cost_a_disk(void **state)
{
    give_it_xvdb();
    assert_int_equal(detach(libxl_device_disk_safe_remove), 0);
    store_is_away = true;
    time_passes();
    assert_int_equal(result, ERROR_TIMEDOUT);
    assert_int_equal(config.num_disks, 1);
    store_is_away = false;
}

/* It is not a backend that has let go, either, or one that has given up. */
static void a_store_that_is_away_is_waited_for(void **state)
{
    assert_int_equal(attach(a_disk("xvdb", NULL)), 0);
    store_is_away = true;
    look_again();
    store_is_away = false;
    assert_int_equal(result, RUNNING);
    backend_says(BACK, "2");
    assert_int_equal(result, 0);
    backend_says(BACK, "4");

    assert_int_equal(detach(libxl_device_disk_safe_remove), 0);
    store_is_away = true;
    look_again();
    store_is_away = false;
    assert_int_equal(result, RUNNING);
    assert_int_not_equal(count(BACK), 0);
    backend_says(BACK, "6");
    assert_int_equal(result, 0);
    check_nothing_left();
}

/* Nor does it cost what is there to add to it. */
static void a_store_that_is_away_does_not_cost_an_interface(void **state)
{
    libxl_device_nic nic;
    libxl_mac mac;

    libxl_device_nic_init(&nic);
    assert_int_equal(libxl_device_nic_add(&the_ctx, DOMID, &nic, NULL), 0);
    backend_says("/local/domain/0/backend/vif/7/0", "2");
    assert_int_equal(result, 0);
    memcpy(mac, nic.mac, sizeof(mac));
    libxl_device_nic_dispose(&nic);
    give_it_xvdb();

    store_is_away = true;
    libxl_device_nic_init(&nic);
    assert_int_equal(libxl_device_nic_add(&the_ctx, DOMID, &nic, NULL),
                     ERROR_FAIL);
    libxl_device_nic_dispose(&nic);
    assert_int_equal(attach(a_disk("xvdb", "/none")), ERROR_FAIL);
    store_is_away = false;
    assert_int_equal(config.num_nics, 1);
    assert_memory_equal(config.nics[0].mac, mac, sizeof(mac));
    assert_int_equal(config.num_disks, 1);
    assert_null(config.disks[0].script);
}

/* It was, while somebody was killed who had removed it. */
static void what_fails_to_be_added_stays_as_it_was_configured(void **state)
{
    give_it_xvdb();
    remove_nodes(RECORD);
    fails_to_write = true;
    assert_int_equal(attach(a_disk("xvdb", "/none")), ERROR_FAIL);
    fails_to_write = false;
    assert_int_equal(config.num_disks, 1);
    assert_null(config.disks[0].script);

    assert_int_equal(attach(a_disk("xvdb", "/none")), 0);
    backend_says(BACK, "6");
    assert_int_equal(result, ERROR_FAIL);
    assert_int_equal(config.num_disks, 1);
    assert_null(config.disks[0].script);
}

static void a_store_that_is_away_does_not_say_what_is_there(void **state)
{
    libxl_device_disk disk;
    int n;

    give_it_xvdb();
    store_is_away = true;
    assert_int_equal(detach(libxl_device_disk_safe_remove), ERROR_FAIL);
    assert_int_equal(libxl_vdev_to_device_disk(&the_ctx, DOMID, "xvdb", &disk),
                     ERROR_FAIL);
    assert_null(libxl_device_disk_list(&the_ctx, DOMID, &n));
    assert_int_equal(n, 0);
    store_is_away = false;
}

static void a_disk_is_taken_by_force(void **state)
{
    give_it_xvdb();
    assert_int_equal(detach(libxl_device_disk_destroy), 0);
    assert_int_equal(count(FRONT), 0);
    backend_says(BACK, "6");
    assert_int_equal(result, 0);
    check_nothing_left();
    assert_int_equal(detach(libxl_device_disk_destroy), ERROR_NOTFOUND);
}

static void a_disk_that_was_made_anew_is_not_removed(void **state)
{
    give_it_xvdb();
    assert_int_equal(detach(libxl_device_disk_safe_remove), 0);
    set_node(BACK "/online", "1");
    backend_says(BACK, "6");
    assert_int_equal(result, 0);
    assert_int_not_equal(count(RECORD), 0);
    assert_int_equal(config.num_disks, 1);
}

/* --- the medium of a drive --- */

#define DRIVE "/local/domain/0/backend/vbd/7/5632"

static int change_medium(const char *vdev, const char *path, const char *script)
{
    libxl_device_disk disk = a_disk(vdev, script);
    int rc;

    free(disk.pdev_path);
    disk.pdev_path = strdup(path);
    rc = libxl_cdrom_insert(&the_ctx, DOMID, &disk, NULL);
    libxl_device_disk_dispose(&disk);
    return rc;
}

static void give_it_an_empty_drive(void)
{
    libxl_device_disk disk = a_disk("hdc", NULL);

    disk.is_cdrom = disk.removable = 1;
    disk.readwrite = 0;
    disk.format = LIBXL_DISK_FORMAT_EMPTY;
    disk.pdev_path[0] = 0;
    assert_int_equal(attach(disk), 0);
    backend_says(DRIVE, "2");
    assert_int_equal(result, 0);
    backend_says(DRIVE, "4");
}

static void insertion_leaves_it_empty(void)
{
    backend_says(DRIVE, "2");
    assert_int_equal(result, ERROR_FAIL);
    assert_int_equal(config.num_disks, 1);
    assert_int_equal(config.disks[0].format, LIBXL_DISK_FORMAT_EMPTY);
}

static void a_medium_comes_and_goes(void **state)
{
    give_it_an_empty_drive();
    assert_int_equal(change_medium("hdc", image, NULL), 0);
    backend_says(DRIVE, "6");
    assert_string_equal(node(DRIVE "/params"), image);
    assert_string_equal(node(DRIVE "/device-type"), "cdrom");
    assert_string_equal(node(DRIVE "/mode"), "r");
    /* Nobody knows yet whether it is any good. */
    assert_int_equal(config.disks[0].format, LIBXL_DISK_FORMAT_EMPTY);
    backend_says(DRIVE, "2");
    assert_int_equal(result, 0);
    assert_string_equal(config.disks[0].pdev_path, image);
    backend_says(DRIVE, "4");

    assert_int_equal(change_medium("hdc", "", NULL), 0);
    backend_says(DRIVE, "6");
    assert_string_equal(node(DRIVE "/params"), "");
    backend_says(DRIVE, "2");
    assert_int_equal(result, 0);
    assert_int_equal(config.num_disks, 1);
}

static void
a_medium_that_cannot_be_used_leaves_the_drive_as_it_was(void **state)
{
    give_it_an_empty_drive();
    assert_int_equal(change_medium("hdc", "/none", NULL), ERROR_INVAL);
    assert_int_equal(change_medium("hdd", image, NULL), ERROR_NOTFOUND);
    assert_string_equal(node(DRIVE "/online"), "1");

    assert_int_equal(change_medium("hdc", image, NULL), 0);
    time_passes(); /* the guest does not let go */
    assert_int_equal(result, ERROR_TIMEDOUT);
    assert_string_equal(node(DRIVE "/params"), "");

    assert_int_equal(change_medium("hdc", image, NULL), 0);
    backend_says(DRIVE, "6");
    assert_string_equal(node(DRIVE "/params"), image);
    backend_says(DRIVE, "6"); /* it cannot open this one */
    assert_string_equal(node(DRIVE "/params"), "");
    insertion_leaves_it_empty();
}

static void a_drive_stays_whatever_becomes_of_its_media(void **state)
{
    give_it_an_empty_drive();
    assert_int_equal(change_medium("hdc", image, NULL), 0);
    backend_says(DRIVE, "6");
    backend_says(DRIVE, "2");
    assert_int_equal(result, 0);
    backend_says(DRIVE, "4");

    assert_int_equal(change_medium("hdc", image, NULL), 0);
    backend_says(DRIVE, "6"); /* the guest lets go */
    backend_says(DRIVE, "6"); /* the new medium cannot be opened */
    assert_string_equal(node(DRIVE "/params"), image);
    backend_says(DRIVE, "6"); /* nor the old one */
    assert_string_equal(node(DRIVE "/params"), "");
    insertion_leaves_it_empty();
}

static void a_drive_is_configured_all_the_time(void **state)
{
    give_it_an_empty_drive();
    stays_configured = "hdc";
    assert_int_equal(change_medium("hdc", image, NULL), 0);
    backend_says(DRIVE, "6"); /* the guest lets go */
    backend_says(DRIVE, "6"); /* the new medium cannot be opened */
    backend_says(DRIVE, "2");
    assert_int_equal(result, ERROR_FAIL);
    backend_says(DRIVE, "4");

    assert_int_equal(change_medium("hdc", image, NULL), 0);
    backend_says(DRIVE, "6");
    backend_says(DRIVE, "6");
    backend_says(DRIVE, "6"); /* nor the old one */
    assert_int_equal(result, ERROR_FAIL);
    assert_int_equal(count(DRIVE), 0);
    assert_int_equal(config.disks[0].format, LIBXL_DISK_FORMAT_EMPTY);
}

/* Or the next reboot would bring back what the guest has no more. */
static void a_medium_that_cannot_be_configured_is_not_in(void **state)
{
    give_it_an_empty_drive();
    assert_int_equal(change_medium("hdc", image, NULL), 0);
    backend_says(DRIVE, "6"); /* the guest lets go */
    cannot_save = true;
    backend_says(DRIVE, "2"); /* the new medium works */
    assert_int_equal(result, RUNNING);
    logged_n = 0;
    backend_says(DRIVE, "6");
    assert_string_equal(node(DRIVE "/params"), "");
    insertion_leaves_it_empty();
    assert_int_equal(logged_n, 0); /* the former one is back */
    assert_string_equal(node(DRIVE "/online"), "1");
}

static void somebody_removes_it(void)
{
    remove_nodes("/libxl/7/device");
    remove_nodes(DRIVE);
    libxl__disk_type.forget(&config, 5632);
}

static void a_drive_that_is_removed_meanwhile_stays_away(void **state)
{
    give_it_an_empty_drive();
    assert_int_equal(change_medium("hdc", image, NULL), 0);
    backend_says(DRIVE, "6");
    meanwhile = somebody_removes_it;
    backend_says(DRIVE, "2");
    assert_int_equal(result, 0);
    assert_int_equal(config.num_disks, 0);
}

/* Whoever was changing it has been killed; and so has who removed the disk. */
static void a_drive_that_has_gone_comes_back_with_its_medium(void **state)
{
    libxl_domain_config next;

    give_it_xvdb();
    give_it_an_empty_drive();
    remove_nodes("/local");
    remove_nodes("/libxl/7/device");
    libxl_domain_config_init(&next);
    libxl_retrieve_domain_configuration(&the_ctx, DOMID, &next, NULL);
    assert_int_equal(next.num_disks, 1); /* after a reboot, */
    assert_string_equal(next.disks[0].vdev, "hdc");
    libxl_domain_config_dispose(&next);

    /* and now. */
    assert_int_equal(change_medium("hdc", image, NULL), 0);
    assert_string_equal(node(DRIVE "/params"), image);
    backend_says(DRIVE, "2");
    assert_int_equal(result, 0);
    assert_string_equal(config.disks[1].vdev, "hdc");
    assert_string_equal(config.disks[1].pdev_path, image);
}

/* Two are at it at once. */
static void the_medium_that_is_in_first_stays(void **state)
{
    give_it_an_empty_drive();
    assert_int_equal(change_medium("hdc", image, NULL), 0);
    backend_says(DRIVE, "6");
    backend_says(DRIVE, "2");
    assert_int_equal(result, 0);
    backend_says(DRIVE, "4");

    assert_int_equal(change_medium("hdc", "", NULL), 0);
    set_node(DRIVE "/online", "1"); /* it has been made anew */
    logged_n = 0;
    backend_says(DRIVE, "6");
    assert_int_equal(result, ERROR_DEVICE_EXISTS);
    assert_string_equal(node(DRIVE "/params"), image);
    /* After that there is no script; and not that it is left empty. */
    assert_int_equal(logged_n, 2);
    assert_string_equal(logged, "domain g has a disk hdc already");
}

/* --- lists --- */

static void a_list_shows_disks_whatever_the_guest_writes(void **state)
{
    libxl_device_disk *list, disk;
    libxl_diskinfo info;
    int n;

    list = libxl_device_disk_list(&the_ctx, DOMID, &n);
    assert_non_null(list);
    assert_int_equal(n, 0);
    libxl_device_disk_list_free(list, n);

    give_it_xvdb();
    set_node(FRONT "/state", "nonsense");
    set_node(FRONT "/backend", "/etc/passwd");
    set_node(FRONT "/event-channel", "99999999999999");
    list = libxl_device_disk_list(&the_ctx, DOMID, &n);
    assert_int_equal(n, 1);
    assert_string_equal(list[0].vdev, "xvdb");
    assert_string_equal(list[0].pdev_path, image);
    assert_true(list[0].readwrite);
    assert_int_equal(
        libxl_device_disk_getinfo(&the_ctx, DOMID, &list[0], &info), 0);
    assert_int_equal(info.devid, 51728);
    assert_string_equal(info.backend, BACK);
    assert_int_equal(info.state, 0);
    assert_int_equal(info.evtch, 0);
    assert_int_equal(info.rref, -1);
    libxl_diskinfo_dispose(&info);
    libxl_device_disk_list_free(list, n);

    assert_int_equal(libxl_vdev_to_device_disk(&the_ctx, DOMID, "51728", &disk),
                     0);
    libxl_device_disk_dispose(&disk);
    assert_int_not_equal(
        libxl_vdev_to_device_disk(&the_ctx, DOMID, "xvdc", &disk), 0);
    assert_int_not_equal(
        libxl_vdev_to_device_disk(&the_ctx, DOMID, "foo", &disk), 0);
}

/* Where a person reads it, but not in what programs take apart. */
/* Whoever attaches what a list says gives the guest the same disk. */
static void a_list_tells_the_format_of_an_image(void **state)
{
    libxl_device_disk disk = a_disk("xvdb", NULL), *list;
    int n;

    disk.format = LIBXL_DISK_FORMAT_QCOW2;
    disk.backend = LIBXL_DISK_BACKEND_QDISK;
    assert_int_equal(attach(disk), 0);
    backend_says(BACK, "2");
    list = libxl_device_disk_list(&the_ctx, DOMID, &n);
    assert_int_equal(n, 1);
    assert_int_equal(list[0].format, LIBXL_DISK_FORMAT_QCOW2);
    assert_int_equal(list[0].backend, LIBXL_DISK_BACKEND_QDISK);
    libxl_device_disk_list_free(list, n);
}

static void a_list_tells_what_a_disk_waits_for(void **state)
{
    libxl_device_disk disk = a_disk("xvdb", NULL);
    libxl_diskinfo info;

    give_it_xvdb();
    libxl_device_disk_getinfo(&the_ctx, DOMID, &disk, &info);
    libxl_diskinfo_dispose(&info);
    assert_string_equal(logged, "");
    set_node("/local/domain/0/error/backend/vbd/7/51728/error",
             "11 waiting for the \x1bmedium");
    libxl_device_disk_getinfo(&the_ctx, DOMID, &disk, &info);
    libxl_diskinfo_dispose(&info);
    assert_string_equal(logged,
                        "domain g: disk xvdb: 11 waiting for the  medium");
    libxl_device_disk_dispose(&disk);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_disk_that_its_backend_takes_stays),
        TEST(a_disk_that_its_backend_refuses_leaves_nothing),
        TEST(a_disk_without_a_backend_leaves_nothing),
        TEST(a_disk_whose_script_fails_leaves_nothing),
        TEST(a_domain_that_is_destroyed_meanwhile_ends_the_wait),
        TEST(what_cannot_be_added_is_refused),
        TEST(an_interface_gets_the_next_number),
        TEST(a_disk_that_the_guest_lets_go_is_gone),
        TEST(a_disk_that_the_guest_keeps_is_not_removed_safely),
        TEST(a_disk_that_the_guest_keeps_is_removed_in_the_end),
        TEST(a_store_that_is_away_does_not_cost_a_disk),
        TEST(a_store_that_is_away_is_waited_for),
        TEST(a_store_that_is_away_does_not_cost_an_interface),
        TEST(what_fails_to_be_added_stays_as_it_was_configured),
        TEST(a_store_that_is_away_does_not_say_what_is_there),
        TEST(a_disk_is_taken_by_force),
        TEST(a_disk_that_was_made_anew_is_not_removed),
        TEST(a_medium_comes_and_goes),
        TEST(a_medium_that_cannot_be_used_leaves_the_drive_as_it_was),
        TEST(a_drive_stays_whatever_becomes_of_its_media),
        TEST(a_drive_is_configured_all_the_time),
        TEST(a_medium_that_cannot_be_configured_is_not_in),
        TEST(a_drive_that_is_removed_meanwhile_stays_away),
        TEST(a_drive_that_has_gone_comes_back_with_its_medium),
        TEST(the_medium_that_is_in_first_stays),
        TEST(a_list_shows_disks_whatever_the_guest_writes),
        TEST(a_list_tells_the_format_of_an_image),
        TEST(a_list_tells_what_a_disk_waits_for),
    };
    int fd = mkstemp(image), failed;

    if (fd < 0 || ftruncate(fd, 4096))
        return 1;
    the_ctx.lg = &log_of_one_line;
    failed = cmocka_run_group_tests_name("libxl devices", tests, NULL, NULL);
    unlink(image);
    close(fd);
    return failed;
}
