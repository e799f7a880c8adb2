/* SPDX-License-Identifier: MIT */
/*
 * A guest's text on its way to the log and to a session, with a daemon that is
 * killed: at each step of its work, and a thousand times (KILLS) at any
 * instant. The test plays the guest, the keeper (it has all descriptors open)
 * and the session; a child process is the daemon.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "../../backends/console/output.h"
#include "../../backends/console/terminal.h"
#include "console_errands.h"

/* The daemon's next step is its last, if it is the one that is counted here. */
static unsigned int steps_to_live; /* 0: it lives on */

static void step(void)
{
    if (steps_to_live && !--steps_to_live)
        raise(SIGKILL);
}

/* Before and after each. */
#define STEPS(call)                                                            \
    ({                                                                         \
        __auto_type step_ = (step(), call);                                    \
        step();                                                                \
        step_;                                                                 \
    })
#define STEPS_VOID(call) (step(), call, step())

#define write(...)              STEPS(write(__VA_ARGS__))
#define splice(...)             STEPS(splice(__VA_ARGS__))
#define log_file_write(...)     STEPS(log_file_write(__VA_ARGS__))
#define log_file_mark(...)      STEPS_VOID(log_file_mark(__VA_ARGS__))
#define progress_begin(...)     STEPS_VOID(progress_begin(__VA_ARGS__))
#define progress_end(...)       STEPS_VOID(progress_end(__VA_ARGS__))
#define console_ring_taken(...) STEPS_VOID(console_ring_taken(__VA_ARGS__))
#include "../../backends/console/output.c"
#undef write
#undef log_file_write

static char dir[] = "/dev/shm/console-output-XXXXXX";
static char log_path[64];

/* One console. What the guest has printed, and what has arrived. */
static struct played {
    struct xencons_interface *ring;
    struct output out;
    int progress_fd, master, slave;
    bool stamps;
    char *printed, *seen;
    size_t printed_len, seen_len, next; /* bytes; next: to go into the ring */
} p;

#define TEXT_MAX (8u << 20)

static void setup(bool stamps, size_t limit)
{
    memset(&p, 0, sizeof(p));
    p.stamps = stamps;
    p.printed = malloc(TEXT_MAX);
    p.seen = malloc(TEXT_MAX);
    p.ring = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    p.ring->out_prod = p.ring->out_cons = UINT32_MAX - 50;
    p.out.progress = progress_create(&p.progress_fd);
    assert_non_null(p.out.progress);
    progress_set(p.out.progress, UINT32_MAX - 50, false);
    assert_int_equal(terminal_pipe(p.out.pipe, limit), 0);
    assert_int_equal(terminal_open(&p.master, &p.slave), 0);
    fcntl(p.slave, F_SETFL, O_RDWR | O_NONBLOCK);
    unlink(log_path);
}

static void teardown(void)
{
    log_file_close(&p.out.log);
    munmap(p.ring, 4096);
    progress_unmap(p.out.progress);
    close(p.progress_fd);
    close(p.master);
    close(p.slave);
    close(p.out.pipe[0]);
    close(p.out.pipe[1]);
    free(p.printed);
    free(p.seen);
}

/* --- the guest and the session --- */

static void guest_writes(void)
{
    struct xencons_interface *r = p.ring;
    uint32_t cons = *(volatile uint32_t *)&r->out_cons;

    while (p.next < p.printed_len && r->out_prod - cons < sizeof(r->out)) {
        r->out[MASK_XENCONS_IDX(r->out_prod, r->out)] = p.printed[p.next++];
        __atomic_store_n(&r->out_prod, r->out_prod + 1, __ATOMIC_RELEASE);
    }
}

static void guest_prints(const char *text)
{
    size_t n = strlen(text);

    assert_true(p.printed_len + n < TEXT_MAX);
    memcpy(p.printed + p.printed_len, text, n);
    p.printed_len += n;
    guest_writes();
}

static void session_reads(void)
{
    ssize_t n;

    while ((n = read(p.slave, p.seen + p.seen_len, TEXT_MAX - p.seen_len)) > 0)
        p.seen_len += n;
}

/* --- the daemon --- */

static void begin_daemon(void)
{
    p.out.progress = progress_map(p.progress_fd);
    assert_non_null(p.out.progress);
    log_file_open(&p.out.log, 5, "guest", p.stamps);
    output_start(&p.out, p.ring);
}

static void one_round(void)
{
    output_take(&p.out, p.ring);
    output_send(&p.out, p.master);
}

static pid_t start_daemon(void)
{
    pid_t pid = fork();

    if (pid)
        return pid;
    begin_daemon();
    for (;;)
        one_round();
}

/* Here, and unharmed: until all is where it belongs. */
static void finish_all(void)
{
    steps_to_live = 0;
    begin_daemon();
    do {
        guest_writes();
        one_round();
        usleep(1000); /* the terminal has a thread of the kernel's in it */
        session_reads();
    } while (p.next < p.printed_len || output_waiting(&p.out) ||
             p.ring->out_cons != p.ring->out_prod);
    session_reads();
}

/* --- what has come out --- */

static size_t read_log(char *text)
{
    int fd = open(log_path, O_RDONLY);
    ssize_t n = read(fd, text, TEXT_MAX);

    close(fd);
    return n < 0 ? 0 : n;
}

/* Without the stamp of each line, which must be there, once. */
static size_t remove_stamps(char *text, size_t len)
{
    const size_t stamp = strlen("[2026-01-02 03:04:05] ");
    char *from = text, *to = text, *end = text + len;

    while (from < end) {
        char *newline = memchr(from, '\n', end - from);
        size_t n = newline ? newline + 1 - from : end - from;

        assert_true(n > stamp && from[0] == '[' && from[stamp - 2] == ']');
        memmove(to, from + stamp, n - stamp);
        to += n - stamp;
        from += n;
    }
    return to - text;
}

static void is_printed(const char *where, const char *text, size_t len)
{
    size_t same = 0;

    while (same < len && same < p.printed_len && text[same] == p.printed[same])
        same++;
    if (same < p.printed_len || len != p.printed_len)
        fail_msg("%s: %zu bytes of %zu, the same up to %zu: '%.*s', not '%.*s'",
                 where, len, p.printed_len, same,
                 (int)(len - same < 40 ? len - same : 40), text + same,
                 (int)(p.printed_len - same < 40 ? p.printed_len - same : 40),
                 p.printed + same);
}

static void all_has_arrived_once(void)
{
    char *text = malloc(TEXT_MAX);
    size_t n = read_log(text);

    is_printed("the log", text, p.stamps ? remove_stamps(text, n) : n);
    is_printed("the session", p.seen, p.seen_len);
    free(text);
}

/* --- kills --- */

/* True: it was killed before it had done all that it has to do. */
static bool killed_after(unsigned int steps)
{
    pid_t pid = fork();
    int status;

    if (!pid) {
        steps_to_live = steps;
        begin_daemon();
        one_round();
        _exit(0);
    }
    waitpid(pid, &status, 0);
    return WIFSIGNALED(status);
}

static void kill_at_each_step(bool stamps)
{
    char line[64];
    unsigned int n = 0;
    bool killed;

    setup(stamps, 1 << 20);
    do {
        sprintf(line, "first %u\nsecond %u\n%s", n, n, n % 3 ? "" : "open, ");
        guest_prints(line);
        killed = killed_after(++n);
        guest_prints("and on\n");
        finish_all();
        all_has_arrived_once();
    } while (killed);
    assert_true(n > 10); /* steps */
    teardown();
}

static void a_kill_at_each_step_costs_nothing(void **state)
{
    kill_at_each_step(false);
}

static void a_kill_at_each_step_costs_nothing_with_stamps(void **state)
{
    kill_at_each_step(true);
}

/* And the successor is killed at the same step, and its successor. */
static void a_successor_can_be_killed_too(void **state)
{
    setup(true, 1 << 20);
    for (unsigned int n = 1; n < 16; n++) {
        guest_prints("a line\nand another one\n");
        for (int i = 0; i < 3; i++)
            killed_after(n);
        finish_all();
        all_has_arrived_once();
    }
    teardown();
}

/* A write into a file may be cut by the kill; the rest follows. */
static void a_half_written_log_is_completed(void **state)
{
    const char *text = "one line\nand a second one\n";
    struct progress *r;
    struct stat st;

    for (int stamps = 0; stamps < 2; stamps++) {
        setup(stamps, 1 << 20);
        for (off_t cut = 0; cut < 60; cut++) {
            guest_prints(text);
            assert_true(killed_after(8)); /* after the write to the log */
            r = p.out.progress;
            assert_true(progress_state(r).flags & PROGRESS_OPEN);
            assert_int_equal(stat(log_path, &st), 0);
            assert_true((uint64_t)st.st_size > r->log.size);
            if ((uint64_t)st.st_size > r->log.size + cut)
                assert_int_equal(truncate(log_path, r->log.size + cut), 0);
            finish_all();
            all_has_arrived_once();
        }
        teardown();
    }
}

static unsigned int kills(void)
{
    const char *wanted = getenv("KILLS");

    return wanted ? atoi(wanted) : 1000;
}

static void sleep_some(void)
{
    struct timespec t = {0, rand() % 3000000};

    nanosleep(&t, NULL);
}

static void kill_at_any_instant(bool stamps, unsigned int times)
{
    char line[64];
    unsigned int number = 0;

    srand(8);
    setup(stamps, 1 << 20);
    for (unsigned int i = 0; i < times; i++) {
        pid_t pid = start_daemon();

        for (int k = rand() % 4; k >= 0; k--) {
            for (int lines = rand() % 60; lines; lines--) {
                sprintf(line, "line %u of a guest\n", number++);
                guest_prints(line);
            }
            sleep_some();
            if (i % 7) /* now and then it stops for a while */
                session_reads();
        }
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
    finish_all();
    all_has_arrived_once();
    teardown();
}

static void a_thousand_kills_cost_nothing(void **state)
{
    kill_at_any_instant(false, kills());
}

static void kills_cost_nothing_with_stamps(void **state)
{
    kill_at_any_instant(true, kills() / 4);
}

/* --- hostile guests, full disks, sessions that do not read --- */

static void any_ring_and_any_progress_are_survived(void **state)
{
    setup(false, 65536);
    begin_daemon();
    srand(9);
    for (int i = 0; i < 20000; i++) {
        struct progress *r = p.out.progress;
        uint32_t near = r->state.position + rand() % 5000 - 2500;

        p.ring->out_cons = rand() % 2 ? near : (uint32_t)rand() * 2654435761u;
        p.ring->out_prod = rand() % 2 ? p.ring->out_cons + rand() % 2100
                                      : (uint32_t)rand() * 2654435761u;
        if (i % 2) {
            r->length = rand() % (PROGRESS_TEXT_MAX + 1);
            progress_begin(r, near);
        }
        output_start(&p.out, p.ring);
        assert_false(progress_state(r).flags & PROGRESS_OPEN);
        if (p.ring->out_prod - p.ring->out_cons > sizeof(p.ring->out))
            assert_int_equal(output_take(&p.out, p.ring), -EPROTO);
        else
            output_take(&p.out, p.ring);
        assert_true(ftruncate(p.out.log.fd, 0) == 0);
    }
    teardown();
}

static void what_is_no_progress_is_refused(void **state)
{
    struct progress *r;
    int fd;

    r = progress_create(&fd);
    r->length = PROGRESS_TEXT_MAX;
    progress_begin(r, 7);
    progress_unmap(progress_map(fd));
    assert_non_null(progress_map(fd));
    r->length++;
    assert_null(progress_map(fd));
    progress_set(r, 0, false);
    assert_non_null(progress_map(fd));
    r->state.flags = 4;
    assert_null(progress_map(fd));
    r->state.flags = 0;
    memset(r->log_name, 'x', sizeof(r->log_name));
    assert_null(progress_map(fd));
    r->log_name[0] = 0;
    r->magic++;
    assert_null(progress_map(fd));
    r->magic--;
    assert_int_equal(ftruncate(fd, 100), -1);
    assert_null(progress_map(memfd_create("empty", 0)));
    assert_null(progress_map(open("/dev/null", O_RDWR)));
}

static int seals_of(int fd)
{
    return fcntl(fd, F_GET_SEALS) & (F_SEAL_GROW | F_SEAL_SHRINK);
}

/* As daemons made it once; the keeper does not take it any more. */
static void what_was_not_sealed_becomes_a_copy_that_is(void **state)
{
    struct progress *r, *same;
    int fd, old_fd, same_fd;

    r = progress_create(&fd);
    old_fd = memfd_create("old", MFD_CLOEXEC);
    strcpy(r->log_name, "guest-a");
    progress_set(r, 7, true);
    assert_int_equal(write(old_fd, r, 4096), 4096);
    progress_unmap(r);
    close(fd);
    r = progress_map(old_fd);
    fd = fcntl(old_fd, F_DUPFD_CLOEXEC, 0);
    assert_non_null(r);
    progress_seal(&r, &fd);
    assert_int_equal(seals_of(fd), F_SEAL_GROW | F_SEAL_SHRINK);
    assert_string_equal(r->log_name, "guest-a");
    assert_int_equal(progress_state(r).position, 7);
    assert_int_equal(progress_state(r).flags, PROGRESS_LINE_OPEN);
    assert_non_null(progress_map(old_fd)); /* as it was */
    same = r;
    same_fd = fd;
    progress_seal(&r, &fd); /* which is sealed */
    assert_ptr_equal(r, same);
    assert_int_equal(fd, same_fd);
    progress_unmap(r);
    close(fd);
    close(old_fd);
}

static void prints_lines(unsigned int from, unsigned int to)
{
    char line[64];

    for (; from < to; from++) {
        sprintf(line, "line %06u which is of some length, for more bytes\n",
                from);
        guest_prints(line);
        output_take(&p.out, p.ring);
        output_send(&p.out, p.master);
    }
}

static void a_session_that_does_not_read_stalls_nobody(void **state)
{
    char first[32], *newline;

    for (int keep = 0; keep < 2; keep++) {
        setup(false, 1 << 20);
        p.out.keep_oldest = keep;
        begin_daemon();
        prints_lines(0, 60000); /* 3 MB */
        assert_int_equal(p.next, p.printed_len);
        assert_int_equal(p.ring->out_cons, p.ring->out_prod);
        assert_true(output_waiting(&p.out) > 900000);
        p.seen_len = 0;
        finish_all();
        /* The terminal itself holds some kilobytes of the oldest. */
        newline = memrchr(p.seen, '\n', p.seen_len - 1);
        snprintf(first, sizeof(first), "%.12s", newline + 1);
        assert_memory_equal(p.seen, "line 000000 ", 12);
        if (keep)
            assert_true(atoi(first + 5) < 30000);
        else
            assert_string_equal(first, "line 059999 ");
        assert_true(p.seen_len > 900000 && p.seen_len < 1200000);
        teardown();
    }
}

/* How often the word is in what the daemon has said; its log is this file. */
static int said(const char *word)
{
    static char text[1 << 20];
    int fd, n, count = 0;

    fd = open("/proc/self/fd/2", O_RDONLY);
    n = read(fd, text, sizeof(text) - 1);
    close(fd);
    text[n < 0 ? 0 : n] = 0;
    for (char *at = text; (at = strstr(at, word)); at++)
        count++;
    return count;
}

static void a_full_file_system_costs_log_lines_only(void **state)
{
    struct rlimit limit, old;
    int stderr_was = dup(STDERR_FILENO), fd;
    char path[64], *text;
    size_t n;

    sprintf(path, "%s/said", dir);
    fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    setup(false, 1 << 20);
    begin_daemon();
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    limit = old;
    limit.rlim_cur = 1000;
    dup2(fd, STDERR_FILENO);
    setrlimit(RLIMIT_FSIZE, &limit);
    prints_lines(0, 1000);
    setrlimit(RLIMIT_FSIZE, &old);
    prints_lines(1000, 1100);
    n = said("cannot write");
    fd = said("bytes are missing");
    dup2(stderr_was, STDERR_FILENO);
    assert_int_equal(n, 1);
    assert_int_equal(fd, 1);
    finish_all();
    is_printed("the session", p.seen, p.seen_len);
    text = malloc(TEXT_MAX);
    n = read_log(text);
    assert_true(n > 5000 && n < 7000);
    assert_memory_equal(text + n - 5100, p.printed + p.printed_len - 5100,
                        5100);
    assert_memory_equal(text, p.printed, 1000);
    free(text);
    teardown();
}

static void a_log_is_no_link_and_no_pipe(void **state)
{
    char target[64];
    struct stat st;

    setup(false, 65536);
    sprintf(target, "%s/target", dir);
    assert_int_equal(symlink(target, log_path), 0);
    begin_daemon();
    prints_lines(0, 10);
    assert_int_equal(stat(target, &st), -1);
    unlink(log_path);
    assert_int_equal(mkfifo(log_path, 0600), 0);
    begin_daemon();
    prints_lines(10, 20);
    finish_all();
    is_printed("the session", p.seen, p.seen_len);
    unlink(log_path);
    teardown();
}

static void a_log_has_a_largest_size(void **state)
{
    char old[sizeof(log_path) + 2];
    struct stat st;

    setup(false, 65536);
    sprintf(old, "%s.1", log_path);
    begin_daemon();
    prints_lines(0, 10);
    for (int i = 1; i <= 2; i++) {
        assert_int_equal(truncate(log_path, LOG_FILE_MAX), 0);
        prints_lines(10 * i, 10 * i + 10);
        assert_int_equal(stat(old, &st), 0);
        assert_int_equal(st.st_size, LOG_FILE_MAX);
        assert_int_equal(stat(log_path, &st), 0);
        assert_true(st.st_size > 0 && st.st_size < 1000);
    }
    finish_all();
    is_printed("the session", p.seen, p.seen_len);
    unlink(old);
    teardown();
}

static int make_dir(void **state)
{
    if (!mkdtemp(dir))
        return -1;
    sprintf(log_path, "%s/guest.log", dir);
    errands_logs = dir;
    return 0;
}

static int remove_dir(void **state)
{
    char command[128];

    snprintf(command, sizeof(command), "rm -rf %s", dir);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_kill_at_each_step_costs_nothing),
        cmocka_unit_test(a_kill_at_each_step_costs_nothing_with_stamps),
        cmocka_unit_test(a_successor_can_be_killed_too),
        cmocka_unit_test(a_half_written_log_is_completed),
        cmocka_unit_test(a_thousand_kills_cost_nothing),
        cmocka_unit_test(kills_cost_nothing_with_stamps),
        cmocka_unit_test(any_ring_and_any_progress_are_survived),
        cmocka_unit_test(what_is_no_progress_is_refused),
        cmocka_unit_test(what_was_not_sealed_becomes_a_copy_that_is),
        cmocka_unit_test(a_session_that_does_not_read_stalls_nobody),
        cmocka_unit_test(a_full_file_system_costs_log_lines_only),
        cmocka_unit_test(a_log_is_no_link_and_no_pipe),
        cmocka_unit_test(a_log_has_a_largest_size),
    };

    return cmocka_run_group_tests_name("console output", tests, make_dir,
                                       remove_dir);
}
