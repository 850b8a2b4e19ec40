// The chain of chain_kernel.h.
//
// Two phases alternate: what does not depend on the overlap (numbers, |input|²) is generated for a
// few steps ahead, which keeps the multipliers busy; then the overlaps take these steps, all lanes
// abreast, which hides the latency of the roots.
#include "vector_math.h"

#ifndef ESC_AHEAD
#define ESC_AHEAD 8
#endif
#define EACH _Pragma("clang loop unroll(full)") for (int i = 0; i < ESC_LANES / ESC_WIDTH; i++)

// One step's numbers for ESC_WIDTH lanes: g1, g2, noise z and |input|^2.
ESC_INLINE void FN(chain_generate)(
    const EscRoundKeys *keys, const EscChiSquare *chi, double noise, VU index, VU stream,
    double *out) {
  VU w0, w1, w2, w3;
  VD g1, g2, z, x, value;
  FN(block)(keys, index, stream, &w0, &w1);
  FN(normal_pair)(w0, w1, &g1, &g2);
  ESC_FENCE;
  FN(block)(keys, index + 1, stream, &w2, &w3);
  FN(normal_pair)(w2, w3, &z, &x);
  if (chi->degrees >= 2) {
    VD y = chi->slope * x, w = 1.0 + y, y2 = y * y;
    value = chi->scale * ((w * w) * w);
    VD spare = (VD)((w3 & 0xffffffull) | ESC_BITS_TWO52) - 4503599627370496.0;
    VI kept = spare * (1.0 - FN(abs)(y)) > chi->guard * (y2 * y2);
    if (__builtin_expect(!FN(all)(kept), 0)) {
      uint64_t s[ESC_WIDTH], k[ESC_WIDTH], u[ESC_WIDTH], good[ESC_WIDTH];
      double xs[ESC_WIDTH], values[ESC_WIDTH];
      FN(store_words)(s, stream), FN(store_words)(k, index), FN(store_words)(u, w3);
      FN(store)(xs, x), FN(store)(values, value), FN(store_words)(good, (VU)kept);
      esc_chi_square_redraw(chi, keys, ESC_WIDTH, good, s, k, xs, u, values);
      value = FN(load)(values);
    }
  } else {
    value = chi->degrees ? x * x : (VD)(0);
  }
  FN(store)(out, g1);
  FN(store)(out + ESC_LANES, g2);
  FN(store)(out + 2 * ESC_LANES, noise * z);
  FN(store)(out + 3 * ESC_LANES, (g1 * g1 + g2 * g2) + value);
}

static uint64_t FN(chain_run)(
    const EscRoundKeys *keys, const EscChiSquare *chi, const double gain, const double weight,
    const double noise, EscChainLanes *lanes, uint64_t steps) {
  _Alignas(64) double numbers[ESC_AHEAD][4][ESC_LANES];
  VD m[ESC_LANES / ESC_WIDTH], boundary[ESC_LANES / ESC_WIDTH];
  EACH m[i] = FN(load)(lanes->overlap + ESC_WIDTH * i);
  EACH boundary[i] = FN(load)(lanes->boundary + ESC_WIDTH * i);
  uint64_t n = 0;
  int going = 1;
  while (going && n < steps) {
    int ahead = steps - n < ESC_AHEAD ? (int)(steps - n) : ESC_AHEAD;
#pragma clang loop unroll(disable)
    for (int i = 0; i < ESC_LANES; i += ESC_WIDTH) {
      VU stream = FN(load_words)(lanes->stream + i);
      VU index = (FN(load_words)(lanes->step + i) + n) * 2;
#pragma clang loop unroll(disable)
      for (int k = 0; k < ahead; k++, index += 2) {
        ESC_FENCE;
        FN(chain_generate)(keys, chi, noise, index, stream, numbers[k][0] + i);
      }
    }
#pragma clang loop unroll(disable)
    for (int k = 0; going && k < ahead; k++, n++) {
      EACH {
        const double *number = numbers[k][0] + i * ESC_WIDTH;
        VD g1 = FN(load)(number), g2 = FN(load)(number + ESC_LANES);
        VD c = 1.0 - m[i] * m[i];
        VD b = FN(root)(c > 0.0 ? c : (VD)(0));
        VD field = m[i] * g1 + b * g2;
        VD error = (g1 * g1 - (weight * field) * field) + FN(load)(number + 2 * ESC_LANES);
        VD h = (gain * error) * field;
        VD q = 1.0 + h * ((field + field) + h * FN(load)(number + 3 * ESC_LANES));
        m[i] = (m[i] + h * g1) / FN(root)(q);
        going &= FN(all)(FN(abs)(m[i]) < boundary[i]);
      }
    }
  }
  EACH FN(store)(lanes->overlap + ESC_WIDTH * i, m[i]);
  for (int i = 0; i < ESC_LANES; i++) lanes->step[i] += n;
  return n;
}
#undef EACH
