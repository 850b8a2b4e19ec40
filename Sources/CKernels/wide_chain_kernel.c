#include "wide_chain_kernel.h"

#include "counter_stream.h"

uint64_t esc_wide_stride(uint64_t width) { return (width + 15) / 16 * 16; }

// The numbers of a step that are not fields: ρ² is returned, and the label noise z.
static double wide_rest(
    const EscRoundKeys *keys, const EscChiSquare *chi, uint64_t stream, uint64_t step, double *z) {
  uint64_t word[2];
  double x;
  esc_block(keys, ESC_NOISE_REGION | step, stream, word);
  esc_normal_pair(word, z, &x);
  return esc_chi_square_value(chi, keys, stream, step, x, word[1] & ESC_SPARE);
}

#define ESC_TEMPLATE "wide_chain_template.h"
#include "each_level.h"

void esc_wide_begin(const EscNetwork *network, EscWideState *state) {
  const uint64_t p = network->width, stride = esc_wide_stride(p);
  const double *a = network->weights, *m = state->overlap;
  double trace = 1, risk = 1, width = (double)p;
  for (uint64_t j = 0; j < p; j++) {
    for (uint64_t l = 0; l <= j; l++) {
      double sum = m[j] * m[l];
      for (uint64_t i = 0; i <= l; i++)
        sum += state->factor[i * stride + j] * state->factor[i * stride + l];
      state->gram[j * stride + l] = sum;
      risk += (j == l ? 1.0 : 2.0) * (a[j] / width) * (a[l] / width) * (sum * sum);
      if (j == l) trace -= a[j] / width * sum;
    }
    risk -= 2.0 * (a[j] / width) * (m[j] * m[j]);
  }
  state->risk = 0.5 * trace * trace + risk;
}

EscEvent esc_wide_advance(
    const EscNetwork *network, EscWideState *state, double boundary, double target,
    uint64_t steps, EscLevel level) {
  EscRoundKeys keys = esc_round_keys(network->seed);
  EscChiSquare chi = esc_chi_square(network->dimension - network->width - 1);
  if (state->step == 0) esc_start_replica(&keys, &state->generators, state->stream);
  return ESC_DISPATCH(
      level, wide_run, &keys, &chi, network, state, boundary, target, steps);
}
