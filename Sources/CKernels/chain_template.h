// The chain of chain_kernel.h.
//
// While the overlaps take step n, the numbers of step n + 1 are made: the step is a long chain of
// dependent operations with two roots in it, and its statements stand in the gaps of the generator.
#include "vector_math.h"

#define ESC_GROUPS (ESC_LANES / ESC_WIDTH)

// What a step needs that does not depend on the overlap: g1, g2, noise z and |input|^2.
typedef struct {
  VD g1, g2, z, norm;
} FN(Numbers);

// Takes at most `steps` steps.
static uint64_t FN(chain_run)(
    const EscRoundKeys *keys, const EscChiSquare *chi, const double gain, const double weight,
    const double deviation, EscChainLanes *lanes, uint64_t steps) {
  FN(Generator) generator[ESC_GROUPS];
  FN(Numbers) number[ESC_GROUPS];
  VU step[ESC_GROUPS], w0[ESC_GROUPS], w1[ESC_GROUPS];
  VD m[ESC_GROUPS];
  for (int i = 0; i < ESC_GROUPS; i++) {
    const uint64_t *stream = lanes->stream + ESC_WIDTH * i;
    VD square, x, unused;
    m[i] = FN(load)(lanes->overlap + ESC_WIDTH * i);
    step[i] = FN(load_words)(lanes->step + ESC_WIDTH * i);
    generator[i] = FN(generator)(&lanes->generators, ESC_WIDTH * i);
    FN(words)(&generator[i], &w0[i], &w1[i]);
    FN(pair_and_words)(
        &generator[i], &w0[i], &w1[i], &number[i].g1, &number[i].g2, &square);
    VU word = w1[i];
    FN(pair_and_words)(&generator[i], &w0[i], &w1[i], &number[i].z, &x, &unused);
    number[i].z *= deviation;
    number[i].norm = square + FN(chi_square)(keys, chi, stream, step[i], x, word);
  }
  uint64_t n = 0;
  int going = 1;
  while (going && n < steps) {
#pragma clang loop unroll(disable)
    for (int i = 0; i < ESC_GROUPS; i++) {
      ESC_FENCE;
      const FN(Numbers) now = number[i];
      FN(Generator) *const g = &generator[i];
      VD b, field, error, h, q, half, inverse, old = m[i], square, x, unused;
      ESC_PAIR_AND_WORDS(
          g, w0[i], w1[i], number[i].g1, number[i].g2, square,
          b = 1.0 - old * old; ESC_PIN(b);,
          b = FN(root)(b > 0.0 ? b : (VD)(0)); ESC_PIN(b);,
          ,
          field = old * now.g1 + b * now.g2; ESC_PIN(field);,
          error = now.g1 * now.g1 - (weight * field) * field; ESC_PIN(error);,
          h = (gain * (error + now.z)) * field; ESC_PIN(h);,
          ,
          q = (field + field) + h * now.norm; ESC_PIN(q); q = 1.0 + h * q; ESC_PIN(q););
      VU word = w1[i];
      ESC_PAIR_AND_WORDS(
          g, w0[i], w1[i], number[i].z, x, unused,
          inverse = (VD)(ESC_INVERSE_ROOT - ((VU)q >> 1)); half = 0.5 * q; ESC_PIN(inverse);,
          inverse = inverse * (1.5 - half * (inverse * inverse)); ESC_PIN(inverse);,
          ,
          inverse = inverse * (1.5 - half * (inverse * inverse)); ESC_PIN(inverse);,
          ,
          inverse = inverse * (1.5 - half * (inverse * inverse)); ESC_PIN(inverse);,
          ,
          inverse = inverse * (1.5 - half * (inverse * inverse)); ESC_PIN(inverse););
      number[i].z *= deviation;
      m[i] = (old + h * now.g1) * inverse;
      step[i] += 1;
      number[i].norm = square
                       + FN(chi_square)(
                           keys, chi, lanes->stream + ESC_WIDTH * i, step[i], x, word);
      going &= FN(all)(FN(abs)(m[i]) < FN(load)(lanes->boundary + ESC_WIDTH * i));
    }
    n++;
  }
  for (int i = 0; i < ESC_GROUPS; i++) {
    FN(store)(lanes->overlap + ESC_WIDTH * i, m[i]);
    FN(rewind)(&generator[i], 6, &lanes->generators, ESC_WIDTH * i);
  }
  for (int i = 0; i < ESC_LANES; i++) lanes->step[i] += n;
  return n;
}
#undef ESC_GROUPS
