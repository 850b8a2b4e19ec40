#include "chain_kernel.h"

#include "lanes.h"

#define ESC_TEMPLATE "chain_template.h"
#include "each_instruction_set.h"

static uint32_t classify(EscChainLanes *lanes) {
  uint32_t events = 0;
  for (int i = 0; i < ESC_LANES; i++) {
    double m = lanes->overlap[i];
    EscEvent event = isfinite(m) ? ESC_EVENT_NONE : ESC_EVENT_DIVERGED;
    if (!event && !(fabs(m) < lanes->boundary[i])) event = ESC_EVENT_CROSSED;
    events |= ESC_SETTLE(lanes, i, event);
  }
  return events;
}

uint32_t esc_chain_advance(
    const EscChain *chain, EscChainLanes *lanes, uint64_t steps, EscInstructionSet instructions) {
  EscRoundKeys keys = esc_round_keys(chain->seed);
  EscChiSquare chi = esc_chi_square(chain->dimension - 2);
  double gain = 2.0 * chain->learning_rate * chain->weight / (double)chain->dimension;
  esc_start_lanes(&keys, &lanes->generators, lanes->stream, lanes->step);
  uint32_t events = classify(lanes);
  ESC_ADVANCE(
      lanes, steps, events, classify(lanes),
      ESC_DISPATCH(
          instructions, chain_run, &keys, &chi, gain, chain->weight, chain->label_noise_deviation, lanes,
          ESC_RUN(lanes, steps)));
  return events;
}
