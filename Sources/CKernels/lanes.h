// How kernels with lanes go on: all lanes by the same number of steps, until one has an event.
#ifndef ESCAPEMENT_LANES_H
#define ESCAPEMENT_LANES_H

#include "include/random_stream.h"

// At most `steps` steps, none beyond a lane's horizon.
static inline uint64_t esc_common_steps(
    const uint64_t step[ESC_LANES], const uint64_t horizon[ESC_LANES], uint64_t steps) {
  for (int i = 0; i < ESC_LANES; i++) {
    uint64_t left = horizon[i] - step[i];
    if (left < steps) steps = left;
  }
  return steps;
}
#define ESC_RUN(lanes, steps) esc_common_steps((lanes)->step, (lanes)->horizon, steps)

// Notes a lane's event, its horizon where there is no other; returns its bit in the set of lanes with an event.
static inline uint32_t esc_settle(
    uint8_t *events, const uint64_t *step, const uint64_t *horizon, int lane, EscEvent event) {
  if (event == ESC_EVENT_NONE && step[lane] >= horizon[lane]) event = ESC_EVENT_HORIZON;
  events[lane] = (uint8_t)event;
  return event == ESC_EVENT_NONE ? 0 : 1u << lane;
}
#define ESC_SETTLE(lanes, lane, found) \
  esc_settle((lanes)->event, (lanes)->step, (lanes)->horizon, lane, found)

// Takes steps, `taken` of them a round, until `classify` finds events or `steps` are spent; `events` are those at the start,
// then those found.
#define ESC_ADVANCE(lanes, steps, events, classify, taken) \
  while (!(events) && (steps) > 0) {                       \
    (steps) -= (taken);                                    \
    (events) = (classify);                                 \
  }

#endif
