// The chain of wide_chain_kernel.h.
#include "vector_source.h"

// The normals g_t, g_1 … g_p of the next step.
static __attribute__((noinline)) void FN(wide_normals)(
    FN(Source) *source, uint64_t count, double *out) {
  for (uint64_t c = 0; c < count; c += ESC_CHUNK) {
    VD x[2 * ESC_PARTS], square[ESC_PARTS];
    double chunk[ESC_CHUNK];
    ESC_FENCE;
    FN(chunk)(source, x, square);
    for (int i = 0; i < 2 * ESC_PARTS; i++) FN(store)(chunk + i * ESC_WIDTH, x[i]);
    for (uint64_t l = 0; l < ESC_CHUNK && c + l < count; l++) out[c + l] = chunk[l];
  }
}

// Which of the rows from j on come after row i.
ESC_INLINE VI FN(wide_after)(uint64_t j, uint64_t i) {
  VI row;
  for (int l = 0; l < ESC_WIDTH; l++) row[l] = (long)j + l;
  return row > (long)i;
}

// S += B_:i g, the whole column from the block of row i on: B is 0 above the diagonal.
ESC_INLINE void FN(wide_accumulate)(
    double *sum, const double *column, uint64_t i, uint64_t stride, double g) {
  for (uint64_t j = i & ~15ull; j < stride; j += ESC_WIDTH)
    FN(store)(sum + j, FN(load)(sum + j) + FN(load)(column + j) * g);
}

// Rows from j on of column i: the downdate, the rotation with w, and the next step's S. Rows up to
// i stay as they are where `cut` says that there are any.
ESC_INLINE void FN(wide_column)(
    double *column, double *sum, double *w, double *coming, const double *s, uint64_t j, VI after,
    int cut, double gi, double alpha, double beta, double c, double sine, double ahead) {
  VD b = FN(load)(column + j), old_sum = FN(load)(sum + j), old_w = FN(load)(w + j);
  VD sj = old_sum - b * gi, cj = b * alpha - sj * beta;
  VD entry = FN(load)(s + j) * (c * cj + sine * old_w), wj = c * old_w - sine * cj;
  VD total = FN(load)(coming + j);
  VD more = total + entry * ahead;
  FN(store)(sum + j, cut ? (after ? sj : old_sum) : sj);
  FN(store)(column + j, cut ? (after ? entry : b) : entry);
  FN(store)(w + j, cut ? (after ? wj : old_w) : wj);
  FN(store)(coming + j, cut ? (after ? more : total) : more);
}

static EscEvent FN(wide_run)(
    const EscRoundKeys *keys, const EscChiSquare *chi, const EscSquares *constants,
    EscWideState *state, double boundary, double target, uint64_t steps) {
  const uint64_t p = constants->width, stride = esc_wide_stride(p);
  const double width = (double)p, *a = constants->weights;
  double *const field = state->scratch, *const h = field + stride, *const s = h + stride;
  double *sum = s + stride, *coming = sum + stride, *const w = coming + stride;
  double *const share = w + stride, *const tails = share + stride;
  double *const alphas = tails + stride + 16, *const betas = alphas + stride;
  double *now = betas + stride, *next = now + stride + 16;
  const double constant = esc_risk_constant(a, p);
  for (uint64_t j = 0; j < p; j++) share[j] = a[j] / width;
  for (uint64_t j = p; j < stride + 16; j++) tails[j] = now[j] = next[j] = 1;
  for (uint64_t j = p; j < stride; j++) share[j] = 0;
  for (uint64_t j = 0; j < stride; j++) sum[j] = coming[j] = h[j] = s[j] = w[j] = field[j] = 0;
  FN(Source) source = FN(source_open)(&state->generators), reached = source;
  FN(wide_normals)(&source, p + 1, now);
  for (uint64_t i = 0; i < p; i++)
    FN(wide_accumulate)(sum, state->factor + i * stride, i, stride, now[1 + i]);
  EscEvent event = ESC_EVENT_NONE;
  for (; steps > 0 && event == ESC_EVENT_NONE; steps--) {
    const double gt = now[0], *g = now + 1;
    reached = source;
    FN(wide_normals)(&source, p + 1, next);
    double z;
    tails[p] = wide_rest(keys, chi, state->stream, state->step, &z);
    for (uint64_t i = p; i-- > 0;) tails[i] = tails[i + 1] + g[i] * g[i];
    const double radius = tails[0], star = gt * gt, norm = star + radius;
    double output = 0;
    for (uint64_t j = 0; j < p; j++) {
      field[j] = state->overlap[j] * gt + sum[j];
      output += (a[j] * field[j]) * field[j];
    }
    const double error = (star - output / width) + constants->label_noise_deviation * z;
    const double inverse = 1.0 / sqrt(radius), r = radius * inverse;
    int crossed = 0;
    double total = 0;
    for (uint64_t j = 0; j < p; j++) {
      const double gain = 2.0 * (constants->learning_rate / width) * a[j] / (double)constants->dimension;
      h[j] = (gain * error) * field[j];
      s[j] = 1.0 / sqrt(1.0 + h[j] * ((field[j] + field[j]) + h[j] * norm));
      state->overlap[j] = s[j] * (state->overlap[j] + h[j] * gt);
      w[j] = h[j] * r + sum[j] * inverse;
      total += state->overlap[j];
      crossed |= !(fabs(state->overlap[j]) < boundary);
    }
    for (uint64_t i = 0; i < stride; i += ESC_WIDTH) {
      VD below = FN(load)(tails + i + 1), v = 1.0 / FN(root)(FN(load)(tails + i) * below);
      FN(store)(alphas + i, below * v);
      FN(store)(betas + i, FN(load)(g + i) * v);
      FN(store)(coming + i, (VD)(0));
    }
    for (uint64_t i = 0; i < p; i++) {
      double *const column = state->factor + i * stride;
      const double gi = g[i], alpha = alphas[i], beta = betas[i], ahead = next[1 + i];
      const double u = column[i] * alpha, y = w[i], square = u * u + y * y, root = sqrt(square);
      const double c = square > 1e-290 ? u / root : 1, sine = square > 1e-290 ? y / root : 0;
      column[i] = s[i] * root;
      coming[i] += column[i] * ahead;
      uint64_t j = (i + 1) & ~15ull;
      for (const uint64_t end = j + 16; j < end && j < stride; j += ESC_WIDTH)
        FN(wide_column)(
            column, sum, w, coming, s, j, FN(wide_after)(j, i), 1, gi, alpha, beta, c, sine, ahead);
      for (; j < stride; j += ESC_WIDTH)
        FN(wide_column)(
            column, sum, w, coming, s, j, (VI)(0), 0, gi, alpha, beta, c, sine, ahead);
    }
    double risk = constant;
    for (uint64_t j = 0; j < p; j++) {
      double *const row = state->gram + j * stride;
      const double fj = field[j], hj = h[j], sj = s[j], m = state->overlap[j];
      VD part[ESC_PARTS];
      double parts[16];
      EACH part[i] = (VD)(0);
      for (uint64_t l = 0; l < j; l += 16) EACH {
          const uint64_t k = l + (uint64_t)(i * ESC_WIDTH);
          VD hl = FN(load)(h + k), old = FN(load)(row + k);
          VD q = old + ((hj * FN(load)(field + k) + hl * fj) + (hj * hl) * norm);
          q = (sj * FN(load)(s + k)) * q;
          VD term = FN(load)(share + k) * (q * q);
          if (l + 16 > j) {
            VI after = ~FN(wide_after)(k, j - 1);
            q = after ? q : old;
            term = after ? term : (VD)(0);
          }
          FN(store)(row + k, q);
          part[i] += term;
        }
      EACH FN(store)(parts + i * ESC_WIDTH, part[i]);
      row[j] = 1;
      risk += ESC_RISK_TERM(share[j], m, FN(sum16)(parts));
    }
    state->risk = risk;
    state->step++;
    double *swap = sum;
    sum = coming, coming = swap;
    swap = now;
    now = next, next = swap;
    if (!isfinite(total) || !isfinite(risk)) event = ESC_EVENT_DIVERGED;
    else if (crossed || risk <= target) event = ESC_EVENT_CROSSED;
  }
  FN(source_close)(&reached, &state->generators);
  return event;
}
#undef EACH
