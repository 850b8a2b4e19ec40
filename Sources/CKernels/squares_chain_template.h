// The chain of squares_chain_kernel.h: ESC_WIDTH replicas abreast, group after group.
#include "vector_math.h"

#define ESC_GROUPS (ESC_LANES / ESC_WIDTH)
#define AT(array, k) ((array) + (k) * ESC_LANES + lane)

// Takes at most `steps` steps.
static uint64_t FN(squares_run)(
    const EscRoundKeys *keys, const EscChiSquare *chi, const EscSquares *constants,
    EscSquaresLanes *lanes, uint64_t steps) {
  const uint64_t p = constants->width, pairs = p / 2 + 2;
  const double width = (double)p, *a = constants->weights;
  // Scratch, a column of lanes each: normals (g_t, z, x, g…), then λ, h, s, S, T.
  double *const normal = lanes->scratch, *const field = normal + (p + 4) * ESC_LANES;
  double *const h = field + p * ESC_LANES, *const s = h + p * ESC_LANES;
  double *const sum = s + p * ESC_LANES, *const tail = sum + p * ESC_LANES;
  double *const w = tail + (p + 1) * ESC_LANES;
  FN(Generator) generator[ESC_GROUPS];
  VU w0[ESC_GROUPS], w1[ESC_GROUPS];
  const double constant = esc_risk_constant(a, p);
  for (int group = 0; group < ESC_GROUPS; group++) {
    generator[group] = FN(generator)(&lanes->generators, group * ESC_WIDTH);
    FN(words)(&generator[group], &w0[group], &w1[group]);
  }
  uint64_t n = 0;
  int going = 1;
  while (going && n < steps) {
#pragma clang loop unroll(disable)
    for (int group = 0; group < ESC_GROUPS; group++) {
      const int lane = group * ESC_WIDTH;
      VU word = w1[group];
#pragma clang loop unroll(disable)
      for (uint64_t b = 0; b < pairs; b++) {
        ESC_FENCE;
        VD one, two, unused;
        if (b == 1) word = w1[group];
        FN(pair_and_words)(&generator[group], &w0[group], &w1[group], &one, &two, &unused);
        FN(store)(AT(normal, 2 * b), one);
        FN(store)(AT(normal, 2 * b + 1), two);
      }
      const double *const g = normal + 3 * ESC_LANES;
      const VD gt = FN(load)(AT(normal, 0)), z = FN(load)(AT(normal, 1));
      VD t = FN(chi_square)(
          keys, chi, lanes->stream + lane, FN(load_words)(lanes->step + lane) + n,
          FN(load)(AT(normal, 2)), word);
      FN(store)(AT(tail, p), t);
      for (uint64_t i = p; i-- > 0;) {
        VD gi = FN(load)(AT(g, i));
        t = t + gi * gi;
        FN(store)(AT(tail, i), t);
      }
      const VD star = gt * gt, norm = star + t;
      const double *column = lanes->factor;
      for (uint64_t j = 0; j < p; j++) FN(store)(AT(sum, j), (VD)(0));
      for (uint64_t i = 0; i < p; i++) {
        VD gi = FN(load)(AT(g, i));
#pragma clang loop unroll(disable)
        for (uint64_t j = i; j < p; j++, column += ESC_LANES)
          FN(store)(AT(sum, j), FN(load)(AT(sum, j)) + FN(load)(AT(column, 0)) * gi);
      }
      VD output = 0;
      for (uint64_t j = 0; j < p; j++) {
        VD f = FN(load)(AT(lanes->overlap, j)) * gt + FN(load)(AT(sum, j));
        FN(store)(AT(field, j), f);
        output += (a[j] * f) * f;
      }
      const VD error = (star - output / width) + constants->label_noise_deviation * z;
      const VD inverse = FN(inverse_root)(t), r = t * inverse;
      VI outside = 0;
      const VD boundary = FN(load)(lanes->boundary + lane);
      for (uint64_t j = 0; j < p; j++) {
        const double gain = 2.0 * (constants->learning_rate / width) * a[j] / (double)constants->dimension;
        VD f = FN(load)(AT(field, j)), hj = (gain * error) * f;
        VD sj = FN(inverse_root)(1.0 + hj * ((f + f) + hj * norm));
        VD m = sj * (FN(load)(AT(lanes->overlap, j)) + hj * gt);
        FN(store)(AT(h, j), hj);
        FN(store)(AT(s, j), sj);
        FN(store)(AT(lanes->overlap, j), m);
        FN(store)(AT(w, j), hj * r + FN(load)(AT(sum, j)) * inverse);
        outside |= ~(FN(abs)(m) < boundary);
      }
      double *entry = lanes->factor;
      for (uint64_t i = 0; i < p; i++) {
        const VD gi = FN(load)(AT(g, i)), below = FN(load)(AT(tail, i + 1));
        const VD v = FN(inverse_root)(FN(load)(AT(tail, i)) * below);
        const VD alpha = below * v, beta = gi * v;
        const VD x = FN(load)(AT(entry, 0)) * alpha, y = FN(load)(AT(w, i));
        const VD square = x * x + y * y, root = FN(inverse_root)(square);
        const VI regular = square > 1e-290;
        const VD c = regular ? x * root : (VD)(1), sine = regular ? y * root : (VD)(0);
        FN(store)(AT(entry, 0), FN(load)(AT(s, i)) * (square * root));
        entry += ESC_LANES;
#pragma clang loop unroll(disable)
        for (uint64_t j = i + 1; j < p; j++, entry += ESC_LANES) {
          VD b = FN(load)(AT(entry, 0)), sj = FN(load)(AT(sum, j)) - b * gi;
          VD cj = b * alpha - sj * beta, wj = FN(load)(AT(w, j));
          FN(store)(AT(sum, j), sj);
          FN(store)(AT(entry, 0), FN(load)(AT(s, j)) * (c * cj + sine * wj));
          FN(store)(AT(w, j), c * wj - sine * cj);
        }
      }
      double *q = lanes->gram;
      VD risk = constant;
      for (uint64_t j = 0; j < p; j++) {
        const VD fj = FN(load)(AT(field, j)), hj = FN(load)(AT(h, j)), sj = FN(load)(AT(s, j));
        const VD m = FN(load)(AT(lanes->overlap, j));
        VD squares = 0;
#pragma clang loop unroll(disable)
        for (uint64_t l = 0; l < j; l++, q += ESC_LANES) {
          VD hl = FN(load)(AT(h, l)), fl = FN(load)(AT(field, l));
          VD x = FN(load)(AT(q, 0)) + ((hj * fl + hl * fj) + (hj * hl) * norm);
          x = (sj * FN(load)(AT(s, l))) * x;
          FN(store)(AT(q, 0), x);
          squares += (a[l] / width) * (x * x);
        }
        FN(store)(AT(q, 0), (VD)(1));
        q += ESC_LANES;
        risk += ESC_RISK_TERM(a[j] / width, m, squares);
      }
      FN(store)(lanes->risk + lane, risk);
      VI calm = (risk > FN(load)(lanes->target + lane)) & ~outside;
      going &= FN(all)(calm);
    }
    n++;
  }
  for (int group = 0; group < ESC_GROUPS; group++)
    FN(rewind)(&generator[group], 2, &lanes->generators, group * ESC_WIDTH);
  for (int i = 0; i < ESC_LANES; i++) lanes->step[i] += n;
  return n;
}
#undef AT
#undef ESC_GROUPS
