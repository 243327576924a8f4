/*
 * registry.c - which implementation of each operation this process uses.
 *
 * Levels are ordered: see the table. QGRID_KERNELS names the highest level that
 * may be used; for each operation the first supported line of its .def not above that level is
 * taken.
 */
#include "kernels/impl.h"

#include <pthread.h>
#include <stdio.h>
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

static const struct {
    const char *name;
    bool (*supported)(void);
} levels[] = {
    {"ref", qg_cpu_any},
    {"avx2", qg_cpu_avx2},
    {"avx512", qg_cpu_avx512},
    {"avxvnni", qg_cpu_avxvnni},
    {"avx512vnni", qg_cpu_avx512vnni},
    {"avx512bf16", qg_cpu_avx512bf16},
    {"amx", qg_cpu_amx},
};
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
        if (strcmp(levels[i].name, isa) == 0)
            return i;
    }
    return -1;
}

/* Sets `refused`: what was found, then the levels (all, or those of this processor). */
static void refuse(const char *found, const char *problem, bool all)
{
    static char text[192];
    size_t used = (size_t)snprintf(text, sizeof text, "'%.32s' is not %s: ", found, problem);
    for (int i = 0; i < LEVELS; i++)
        if (all || levels[i].supported())
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i ? ", " : "",
                                     levels[i].name);
    refused = text;
}

/* The highest level allowed, or -1 with `refused` set. */
static int level_allowed(void)
{
    const char *env = getenv("QGRID_KERNELS");
    if (!env || !*env)
        return LEVELS - 1;
    int level = level_of(env);
    if (level < 0)
        refuse(env, "one of", true);
    else if (!levels[level].supported())
        refuse(env, "what this processor can do", false);
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
    table.isa = levels[best].name;
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
