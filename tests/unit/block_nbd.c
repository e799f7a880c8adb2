/* SPDX-License-Identifier: MIT */
/*
 * Media behind a server: images in QEMU's formats, with Debian's own programs.
 * Checked: they are disks like others; whatever is killed at any time, what was
 * written is there.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <base/macros.h>
#include <daemon/clock.h>
#include <daemon/log.h>

#include "../../backends/common/record.h"
#include "nbd_world.h"

static char record[sizeof(image) + 8];

/* --- a server --- */

/* When its last server has ended. */
static void image_is_clean(void)
{
    run("timeout 10 sh -c 'until qemu-img check -q -f qcow2 %s; do sleep 0.01; "
        "done' > /dev/null 2>&1",
        image);
}

static void test_qcow2(void **state)
{
    static uint8_t data[MIB], back[MIB];

    new_image("qcow2");
    memset(data, 0x5a, MIB);
    open_again(image, "qcow2");
    assert_int_equal(disk.limits.sectors, 16 * MIB / 512);
    assert_int_equal(disk.limits.sector_size, 512);
    assert_false(disk.limits.readonly);
    assert_true(disk.limits.discard);
    assert_false(disk.flush); /* nothing is left to be flushed */
    assert_int_equal(done(STORAGE_WRITE, data, 3 * MIB, MIB), MIB);
    assert_int_equal(done(STORAGE_READ, back, 3 * MIB, MIB), MIB);
    assert_memory_equal(data, back, MIB);
    assert_int_equal(done(STORAGE_FLUSH, NULL, 0, 0), 0);
    assert_int_equal(done(STORAGE_DISCARD, NULL, 3 * MIB, MIB), MIB);
    assert_int_equal(done(STORAGE_READ, back, 3 * MIB, MIB), MIB);
    memset(data, 0, MIB);
    assert_memory_equal(data, back, MIB);
    assert_int_equal(done(STORAGE_DISCARD_SECURE, NULL, 0, MIB), -EOPNOTSUPP);
    storage_close(&disk);
    open_again(image, "qcow2"); /* the server before has ended by itself */
    storage_close(&disk);
}

static void test_large_discard(void **state)
{
    char data[512] = "x", back[512];
    const uint64_t size = 5ull << 30;
    struct storage_io io = {.op = STORAGE_DISCARD, .len = size};

    new_image("qcow2");
    run("qemu-img resize -q %s 6G", image);
    open_again(image, "qcow2");
    assert_int_equal(done(STORAGE_WRITE, data, size - 512, 512), 512);
    while (io.offset < size) {
        storage_queue(&disk, &io);
        assert_ptr_equal(next_done(), &io);
        assert_true(io.result > 0);
        assert_int_equal(io.result, io.len);
        io.offset += io.len;
        io.len = size - io.offset;
    }
    assert_int_equal(done(STORAGE_READ, back, size - 512, 512), 512);
    assert_int_equal(back[0], 0);
    storage_close(&disk);
}

static void test_formats(void **state)
{
    static const char *const formats[][2] = {
        {"vpc", "vhd"}, {"qed", "qed"}, {"qcow", "qcow"}, {"raw", "raw"}};
    char data[512] = "x", back[512];

    for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
        new_image(formats[i][0]);
        open_again(image, formats[i][1]);
        assert_int_equal(disk.flush, !strcmp(formats[i][1], "raw"));
        assert_int_equal(done(STORAGE_WRITE, data, 4096, 512), 512);
        assert_int_equal(done(STORAGE_READ, back, 4096, 512), 512);
        assert_memory_equal(data, back, 512);
        storage_close(&disk);
    }
}

/* Each write goes to a cluster that the image does not have yet. */
static void test_killed_server(void **state)
{
    static uint8_t data[4096], back[4096];

    new_image("qcow2");
    for (unsigned int i = 0; i < 20; i++) {
        open_again(image, "qcow2");
        memset(data, i + 1, sizeof(data));
        assert_int_equal(
            done(STORAGE_WRITE, data, i * 700000ull / 512 * 512, sizeof(data)),
            sizeof(data));
        kill_server();
        assert_int_equal(done(STORAGE_READ, back, 0, 512), -ENOTCONN);
        assert_non_null(strstr(lost_why, "has gone"));
        storage_close(&disk);
    }
    open_again(image, "qcow2");
    for (unsigned int i = 0; i < 20; i++) {
        memset(data, i + 1, sizeof(data));
        assert_int_equal(
            done(STORAGE_READ, back, i * 700000ull / 512 * 512, sizeof(back)),
            sizeof(back));
        assert_memory_equal(data, back, sizeof(data));
    }
    storage_close(&disk);
}

#define MANY 64

static void test_many_in_flight(void **state)
{
    static uint8_t data[MANY][65536], back[65536];
    static struct storage_io io[MANY];

    new_image("qcow2");
    open_again(image, "qcow2");
    for (unsigned int i = 0; i < MANY; i++) {
        memset(data[i], i + 1, sizeof(data[i]));
        io[i] = (struct storage_io){.op = STORAGE_WRITE,
                                    .data = data[i],
                                    .offset = i * 200000ull / 512 * 512,
                                    .len = sizeof(data[i])};
        storage_queue(&disk, &io[i]);
    }
    for (unsigned int i = 0; i < MANY; i++)
        assert_int_equal(next_done()->result, sizeof(data[0]));
    for (unsigned int i = 0; i < MANY; i++) {
        assert_int_equal(done(STORAGE_READ, back, io[i].offset, sizeof(back)),
                         sizeof(back));
        assert_memory_equal(back, data[i], sizeof(back));
    }
    storage_close(&disk);
    open_again(image, "qcow2");
    storage_close(&disk);
    image_is_clean();
}

static void test_slow(void **state)
{
    struct storage_io io = {.op = STORAGE_FLUSH};

    new_image("qcow2");
    open_again(image, "qcow2");
    kill(server_pid(), SIGSTOP);
    storage_queue(&disk, &io);
    assert_int_equal(event_loop_run(&loop), 0);
    assert_int_equal(slow_began, 1);
    assert_int_equal(slow_ended, 0);
    kill(server_pid(), SIGCONT);
    assert_ptr_equal(next_done(), &io);
    assert_int_equal(slow_began, 1);
    assert_int_equal(slow_ended, 1);
    storage_close(&disk);
}

/* After the last look at what is done there may be another kick. */
static void test_kick(void **state)
{
    static uint8_t data[4096];
    struct storage_io io = {.op = STORAGE_READ, .data = data, .len = 4096};
    struct pollfd p;

    new_image("qcow2");
    open_again(image, "qcow2");
    storage_queue(&disk, &io);
    for (unsigned int i = 0; i < 20; i++) {
        storage_kick(&disk);
        usleep(10000);
    }
    p = (struct pollfd){disk.wait_fd, POLLIN, 0};
    assert_int_equal(poll(&p, 1, 5000), 1);
    assert_ptr_equal(storage_next_done(&disk), &io);
    storage_close(&disk);
}

/* --- who uses it --- */

static void test_one_user(void **state)
{
    struct storage first;
    struct storage raw;

    new_image("qcow2");
    open_again(image, "qcow2");
    first = disk;
    assert_int_equal(open_as(image, "qcow2", "w"), -EBUSY);
    assert_int_equal(open_as(image, "qcow2", "r"), -EBUSY);
    assert_int_equal(storage_open(&raw, image, NULL, "w", false, 4), -EBUSY);
    storage_close(&first);
    open_again(image, "qcow2");
    storage_close(&disk);
    log_take_reason(0);
}

/* Who writes whoever else does is seen by those who ask first. */
static void test_whoever_else(void **state)
{
    uint64_t until = now_ms() + 5000;
    struct storage raw;
    int rc;

    new_image("qcow2");
    assert_int_equal(open_as(image, "qcow2", "w!"), 0);
    assert_int_equal(storage_open(&raw, image, NULL, "w", false, 4), -EBUSY);
    storage_close(&disk);
    while ((rc = storage_open(&raw, image, NULL, "w", false, 4)) &&
           now_ms() < until)
        usleep(1000);
    assert_int_equal(rc, 0);
    storage_close(&raw);
    log_take_reason(0);
}

/* As a guest can have it done that has taken the server over. */
static void give_back_locks(pid_t server)
{
    const struct flock all = {.l_type = F_UNLCK, .l_whence = SEEK_SET};
    int pidfd = pidfd_open(server, 0);

    assert_true(pidfd >= 0);
    for (int fd = 0; fd < 100; fd++) {
        int same = pidfd_getfd(pidfd, fd, 0);

        if (same < 0)
            continue;
        fcntl(same, F_OFD_SETLK, &all);
        close(same);
    }
    close(pidfd);
}

static void test_locks_of_its_own(void **state)
{
    struct storage first, raw;
    pid_t server;

    new_image("qcow2");
    open_again(image, "qcow2");
    first = disk;
    server = server_pid();
    give_back_locks(server);
    assert_int_equal(open_as(image, "qcow2", "w"), -EBUSY);
    assert_int_equal(open_as(image, "qcow2", "r"), -EBUSY);
    assert_int_equal(storage_open(&raw, image, NULL, "w", false, 4), -EBUSY);
    run("! qemu-img info %s > /dev/null 2>&1", image);
    /* Nor does anybody come who waits for its end. */
    kill(server, SIGSTOP);
    storage_leave(&first);
    assert_int_equal(open_as(image, "qcow2", "w"), -EAGAIN);
    storage_close(&first);
    assert_int_equal(open_as(image, "qcow2", "w!"), -EAGAIN);
    kill(server, SIGKILL);
    open_again(image, "qcow2");
    storage_close(&disk);
    log_take_reason(0);
}

static void new_loop_device(char name[32])
{
    char command[128];
    FILE *f;

    new_image("qcow2");
    snprintf(command, sizeof(command), "losetup -f --show %s", image);
    f = popen(command, "r");
    assert_non_null(f);
    if (!fgets(name, 32, f))
        name[0] = 0;
    pclose(f);
    name[strcspn(name, "\n")] = 0;
}

/* In this domain nobody may mount it or make a file system there while a server
 * still writes it. */
static void test_device_is_claimed(void **state)
{
    uint64_t until = now_ms() + 5000;
    int ready[2], fd;
    pid_t pid, server;
    char name[32], c;

    new_loop_device(name);
    if (!*name)
        skip();
    assert_int_equal(pipe(ready), 0);
    pid = fork();
    if (!pid) {
        open_again(name, "qcow2");
        if (write(ready[1], "", 1) == 1)
            pause();
    }
    assert_int_equal(read(ready[0], &c, 1), 1);
    server = server_of(pid);
    kill(server, SIGSTOP);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    assert_int_equal(open(name, O_RDONLY | O_EXCL), -1);
    assert_int_equal(errno, EBUSY);
    kill(server, SIGKILL);
    while ((fd = open(name, O_RDONLY | O_EXCL)) < 0 && now_ms() < until)
        usleep(1000);
    assert_true(fd >= 0);
    close(fd);
    run("losetup -d %s", name);
    close(ready[0]);
    close(ready[1]);
}

static void test_read_only(void **state)
{
    struct storage first;
    char data[512] = "";

    new_image("qcow2");
    while (open_as(image, "qcow2", "r") == -EBUSY)
        usleep(1000);
    assert_true(disk.limits.readonly);
    assert_false(disk.limits.discard);
    assert_true(done(STORAGE_WRITE, data, 0, 512) < 0);
    first = disk;
    assert_int_equal(open_as(image, "qcow2", "r"), 0);
    storage_close(&disk);
    storage_close(&first);
}

static unsigned int nr_descriptors(void)
{
    unsigned int n = 0;

    for (int fd = 0; fd < 1024; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

/* Of a process that was killed: its server holds the record until it is done.
 */
static void test_predecessor(void **state)
{
    struct record before, after;
    struct nbd_ask a = {.target = {.name = image, .format = "qcow2"},
                        .mode = "w",
                        .loop = &loop};
    uint64_t until = now_ms() + 5000;
    unsigned int descriptors;

    snprintf(record, sizeof(record), "%s/record", dir);
    new_image("qcow2");
    close(open(record, O_RDWR | O_CREAT, 0600));
    assert_int_equal(record_open(&before, open(record, O_RDWR), "test  1",
                                 sizeof(struct record_head)),
                     0);
    assert_int_equal(record_claim(&before), 0);
    a.hold = before.fd;
    assert_int_equal(nbd_storage_open(&disk, &a), 0);
    descriptors = nr_descriptors();
    assert_int_equal(storage_hold(&disk, before.fd), 0); /* the server does */
    assert_int_equal(nr_descriptors(), descriptors);
    record_close(&before);
    assert_int_equal(record_open(&after, open(record, O_RDWR), "test  1",
                                 sizeof(struct record_head)),
                     0);
    assert_int_equal(record_claim(&after), -EAGAIN);
    storage_close(&disk);
    while (record_claim(&after) == -EAGAIN && now_ms() < until)
        usleep(1000);
    assert_int_equal(record_claim(&after), 0);
    record_close(&after);
}

/* --- what cannot be --- */

static void test_refusals(void **state)
{
    new_image("raw");
    refused(image, "qcow2", "w", "not in qcow2 format");
    refused("/no/such", "qcow2", "w", "No such file");
    refused(image, "empty", "w", "format empty is nothing that");
    refused("nbd:unix:/no/such", NULL, "w", "No such file");
    refused("what:ever", NULL, "w", "Unknown protocol 'what'");
}

/* Whatever has the name of the script's image by now. */
static void test_another_image(void **state)
{
    struct stat st;

    new_image("qcow2");
    assert_int_equal(stat(image, &st), 0);
    snprintf(named.text, sizeof(named.text), "file:%llu:%llu",
             (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
    open_again(image, "qcow2");
    storage_close(&disk);
    run("mv %s %s.former", image, image);
    new_image("qcow2");
    refused(image, "qcow2", "w", "another file or device has this name");
    refused(image, "qcow2", "r", "another file or device has this name");
    run("mv %s.former %s", image, image);
    open_again(image, "qcow2");
    storage_close(&disk);
    named.text[0] = 0;
}

/* --- what a server cannot do --- */

static void test_sockets(void **state)
{
    char base[192];

    new_image("raw");
    run("qemu-nbd --fork -t -e 4 --pid-file=%s/pid -f raw -x disk -k %s/socket "
        "%s",
        dir, dir, image);
    snprintf(base, sizeof(base), "nbd+unix:///disk?socket=%s/socket", dir);
    run("qemu-img create -q -f qcow2 -u -b '%s' -F raw %s/over 16M", base, dir);
    snprintf(base, sizeof(base), "%s/over", dir);
    refused(base, "qcow2", "w", "Permission denied");
    run("kill $(cat %s/pid)", dir);
}

static void test_places_are_empty(void **state)
{
    new_image("qcow2");
    open_again(image, "qcow2");
    for (const char *const *place =
             (const char *const[]){"run", "etc", "root", "boot", NULL};
         *place; place++)
        run("test -z \"$(ls -A /proc/%d/root/%s)\"", (int)server_pid(), *place);
    storage_close(&disk);
    new_image("qcow2");
    run("qemu-img rebase -u -f qcow2 -F raw -b /etc/shadow %s", image);
    refused(image, "qcow2", "w", "Could not open '/etc/shadow'");
}

#define TEST(name, f)                                                          \
    {                                                                          \
        name, f, NULL, NULL, NULL                                              \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("a qcow2 image is a disk: read, written, discarded", test_qcow2),
        TEST("more is discarded than a number holds", test_large_discard),
        TEST("so are images of other formats", test_formats),
        TEST("what was written is there after its server was killed",
             test_killed_server),
        TEST("many writes at once are all done", test_many_in_flight),
        TEST("a kick takes no completion that nobody looks at then", test_kick),
        TEST("a server that does not answer is told of, and waited for",
             test_slow),
        TEST("an image that is written has one user", test_one_user),
        TEST("so has one that is written whoever else writes",
             test_whoever_else),
        TEST("an image whose server gives its locks back has one user",
             test_locks_of_its_own),
        TEST("a device stays claimed until its server has ended",
             test_device_is_claimed),
        TEST("readers share an image, and cannot write it", test_read_only),
        TEST("a successor waits until the server before has ended",
             test_predecessor),
        TEST("what cannot be served is refused with a reason", test_refusals),
        TEST("another image under the name of the script's is refused",
             test_another_image),
        TEST("an image cannot name a socket of this host", test_sockets),
        TEST("the server of an image sees nothing of this host's own",
             test_places_are_empty),
    };

    return nbd_world_run("block_nbd", tests, ARRAY_SIZE(tests), 0,
                         nbd_world_begin);
}
