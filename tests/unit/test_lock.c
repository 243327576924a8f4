/*
 * test_lock.c - one run at a time, and locks of the dead.
 */
#include "qt.h"

#include "qgrid/lock.h"
#include "qgrid/process.h"

#include <stdio.h>
#include <string.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *lock_of(const char *results)
{
    static char path[600];
    snprintf(path, sizeof path, "%s.lock", results);
    return path;
}

static void write_lock(const char *results, const char *host, long pid, uint64_t start,
                       const char *boot)
{
    char line[300];
    int n = snprintf(line, sizeof line, "host %s pid %ld start %llu boot %s\n", host, pid,
                     (unsigned long long)start, boot);
    qt_write(lock_of(results), line, (size_t)n);
}

static const char *this_host(void)
{
    static char host[65];
    gethostname(host, sizeof host - 1);
    return host;
}

static const char *this_boot(void)
{
    static char boot[65];
    FILE *f = fopen("/proc/sys/kernel/random/boot_id", "r");
    if (!f || !fgets(boot, sizeof boot, f))
        fail_msg("no boot id");
    fclose(f);
    boot[strcspn(boot, "\n")] = 0;
    return boot;
}

static void a_live_owner_keeps_others_out(void **state)
{
    (void)state;
    qg_lock a, b;
    const char *path = qt_tmp("live.h5");
    qt_ok(qg_lock_take(&a, path, 60));
    qt_fails(qg_lock_take(&b, path, 60), QG_ELOCKED, "another run holds this file", this_host(),
             NULL);
    qg_lock_renew(&a);
    qg_lock_release(&b);
    qt_fails(qg_lock_take(&b, path, 60), QG_ELOCKED, "another run", NULL);
    qg_lock_release(&a);
    qt_ok(qg_lock_take(&b, path, 60));
    qg_lock_release(&b);
    assert_int_not_equal(access(lock_of(path), F_OK), 0);
}

static void the_locks_of_the_dead_are_taken_over(void **state)
{
    (void)state;
    qg_lock l;
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    siginfo_t end;
    qt_eq("waitid", waitid(P_PID, (id_t)child, &end, WEXITED | WNOWAIT), 0);
    assert_true(qg_process_gone(child)); /* dead, though nobody has waited for it */
    const char *path = qt_tmp("dead.h5");
    write_lock(path, this_host(), child, 12345, this_boot());
    qt_ok(qg_lock_take(&l, path, 60));
    qg_lock_release(&l);
    waitpid(child, NULL, 0);

    write_lock(path, this_host(), getpid(), qg_process_start(getpid()) + 1, this_boot());
    qt_ok(qg_lock_take(&l, path, 60)); /* the number was given to another process */
    qg_lock_release(&l);
    write_lock(path, this_host(), getpid(), qg_process_start(getpid()), "another-boot");
    qt_ok(qg_lock_take(&l, path, 60));
    qg_lock_release(&l);
}

static void other_hosts_are_judged_by_their_heartbeat(void **state)
{
    (void)state;
    qg_lock l;
    const char *path = qt_tmp("far.h5");
    write_lock(path, "elsewhere", 77, 1, "b");
    qt_fails(qg_lock_take(&l, path, 60), QG_ELOCKED, "process 77 on elsewhere", NULL);
    struct timespec old[2] = {{.tv_sec = 1000000}, {.tv_sec = 1000000}};
    qt_eq("utimensat", utimensat(AT_FDCWD, lock_of(path), old, 0), 0);
    qt_ok(qg_lock_take(&l, path, 60));
    qg_lock_release(&l);
    qt_write(lock_of(path), "garbage", 7);
    qt_fails(qg_lock_take(&l, path, 60), QG_ELOCKED, "not readable as a lock", NULL);
}

static void an_impossible_place_is_an_error(void **state)
{
    (void)state;
    qg_lock l;
    qt_fails(qg_lock_take(&l, qt_tmp("no/such/folder/x.h5"), 60), QG_EIO, "cannot create", NULL);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_live_owner_keeps_others_out),
    cmocka_unit_test(the_locks_of_the_dead_are_taken_over),
    cmocka_unit_test(other_hosts_are_judged_by_their_heartbeat),
    cmocka_unit_test(an_impossible_place_is_an_error),
};
QT_MAIN("lock", tests)
