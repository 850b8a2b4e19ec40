#include "chain_kernel.h"

#define ESC_TEMPLATE "chain_template.h"
#include "each_level.h"

static uint32_t classify(EscChainLanes *lanes) {
  uint32_t events = 0;
  for (int i = 0; i < ESC_LANES; i++) {
    double m = lanes->overlap[i];
    uint8_t event = ESC_EVENT_NONE;
    if (!isfinite(m)) event = ESC_EVENT_DIVERGED;
    else if (!(fabs(m) < lanes->boundary[i])) event = ESC_EVENT_CROSSED;
    else if (lanes->step[i] >= lanes->horizon[i]) event = ESC_EVENT_HORIZON;
    lanes->event[i] = event;
    if (event) events |= 1u << i;
  }
  return events;
}

uint32_t esc_chain_advance(
    const EscChain *chain, EscChainLanes *lanes, uint64_t steps, EscLevel level) {
  EscRoundKeys keys = esc_round_keys(chain->seed);
  EscChiSquare chi = esc_chi_square(chain->dimension - 2);
  double gain = 2.0 * chain->rate * chain->weight / (double)chain->dimension;
  esc_start_lanes(&keys, &lanes->generators, lanes->stream, lanes->step);
  uint32_t events = classify(lanes);
  while (!events && steps > 0) {
    uint64_t run = steps;
    for (int i = 0; i < ESC_LANES; i++) {
      uint64_t left = lanes->horizon[i] - lanes->step[i];
      if (left < run) run = left;
    }
    steps -= ESC_DISPATCH(
        level, chain_run, &keys, &chi, gain, chain->weight, chain->noise, lanes, run);
    events = classify(lanes);
  }
  return events;
}
