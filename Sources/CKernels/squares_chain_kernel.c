#include "squares_chain_kernel.h"

#include "counter_stream.h"
#include "lanes.h"
#include "squares_risk.h"

#define ESC_TEMPLATE "squares_chain_template.h"
#include "each_instruction_set.h"

uint64_t esc_squares_lanes_size(uint64_t width) {
  return (width + width * (width + 1) + 7 * width + 8) * ESC_LANES;
}

void esc_squares_begin(const EscSquares *constants, EscSquaresLanes *lanes, int lane) {
  lanes->risk[lane] = esc_squares_start(
      constants->weights, constants->width, lanes->overlap + lane, lanes->factor + lane,
      lanes->gram + lane, ESC_LANES, 0);
}

static uint32_t classify(const EscSquares *constants, EscSquaresLanes *lanes) {
  uint32_t events = 0;
  for (int i = 0; i < ESC_LANES; i++) {
    int crossed = lanes->risk[i] <= lanes->target[i];
    double total = lanes->risk[i];
    for (uint64_t j = 0; j < constants->width; j++) {
      double m = lanes->overlap[j * ESC_LANES + (uint64_t)i];
      total += m;
      crossed |= !(fabs(m) < lanes->boundary[i]);
    }
    EscEvent event = isfinite(total) ? ESC_EVENT_NONE : ESC_EVENT_DIVERGED;
    if (!event && crossed) event = ESC_EVENT_CROSSED;
    events |= ESC_SETTLE(lanes, i, event);
  }
  return events;
}

uint32_t esc_squares_advance(
    const EscSquares *constants, EscSquaresLanes *lanes, uint64_t steps, EscInstructionSet instructions) {
  EscRoundKeys keys = esc_round_keys(constants->seed);
  EscChiSquare chi = esc_chi_square(constants->dimension - constants->width - 1);
  esc_start_lanes(&keys, &lanes->generators, lanes->stream, lanes->step);
  uint32_t events = classify(constants, lanes);
  ESC_ADVANCE(
      lanes, steps, events, classify(constants, lanes),
      ESC_DISPATCH(instructions, squares_run, &keys, &chi, constants, lanes, ESC_RUN(lanes, steps)));
  return events;
}
