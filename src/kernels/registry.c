/*
 * registry.c - which implementation of each operation this process uses.
 *
 * Levels: ref < avx2 < avx512 < avx512vnni. QGRID_KERNELS names the highest level to be used.
 */
#include "kernels_internal.h"

#include <cpuid.h>
#include <stdlib.h>
#include <string.h>

typedef enum level { LEVEL_ref, LEVEL_avx2, LEVEL_avx512, LEVEL_avx512vnni, LEVELS } level;

static const char *const level_names[LEVELS] = {"ref", "avx2", "avx512", "avx512vnni"};

static level cpu_level(void)
{
    if (!(__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")))
        return LEVEL_ref;
    unsigned a, b, c = 0, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_F16C))
        return LEVEL_ref;
    if (!(__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
          __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq")))
        return LEVEL_avx2;
    return __builtin_cpu_supports("avx512vnni") ? LEVEL_avx512vnni : LEVEL_avx512;
}

enum {
#define QG_KERNEL(op, isa) ROW_##op##_##isa,
#include "ops.def"
#undef QG_KERNEL
    ROWS
};

static qg_kernel_info rows[ROWS] = {
#define QG_KERNEL(op, isa) {#op, #isa, false, false, (void (*)(void))qg_##op##__##isa},
#include "ops.def"
#undef QG_KERNEL
};

static const level row_level[ROWS] = {
#define QG_KERNEL(op, isa) LEVEL_##isa,
#include "ops.def"
#undef QG_KERNEL
};

static qg_kernels chosen;
static const char *refusal;
static bool ready;

/* Every member of qg_kernels is filled from the first row of its operation that is allowed. */
static void choose(level top)
{
    const char *last = "";
    for (int i = 0; i < ROWS; i++) {
        bool first = strcmp(rows[i].op, last) != 0 && row_level[i] <= top;
        if (!first)
            continue;
        last = rows[i].op;
        rows[i].chosen = true;
    }
#define QG_KERNEL(op_, isa_)                                                                       \
    if (rows[ROW_##op_##_##isa_].chosen)                                                           \
        chosen.op_ = qg_##op_##__##isa_;
#include "ops.def"
#undef QG_KERNEL
    chosen.isa = level_names[top];
}

static void start(void)
{
    const char *want = getenv("QGRID_KERNELS");
    level cpu = cpu_level(), top = cpu;
    ready = true;
    for (int i = 0; i < ROWS; i++)
        rows[i].supported = row_level[i] <= cpu;
    if (want && *want) {
        int l = 0;
        while (l < LEVELS && strcmp(want, level_names[l]) != 0)
            l++;
        if (l == LEVELS)
            refusal = "QGRID_KERNELS is not one of: ref, avx2, avx512, avx512vnni";
        else if (l > (int)cpu)
            refusal = "this processor lacks the instructions that QGRID_KERNELS asks for";
        else
            top = (level)l;
    }
    if (!refusal)
        choose(top);
}

const qg_kernels *qg_kernels_get(const char **why)
{
    if (!ready)
        start();
    if (refusal && why)
        *why = refusal;
    return refusal ? NULL : &chosen;
}

const qg_kernel_info *qg_kernel_list(int *n)
{
    if (!ready)
        start();
    *n = ROWS;
    return rows;
}

const char *qg_cpu_features(void)
{
    static char text[160];
    if (text[0])
        return text;
#define FEATURE(name)                                                                              \
    if (__builtin_cpu_supports(name)) {                                                            \
        size_t len = strlen(text);                                                                 \
        memcpy(text + len, name " ", sizeof name " ");                                             \
    }
    FEATURE("avx2")
    FEATURE("fma")
    FEATURE("avx512f")
    FEATURE("avx512bw")
    FEATURE("avx512vl")
    FEATURE("avx512vnni")
    FEATURE("avx512bf16")
#undef FEATURE
    size_t len = strlen(text);
    if (len)
        text[len - 1] = 0;
    return text;
}

const char *qg_cpu_name(void)
{
    static char name[49];
    unsigned r[12];
    if (name[0])
        return name;
    for (unsigned i = 0; i < 3; i++)
        if (!__get_cpuid(0x80000002 + i, &r[4 * i], &r[4 * i + 1], &r[4 * i + 2], &r[4 * i + 3]))
            return "unknown processor";
    memcpy(name, r, sizeof r);
    name[48] = 0;
    for (size_t n = strlen(name); n > 0 && name[n - 1] == ' '; n--)
        name[n - 1] = 0;
    return name;
}
