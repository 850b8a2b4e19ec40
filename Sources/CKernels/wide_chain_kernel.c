#include "wide_chain_kernel.h"

#include "counter_stream.h"
#include "squares_risk.h"

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
#include "each_instruction_set.h"

void esc_wide_begin(const EscSquares *constants, EscWideState *state) {
  state->risk = esc_squares_start(
      constants->weights, constants->width, state->overlap, state->factor, state->gram, 1,
      esc_wide_stride(constants->width));
}

EscEvent esc_wide_advance(
    const EscSquares *constants, EscWideState *state, double boundary, double target,
    uint64_t steps, EscInstructionSet instructions) {
  EscRoundKeys keys = esc_round_keys(constants->seed);
  EscChiSquare chi = esc_chi_square(constants->dimension - constants->width - 1);
  if (state->step == 0) esc_start_replica(&keys, &state->generators, state->stream);
  return ESC_DISPATCH(
      instructions, wide_run, &keys, &chi, constants, state, boundary, target, steps);
}
