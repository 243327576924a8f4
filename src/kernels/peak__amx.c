/*
 * peak__amx.c - most multiply-adds of AMX: six tiles of sums, one of each operand.
 *
 * A tile is 16 rows of 64 bytes: 16 x 16 sums, 64 bytes or 32 bf16 along k. The configuration that
 * the thread had is put back at the end (loading one clears all tiles).
 */
#include "kernels/peak.h"

#include <immintrin.h>

typedef struct config {
    uint8_t palette, start_row, reserved[14];
    uint16_t bytes_per_row[16];
    uint8_t rows[16];
} config __attribute__((aligned(64)));
_Static_assert(sizeof(config) == 64, "what ldtilecfg reads");

enum { TILES = 8, SUMS = 6, SIDE = 16 };

/* gcc's _tile_loadconfig names 8 of the 64 bytes that it reads, so the rest could be left out. */
static void load(const config *c)
{
    __asm__ volatile("ldtilecfg %0" : : "m"(*c));
}

static config configure(void)
{
    config c = {.palette = 1}, before;
    for (int i = 0; i < TILES; i++) {
        c.bytes_per_row[i] = 64;
        c.rows[i] = SIDE;
    }
    __asm__ volatile("sttilecfg %0" : "=m"(before));
    load(&c);
    return before;
}

#define ROUND(op)                                                                                  \
    do {                                                                                           \
        op(0, 6, 7);                                                                               \
        op(1, 6, 7);                                                                               \
        op(2, 6, 7);                                                                               \
        op(3, 6, 7);                                                                               \
        op(4, 6, 7);                                                                               \
        op(5, 6, 7);                                                                               \
    } while (0)

double qg_probe_amx_s8__amx(int64_t rounds)
{
    config before = configure();
    for (int64_t r = 0; r < rounds; r++)
        ROUND(_tile_dpbssd);
    load(&before);
    return (double)rounds * SUMS * SIDE * SIDE * 64 * 2;
}

double qg_probe_amx_bf16__amx(int64_t rounds)
{
    config before = configure();
    for (int64_t r = 0; r < rounds; r++)
        ROUND(_tile_dpbf16ps);
    load(&before);
    return (double)rounds * SUMS * SIDE * SIDE * 32 * 2;
}
