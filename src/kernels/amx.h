/*
 * amx.h - Intel AMX: eight tile registers of up to 16 rows of 64 bytes.
 *
 * Products here use a block of 2 x 2 sums: T0 T1 over T2 T3 are two groups of up to 16 rows by two
 * panels of 16 channels, T4 T5 hold rows of x, T6 T7 weights in VNNI order (which is the order of
 * the packed panels). gcc's intrinsics do not say that they touch memory: amx_fence() does.
 */
#ifndef QG_KERNELS_AMX_H
#define QG_KERNELS_AMX_H

#include <immintrin.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { AMX_ROWS = 16, AMX_BYTES = 64, AMX_TILE = AMX_ROWS * AMX_BYTES };

/* Rows in the two groups (the second may be empty), bytes of a row of x: a multiple of 4. */
static inline void amx_configure(int rows0, int rows1, int width)
{
    struct {
        uint8_t palette, start_row, reserved[14];
        uint16_t bytes[16];
        uint8_t rows[16];
    } c __attribute__((aligned(64)));
    memset(&c, 0, sizeof c);
    c.palette = 1;
    for (int t = 0; t < 8; t++) {
        bool second = t == 2 || t == 3 || t == 5;
        int rows = t >= 6 ? width / 4 : second ? rows1 : rows0;
        c.bytes[t] = (uint16_t)(t == 4 || t == 5 ? width : AMX_BYTES);
        c.rows[t] = (uint8_t)(rows > 0 ? rows : 1);
    }
    _tile_loadconfig(&c);
}

static inline void amx_fence(void)
{
    __asm__ volatile("" ::: "memory");
}

#endif
