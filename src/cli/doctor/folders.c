/*
 * folders.c - where files go: room, kind of file system, whether other nodes see it, locks.
 */
#include "doctor.h"

#include "qgrid/file.h"
#include "qgrid/lock.h"
#include "qgrid/log.h"
#include "qgrid/model.h"
#include "qgrid/str.h"

#include <dirent.h>
#include <errno.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

/* File systems by the numbers of statfs(2): name, and whether other nodes see the same files. */
static const struct kind {
    long magic;
    const char *name;
    bool shared;
} kinds[] = {
    {EXT4_SUPER_MAGIC, "ext4", false},
    {0x58465342, "xfs", false},
    {BTRFS_SUPER_MAGIC, "btrfs", false},
    {0x2fc12fc1, "zfs", false},
    {TMPFS_MAGIC, "tmpfs (memory)", false},
    {OVERLAYFS_SUPER_MAGIC, "overlay (a container's)", false},
    {NFS_SUPER_MAGIC, "NFS", true},
    {0x0bd00bd0, "Lustre", true},
    {0x47504653, "GPFS", true},
    {0x19830326, "BeeGFS", true},
    {0x00c36400, "Ceph", true},
    {0x65735546, "FUSE", true},
    {0xff534d42, "CIFS", true},
};

/* What of a path is there already: itself, or the first folder above it. */
static const char *existing(qg_arena *a, const char *path)
{
    while (path && !qg_dir_exists(path) && strcmp(path, "/") != 0 && strcmp(path, ".") != 0)
        path = qg_path_dir(a, path);
    return path;
}

static const struct kind *kind_of(const char *path)
{
    struct statfs s;
    if (statfs(path, &s) == 0)
        for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
            if ((unsigned long)kinds[i].magic == ((unsigned long)s.f_type & 0xffffffff))
                return &kinds[i];
    return NULL;
}

static double bytes_free(const char *path)
{
    struct statvfs v;
    return statvfs(path, &v) == 0 ? (double)v.f_bavail * (double)v.f_frsize : -1;
}

/* A file is made and removed: permissions alone do not tell of full disks and quotas. */
static bool takes_files(const char *dir, char *why, size_t size)
{
    char path[4096];
    static const char text[4096];
    snprintf(path, sizeof path, "%s/.qgrid-doctor-XXXXXX", dir);
    int fd = mkstemp(path);
    bool good = fd >= 0 && write(fd, text, sizeof text) == (ssize_t)sizeof text && fsync(fd) == 0;
    snprintf(why, size, "%s", strerror(errno));
    if (fd >= 0) {
        close(fd);
        unlink(path);
    }
    return good;
}

/* "results/ (ext4, 71 GB free)" and whether it can be written; returns its file system or NULL. */
static const struct kind *folder(qg_doctor *d, const char *part, const char *path, const char *more)
{
    char room[32], why[128];
    const char *there = existing(d->arena, path);
    if (!there)
        return NULL;
    const struct kind *k = kind_of(there);
    if (!takes_files(there, why, sizeof why))
        qg_doctor_say(d, QG_BAD, part, "%s: files cannot be written in %s: %s", path, there, why);
    else
        qg_doctor_say(d, QG_FINE, part, "%s: %s%s, %s free%s", path,
                      there == path ? "" : "is made when it is needed, ",
                      k ? k->name : "a file system that qgrid does not know",
                      qg_format_bytes(room, sizeof room, bytes_free(there)), more);
    return k;
}

/* What lies in the cache: packed and trained models, and what was left half-written. */
static void contents(char *out, size_t size, const char *path)
{
    int whole = 0, rest = 0;
    struct dirent *e;
    char bytes[32], sub[4096];
    double sum = 0;
    DIR *dir = opendir(path);
    out[0] = 0;
    while (dir && (e = readdir(dir))) {
        if (e->d_name[0] == '.')
            continue;
        snprintf(sub, sizeof sub, "%s/%s", path, e->d_name);
        int64_t n = qg_path_bytes(sub);
        sum += n > 0 ? (double)n : 0;
        if (strstr(e->d_name, ".tmp-"))
            rest++;
        else
            whole += qg_dir_exists(sub);
    }
    if (!dir)
        return;
    closedir(dir);
    int n = snprintf(out, size, "; %d models in it, %s", whole,
                     qg_format_bytes(bytes, sizeof bytes, sum));
    if (rest && n > 0 && (size_t)n < size)
        snprintf(out + n, size - (size_t)n, ", %d half-written", rest);
}

static void cache(qg_doctor *d)
{
    char more[128];
    const char *path = qg_model_cache_dir(d->arena), *nodes = getenv("SLURM_JOB_NUM_NODES");
    if (!path)
        return;
    contents(more, sizeof more, path);
    const struct kind *k = folder(d, "cache", path, more);
    if (nodes && strtol(nodes, NULL, 10) > 1 && k && !k->shared)
        qg_doctor_say(d, QG_MIND, "cache",
                      "%s nodes, but this folder is one node's own: each packs for itself, and "
                      "trained models are not found elsewhere; set QGRID_CACHE to a shared folder",
                      nodes);
}

/* Whether another run holds the job's results. */
static void lock(qg_doctor *d, const char *output)
{
    char file[4096], held[1024];
    bool left_over = false;
    qg_code rc = qg_file_target(file, sizeof file, output);
    if (rc == QG_OK)
        rc = qg_lock_look(&left_over, file, QG_LOCK_STALE);
    if (rc != QG_OK) {
        qg_log_error_text(held, sizeof held, qg_error_last());
        qg_doctor_say(d, QG_BAD, "lock", "%s", held);
        qg_error_clear();
    } else if (left_over) {
        qg_doctor_say(d, QG_FINE, "lock", "%s.lock was left over by a run that is gone", file);
    }
}

static void results(qg_doctor *d)
{
    const char *output = d->plan ? d->plan->job->output : "results/";
    (void)folder(d, "results", d->plan ? qg_path_dir(d->arena, output) : output, "");
    if (d->plan)
        lock(d, output);
}

/* Segments of Open MPI, those of killed runs among them, and the bytes they take. */
static int segments(double *bytes)
{
    int n = 0;
    char path[512];
    struct dirent *e;
    struct stat st;
    DIR *dir = opendir("/dev/shm");
    *bytes = 0;
    while (dir && (e = readdir(dir))) {
        snprintf(path, sizeof path, "/dev/shm/%s", e->d_name);
        if (strncmp(e->d_name, "vader_segment", 13) != 0 || lstat(path, &st) != 0)
            continue;
        n++;
        *bytes += 512.0 * (double)st.st_blocks;
    }
    if (dir)
        closedir(dir);
    return n;
}

/* Open MPI's ranks of a node talk through files there; 4 MiB each, measured with 4.1.4. */
static void shared_memory(qg_doctor *d)
{
    char room[32], taken[32], more[160] = "";
    double have = bytes_free("/dev/shm"), per_rank = 4 << 20, bytes;
    long ranks = sysconf(_SC_NPROCESSORS_ONLN);
    int n = segments(&bytes);
    if (have < 0) {
        qg_doctor_say(d, QG_MIND, "/dev/shm", "is not there: ranks of a node cannot share memory");
        return;
    }
    if (n > 0)
        snprintf(more, sizeof more,
                 "; %d vader_segment files take %s (left over, where no run goes on)", n,
                 qg_format_bytes(taken, sizeof taken, bytes));
    bool little = have < per_rank * (double)ranks;
    qg_doctor_say(d, little ? QG_MIND : QG_FINE, "/dev/shm", "%s free%s%s",
                  qg_format_bytes(room, sizeof room, have),
                  little ? ", too little for a rank on each core" : "", more);
}

void qg_doctor_folders(qg_doctor *d)
{
    const char *temporary = getenv("TMPDIR");
    cache(d);
    results(d);
    (void)folder(d, "temporary", temporary && *temporary ? temporary : "/tmp",
                 " (Open MPI's session folders)");
    shared_memory(d);
}
