#include "counter_stream.h"

double esc_chi_square_slow(
    const EscChiSquare *chi, const EscRoundKeys *keys, uint64_t stream, uint64_t step, double x,
    uint64_t spare) {
  // 2^8 blocks of the spare region belong to each step; a pair is refused with probability < 1/20.
  uint64_t index = ESC_SPARE_REGION | step << 8;
  uint64_t word[2], fresh[2];
  esc_block(keys, index, stream, word);
  uint64_t tail = word[0] >> 25;
  for (;;) {
    // 1 - U in units of 2^-53: the 14 spare bits, then 39 fresh ones.
    double u = (double)(0x20000000000000ull - (spare << 39 | tail)) * 0x1p-53;
    double w = chi->offset + chi->tilt * x, square = (w * w) * w, v = square / (2.0 * chi->shape);
    if (w > 0) {
      double log_ratio = 0.5 * x * x + chi->shape * (1.0 - v)
                         - 0.5 * chi->shape * esc_minus_two_log(v);
      if (-0.5 * esc_minus_two_log(u) < log_ratio) return square;
    }
    index++;
    esc_block(keys, index, stream, word);
    double unused;
    esc_normal_pair(word, &x, &unused);
    index++;
    esc_block(keys, index, stream, fresh);
    spare = word[1] & ESC_SPARE;
    tail = fresh[0] >> 25;
  }
}

double esc_chi_square_value(
    const EscChiSquare *chi, const EscRoundKeys *keys, uint64_t stream, uint64_t step, double x,
    uint64_t spare) {
  if (chi->degrees < 2) return chi->degrees ? x * x : 0;
  double w = chi->offset + chi->tilt * x, square = x * x;
  if ((double)spare > chi->guard * (square * square)) return (w * w) * w;
  return esc_chi_square_slow(chi, keys, stream, step, x, spare);
}

void esc_chi_square_redraw(
    const EscChiSquare *chi, const EscRoundKeys *keys, int count, const uint64_t *kept,
    const uint64_t *stream, const uint64_t *step, const double *x, const uint64_t *word,
    double *value) {
  for (int i = 0; i < count; i++)
    if (!kept[i])
      value[i] = esc_chi_square_slow(chi, keys, stream[i], step[i], x[i], word[i] & ESC_SPARE);
}

int esc_bridge_touches(
    const EscRoundKeys *keys, uint64_t stream, uint64_t step, double above, double below,
    double spread) {
  double e = (above + above) * below;
  // Farther than this the probability is below 2^-54, and a number saved is a faster plateau.
  if (!(e < ESC_BRIDGE_REACH * spread)) return 0;
  uint64_t word[2];
  esc_block(keys, ESC_SPARE_REGION | step, stream, word);
  double u = ((double)(word[0] >> 11) + 0.5) * 0x1p-53;
  return exp(-(e / spread)) > u;
}

void esc_generator_start(
    EscGenerators *generators, int lane, uint64_t seed, uint64_t stream, uint64_t number) {
  EscRoundKeys keys = esc_round_keys(seed);
  esc_generator_seed(&keys, generators, lane, stream, number);
}

static void get_state(const EscGenerators *generators, int lane, uint64_t state[4]) {
  for (int i = 0; i < 4; i++) state[i] = generators->word[i][lane];
}

static void set_state(EscGenerators *generators, int lane, const uint64_t state[4]) {
  for (int i = 0; i < 4; i++) generators->word[i][lane] = state[i];
}

uint64_t esc_generator_next(EscGenerators *generators, int lane) {
  uint64_t state[4];
  get_state(generators, lane, state);
  uint64_t word = esc_xoshiro_next(state);
  set_state(generators, lane, state);
  return word;
}

void esc_generator_back_pair(EscGenerators *generators, int lane) {
  uint64_t state[4];
  get_state(generators, lane, state);
  esc_xoshiro_back(state);
  esc_xoshiro_back(state);
  set_state(generators, lane, state);
}

void esc_stream_block(uint64_t seed, uint64_t stream, uint64_t index, uint64_t word[2]) {
  EscRoundKeys keys = esc_round_keys(seed);
  esc_block(&keys, index, stream, word);
}

double esc_stream_normals(const uint64_t word[2], double out[2]) {
  return esc_normal_pair(word, &out[0], &out[1]);
}

void esc_stream_single_normals(uint32_t radius, uint32_t angle, float out[2]) {
  esc_single_pair(radius, angle, &out[0], &out[1]);
}

double esc_stream_inverse_root(double q) { return esc_inverse_root(q); }

double esc_stream_chi_square(
    uint64_t seed, uint64_t stream, uint64_t step, uint64_t degrees, double x, uint64_t spare) {
  EscRoundKeys keys = esc_round_keys(seed);
  EscChiSquare chi = esc_chi_square(degrees);
  return esc_chi_square_value(&chi, &keys, stream, step, x, spare);
}
