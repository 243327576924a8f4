/*
 * packed.c - types and sizes of what a packed folder holds.
 */
#include "qgrid/packed.h"

#include "qgrid/file.h"

#include <string.h>

qg_dtype qg_panel_dtype(qg_panel_format format)
{
    static const qg_dtype types[] = {
        [QG_PANEL_F32] = QG_F32,         [QG_PANEL_F16] = QG_F16, [QG_PANEL_BF16] = QG_BF16,
        [QG_PANEL_BF16_PAIRS] = QG_BF16, [QG_PANEL_S8] = QG_I8,   [QG_PANEL_S4] = QG_U8,
        [QG_PANEL_NF4] = QG_U8};
    return types[format];
}

size_t qg_panel_rows(int n)
{
    return (size_t)(n + QG_NR - 1) / QG_NR * QG_NR;
}

qg_dtype qg_stored_dtype(int kind)
{
    static const qg_dtype types[] = {[QG_EMBED_FP32] = QG_F32,
                                     [QG_EMBED_FP16] = QG_F16,
                                     [QG_EMBED_INT8] = QG_I8,
                                     [QG_EMBED_BF16] = QG_BF16};
    return types[kind];
}

void qg_halves_to_f32(float *out, const uint16_t *half, size_t n, int kind)
{
    for (size_t i = 0; i < n; i++)
        out[i] = kind == QG_EMBED_BF16 ? qg_bf16_to_f32(half[i]) : qg_f16_to_f32(half[i]);
}

bool qg_is_packed(const char *dir)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/qgrid.json", dir);
    return qg_file_exists(path);
}
