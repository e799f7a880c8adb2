/* SPDX-License-Identifier: MIT */
/*
 * What the server of a medium sees of the file systems of its host, as they are
 * mounted and unmounted. The host is a namespace of mounts of this program's,
 * from which others would hear of all that happens there.
 */
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <base/macros.h>

#include "nbd_world.h"

static char early[64], late[64]; /* places to mount something at */
static char name[128];           /* of a disk that an NBD server has */

static void mount_at(const char *place)
{
    assert_int_equal(mount("none", place, "tmpfs", 0, NULL), 0);
}

static bool sees(const char *place)
{
    char path[64], line[512];
    bool found = false;
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%d/mounts", (int)server_pid());
    f = fopen(path, "re");
    assert_non_null(f);
    while (!found && fgets(line, sizeof(line), f))
        found = strstr(line, place);
    fclose(f);
    return found;
}

/* What is done when the server has been let off. */
static void await_that_it_does_not_see(const char *place)
{
    for (unsigned int i = 0; sees(place); i++, usleep(10000))
        assert_true(i < 1000);
}

static void sees_nothing_new(void)
{
    mount_at(late);
    assert_false(sees(late));
    assert_int_equal(umount(late), 0);
}

static void what_is_mounted_later_no_server_of_an_image_sees(void **state)
{
    mount_at(early);
    new_image("qcow2");
    open_again(image, "qcow2");
    await_that_it_does_not_see(early);
    sees_nothing_new();
    storage_close(&disk);
    assert_int_equal(umount(early), 0);
}

static void nor_does_that_of_a_disk_elsewhere(void **state)
{
    open_again(name, NULL);
    sees_nothing_new();
    storage_close(&disk);
}

/* The host may unmount it, and use its device for something else. */
static void no_server_of_an_image_keeps_a_file_system_in_use(void **state)
{
    mount_at(early);
    new_image("qcow2");
    open_again(image, "qcow2");
    await_that_it_does_not_see(early);
    assert_int_equal(umount(early), 0);
    storage_close(&disk);
}

static void nor_one_below_a_place_that_is_hidden(void **state)
{
    static const char below[] = "/etc/default";

    mount_at(below);
    new_image("qcow2");
    open_again(image, "qcow2");
    await_that_it_does_not_see(below);
    storage_close(&disk);
    assert_int_equal(umount(below), 0);
}

static void nor_does_that_of_a_disk_elsewhere_keep_one(void **state)
{
    mount_at(early);
    open_again(name, NULL);
    assert_false(sees(early));
    assert_int_equal(umount(early), 0);
    storage_close(&disk);
}

static void but_those_that_its_name_contains(void **state)
{
    char there[128], back[512];

    mount_at(early);
    new_image("raw");
    run("mv %s %s/image", image, early);
    snprintf(there, sizeof(there), "file:%s/image", early);
    assert_int_equal(open_as(there, NULL, "r"), 0);
    assert_true(sees(early));
    assert_int_equal(done(STORAGE_READ, back, 0, 512), 512);
    storage_close(&disk);
    assert_int_equal(umount2(early, MNT_DETACH), 0);
}

/* A link may lead from one file system by another to a third. */
static void and_those_to_which_links_in_it_lead(void **state)
{
    char there[256], back[512];

    mount_at(early);
    mount_at(late);
    new_image("raw");
    run("mv %s %s/image", image, late);
    run("ln -s ../late/image %s/second && ln -s %s/second %s/first", early,
        early, dir);
    snprintf(there, sizeof(there), "file:%s/./first", dir);
    assert_int_equal(open_as(there, NULL, "r"), 0);
    assert_true(sees(early));
    assert_true(sees(late));
    assert_int_equal(done(STORAGE_READ, back, 0, 512), 512);
    storage_close(&disk);
    run("ln -s %s/socket %s/socket && ln -sf %s/socket %s/first", dir, early,
        early, dir);
    snprintf(there, sizeof(there), "nbd+unix:///disk?socket=%s/first", dir);
    open_again(there, NULL);
    assert_false(sees(late));
    assert_int_equal(done(STORAGE_READ, back, 0, 512), 512);
    storage_close(&disk);
    run("rm %s/first", dir);
    assert_int_equal(umount2(early, MNT_DETACH), 0);
    assert_int_equal(umount2(late, MNT_DETACH), 0);
}

/* It has them open. */
static void an_image_may_lie_above_one_of_another_file_system(void **state)
{
    char back[512];

    mount_at(early);
    new_image("raw");
    run("printf below | dd of=%s conv=notrunc status=none", image);
    run("mv %s %s/base", image, early);
    run("qemu-img create -q -f qcow2 -b %s/base -F raw %s", early, image);
    open_again(image, "qcow2");
    await_that_it_does_not_see(early);
    assert_int_equal(done(STORAGE_READ, back, 0, 512), 512);
    assert_string_equal(back, "below");
    assert_int_equal(done(STORAGE_WRITE, back, 4096, 512), 512);
    storage_close(&disk);
    assert_int_equal(umount2(early, MNT_DETACH), 0);
}

static void what_was_hidden_stays_so(void **state)
{
    mount_at(early);
    new_image("qcow2");
    open_again(image, "qcow2");
    await_that_it_does_not_see(early);
    run("test -z \"$(ls -A /proc/%d/root/etc)\"", (int)server_pid());
    storage_close(&disk);
    assert_int_equal(umount(early), 0);
}

static int begin(void **state)
{
    if (nbd_world_begin(state) || unshare(CLONE_NEWNS) ||
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
        mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL))
        return -1;
    snprintf(early, sizeof(early), "%s/early", dir);
    snprintf(late, sizeof(late), "%s/late", dir);
    snprintf(name, sizeof(name), "nbd:unix:%s/socket:exportname=disk", dir);
    run("truncate -s 16M %s/other", dir);
    run("qemu-nbd --fork -t -e 4 --pid-file=%s/pid -f raw -x disk -k %s/socket "
        "%s/other",
        dir, dir, dir);
    return mkdir(early, 0700) || mkdir(late, 0700);
}

static int end(void **state)
{
    run("kill -9 $(cat %s/pid)", dir);
    return nbd_world_end(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_mounted_later_no_server_of_an_image_sees),
        cmocka_unit_test(nor_does_that_of_a_disk_elsewhere),
        cmocka_unit_test(no_server_of_an_image_keeps_a_file_system_in_use),
        cmocka_unit_test(nor_one_below_a_place_that_is_hidden),
        cmocka_unit_test(nor_does_that_of_a_disk_elsewhere_keep_one),
        cmocka_unit_test(but_those_that_its_name_contains),
        cmocka_unit_test(and_those_to_which_links_in_it_lead),
        cmocka_unit_test(an_image_may_lie_above_one_of_another_file_system),
        cmocka_unit_test(what_was_hidden_stays_so),
    };
    bool servers = !geteuid() && !access("/usr/bin/qemu-nbd", X_OK);

    cmocka_set_message_output(CM_OUTPUT_TAP);
    if (!servers) {
        puts("1..0 # SKIP only root can mount, and qemu-nbd is needed");
        return 0;
    }
    return cmocka_run_group_tests_name("block_nbd_view", tests, begin, end);
}
