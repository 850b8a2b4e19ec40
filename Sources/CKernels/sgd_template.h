// Full SGD of squares as sgd_kernel.h defines it.
#include "row_pass.h"

// The noises of 32 steps, from the one that is a multiple of 32 on.
static __attribute__((noinline)) void FN(noises)(
    const EscRoundKeys *keys, uint64_t stream, uint64_t step, double *z) {
  for (int i = 0; i < ESC_PARTS; i++) {
    VU index, w0, w1;
    VD even, odd;
    double pair[2][ESC_WIDTH];
    for (int l = 0; l < ESC_WIDTH; l++)
      index[l] = (ESC_NOISE_REGION | step / 32 * 16) + (uint64_t)(i * ESC_WIDTH + l);
    FN(block)(keys, index, (VU)(stream), &w0, &w1);
    FN(pair)(w0, w1, &even, &odd);
    FN(store)(pair[0], even), FN(store)(pair[1], odd);
    for (int l = 0; l < ESC_WIDTH; l++)
      z[2 * (i * ESC_WIDTH + l)] = pair[0][l], z[2 * (i * ESC_WIDTH + l) + 1] = pair[1][l];
  }
}

// Rows to squared norm d with nothing pending, and Q from them.
static void FN(sgd_normalise)(const EscSquares *sgd, EscSgdState *state, const double *input) {
  uint64_t stride = esc_sgd_stride(sgd->dimension);
  for (uint64_t j = 0; j < sgd->width; j++) {
    double *v = state->vectors + j * stride, pending = state->pending[j], total[32] = {0};
    for (uint64_t c = 0; c < stride; c += 32)
      for (int l = 0; l < 32; l++) {
        double w = v[c + l] + pending * input[c + l];
        v[c + l] = w;
        total[l] += w * w;
      }
    double factor = sqrt((double)sgd->dimension / FN(sum32)(total));
    for (uint64_t c = 0; c < stride; c++) v[c] *= factor;
    state->scale[j] = 1;
    state->pending[j] = 0;
    double *gram = state->gram + j * sgd->width;
    gram[j] = 1;
    for (uint64_t k = 0; k < j; k++) {
      const double *u = state->vectors + k * stride;
      double product[32] = {0};
      for (uint64_t c = 0; c < stride; c += 32)
        for (int l = 0; l < 32; l++) product[l] += v[c + l] * u[c + l];
      gram[k] = state->gram[k * sgd->width + j] = FN(sum32)(product) / (double)sgd->dimension;
    }
  }
}

// What follows a step's sums, for one student.
ESC_INLINE int FN(sgd_unruly)(double scale) { return !(scale > 0x1p-100 && scale < 0x1p100); }

ESC_INLINE EscEvent FN(sgd_one_of)(
    EscPrecision precision, const EscSquares *sgd, EscSgdState *state, double boundary,
    double target, uint64_t steps) {
  EscRoundKeys keys = esc_round_keys(sgd->seed);
  ESC_KEEP_IN_MEMORY(keys);
  const uint64_t d = sgd->dimension, stride = esc_sgd_stride(d);
  const double root = sqrt((double)d), inverse = 1.0 / root, a = sgd->weights[0];
  const double gain = 2.0 * sgd->learning_rate * a / (double)d;
  double *const v = state->vectors;
  double scale = state->scale[0], pending = state->pending[0], noise[32];
  EscEvent event = ESC_EVENT_NONE;
  VI keep[2 * ESC_PARTS];
  FN(keep)(d, keep);
  if (state->step == 0) esc_start_replica(&keys, &state->generators, state->stream);
  FN(Source) source = FN(open)(precision, &state->generators);
  FN(noises)(&keys, state->stream, state->step, noise);
  for (; steps > 0 && event == ESC_EVENT_NONE; steps--) {
    VD dot[2 * ESC_PARTS], norm[ESC_PARTS], add = pending;
    for (int i = 0; i < 2 * ESC_PARTS; i++) dot[i] = 0;
    EACH norm[i] = 0;
    const double *old = state->input + (state->step % 2 ? stride : 0);
    double *fresh = state->input + (state->step % 2 ? 0 : stride);
    // The pass runs one chunk behind the generator, so the first chunk has none and the last has
    // one of its own.
    for (uint64_t c = 0; c < stride; c += ESC_CHUNK) {
      ESC_FENCE;
      VD next[2 * ESC_PARTS], square[ESC_PARTS];
      if (c == 0)
        FN(next_chunk)(precision, &source, next, square);
      else
        FN(sgd_chunk_and_pass)(
            precision, &source, next, square, v + c - ESC_CHUNK, old + c - ESC_CHUNK,
            fresh + c - ESC_CHUNK, add, dot);
      if (__builtin_expect(c + ESC_CHUNK > d, 0)) FN(cut)(next, square, keep);
      for (int i = 0; i < 2 * ESC_PARTS; i++) FN(store)(fresh + c + i * ESC_WIDTH, next[i]);
      EACH norm[i] += square[i];
    }
    FN(sgd_pass)(
        v + stride - ESC_CHUNK, old + stride - ESC_CHUNK, fresh + stride - ESC_CHUNK, add, dot);
    double dots[32], norms[16];
    for (int i = 0; i < 2 * ESC_PARTS; i++) FN(store)(dots + i * ESC_WIDTH, dot[i]);
    EACH FN(store)(norms + i * ESC_WIDTH, norm[i]);
    double n = FN(sum16)(norms), field = (scale * FN(sum32)(dots)) * inverse;
    double z = noise[state->step % 32], teacher = fresh[0];
    double error = (teacher * teacher - (a * field) * field) + sgd->label_noise_deviation * z;
    double h = (gain * error) * field;
    double q = 1.0 + h * ((field + field) + h * n);
    pending = (h * root) / scale;
    scale = scale / sqrt(q);
    double m = (scale * (v[0] + pending * teacher)) * inverse, part = 1.0 - a;
    state->overlap[0] = m;
    state->risk = 0.5 * (part * part) + ((a * a - 2.0 * a * (m * m)) + 1.0);
    state->step++;
    if (state->step % 32 == 0) FN(noises)(&keys, state->stream, state->step, noise);
    if (!isfinite(m)) event = ESC_EVENT_DIVERGED;
    else if (!(fabs(m) < boundary) || state->risk <= target) event = ESC_EVENT_CROSSED;
    else if (state->step % 1024 == 0 || FN(sgd_unruly)(scale)) {
      state->pending[0] = pending;
      FN(sgd_normalise)(sgd, state, fresh);
      scale = 1, pending = 0;
    }
  }
  state->scale[0] = scale;
  state->pending[0] = pending;
  FN(close)(precision, &source, &state->generators);
  return event;
}

// Q after a step, both triangles, and the risk; `part` is scratch of p numbers.
static void FN(sgd_gram)(
    uint64_t p, const double *weights, const double *field, const double *h, const double *s,
    double norm, const double *overlap, double *gram, double *part, double *risk) {
  double trace = 1, square = 1, width = (double)p;
  for (uint64_t l = 0; l < p; l++) part[l] = 0;
  for (uint64_t j = 0; j < p; j++) {
    double *row = gram + j * p;
    const double fj = field[j], hj = h[j], sj = s[j], aj = weights[j] / width;
#pragma clang loop vectorize(assume_safety)
    for (uint64_t l = 0; l < p; l++) {
      double q = row[l] + ((hj * field[l] + h[l] * fj) + (hj * h[l]) * norm);
      q = (sj * s[l]) * q;
      row[l] = q;
      part[l] += aj * (q * q);
    }
    trace -= aj * row[j];
    square -= (2.0 * aj) * (overlap[j] * overlap[j]);
  }
  for (uint64_t l = 0; l < p; l++) square += (weights[l] / width) * part[l];
  *risk = (0.5 * trace) * trace + square;
}

ESC_INLINE EscEvent FN(sgd_rows_of)(
    EscPrecision precision, const EscSquares *sgd, EscSgdState *state, double boundary,
    double target, uint64_t steps) {
  EscRoundKeys keys = esc_round_keys(sgd->seed);
  ESC_KEEP_IN_MEMORY(keys);
  const uint64_t d = sgd->dimension, stride = esc_sgd_stride(d);
  const uint64_t p = sgd->width;
  const double root = sqrt((double)d), inverse = 1.0 / root, width = (double)p;
  double *const v = state->vectors, *const dots = state->scratch, *const pending = state->pending;
  double *const field = dots, *const h = dots + p, *const s = h + p, *const part = s + p;
  const int blocked = FN(rows_are_blocked)(precision, p, stride);
  double noise[32];
  EscEvent event = ESC_EVENT_NONE;
  VI keep[2 * ESC_PARTS];
  FN(keep)(d, keep);
  if (state->step == 0) esc_start_replica(&keys, &state->generators, state->stream);
  FN(Source) source = FN(open)(precision, &state->generators);
  FN(noises)(&keys, state->stream, state->step, noise);
  for (; steps > 0 && event == ESC_EVENT_NONE; steps--) {
    const double *old = state->input + (state->step % 2 ? stride : 0);
    double *fresh = state->input + (state->step % 2 ? 0 : stride);
    const double n = FN(rows_sweep)(
        precision, blocked, &source, v, dots, pending, keep, d, p, old, fresh);
    double output = 0, teacher = fresh[0];
    for (uint64_t j = 0; j < p; j++) {
      field[j] = (state->scale[j] * FN(sum32)(dots + 32 * j)) * inverse;
      output += (sgd->weights[j] * field[j]) * field[j];
    }
    double error = (teacher * teacher - output / width) + sgd->label_noise_deviation * noise[state->step % 32];
    int unruly = 0, crossed = 0;
    double total = 0;
    for (uint64_t j = 0; j < p; j++) {
      double gain = 2.0 * (sgd->learning_rate / width) * sgd->weights[j] / (double)d, f = field[j];
      h[j] = (gain * error) * f;
      double q = 1.0 + h[j] * ((f + f) + h[j] * n);
      s[j] = 1.0 / sqrt(q);
      pending[j] = (h[j] * root) / state->scale[j];
      state->scale[j] = state->scale[j] * s[j];
      double m = (state->scale[j] * (v[j * stride] + pending[j] * teacher)) * inverse;
      state->overlap[j] = m;
      total += m;
      crossed |= !(fabs(m) < boundary);
      unruly |= FN(sgd_unruly)(state->scale[j]);
    }
    FN(sgd_gram)(
        p, sgd->weights, field, h, s, n, state->overlap, state->gram, part, &state->risk);
    state->step++;
    if (state->step % 32 == 0) FN(noises)(&keys, state->stream, state->step, noise);
    if (!isfinite(total) || !isfinite(state->risk)) event = ESC_EVENT_DIVERGED;
    else if (crossed || state->risk <= target) event = ESC_EVENT_CROSSED;
    else if (state->step % 1024 == 0 || unruly) FN(sgd_normalise)(sgd, state, fresh);
  }
  FN(close)(precision, &source, &state->generators);
  return event;
}

#define ESC_SGD(name, path, precision)                                                  \
  static EscEvent FN(name)(                                                             \
      const EscSquares *sgd, EscSgdState *state, double boundary, double target,        \
      uint64_t steps) {                                                                 \
    return FN(path)(precision, sgd, state, boundary, target, steps);                    \
  }
ESC_SGD(sgd_one, sgd_one_of, ESC_DOUBLE)
ESC_SGD(sgd_one_single, sgd_one_of, ESC_SINGLE)
ESC_SGD(sgd_rows, sgd_rows_of, ESC_DOUBLE)
ESC_SGD(sgd_rows_single, sgd_rows_of, ESC_SINGLE)
#undef ESC_SGD
#undef EACH
