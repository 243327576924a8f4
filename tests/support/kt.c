/*
 * kt.c - support of kernel tests.
 */
#include "kt.h"

#include "qgrid/rng.h"
#include "qgrid/tensor.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

enum { PAGE = 4096, MAX_BLOCKS = 4096 };

static struct {
    void *at;
    size_t size;
} blocks[MAX_BLOCKS];
static size_t block_count;

void *kt_new(size_t count, size_t size, size_t align)
{
    size_t bytes = (count * size + align - 1) / align * align;
    size_t whole = (bytes + PAGE - 1) / PAGE * PAGE + PAGE;
    char *p = mmap(NULL, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(p != MAP_FAILED && block_count < MAX_BLOCKS);
    assert_int_equal(mprotect(p + whole - PAGE, PAGE, PROT_NONE), 0);
    blocks[block_count].at = p;
    blocks[block_count++].size = whole;
    return p + whole - PAGE - bytes;
}

void kt_release(void)
{
    while (block_count > 0) {
        block_count--;
        munmap(blocks[block_count].at, blocks[block_count].size);
    }
}

float *kt_floats(size_t n, uint64_t stream, float scale)
{
    float *x = kt_new(n, sizeof *x, 4);
    qg_rng r = qg_rng_make(1, "kernel test floats", stream);
    for (size_t i = 0; i < n; i++) /* sum of uniforms: cheap and bell-shaped */
        x[i] = scale * (float)(qg_rng_uniform(&r) + qg_rng_uniform(&r) + qg_rng_uniform(&r) - 1.5);
    return x;
}

int8_t *kt_bytes(size_t n, uint64_t stream, int lo, int hi)
{
    int8_t *x = kt_new(n, 1, 1);
    qg_rng r = qg_rng_make(1, "kernel test bytes", stream);
    for (size_t i = 0; i < n; i++)
        x[i] = (int8_t)(lo + (int)qg_rng_below(&r, (uint64_t)(hi - lo + 1)));
    return x;
}

qg_qrows kt_qrows(int m, int k, uint64_t stream, bool affine)
{
    qg_qrows q = {.ld = (k + 63) / 64 * 64};
    q.codes = kt_new((size_t)m * (size_t)q.ld, 1, 1);
    q.scale = kt_new((size_t)m, sizeof *q.scale, 4);
    q.offset = affine ? kt_new((size_t)m, sizeof *q.offset, 4) : NULL;
    const int8_t *codes = kt_bytes((size_t)m * (size_t)k, stream, affine ? -128 : -127, 127);
    for (int r = 0; r < m; r++) {
        memcpy(q.codes + (size_t)r * (size_t)q.ld, codes + (size_t)r * (size_t)k, (size_t)k);
        q.scale[r] = 0.01f * (float)(r % 7 + 1);
        if (affine)
            q.offset[r] = 128 - (r * 37 + 5) % 256;
    }
    return q;
}

static void *pack_codes(qg_panels *p, uint64_t stream)
{
    size_t count = (size_t)p->n * (size_t)p->k;
    void *to = kt_new(qg_panels_code_bytes(p->format, p->n, p->k), 1, 64);
    uint16_t *half = NULL;
    int32_t *colsum;
    switch (p->format) {
    case QG_PANEL_F32:
        qg_pack_f32(to, kt_floats(count, stream, 0.05f), p->n, p->k);
        break;
    case QG_PANEL_F16:
    case QG_PANEL_BF16: { /* finite bits of either format, both signs */
        const int8_t *low = kt_bytes(count, stream, -128, 127),
                     *high = kt_bytes(count, ~stream, 32, 64);
        half = kt_new(count, sizeof *half, 2);
        for (size_t i = 0; i < count; i++)
            half[i] = (uint16_t)((i * 7 % 3 == 0) << 15 | high[i] << 8 | (uint8_t)low[i]);
        qg_pack_u16(to, half, p->n, p->k);
        break;
    }
    case QG_PANEL_BF16_PAIRS: { /* normal weights, every seventh so small that products vanish */
        const float *w = kt_floats(count, stream, 0.05f);
        half = kt_new(count, sizeof *half, 2);
        for (size_t i = 0; i < count; i++)
            half[i] = qg_f32_to_bf16(i % 7 ? w[i] : w[i] * 0x1p-122f);
        qg_pack_bf16_pairs(to, half, p->n, p->k);
        break;
    }
    case QG_PANEL_S8:
        colsum = kt_new((size_t)(p->n + 15) / 16 * 16, sizeof *colsum, 4);
        qg_pack_s8(to, colsum, kt_bytes(count, stream, -127, 127), p->n, p->k);
        p->colsum = colsum;
        break;
    case QG_PANEL_S4:
        qg_pack_s4(to, kt_bytes(count, stream, -8, 7), p->n, p->k);
        break;
    case QG_PANEL_NF4:
        qg_pack_nf4(to, (const uint8_t *)kt_bytes(count, stream, 0, 15), p->n, p->k);
        break;
    }
    return to;
}

qg_panels kt_panels(qg_panel_format f, int n, int k, int group, uint64_t stream)
{
    qg_panels p = {.format = f, .n = n, .k = k, .group = group};
    p.codes = pack_codes(&p, stream);
    size_t count = qg_panels_scale_count(f, n, k, group), padded = (size_t)(n + 15) / 16 * 16;
    if (count > 0) {
        size_t groups = count / padded;
        float *rows = kt_floats((size_t)n * groups, stream + 1000, 0.02f);
        float *scales = kt_new(count, sizeof *scales, 64);
        for (size_t i = 0; i < (size_t)n * groups; i++)
            rows[i] = fabsf(rows[i]) + 1e-4f;
        qg_pack_scales(scales, rows, n, (int)groups);
        p.scales = scales;
    }
    float *bias = kt_new(padded, sizeof *bias, 64);
    memcpy(bias, kt_floats((size_t)n, stream + 2000, 0.1f), sizeof *bias * (size_t)n);
    p.bias = bias;
    return p;
}

void *kt_scratch(size_t bytes)
{
    return kt_new(bytes, 1, 64);
}

size_t kt_add(struct CMUnitTest *tests, size_t n, const char *op, const char *claim,
              CMUnitTestFunction fn)
{
    static char names[KT_CASES][80];
    static qg_kernel_info infos[KT_CASES];
    static size_t used;
    int count;
    const qg_kernel_info *list = qg_kernel_list(&count);
    assert_true(count <= KT_CASES);
    for (int i = 0; i < count; i++) {
        if (strcmp(list[i].op, op) != 0 || strcmp(list[i].isa, "ref") == 0)
            continue;
        assert_true(used < KT_CASES);
        char *name = names[used++];
        snprintf(name, sizeof names[0], "%s__%s_%s", op, list[i].isa, claim);
        infos[i] = list[i];
        tests[n++] = (struct CMUnitTest){name, fn, NULL, NULL, &infos[i]};
    }
    return n;
}

void (*kt_fn(void **state))(void)
{
    const qg_kernel_info *info = *state;
    if (!info->supported) {
        print_message("SKIPPED: this CPU has no %s\n", info->isa);
        skip();
    }
    return info->fn;
}

void (*kt_ref(const char *op))(void)
{
    int count;
    const qg_kernel_info *list = qg_kernel_list(&count);
    assert_true(count <= KT_CASES);
    for (int i = 0; i < count; i++) {
        if (strcmp(list[i].op, op) == 0 && strcmp(list[i].isa, "ref") == 0)
            return list[i].fn;
    }
    fail_msg("no __ref of %s", op);
    return NULL;
}
