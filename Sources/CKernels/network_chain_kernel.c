#include "network_chain_kernel.h"

#include "counter_stream.h"
#include "lanes.h"

// Steps after which a lane's Q is taken anew.
#define ESC_REFRESH 4096

static inline uint64_t triangle(uint64_t p) { return p * (p + 1) / 2; }

static inline uint64_t largest(uint64_t a, uint64_t b) { return a > b ? a : b; }

// Where the e_n of the students stand in scratch.
static inline uint64_t esc_network_shapes(const EscNetwork *net) {
  const uint64_t p = net->width, k = net->units;
  return (2 * k + 11 * p + 4 + largest(k, net->target.factor_count)) * ESC_LANES;
}

#define ESC_TEMPLATE "network_chain_template.h"
#include "each_instruction_set.h"

void esc_function(
    const EscFunction *function, const double *x, double *value, double *slope, EscInstructionSet instructions) {
  ESC_DISPATCH(instructions, function_lanes, function, x, value, slope);
}

void esc_arcsine(const double *x, double *out, EscInstructionSet instructions) {
  ESC_DISPATCH(instructions, arcsine_lanes, x, out);
}

uint64_t esc_network_lanes_size(const EscNetwork *net) {
  const uint64_t p = net->width;
  const uint64_t state = (p * net->units + 2 * triangle(p) + p) * ESC_LANES;
  return state + esc_network_shapes(net) + p * net->risk.shape_count * ESC_LANES;
}

void esc_network_lanes_open(const EscNetwork *net, EscNetworkLanes *lanes, double *memory) {
  const uint64_t p = net->width;
  lanes->axes = memory;
  lanes->factor = lanes->axes + p * net->units * ESC_LANES;
  lanes->gram = lanes->factor + triangle(p) * ESC_LANES;
  lanes->layer = lanes->gram + triangle(p) * ESC_LANES;
  lanes->scratch = lanes->layer + p * ESC_LANES;
}

// Q of a lane from [C B], its rows first made of length 1 where the constraint does.
static void refresh(const EscNetwork *net, EscNetworkLanes *lanes, int lane) {
  const uint64_t p = net->width, k = net->units;
  double *const c = lanes->axes + lane, *const b = lanes->factor + lane;
  double *q = lanes->gram + lane;
#define AT(array, i) (array)[(i) * ESC_LANES]
#define PLACE(row, column) ((column) * p - (column) * ((column) - 1) / 2 + (row) - (column))
  for (uint64_t j = 0; j < p && net->keeps_norm; j++) {
    double square = 0;
    for (uint64_t r = 0; r < k; r++) square += AT(c, j * k + r) * AT(c, j * k + r);
    for (uint64_t i = 0; i <= j; i++) square += AT(b, PLACE(j, i)) * AT(b, PLACE(j, i));
    const double scale = 1.0 / sqrt(square);
    for (uint64_t r = 0; r < k; r++) AT(c, j * k + r) *= scale;
    for (uint64_t i = 0; i <= j; i++) AT(b, PLACE(j, i)) *= scale;
  }
  for (uint64_t l = 0; l < p; l++)
    for (uint64_t j = l; j < p; j++, q += ESC_LANES) {
      double sum = 0;
      for (uint64_t r = 0; r < k; r++) sum += AT(c, j * k + r) * AT(c, l * k + r);
      for (uint64_t i = 0; i <= l; i++) sum += AT(b, PLACE(j, i)) * AT(b, PLACE(l, i));
      *q = sum;
    }
#undef AT
#undef PLACE
}

double esc_network_risk(
    const EscNetwork *net, EscNetworkLanes *lanes, int lane, EscInstructionSet instructions) {
  double all[ESC_LANES];
  ESC_DISPATCH(instructions, network_risks, net, lanes, all);
  return all[lane];
}

void esc_network_begin(const EscNetwork *net, EscNetworkLanes *lanes, int lane, EscInstructionSet instructions) {
  refresh(net, lanes, lane);
  lanes->risk[lane] = esc_network_risk(net, lanes, lane, instructions);
}

static uint32_t classify(const EscNetwork *net, EscNetworkLanes *lanes) {
  uint32_t events = 0;
  for (int i = 0; i < ESC_LANES; i++) {
    double trace = 0;
    const double *q = lanes->gram + i;
    for (uint64_t j = 0; j < net->width; q += (net->width - j) * ESC_LANES, j++) trace += *q;
    EscEvent event = isfinite(lanes->risk[i]) && isfinite(trace) ? ESC_EVENT_NONE : ESC_EVENT_DIVERGED;
    if (!event && lanes->watches_risk && lanes->risk[i] <= lanes->target[i])
      event = ESC_EVENT_CROSSED;
    events |= ESC_SETTLE(lanes, i, event);
  }
  return events;
}

// At most `steps` steps, none beyond a lane's next refreshment.
static uint64_t steps_to_refresh(const EscNetworkLanes *lanes, uint64_t steps) {
  for (int i = 0; i < ESC_LANES; i++) {
    const uint64_t left = ESC_REFRESH - lanes->step[i] % ESC_REFRESH;
    if (left < steps) steps = left;
  }
  return steps;
}

// Runs on, and takes anew what is due.
static uint64_t run(
    const EscRoundKeys *keys, const EscChiSquare *chi, const EscNetwork *net,
    EscNetworkLanes *lanes, uint64_t steps, EscInstructionSet instructions) {
  steps = steps_to_refresh(lanes, ESC_RUN(lanes, steps));
  const uint64_t taken = ESC_DISPATCH(instructions, network_run, keys, chi, net, lanes, steps);
  for (int i = 0; i < ESC_LANES; i++) {
    if (lanes->step[i] % ESC_REFRESH != 0) continue;
    refresh(net, lanes, i);
    if (lanes->watches_risk) lanes->risk[i] = esc_network_risk(net, lanes, i, instructions);
  }
  return taken;
}

uint32_t esc_network_advance(
    const EscNetwork *net, EscNetworkLanes *lanes, uint64_t steps, EscInstructionSet instructions) {
  EscRoundKeys keys = esc_round_keys(net->seed);
  EscChiSquare chi = esc_chi_square(net->dimension - net->width - net->units);
  esc_start_lanes(&keys, &lanes->generators, lanes->stream, lanes->step);
  uint32_t events = classify(net, lanes);
  ESC_ADVANCE(
      lanes, steps, events, classify(net, lanes), run(&keys, &chi, net, lanes, steps, instructions));
  return events;
}
