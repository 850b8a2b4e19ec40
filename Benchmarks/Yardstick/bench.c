// Times each kernel against its yardstick, interleaved, and prints lower deciles and their ratio.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <gsl/gsl_randist.h>

#include "CKernels.h"
#include "yardstick.h"

enum { ROUNDS = 101 };

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/// The lower decile: a shared machine has two speeds, and this is the time at the better one.
static double decile(double *values, int count) {
  qsort(values, (size_t)count, sizeof *values, ascending);
  return values[count / 10];
}

static const char *name_of[] = {"baseline", "avx2", "avx512"};

/// A task runs about a millisecond and returns ns a step.
typedef double (*Task)(void *context, EscInstructionSet instructions);

static void compare(const char *name, Task yardstick, Task kernel, void *context) {
  double y[ROUNDS], k[3][ROUNDS];
  int best = esc_best_instruction_set();
  for (int r = 0; r < ROUNDS; r++) {
    y[r] = yardstick(context, 0);
    for (int i = 0; i <= best; i++) k[i][r] = kernel(context, (EscInstructionSet)i);
  }
  double base = decile(y, ROUNDS);
  printf("%-22s yardstick %9.2f ns", name, base);
  for (int i = 0; i <= best; i++) {
    double ns = decile(k[i], ROUNDS);
    printf("   %s %8.2f ns %5.2fx", name_of[i], ns, base / ns);
  }
  printf("\n");
  fflush(stdout);
}

static gsl_rng *rng;

// Normals alone.

static double normals_yardstick(void *context, EscInstructionSet instructions) {
  (void)instructions;
  double *x = context, start = now();
  for (int i = 0; i < 4096; i++) x[i] = gsl_ran_gaussian_ziggurat(rng, 1.0);
  return (now() - start) / 4096;
}

static double normals_of(EscPrecision precision, double *context, EscInstructionSet instructions) {
  EscGenerators generators;
  for (int i = 0; i < ESC_LANES; i++) esc_generator_start(&generators, i, 1, 1, (uint64_t)i);
  double start = now();
  for (int i = 0; i < 4; i++) esc_normals(&generators, precision, 128, context, instructions);
  return (now() - start) / (4 * 4096);
}

static double normals_kernel(void *context, EscInstructionSet instructions) {
  return normals_of(ESC_DOUBLE, context, instructions);
}

static double single_normals_kernel(void *context, EscInstructionSet instructions) {
  return normals_of(ESC_SINGLE, context, instructions);
}

// Chain, p = 1.

static double chain_yardstick(void *context, EscInstructionSet instructions) {
  (void)instructions;
  const EscChain *c = context;
  double m = 0.02, start = now();
  uint64_t steps = 20000;
  yard_chain(rng, &m, c->dimension, c->learning_rate, c->weight, c->label_noise_deviation, INFINITY, steps);
  return (now() - start) / (double)steps;
}

static double chain_kernel(void *context, EscInstructionSet instructions) {
  EscChainLanes lanes = {0};
  for (int i = 0; i < ESC_LANES; i++) {
    lanes.overlap[i] = 0.02, lanes.boundary[i] = INFINITY;
    lanes.stream[i] = (uint64_t)i, lanes.horizon[i] = UINT64_MAX;
  }
  uint64_t steps = 8000;
  double start = now();
  esc_chain_advance(context, &lanes, steps, instructions);
  return (now() - start) / (double)(steps * ESC_LANES);
}

// Full SGD, p = 1.

static double sgd_yardstick(void *context, EscInstructionSet instructions) {
  (void)instructions;
  const EscSquares *s = context;
  uint64_t d = s->dimension, steps = 100000 / d + 1;
  double *w = malloc(d * sizeof *w), *x = malloc(d * sizeof *x);
  for (uint64_t i = 0; i < d; i++) w[i] = i % 2 ? 1 : -1;
  double start = now();
  yard_sgd(rng, w, x, d, s->learning_rate, s->weights[0], s->label_noise_deviation, INFINITY, steps);
  double time = now() - start;
  free(w), free(x);
  return time / (double)steps;
}

static double sgd_of(EscPrecision precision, void *context, EscInstructionSet instructions) {
  const EscSquares *s = context;
  uint64_t p = s->width, stride = esc_sgd_stride(s->dimension), steps = 400000 / p / stride + 1;
  double *memory = aligned_alloc(64, ((p + 2) * stride + p * (p + 64)) * sizeof *memory);
  EscSgdState state = {0};
  state.vectors = memory, state.input = memory + p * stride;
  state.scratch = state.input + 2 * stride, state.gram = state.scratch + 32 * p;
  state.scale = state.gram + p * p, state.pending = state.scale + p;
  state.overlap = state.pending + p;
  for (uint64_t i = 0; i < p * stride; i++) state.vectors[i] = (i * 2654435761u >> 7) % 2 ? 1 : -1;
  esc_sgd_begin(s, &state, instructions);
  esc_sgd_advance(s, &state, precision, INFINITY, -INFINITY, 1, instructions);
  double start = now();
  esc_sgd_advance(s, &state, precision, INFINITY, -INFINITY, steps, instructions);
  double time = now() - start;
  free(memory);
  return time / (double)steps;
}

static double sgd_kernel(void *context, EscInstructionSet instructions) {
  return sgd_of(ESC_DOUBLE, context, instructions);
}

static double single_sgd_kernel(void *context, EscInstructionSet instructions) {
  return sgd_of(ESC_SINGLE, context, instructions);
}

// Full SGD, p rows.

static double rows_yardstick(void *context, EscInstructionSet instructions) {
  (void)instructions;
  const EscSquares *s = context;
  uint64_t d = s->dimension, p = s->width, steps = 100000 / d / p + 1;
  double *w = malloc(p * d * sizeof *w), *x = malloc(d * sizeof *x), q[64 * 64], risk;
  for (uint64_t i = 0; i < p * d; i++) w[i] = (i * 2654435761u >> 7) % 2 ? 1 : -1;
  for (uint64_t i = 0; i < p * p; i++) q[i] = i % (p + 1) == 0;
  double start = now();
  yard_sgd_rows(rng, w, x, q, p, d, s->learning_rate, s->weights, s->label_noise_deviation, -INFINITY, steps, &risk);
  double time = now() - start;
  free(w), free(x);
  return time / (double)steps;
}

// Diffusion.

static double sde_yardstick(void *context, EscInstructionSet instructions) {
  (void)instructions;
  const EscDiffusion *s = context;
  double m = 0.02, start = now();
  uint64_t steps = 50000;
  yard_sde(rng, &m, s->drift, s->variance, s->scale, s->step, 1e6, s->bridge, steps);
  return (now() - start) / (double)steps;
}

static double sde_kernel(void *context, EscInstructionSet instructions) {
  EscDiffusionLanes lanes = {0};
  for (int i = 0; i < ESC_LANES; i++) {
    lanes.overlap[i] = 0.02, lanes.boundary[i] = 1e6;
    lanes.stream[i] = (uint64_t)i, lanes.horizon[i] = UINT64_MAX;
  }
  uint64_t steps = 20000;
  double start = now();
  esc_diffusion_advance(context, &lanes, steps, instructions);
  return (now() - start) / (double)(steps * ESC_LANES);
}

// Chain, p students.

static double network_yardstick(void *context, EscInstructionSet instructions) {
  (void)instructions;
  const EscSquares *c = context;
  uint64_t p = c->width, steps = 20000 / p / p + 2;
  double *m = calloc(p + 2 * p * p, sizeof *m), *b = m + p, *q = b + p * p, risk;
  for (uint64_t j = 0; j < p; j++) b[j * p + j] = q[j * p + j] = 1;
  yard_network_chain(
      rng, m, b, q, p, c->dimension, c->learning_rate, c->weights, c->label_noise_deviation, -INFINITY, 1, &risk);
  double start = now();
  yard_network_chain(
      rng, m, b, q, p, c->dimension, c->learning_rate, c->weights, c->label_noise_deviation, -INFINITY, steps, &risk);
  double time = now() - start;
  free(m);
  return time / (double)steps;
}

static double network_kernel(void *context, EscInstructionSet instructions) {
  const EscSquares *c = context;
  uint64_t p = c->width, steps = 8000 / p / p + 8, half = p * (p + 1) / 2;
  double *memory = aligned_alloc(64, esc_squares_lanes_size(p) * sizeof *memory);
  memset(memory, 0, esc_squares_lanes_size(p) * sizeof *memory);
  EscSquaresLanes lanes = {0};
  lanes.overlap = memory, lanes.factor = memory + p * ESC_LANES;
  lanes.gram = lanes.factor + half * ESC_LANES, lanes.scratch = lanes.gram + half * ESC_LANES;
  for (int i = 0; i < ESC_LANES; i++) {
    for (uint64_t j = 0; j < p; j++)
      lanes.factor[(j * p - j * (j - 1) / 2) * ESC_LANES + (uint64_t)i] = 1;
    lanes.boundary[i] = INFINITY, lanes.target[i] = -INFINITY;
    lanes.stream[i] = (uint64_t)i, lanes.horizon[i] = UINT64_MAX;
    esc_squares_begin(c, &lanes, i);
  }
  double start = now();
  esc_squares_advance(c, &lanes, steps, instructions);
  double time = now() - start;
  free(memory);
  return time / (double)(steps * ESC_LANES);
}

static double wide_kernel(void *context, EscInstructionSet instructions) {
  const EscSquares *c = context;
  uint64_t p = c->width, stride = esc_wide_stride(p), steps = 200000 / p / p + 4;
  uint64_t size = stride + 2 * p * stride + 12 * stride + 64;
  double *memory = aligned_alloc(64, size * sizeof *memory);
  memset(memory, 0, size * sizeof *memory);
  EscWideState state = {0};
  state.overlap = memory, state.factor = memory + stride;
  state.gram = state.factor + p * stride, state.scratch = state.gram + p * stride;
  for (uint64_t j = 0; j < p; j++) state.factor[j * stride + j] = state.gram[j * stride + j] = 1;
  esc_wide_advance(c, &state, INFINITY, -INFINITY, 1, instructions);
  double start = now();
  esc_wide_advance(c, &state, INFINITY, -INFINITY, steps, instructions);
  double time = now() - start;
  free(memory);
  return time / (double)steps;
}

// Any network: squares, ReLU and erf by a teacher of k like units, tanh on He_3.

static double any_yardstick(void *context, EscInstructionSet instructions) {
  (void)instructions;
  const YardNetwork *n = context;
  uint64_t p = n->p, k = n->k, steps = 4000;
  double c[p * k], b[p * p], q[p * p];
  for (uint64_t i = 0; i < p * k; i++) c[i] = 0.05;
  for (uint64_t i = 0; i < p * p; i++) b[i] = q[i] = i % (p + 1) == 0;
  double start = now();
  yard_any_chain(rng, n, c, b, q, -INFINITY, steps);
  return (now() - start) / (double)steps;
}

static EscNetwork any_network(const YardNetwork *n) {
  static const EscFunctionKind kinds[] = {ESC_SQUARE, ESC_RELU, ESC_ERF, ESC_TANH};
  static EscFunction student, cubic = {ESC_POLYNOMIAL, 4, {1, 0, -3, 0}};
  // Σ_n of 1 + 2q², and of tanh a series of as many terms as the command takes.
  static const double square[] = {2, 1}, tanh_powers[13] = {0.39};
  static EscSeries units[8];
  static double ones[8], term[1];
  static const uint64_t degree[] = {3};
  for (int r = 0; r < 8; r++) ones[r] = 1, units[r] = (EscSeries){2, 0, 2, square};
  student = (EscFunction){kinds[n->activation], 1, {0}};
  term[0] = n->cubic;
  EscNetwork net = {
      .seed = 1, .dimension = n->d, .width = n->p, .units = n->k,
      .push_rate = n->rate / (double)n->p, .label_noise_deviation = n->noise, .is_square_loss = 1,
      .keeps_norm = 1, .activation = student,
      .target = {.functions = &student},
      .risk = {
          .constant = n->constant, .student_series = {2, 0, 2, square}, .teacher_series = units,
          .unit_squares = ones, .term_count = 1, .term_coefficients = term, .term_degrees = degree}};
  static const EscPair pairs[] = {
      ESC_PAIR_SERIES, ESC_PAIR_ARCCOSINE, ESC_PAIR_ARCSINE, ESC_PAIR_SERIES};
  net.risk.student = net.risk.teacher = pairs[n->activation];
  if (n->activation == YARD_TANH) {
    net.target.functions = &cubic;
    net.risk.student_series = (EscSeries){13, 1, 2, tanh_powers};
    net.risk.teacher = ESC_PAIR_TERMS;
  }
  return net;
}

static double any_kernel(void *context, EscInstructionSet instructions) {
  const EscNetwork net = any_network(context);
  uint64_t p = net.width, steps = 2000, size = esc_network_lanes_size(&net);
  double *memory = aligned_alloc(64, size * sizeof *memory);
  memset(memory, 0, size * sizeof *memory);
  EscNetworkLanes lanes = {.watches_risk = 1};
  esc_network_lanes_open(&net, &lanes, memory);
  for (int i = 0; i < ESC_LANES; i++) {
    for (uint64_t j = 0; j < p; j++) {
      lanes.factor[(j * p - j * (j - 1) / 2) * ESC_LANES + (uint64_t)i] = 1;
      lanes.layer[j * ESC_LANES + (uint64_t)i] = 1;
      for (uint64_t r = 0; r < net.units; r++)
        lanes.axes[(j * net.units + r) * ESC_LANES + (uint64_t)i] = 0.05;
    }
    lanes.target[i] = -INFINITY, lanes.stream[i] = (uint64_t)i, lanes.horizon[i] = UINT64_MAX;
    esc_network_begin(&net, &lanes, i, instructions);
  }
  double start = now();
  esc_network_advance(&net, &lanes, steps, instructions);
  double time = now() - start;
  free(memory);
  return time / (double)(steps * ESC_LANES);
}

static double any_sgd_yardstick(void *context, EscInstructionSet instructions) {
  (void)instructions;
  const YardNetwork *n = context;
  uint64_t d = n->d, p = n->p, steps = 60;
  double *w = malloc(p * d * sizeof *w), *x = malloc(d * sizeof *x), q[p * p];
  for (uint64_t i = 0; i < p * d; i++) w[i] = (i * 2654435761u >> 7) % 2 ? 1 : -1;
  for (uint64_t i = 0; i < p * p; i++) q[i] = i % (p + 1) == 0;
  double start = now();
  yard_network_sgd(rng, n, w, x, q, -INFINITY, steps);
  double time = now() - start;
  free(w), free(x);
  return time / (double)steps;
}

// The passes over the rows and the input alone.
static double any_sgd_kernel(void *context, EscInstructionSet instructions) {
  const YardNetwork *n = context;
  uint64_t p = n->p, stride = esc_sgd_stride(n->d), steps = 300;
  double *memory = aligned_alloc(64, ((p + 2) * stride + 64 * p) * sizeof *memory);
  memset(memory, 0, ((p + 2) * stride + 64 * p) * sizeof *memory);
  EscRows rows = {
      n->d, p, memory, memory + (p + 2) * stride, memory + (p + 2) * stride + 8 * p,
      memory + (p + 2) * stride + 16 * p};
  double *input = memory + p * stride;
  EscGenerators generators;
  for (int i = 0; i < ESC_LANES; i++) esc_generator_start(&generators, i, 1, 1, (uint64_t)i);
  for (uint64_t i = 0; i < p * stride; i++) rows.vectors[i] = 1;
  double start = now();
  for (uint64_t s = 0; s < steps; s++)
    esc_rows_draw(
        &rows, &generators, ESC_DOUBLE, input + s % 2 * stride, input + (s + 1) % 2 * stride,
        instructions);
  double time = now() - start;
  free(memory);
  return time / (double)steps;
}

int main(void) {
  rng = gsl_rng_alloc(gsl_rng_mt19937);
  static double numbers[4096];
  compare("normals", normals_yardstick, normals_kernel, numbers);
  compare("normals, single", normals_yardstick, single_normals_kernel, numbers);
  uint64_t dimensions[] = {100, 3000, 1000000};
  for (int i = 0; i < 3; i++) {
    EscChain chain = {1, dimensions[i], 0.1, 1.0, 0.01};
    char name[64];
    snprintf(name, sizeof name, "chain p=1 d=%llu", (unsigned long long)dimensions[i]);
    compare(name, chain_yardstick, chain_kernel, &chain);
  }
  static double ones[500];
  for (int i = 0; i < 500; i++) ones[i] = 1;
  uint64_t inputs[] = {100, 1000, 10000};
  for (int i = 0; i < 3; i++) {
    EscSquares sgd = {1, inputs[i], 1, 0.1, ones, 0.01};
    char name[64];
    snprintf(name, sizeof name, "sgd p=1 d=%llu", (unsigned long long)inputs[i]);
    compare(name, sgd_yardstick, sgd_kernel, &sgd);
    strcat(name, ", single");
    compare(name, sgd_yardstick, single_sgd_kernel, &sgd);
  }
  uint64_t rows[] = {2, 8};
  for (int i = 0; i < 2; i++) {
    EscSquares sgd = {1, 1000, rows[i], 0.1, ones, 0.01};
    char name[64];
    snprintf(name, sizeof name, "sgd p=%llu d=1000", (unsigned long long)rows[i]);
    compare(name, rows_yardstick, sgd_kernel, &sgd);
    strcat(name, ", single");
    compare(name, rows_yardstick, single_sgd_kernel, &sgd);
  }
  EscDiffusion sde = {1, {1.6, -1.6, 0, 0, 0}, {48, -96, 48, 0, 0}, 0.1 / 3000, 1e-3, 1, 0, 0};
  compare("sde p=1 d=3000", sde_yardstick, sde_kernel, &sde);
  uint64_t widths[] = {2, 4, 8, 16, 32, 64};
  for (int i = 0; i < 6; i++) {
    EscSquares network = {1, 3000, widths[i], 0.1, ones, 0.01};
    char name[64];
    snprintf(name, sizeof name, "chain p=%llu d=3000", (unsigned long long)widths[i]);
    compare(name, network_yardstick, network_kernel, &network);
  }
  const struct {
    const char *name;
    YardNetwork network;
  } any[] = {
      {"erf p=2 k=2", {YARD_ERF, 2, 2, 3000, 0.5, 0.01, ones, 1. / 6, 0, 0}},
      {"relu p=4", {YARD_RELU, 4, 1, 3000, 0.5, 0.01, ones, 0.5, 0, 0}},
      {"tanh on he3 p=1", {YARD_TANH, 1, 1, 3000, 0.5, 0.01, ones, 6, 0.3943, -0.8}},
      {"squares p=4 k=2", {YARD_SQUARE, 4, 2, 3000, 0.4, 0.01, ones, 2, 0, 0}}};
  for (int i = 0; i < 4; i++) {
    YardNetwork network = any[i].network;
    char name[64];
    snprintf(name, sizeof name, "chain %s", any[i].name);
    compare(name, any_yardstick, any_kernel, &network);
    network.d = 1000;
    snprintf(name, sizeof name, "sgd %s", any[i].name);
    compare(name, any_sgd_yardstick, any_sgd_kernel, &network);
  }
  uint64_t wide[] = {64, 128, 500};
  for (int i = 0; i < 3; i++) {
    EscSquares network = {1, 10000, wide[i], 0.1 * (double)wide[i], ones, 0.01};
    char name[64];
    snprintf(name, sizeof name, "wide chain p=%llu", (unsigned long long)wide[i]);
    compare(name, network_yardstick, wide_kernel, &network);
  }
  gsl_rng_free(rng);
}
