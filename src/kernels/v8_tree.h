/*
 * v8_tree.h - the lower part of the reduction tree: eight lanes joined + 4, + 2, + 1.
 */
#ifndef QG_V8_TREE_H
#define QG_V8_TREE_H

#include <immintrin.h>

#define V8_TREE(name, op)                                                                          \
    static inline float name(__m256 a)                                                             \
    {                                                                                              \
        __m128 b = op(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));                     \
        b = op(b, _mm_movehl_ps(b, b));                                                            \
        return _mm_cvtss_f32(op(b, _mm_shuffle_ps(b, b, 1)));                                      \
    }

static inline int32_t v8_imax(__m256i a)
{
    __m128i b = _mm_max_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
    b = _mm_max_epi32(b, _mm_unpackhi_epi64(b, b));
    return _mm_cvtsi128_si32(_mm_max_epi32(b, _mm_shuffle_epi32(b, 1)));
}

V8_TREE(v8_sum, _mm_add_ps)
V8_TREE(v8_max, _mm_max_ps)
V8_TREE(v8_min, _mm_min_ps)

#endif
