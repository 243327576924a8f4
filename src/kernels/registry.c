/*
 * registry.c - which implementation of each operation this process uses.
 *
 * Levels are ordered ref < avx2 < avx512 < avx512vnni. QGRID_KERNELS names the highest level that
 * may be used; for each operation the first supported line of its .def not above that level is
 * taken.
 */
#include "kernels/impl.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

typedef struct entry {
    const char *op, *function;
    size_t member; /* offset in qg_kernels */
    bool (*supported)(void);
    void (*fn)(void);
} entry;

#define NAME2(x)           #x
#define NAME(x)            NAME2(x)
#define QG_KERNEL(f, test) {NAME(QG_OP), #f, offsetof(qg_kernels, QG_OP), test, (void (*)(void))f},
static const entry entries[] = {
#include "kernels/all.inc"
};
#undef QG_KERNEL

enum { COUNT = sizeof entries / sizeof entries[0] };

static const char *const levels[] = {"ref", "avx2", "avx512", "avx512vnni"};
enum { LEVELS = sizeof levels / sizeof levels[0] };

static pthread_once_t once = PTHREAD_ONCE_INIT;
static qg_kernels table;
static qg_kernel_info list[COUNT];
static const char *refused;

static const char *isa_of(const entry *e)
{
    return strstr(e->function, "__") + 2;
}

static int level_of(const char *isa)
{
    for (int i = 0; i < LEVELS; i++) {
        if (strcmp(levels[i], isa) == 0)
            return i;
    }
    return -1;
}

static bool level_supported(int level)
{
    bool (*const test[LEVELS])(void) = {qg_cpu_any, qg_cpu_avx2, qg_cpu_avx512, qg_cpu_avx512vnni};
    return test[level]();
}

/* The highest level allowed, or -1 with `refused` set. */
static int level_allowed(void)
{
    const char *env = getenv("QGRID_KERNELS");
    if (!env || !*env)
        return LEVELS - 1;
    int level = level_of(env);
    if (level < 0)
        refused = "QGRID_KERNELS is unknown, allowed: ref, avx2, avx512, avx512vnni";
    else if (!level_supported(level))
        refused = "QGRID_KERNELS names instructions that this CPU does not have";
    return refused ? -1 : level;
}

static void choose(void)
{
    int allowed = level_allowed(), best = 0;
    const char *done = "";
    for (int i = 0; i < COUNT; i++) {
        const entry *e = &entries[i];
        int level = level_of(isa_of(e));
        bool supported = e->supported();
        bool chosen = supported && level <= allowed && strcmp(done, e->op) != 0;
        if (chosen) {
            memcpy((char *)&table + e->member, &e->fn, sizeof e->fn);
            done = e->op;
            best = level > best ? level : best;
        }
        list[i] = (qg_kernel_info){e->op, isa_of(e), supported, chosen, e->fn};
    }
    table.isa = levels[best];
}

const qg_kernels *qg_kernels_get(const char **why)
{
    pthread_once(&once, choose);
    if (why)
        *why = refused;
    return refused ? NULL : &table;
}

const qg_kernel_info *qg_kernel_list(int *n)
{
    pthread_once(&once, choose);
    *n = COUNT;
    return list;
}
