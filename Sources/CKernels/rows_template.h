// Rows of weights as rows_kernel.h defines them.
#include "row_pass.h"

ESC_INLINE double FN(rows_draw_of)(
    EscPrecision precision, const EscRows *rows, EscGenerators *generators, const double *old,
    double *fresh) {
  const uint64_t d = rows->dimension, p = rows->width, stride = esc_sgd_stride(d);
  double *const v = rows->vectors, *const dots = rows->scratch;
  const double *const pending = rows->pending;
  VI keep[2 * ESC_PARTS];
  FN(keep)(d, keep);
  FN(Source) source = FN(open)(precision, generators);
  const double norm = FN(rows_sweep)(
      precision, FN(rows_are_blocked)(precision, p, stride), &source, v, dots, pending, keep, d, p,
      old, fresh);
  FN(close)(precision, &source, generators);
  for (uint64_t j = 0; j < p; j++) rows->product[j] = FN(sum32)(dots + 32 * j);
  return norm;
}

static double FN(rows_draw_double)(
    const EscRows *rows, EscGenerators *generators, const double *old, double *fresh) {
  return FN(rows_draw_of)(ESC_DOUBLE, rows, generators, old, fresh);
}

static double FN(rows_draw_single)(
    const EscRows *rows, EscGenerators *generators, const double *old, double *fresh) {
  return FN(rows_draw_of)(ESC_SINGLE, rows, generators, old, fresh);
}

static void FN(rows_pass)(const EscRows *rows, const double *old, const double *fresh) {
  const uint64_t stride = esc_sgd_stride(rows->dimension);
  for (uint64_t j = 0; j < rows->width; j++) {
    VD dot[2 * ESC_PARTS], add = rows->pending[j];
    for (int i = 0; i < 2 * ESC_PARTS; i++) dot[i] = 0;
    for (uint64_t c = 0; c < stride; c += ESC_CHUNK)
      FN(sgd_pass)(rows->vectors + j * stride + c, old + c, fresh + c, add, dot);
    double dots[32];
    for (int i = 0; i < 2 * ESC_PARTS; i++) FN(store)(dots + i * ESC_WIDTH, dot[i]);
    rows->product[j] = FN(sum32)(dots);
  }
}

static void FN(rows_gather)(
    const EscRows *rows, const double *push, const double *x, double *sums) {
  const uint64_t stride = esc_sgd_stride(rows->dimension);
  for (uint64_t j = 0; j < rows->width; j++) {
    const VD add = push[j];
    double *const row = sums + j * stride;
    for (uint64_t c = 0; c < stride; c += ESC_WIDTH)
      FN(store)(row + c, FN(load)(row + c) + add * FN(load)(x + c));
  }
}

static void FN(rows_add)(const EscRows *rows, const double *factor, double *sums) {
  const uint64_t stride = esc_sgd_stride(rows->dimension);
  for (uint64_t j = 0; j < rows->width; j++) {
    const VD scale = factor[j];
    double *const v = rows->vectors + j * stride, *const row = sums + j * stride;
    for (uint64_t c = 0; c < stride; c += ESC_WIDTH) {
      FN(store)(v + c, scale * FN(load)(v + c) + FN(load)(row + c));
      FN(store)(row + c, (VD)(0));
    }
  }
}

static void FN(rows_settle)(const EscRows *rows, const double *last, const double *factor) {
  const uint64_t stride = esc_sgd_stride(rows->dimension);
  for (uint64_t j = 0; j < rows->width; j++) {
    const VD scale = factor[j], add = rows->pending[j];
    double *const v = rows->vectors + j * stride;
    for (uint64_t c = 0; c < stride; c += ESC_WIDTH)
      FN(store)(v + c, scale * (FN(load)(v + c) + add * FN(load)(last + c)));
  }
}

static double FN(rows_product)(uint64_t stride, const double *x, const double *y) {
  VD dot[2 * ESC_PARTS];
  for (int i = 0; i < 2 * ESC_PARTS; i++) dot[i] = 0;
  for (uint64_t c = 0; c < stride; c += ESC_CHUNK)
    for (int i = 0; i < 2 * ESC_PARTS; i++)
      dot[i] += FN(load)(x + c + i * ESC_WIDTH) * FN(load)(y + c + i * ESC_WIDTH);
  double dots[32];
  for (int i = 0; i < 2 * ESC_PARTS; i++) FN(store)(dots + i * ESC_WIDTH, dot[i]);
  return FN(sum32)(dots);
}
#undef EACH
