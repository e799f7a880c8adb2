/* SPDX-License-Identifier: MIT */
/*
 * Disks that somebody's NBD server has, by way of a server of our own. Checked:
 * who is away is waited for, as long as somebody wants the disk.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <base/macros.h>

#include "nbd_world.h"

static void who_goes_is_waited_for(void **state)
{
    char name[128], data[512] = "over there", back[512];

    new_image("raw");
    run("qemu-nbd --fork -t -e 4 --pid-file=%s/pid -f raw -x disk -k %s/socket "
        "%s",
        dir, dir, image);
    snprintf(name, sizeof(name), "nbd:unix:%s/socket:exportname=disk", dir);
    open_again(name, NULL);
    assert_int_equal(disk.limits.sectors, 16 * MIB / 512);
    assert_true(disk.flush);
    assert_int_equal(done(STORAGE_WRITE, data, 0, 512), 512);
    /* It goes and comes back while somebody waits. */
    run("kill -9 $(cat %s/pid); rm %s/socket; (sleep 1; exec qemu-nbd -t -e 4 "
        "--pid-file=%s/pid -f raw -x disk -k %s/socket %s > /dev/null 2>&1) &",
        dir, dir, dir, dir, image);
    assert_int_equal(done(STORAGE_READ, back, 0, 512), 512);
    assert_string_equal(back, data);
    assert_int_equal(done(STORAGE_FLUSH, NULL, 0, 0), 0);
    storage_close(&disk);
    run("kill $(cat %s/pid)", dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_goes_is_waited_for),
    };
    bool servers = !geteuid() && !access("/usr/bin/qemu-nbd", X_OK);

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return _cmocka_run_group_tests("block_nbd_elsewhere", tests,
                                   servers ? ARRAY_SIZE(tests) : 0,
                                   nbd_world_begin, nbd_world_end);
}
