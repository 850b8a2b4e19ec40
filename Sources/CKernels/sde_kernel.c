#include "sde_kernel.h"

#include "counter_stream.h"
#include "lanes.h"

// The coefficients times dt and dt·s, and the number of spreads within which a bridge may touch.
typedef struct {
  double drift[5], variance[5], reach, shift;
  int scheme;
} EscFolded;

// Lanes that have an event in the pair of steps just taken, and the step (0 or 1) it came in.
typedef struct {
  uint32_t lanes;
  uint8_t event[ESC_LANES], half[ESC_LANES];
  double overlap[ESC_LANES], previous[ESC_LANES], spread[ESC_LANES];
} EscStops;

static EscFolded fold(const EscDiffusion *diffusion) {
  EscFolded folded;
  double dt = diffusion->step, variance = dt * diffusion->scale;
  for (int i = 0; i < 5; i++) {
    folded.drift[i] = dt * diffusion->drift[i];
    folded.variance[i] = variance * diffusion->variance[i];
  }
  folded.scheme = diffusion->scheme;
  folded.shift = diffusion->shift;
  // Without a bridge no distance is within reach: e ≥ −∞·V holds for every path inside.
  folded.reach = diffusion->bridge ? ESC_BRIDGE_REACH : -1e300;
  return folded;
}

static EscEvent judge(
    const EscRoundKeys *keys, int bridge, double shift, uint64_t stream, uint64_t step, double from,
    double to, double spread, double boundary) {
  if (!isfinite(to)) return ESC_EVENT_DIVERGED;
  boundary = boundary + shift * sqrt(spread > 0 ? spread : 0);
  if (!(fabs(to) < boundary)) return ESC_EVENT_CROSSED;
  if (bridge
      && esc_bridge_touches(keys, stream, step, boundary - fabs(from), boundary - fabs(to), spread))
    return ESC_EVENT_BRIDGED;
  return ESC_EVENT_NONE;
}

static __attribute__((noinline)) void sde_examine(
    const EscRoundKeys *keys, const EscFolded *folded, const EscDiffusionLanes *lanes, int lane,
    uint64_t pair, const double path[3], const double spread[2], EscStops *stops) {
  for (int half = 0; half < 2; half++) {
    EscEvent event = judge(
        keys, folded->reach > 0, folded->shift, lanes->stream[lane],
        lanes->step[lane] + 2 * pair + (uint64_t)half,
        path[half], path[half + 1], spread[half], lanes->boundary[lane]);
    if (event == ESC_EVENT_NONE) continue;
    stops->lanes |= 1u << lane;
    stops->event[lane] = (uint8_t)event;
    stops->half[lane] = (uint8_t)half;
    stops->previous[lane] = path[half];
    stops->overlap[lane] = path[half + 1];
    stops->spread[lane] = spread[half];
    return;
  }
}

// dt times the drift at m.
static double pull_at(const double *p, double m) {
  double t = m * m;
  return m * ((((p[4] * t + p[3]) * t + p[2]) * t + p[1]) * t + p[0]);
}

#define ESC_TEMPLATE "sde_template.h"
#include "each_instruction_set.h"

// One step of one lane.
static void advance_alone(
    const EscRoundKeys *keys, const EscFolded *folded, EscDiffusionLanes *lanes, int i) {
  const double *p = folded->drift, *v = folded->variance;
  double m = lanes->overlap[i], t = m * m, g[2];
  double spread = (((v[4] * t + v[3]) * t + v[2]) * t + v[1]) * t + v[0];
  uint64_t word[2], step = lanes->step[i];
  EscGenerators ahead = lanes->generators;
  for (int k = 0; k < 2; k++) word[k] = esc_generator_next(&ahead, i);
  // The next step of a pair uses the same words.
  if (step % 2) lanes->generators = ahead;
  esc_normal_pair(word, &g[0], &g[1]);
  double noise = sqrt(spread > 0 ? spread : 0) * g[step & 1], pull = pull_at(p, m);
  double to = m + (pull + noise);
  if (folded->scheme == ESC_SCHEME_DRIFT_HEUN) {
    to = m + (0.5 * (pull + pull_at(p, to)) + noise);
  } else if (folded->scheme == ESC_SCHEME_DRIFT_RUNGE_KUTTA) {
    double moved = m + noise, k2 = pull_at(p, m + 0.5 * pull);
    double k3 = pull_at(p, moved + 0.5 * k2), k4 = pull_at(p, moved + k3);
    to = m + ((1.0 / 6.0) * ((pull + k4) + 2.0 * (k2 + k3)) + noise);
  }
  lanes->event[i] = (uint8_t)judge(
      keys, folded->reach > 0, folded->shift, lanes->stream[i], step, m, to, spread,
      lanes->boundary[i]);
  lanes->previous[i] = m;
  lanes->spread[i] = spread;
  lanes->overlap[i] = to;
  lanes->step[i] = step + 1;
}

static uint32_t pending_events(EscDiffusionLanes *lanes) {
  uint32_t events = 0;
  for (int i = 0; i < ESC_LANES; i++)
    events |= ESC_SETTLE(lanes, i, (EscEvent)lanes->event[i]);
  return events;
}

uint32_t esc_diffusion_advance(
    const EscDiffusion *diffusion, EscDiffusionLanes *lanes, uint64_t steps, EscInstructionSet instructions) {
  EscRoundKeys keys = esc_round_keys(diffusion->seed);
  EscFolded folded = fold(diffusion);
  uint64_t spent[ESC_LANES] = {0};
  esc_start_lanes(&keys, &lanes->generators, lanes->stream, lanes->step);
  for (int i = 0; i < ESC_LANES; i++) {
    double m = lanes->overlap[i];
    // Beyond a boundary that stands farther while a step lasts a path may rest unnoticed.
    lanes->event[i] = !isfinite(m) ? ESC_EVENT_DIVERGED
                      : diffusion->shift == 0 && !(fabs(m) < lanes->boundary[i])
                          ? ESC_EVENT_CROSSED
                          : ESC_EVENT_NONE;
  }
  uint32_t events = pending_events(lanes);
  while (!events) {
    // Lanes that cannot take a pair take a step alone.
    uint64_t pairs = UINT64_MAX;
    for (int i = 0; i < ESC_LANES; i++) {
      uint64_t left = lanes->horizon[i] - lanes->step[i];
      if (steps - spent[i] < left) left = steps - spent[i];
      if (left > 0 && (lanes->step[i] % 2 || left == 1)) {
        advance_alone(&keys, &folded, lanes, i);
        spent[i]++, left--;
      }
      if (left / 2 < pairs) pairs = left / 2;
    }
    events = pending_events(lanes);
    if (events || pairs == 0) break;
    EscStops stops;
    stops.lanes = 0;
    uint64_t taken = ESC_DISPATCH(instructions, sde_run, &keys, &folded, lanes, pairs, &stops);
    for (int i = 0; i < ESC_LANES; i++) {
      spent[i] += 2 * taken;
      if (!(stops.lanes >> i & 1)) continue;
      lanes->event[i] = stops.event[i];
      lanes->overlap[i] = stops.overlap[i];
      lanes->previous[i] = stops.previous[i];
      lanes->spread[i] = stops.spread[i];
      if (stops.half[i] == 0) {
        lanes->step[i]--;
        esc_generator_back_pair(&lanes->generators, i);
      }
    }
    events = pending_events(lanes);
  }
  return events;
}

int esc_diffusion_touched(
    const EscDiffusion *diffusion, const EscDiffusionLanes *lanes, int lane, double boundary) {
  EscRoundKeys keys = esc_round_keys(diffusion->seed);
  return judge(
             &keys, diffusion->bridge, diffusion->shift, lanes->stream[lane], lanes->step[lane] - 1,
             lanes->previous[lane], lanes->overlap[lane], lanes->spread[lane], boundary)
         != ESC_EVENT_NONE;
}
