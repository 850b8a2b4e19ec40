#include "network_chain_kernel.h"

#include "counter_stream.h"

#define ESC_TEMPLATE "network_chain_template.h"
#include "each_level.h"

uint64_t esc_network_lanes_size(uint64_t width) {
  return (width + width * (width + 1) + 7 * width + 8) * ESC_LANES;
}

void esc_network_begin(const EscNetwork *network, EscNetworkLanes *lanes, int lane) {
  const uint64_t p = network->width;
  const double *a = network->weights, *m = lanes->overlap + lane, *b = lanes->factor + lane;
  double *q = lanes->gram + lane, trace = 1, risk = 1, width = (double)p;
  for (uint64_t j = 0; j < p; j++) {
    for (uint64_t l = 0; l <= j; l++, q += ESC_LANES) {
      double sum = m[j * ESC_LANES] * m[l * ESC_LANES];
      for (uint64_t i = 0; i <= l; i++) {
        uint64_t column = i * p - i * (i - 1) / 2 - i;
        sum += b[(column + j) * ESC_LANES] * b[(column + l) * ESC_LANES];
      }
      *q = sum;
      risk += (j == l ? 1.0 : 2.0) * (a[j] / width) * (a[l] / width) * (sum * sum);
      if (j == l) trace -= a[j] / width * sum;
    }
    risk -= 2.0 * (a[j] / width) * (m[j * ESC_LANES] * m[j * ESC_LANES]);
  }
  lanes->risk[lane] = 0.5 * trace * trace + risk;
}

static uint32_t classify(const EscNetwork *network, EscNetworkLanes *lanes) {
  uint32_t events = 0;
  for (int i = 0; i < ESC_LANES; i++) {
    int crossed = lanes->risk[i] <= lanes->target[i];
    double total = lanes->risk[i];
    for (uint64_t j = 0; j < network->width; j++) {
      double m = lanes->overlap[j * ESC_LANES + (uint64_t)i];
      total += m;
      crossed |= !(fabs(m) < lanes->boundary[i]);
    }
    uint8_t event = ESC_EVENT_NONE;
    if (!isfinite(total)) event = ESC_EVENT_DIVERGED;
    else if (crossed) event = ESC_EVENT_CROSSED;
    else if (lanes->step[i] >= lanes->horizon[i]) event = ESC_EVENT_HORIZON;
    lanes->event[i] = event;
    if (event) events |= 1u << i;
  }
  return events;
}

uint32_t esc_network_advance(
    const EscNetwork *network, EscNetworkLanes *lanes, uint64_t steps, EscLevel level) {
  EscRoundKeys keys = esc_round_keys(network->seed);
  EscChiSquare chi = esc_chi_square(network->dimension - network->width - 1);
  esc_start_lanes(&keys, &lanes->generators, lanes->stream, lanes->step);
  uint32_t events = classify(network, lanes);
  while (!events && steps > 0) {
    uint64_t run = steps;
    for (int i = 0; i < ESC_LANES; i++) {
      uint64_t left = lanes->horizon[i] - lanes->step[i];
      if (left < run) run = left;
    }
    steps -= ESC_DISPATCH(level, network_run, &keys, &chi, network, lanes, run);
    events = classify(network, lanes);
  }
  return events;
}
