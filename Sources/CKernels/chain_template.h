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

// One step's numbers for ESC_WIDTH lanes: g1, g2, noise z and |input|^2. (w0, w1) holds the block
// at `index` on entry and the one at index + 2, the next step's, on return.
ESC_INLINE void FN(chain_generate)(
    const EscRoundKeys *keys, const EscChiSquare *chi, const FN(Prefix) *prefix, double noise,
    VU index, const uint64_t *stream, VU *w0, VU *w1, double *out) {
  VD g1, g2, z, x, square, unused, value;
  FN(pair_and_block)(keys, prefix, index + 1, w0, w1, &g1, &g2, &square);
  VU w3 = *w1;
  FN(store)(out, g1);
  FN(store)(out + ESC_LANES, g2);
  ESC_FENCE;
  FN(pair_and_block)(keys, prefix, index + 2, w0, w1, &z, &x, &unused);
  if (chi->degrees >= 2) {
    VD w = chi->offset + chi->tilt * x, x2 = x * x;
    value = (w * w) * w;
    VD spare = (VD)((w3 & ESC_SPARE) | ESC_BITS_TWO52) - 4503599627370496.0;
    VI kept = spare > chi->guard * (x2 * x2);
    if (__builtin_expect(!FN(all)(kept), 0)) {
      uint64_t k[ESC_WIDTH], u[ESC_WIDTH], good[ESC_WIDTH];
      double xs[ESC_WIDTH], values[ESC_WIDTH];
      FN(store_words)(k, index), FN(store_words)(u, w3), FN(store_words)(good, (VU)kept);
      FN(store)(xs, x), FN(store)(values, value);
      esc_chi_square_redraw(chi, keys, ESC_WIDTH, good, stream, k, xs, u, values);
      value = FN(load)(values);
    }
  } else {
    value = chi->degrees ? x * x : (VD)(0);
  }
  FN(store)(out + 2 * ESC_LANES, noise * z);
  FN(store)(out + 3 * ESC_LANES, square + value);
}

// Takes at most `steps` steps, over which the high half of no lane's block index may change.
static uint64_t FN(chain_run)(
    const EscRoundKeys *keys, const EscChiSquare *chi, const double gain, const double weight,
    const double noise, EscChainLanes *lanes, uint64_t steps) {
  _Alignas(64) double numbers[ESC_AHEAD][4][ESC_LANES];
  FN(Prefix) prefix[ESC_LANES / ESC_WIDTH];
  VU index[ESC_LANES / ESC_WIDTH], w0[ESC_LANES / ESC_WIDTH], w1[ESC_LANES / ESC_WIDTH];
  VD m[ESC_LANES / ESC_WIDTH], boundary[ESC_LANES / ESC_WIDTH];
  EACH {
    m[i] = FN(load)(lanes->overlap + ESC_WIDTH * i);
    boundary[i] = FN(load)(lanes->boundary + ESC_WIDTH * i);
    index[i] = FN(load_words)(lanes->step + ESC_WIDTH * i) * 2;
    prefix[i] = FN(prefix)(keys, index[i] >> 32, FN(load_words)(lanes->stream + ESC_WIDTH * i));
    FN(block)(keys, &prefix[i], index[i], &w0[i], &w1[i]);
  }
  uint64_t n = 0;
  int going = 1;
  while (going && n < steps) {
    int ahead = steps - n < ESC_AHEAD ? (int)(steps - n) : ESC_AHEAD;
#pragma clang loop unroll(disable)
    for (int i = 0; i < ESC_LANES / ESC_WIDTH; i++) {
#pragma clang loop unroll(disable)
      for (int k = 0; k < ahead; k++) {
        ESC_FENCE;
        FN(chain_generate)(
            keys, chi, &prefix[i], noise, index[i], lanes->stream + i * ESC_WIDTH, &w0[i], &w1[i],
            numbers[k][0] + i * ESC_WIDTH);
        index[i] += 2;
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
        m[i] = (m[i] + h * g1) * FN(inverse_root)(q);
        going &= FN(all)(FN(abs)(m[i]) < boundary[i]);
      }
    }
  }
  EACH FN(store)(lanes->overlap + ESC_WIDTH * i, m[i]);
  for (int i = 0; i < ESC_LANES; i++) lanes->step[i] += n;
  return n;
}
#undef EACH
