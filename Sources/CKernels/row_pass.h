// The pass of full SGD over rows of weights: applies the last update while the next input is made and projected. A part of
// the templates that work within a replica.
#include "single_source.h"

// The coordinates of a block of a row.
#ifndef ESC_BLOCK
#define ESC_BLOCK 256
#endif

// A chunk of normals, and in its gaps the pass over the chunk before: applies the last update to 32
// coordinates of a row and adds their products with the next input.
ESC_INLINE void FN(chunk_and_pass)(
    FN(Source) *source, VD *x, VD *square, double *v, const double *old, const double *fresh, VD add,
    VD *dot) {
  EACH {
    FN(Generator) *const generator = &source->generator[i];
    const int k = i * ESC_WIDTH, l = k + 16;
    VD a, b;
    ESC_PAIR_AND_WORDS(
        generator, source->w0[i], source->w1[i], x[i], x[ESC_PARTS + i], square[i],
        a = add * FN(load)(old + k); ESC_PIN(a);,
        a = FN(load)(v + k) + a; ESC_PIN(a);,
        FN(store)(v + k, a); a = a * FN(load)(fresh + k); ESC_PIN(a);,
        dot[i] += a; ESC_PIN(dot[i]);,
        b = add * FN(load)(old + l); ESC_PIN(b);,
        b = FN(load)(v + l) + b; ESC_PIN(b);,
        FN(store)(v + l, b); b = b * FN(load)(fresh + l); ESC_PIN(b);,
        dot[ESC_PARTS + i] += b; ESC_PIN(dot[ESC_PARTS + i]););
  }
}

// What is left of the last chunk of d coordinates: clears the normals beyond and makes r^2 of the
// others.
ESC_INLINE void FN(cut)(VD *x, VD *square, const VI *keep) {
  for (int i = 0; i < 2 * ESC_PARTS; i++) x[i] = keep[i] ? x[i] : (VD)(0);
  EACH square[i] = x[i] * x[i] + x[ESC_PARTS + i] * x[ESC_PARTS + i];
}

ESC_INLINE void FN(keep)(uint64_t d, VI *keep) {
  for (int i = 0; i < 2 * ESC_PARTS; i++) {
    VI lane;
    for (int l = 0; l < ESC_WIDTH; l++) lane[l] = i * ESC_WIDTH + l;
    keep[i] = lane < (long)(d % ESC_CHUNK);
  }
}

// Applies the last update to a chunk of a row and adds its products with the next input.
ESC_INLINE void FN(sgd_pass)(double *v, const double *old, const double *fresh, VD add, VD *dot) {
#pragma clang loop unroll(full)
  for (int i = 0; i < 2 * ESC_PARTS; i++) {
    VD w = FN(load)(v + i * ESC_WIDTH) + add * FN(load)(old + i * ESC_WIDTH);
    FN(store)(v + i * ESC_WIDTH, w);
    dot[i] += w * FN(load)(fresh + i * ESC_WIDTH);
  }
}

// The pass over half a chunk in four parts: the last update, the sum, products with the next input.
ESC_INLINE void FN(push)(VD *a, VD add, const double *old) {
  EACH { a[i] = add * FN(load)(old + i * ESC_WIDTH); ESC_PIN(a[i]); }
}
ESC_INLINE void FN(move)(VD *a, const double *v) {
  EACH { a[i] = FN(load)(v + i * ESC_WIDTH) + a[i]; ESC_PIN(a[i]); }
}
ESC_INLINE void FN(keep_and_project)(VD *a, double *v, const double *fresh) {
  EACH {
    FN(store)(v + i * ESC_WIDTH, a[i]);
    a[i] = a[i] * FN(load)(fresh + i * ESC_WIDTH); ESC_PIN(a[i]);
  }
}
ESC_INLINE void FN(sum)(const VD *a, VD *dot) {
  EACH { dot[i] += a[i]; ESC_PIN(dot[i]); }
}

// A chunk of either precision, and the pass over the chunk before.
ESC_INLINE void FN(sgd_chunk_and_pass)(
    EscPrecision precision, FN(Source) *source, VD *x, VD *square, double *v, const double *old,
    const double *fresh, VD add, VD *dot) {
  if (precision == ESC_DOUBLE) {
    FN(chunk_and_pass)(source, x, square, v, old, fresh, add, dot);
  } else if (ESC_WIDTH < 16) {
    // Sixteen registers are too few to have both at once.
    FN(single_chunk)(source, x, square);
    FN(sgd_pass)(v, old, fresh, add, dot);
  } else {
    VD a[ESC_PARTS], b[ESC_PARTS];
    ESC_SINGLE_CHUNK(
        source, x, square,
        FN(push)(a, add, old);,
        FN(move)(a, v);,
        FN(keep_and_project)(a, v, fresh);,
        FN(sum)(a, dot);,
        FN(push)(b, add, old + 16);,
        FN(move)(b, v + 16);,
        FN(keep_and_project)(b, v + 16, fresh + 16);,
        FN(sum)(b, dot + ESC_PARTS););
  }
}

// The passes over coordinates `from` to `to` of rows 1 to p - 1, whole chunks.
ESC_INLINE void FN(sgd_other_rows)(
    double *v, uint64_t stride, uint64_t rows, const double *old, const double *fresh,
    const double *pending, double *dots, uint64_t from, uint64_t to) {
#pragma clang loop unroll(disable)
  for (uint64_t j = 1; j < rows; j++) {
    VD dot[2 * ESC_PARTS], add = pending[j];
    for (int i = 0; i < 2 * ESC_PARTS; i++) dot[i] = FN(load)(dots + 32 * j + i * ESC_WIDTH);
    for (uint64_t c = from; c < to; c += ESC_CHUNK)
      FN(sgd_pass)(v + stride * j + c, old + c, fresh + c, add, dot);
    for (int i = 0; i < 2 * ESC_PARTS; i++) FN(store)(dots + 32 * j + i * ESC_WIDTH, dot[i]);
  }
}


// Whether a row beyond the first takes a block of coordinates at a time, its sums in registers. In double precision rows
// fill the gaps of the generator better chunk by chunk, unless many of them a multiple of 4 KiB apart crowd each other out
// of the cache.
ESC_INLINE int FN(rows_are_blocked)(EscPrecision precision, uint64_t p, uint64_t stride) {
  return precision == ESC_SINGLE || (p > 4 && stride % 512 == 0);
}

// The chunk of normals at coordinate c, and the passes that are due by then: they run one chunk behind the generator, so
// that the first has none.
ESC_INLINE void FN(rows_chunk)(
    EscPrecision precision, int blocked, FN(Source) *source, VD *x, VD *square, double *v,
    uint64_t stride, uint64_t p, const double *old, const double *fresh, const double *pending,
    VD add, VD *dot, double *dots, uint64_t c) {
  const uint64_t before = c - ESC_CHUNK;
  if (c == 0) {
    FN(next_chunk)(precision, source, x, square);
    return;
  }
  FN(sgd_chunk_and_pass)(
      precision, source, x, square, v + before, old + before, fresh + before, add, dot);
  if (!blocked)
    FN(sgd_other_rows)(v, stride, p, old, fresh, pending, dots, before, before + ESC_CHUNK);
  else if (c % ESC_BLOCK == 0)
    FN(sgd_other_rows)(v, stride, p, old, fresh, pending, dots, c - ESC_BLOCK, c);
}

// The passes that are left at the end.
ESC_INLINE void FN(rows_last_chunk)(
    int blocked, double *v, uint64_t stride, uint64_t p, const double *old, const double *fresh,
    const double *pending, VD add, VD *dot, double *dots) {
  const uint64_t last = stride - ESC_CHUNK;
  FN(sgd_pass)(v + last, old + last, fresh + last, add, dot);
  const uint64_t rest = blocked ? last / ESC_BLOCK * ESC_BLOCK : last;
  FN(sgd_other_rows)(v, stride, p, old, fresh, pending, dots, rest, stride);
}

// Draws an input, with the last pushes applied on the way; leaves what each row says of it in 32 parts of dots and returns its
// squared norm.
ESC_INLINE double FN(rows_sweep)(
    EscPrecision precision, int blocked, FN(Source) *source, double *v, double *dots,
    const double *pending, const VI *keep, uint64_t d, uint64_t p, const double *old,
    double *fresh) {
  const uint64_t stride = esc_sgd_stride(d);
  VD dot[2 * ESC_PARTS], norm[ESC_PARTS], add = pending[0];
  for (int i = 0; i < 2 * ESC_PARTS; i++) dot[i] = 0;
  for (uint64_t i = 32; i < 32 * p; i++) dots[i] = 0;
  EACH norm[i] = 0;
  for (uint64_t c = 0; c < stride; c += ESC_CHUNK) {
    ESC_FENCE;
    VD next[2 * ESC_PARTS], square[ESC_PARTS];
    FN(rows_chunk)(
        precision, blocked, source, next, square, v, stride, p, old, fresh, pending, add, dot,
        dots, c);
    if (__builtin_expect(c + ESC_CHUNK > d, 0)) FN(cut)(next, square, keep);
    for (int i = 0; i < 2 * ESC_PARTS; i++) FN(store)(fresh + c + i * ESC_WIDTH, next[i]);
    EACH norm[i] += square[i];
  }
  FN(rows_last_chunk)(blocked, v, stride, p, old, fresh, pending, add, dot, dots);
  double norms[16];
  for (int i = 0; i < 2 * ESC_PARTS; i++) FN(store)(dots + i * ESC_WIDTH, dot[i]);
  EACH FN(store)(norms + i * ESC_WIDTH, norm[i]);
  return FN(sum16)(norms);
}
