/*
 * cpu_x86.c - what this processor and its operating system can do (cpuid, xgetbv through gcc).
 */
#include "kernels/impl.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static char features[192], name[64];
static bool tiles;

bool qg_cpu_any(void)
{
    return true;
}

/* Not a name that every compiler's __builtin_cpu_supports knows; usable wherever AVX is. */
static bool has_f16c(void)
{
    uint32_t a, b, c, d;
    return __builtin_cpu_supports("avx") && __get_cpuid(1, &a, &b, &c, &d) && (c & bit_F16C);
}

bool qg_cpu_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && has_f16c();
}

bool qg_cpu_avx512(void)
{
    return qg_cpu_avx2() && __builtin_cpu_supports("avx512f") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512dq");
}

bool qg_cpu_avx512vnni(void)
{
    return qg_cpu_avx512() && __builtin_cpu_supports("avx512vnni");
}

/* Newer than the names that gcc 12 knows. */
bool qg_cpu_avxvnni(void)
{
    uint32_t a, b, c, d;
    return qg_cpu_avx2() && __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a & 1u << 4);
}

bool qg_cpu_avx512bf16(void)
{
    return qg_cpu_avx512vnni() && __builtin_cpu_supports("avx512bf16");
}

/* CPUID leaf 7 names the instructions, XCR0 says that the system saves tiles, arch_prctl lets this
 * process use them. */
static bool may_use_tiles(void)
{
    enum {
        TILE_BITS = 1 << 22 | 1 << 24 | 1 << 25,
        STATE_BITS = 3 << 17,
        REQUEST = 0x1023,
        DATA = 18
    };
    uint32_t a, b, c, d, high;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || (d & TILE_BITS) != TILE_BITS)
        return false;
    __asm__ volatile("xgetbv" : "=a"(a), "=d"(high) : "c"(0));
    return (a & STATE_BITS) == STATE_BITS && syscall(SYS_arch_prctl, REQUEST, DATA) == 0;
}

static void ask_tiles(void)
{
    tiles = qg_cpu_avx512bf16() && may_use_tiles();
}

bool qg_cpu_amx(void)
{
    static pthread_once_t asked = PTHREAD_ONCE_INIT;
    pthread_once(&asked, ask_tiles);
    return tiles;
}

static void append(const char *word, bool have)
{
    size_t used = strlen(features);
    if (have)
        snprintf(features + used, sizeof features - used, "%s%s", used ? " " : "", word);
}

#define APPEND(word) append(word, __builtin_cpu_supports(word) != 0)

static void ask(void)
{
    APPEND("sse4.2");
    APPEND("avx");
    APPEND("avx2");
    APPEND("fma");
    append("f16c", has_f16c());
    append("avxvnni", qg_cpu_avxvnni());
    APPEND("avx512f");
    APPEND("avx512bw");
    APPEND("avx512vl");
    APPEND("avx512dq");
    APPEND("avx512vnni");
    APPEND("avx512bf16");
    append("amx", qg_cpu_amx());

    uint32_t w[12] = {0};
    for (uint32_t i = 0; i < 3; i++) {
        if (!__get_cpuid(0x80000002u + i, &w[4 * i], &w[4 * i + 1], &w[4 * i + 2], &w[4 * i + 3]))
            return;
    }
    char brand[sizeof w + 1] = {0};
    memcpy(brand, w, sizeof w);
    const char *from = brand + strspn(brand, " ");
    snprintf(name, sizeof name, "%s", from);
    for (size_t n = strlen(name); n > 0 && name[n - 1] == ' '; n--)
        name[n - 1] = 0;
}

const char *qg_cpu_features(void)
{
    pthread_once(&once, ask);
    return features;
}

const char *qg_cpu_name(void)
{
    pthread_once(&once, ask);
    return name[0] ? name : "unknown";
}
#endif
