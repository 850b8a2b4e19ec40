#include "squares_diffusion_kernel.h"

#include "counter_stream.h"
#include "lanes.h"
#include "squares_risk.h"

// The arrays of one group of lanes, each at the group's first lane. n×n arrays are row-major.
typedef struct {
  uint64_t p, n;
  double unit_rate, label_noise;
  const double *a;
  // Overlaps by rows (m_j, Q_j1 … Q_jj): where the step begins, its increments, drifts, what the
  // drift predicts, and the gradient of the risk; then Σ_a L_ja L_la β_aᵐ for m = 1 … 4.
  double *state, *moved, *drift, *finite, *predicted, *slope, *power[4];
  // Column a of L is row a here: L_ia at [a·n + i].
  double *field;
  // S by its lower triangle, then its diagonal doubled, and the diagonal's powers.
  double *form, *beta[4];
  // U, V and their products with L, n×n.
  double *linear, *quadratic, *first, *second;
  // Lower triangle of the diagonal's covariance; 2n numbers each: means, inverse pivots, normals.
  double *cover, *mean, *inverse, *normal;
  // D_1 … D_4, one number each.
  double *series;
} EscDiffusionWork;

#define ROW(j) ((j) * ((j) + 3) / 2)
#define TRIANGLE(i, j) ((i) * ((i) + 1) / 2 + (j))

static uint64_t overlap_count(uint64_t p) { return p * (p + 3) / 2; }

static EscDiffusionWork divide(
    const EscSquaresDiffusion *diffusion, EscSquaresDiffusionLanes *lanes, int lane) {
  const uint64_t p = diffusion->width, n = p + 1, t = overlap_count(p), all = n * n;
  double *next = lanes->scratch + lane;
  EscDiffusionWork work = {
      .p = p, .n = n, .unit_rate = diffusion->learning_rate / (double)p, .label_noise = diffusion->label_noise,
      .a = diffusion->weights, .state = lanes->overlaps + lane};
#define TAKE(array, count) (work.array = next, next += (count) * ESC_LANES)
  TAKE(moved, t), TAKE(drift, t), TAKE(finite, t), TAKE(predicted, t), TAKE(slope, t);
  for (int m = 0; m < 4; m++) TAKE(power[m], t), TAKE(beta[m], n);
  TAKE(field, all), TAKE(form, TRIANGLE(n, 0));
  TAKE(linear, all), TAKE(quadratic, all), TAKE(first, all), TAKE(second, all);
  TAKE(cover, TRIANGLE(2 * n, 0)), TAKE(mean, 2 * n), TAKE(inverse, 2 * n), TAKE(normal, 2 * n);
  TAKE(series, 4);
#undef TAKE
  return work;
}

uint64_t esc_squares_diffusion_size(uint64_t p) {
  const uint64_t n = p + 1;
  return (10 * overlap_count(p) + 4 * n + 5 * n * n + TRIANGLE(n, 0) + TRIANGLE(2 * n, 0) + 6 * n + 4)
         * ESC_LANES;
}

#define ESC_TEMPLATE "squares_diffusion_template.h"
#include "each_instruction_set.h"

double esc_squares_diffusion_begin(
    const EscSquaresDiffusion *diffusion, EscSquaresDiffusionLanes *lanes, int lane) {
  const uint64_t p = diffusion->width;
  const double *a = diffusion->weights;
  const double width = (double)p;
  double risk = esc_risk_constant(a, p);
  for (uint64_t j = 0; j < p; j++) {
    const double *row = lanes->overlaps + ROW(j) * ESC_LANES + lane;
    double squares = 0, m = row[0];
    for (uint64_t l = 0; l < j; l++) {
      double q = row[(l + 1) * ESC_LANES];
      squares += (a[l] / width) * (q * q);
    }
    risk += ESC_RISK_TERM(a[j] / width, m, squares);
  }
  lanes->risk[lane] = risk;
  return risk;
}

static EscEvent judge(
    const EscSquaresDiffusion *diffusion, const EscRoundKeys *keys,
    const EscSquaresDiffusionLanes *lanes, int i) {
  double risk = lanes->risk[i], spread = lanes->spread[i];
  if (!isfinite(risk)) return ESC_EVENT_DIVERGED;
  double line = lanes->target[i] - diffusion->shift * sqrt(spread);
  if (risk <= line) return ESC_EVENT_CROSSED;
  double above = lanes->previous[i] - line;
  return diffusion->bridge
                 && esc_bridge_touches(
                     keys, lanes->stream[i], lanes->step[i] - 1, above, risk - line, spread)
             ? ESC_EVENT_BRIDGED
             : ESC_EVENT_NONE;
}

static uint32_t judge_all(
    const EscSquaresDiffusion *diffusion, const EscRoundKeys *keys,
    EscSquaresDiffusionLanes *lanes) {
  uint32_t events = 0;
  for (int i = 0; i < ESC_LANES; i++)
    events |= ESC_SETTLE(lanes, i, judge(diffusion, keys, lanes, i));
  return events;
}

uint32_t esc_squares_diffusion_advance(
    const EscSquaresDiffusion *diffusion, EscSquaresDiffusionLanes *lanes, uint64_t steps,
    EscInstructionSet instructions) {
  EscRoundKeys keys = esc_round_keys(diffusion->seed);
  esc_start_lanes(&keys, &lanes->generators, lanes->stream, lanes->step);
  uint32_t events = 0;
  for (int i = 0; i < ESC_LANES; i++)
    events |= ESC_SETTLE(
        lanes, i, isfinite(lanes->risk[i]) ? ESC_EVENT_NONE : ESC_EVENT_DIVERGED);
  ESC_ADVANCE(
      lanes, steps, events, judge_all(diffusion, &keys, lanes),
      ESC_DISPATCH(instructions, squares_diffusion_run, diffusion, lanes, ESC_RUN(lanes, steps)));
  return events;
}
