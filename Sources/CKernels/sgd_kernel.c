#include "sgd_kernel.h"

#include <math.h>

#define ESC_TEMPLATE "sgd_template.h"
#include "each_instruction_set.h"

uint64_t esc_sgd_stride(uint64_t dimension) { return (dimension + 31) / 32 * 32; }

static double sgd_risk(const EscSquares *sgd, const EscSgdState *state) {
  const uint64_t p = sgd->width;
  double trace = 1, square = 1, width = (double)p;
  for (uint64_t j = 0; j < p; j++) {
    double a = sgd->weights[j] / width;
    trace -= a * state->gram[j * p + j];
    square -= 2.0 * a * (state->overlap[j] * state->overlap[j]);
    for (uint64_t l = 0; l < p; l++) {
      double g = state->gram[j * p + l];
      square += a * (sgd->weights[l] / width) * (g * g);
    }
  }
  return 0.5 * trace * trace + square;
}

void esc_sgd_begin(const EscSquares *sgd, EscSgdState *state, EscInstructionSet instructions) {
  const uint64_t p = sgd->width, d = sgd->dimension, stride = esc_sgd_stride(d);
  for (uint64_t i = 0; i < 2 * stride; i++) state->input[i] = 0;
  for (uint64_t j = 0; j < p; j++) {
    state->pending[j] = 0;
    for (uint64_t i = d; i < stride; i++) state->vectors[j * stride + i] = 0;
  }
  ESC_DISPATCH(instructions, sgd_normalise, sgd, state, state->input);
  for (uint64_t j = 0; j < p; j++)
    state->overlap[j] = state->vectors[j * stride] * (1.0 / sqrt((double)d));
  state->risk = sgd_risk(sgd, state);
}

void esc_sgd_weights(const EscSquares *sgd, const EscSgdState *state, double *out) {
  const uint64_t d = sgd->dimension, stride = esc_sgd_stride(d);
  const double *input = state->input + (state->step % 2 ? stride : 0);
  for (uint64_t j = 0; j < sgd->width; j++)
    for (uint64_t i = 0; i < d; i++)
      out[j * d + i] =
          state->scale[j] * (state->vectors[j * stride + i] + state->pending[j] * input[i]);
}

EscEvent esc_sgd_advance(
    const EscSquares *sgd, EscSgdState *state, EscPrecision precision, double boundary,
    double target, uint64_t steps, EscInstructionSet instructions) {
  if (precision == ESC_SINGLE)
    return sgd->width == 1
               ? ESC_DISPATCH(instructions, sgd_one_single, sgd, state, boundary, target, steps)
               : ESC_DISPATCH(instructions, sgd_rows_single, sgd, state, boundary, target, steps);
  return sgd->width == 1
             ? ESC_DISPATCH(instructions, sgd_one, sgd, state, boundary, target, steps)
             : ESC_DISPATCH(instructions, sgd_rows, sgd, state, boundary, target, steps);
}
