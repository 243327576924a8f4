/*
 * product.c - products through cblas_sgemm.
 */
#include "product.h"

#include "qgrid/train.h"

#include <cblas.h>

void qg_product_single_thread(void)
{
    openblas_set_num_threads(1);
}

void qg_product_nt(float *y, int ldy, qg_matrix a, qg_matrix b, int m, int n, int k, float alpha)
{
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, m, n, k, alpha, a.at, a.ld, b.at, b.ld, 0,
                y, ldy);
}

void qg_product_nn(float *y, int ldy, qg_matrix a, qg_matrix b, int m, int n, int k, float alpha)
{
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, alpha, a.at, a.ld, b.at, b.ld,
                0, y, ldy);
}

const char *qg_train_library(char *out, size_t size)
{
    snprintf(out, size, "%s, %s", openblas_get_config(), openblas_get_corename());
    return out;
}

void qg_product_tn_add(float *y, int ldy, qg_matrix a, qg_matrix b, int m, int n, int k)
{
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, m, n, k, 1, a.at, a.ld, b.at, b.ld, 1, y,
                ldy);
}
