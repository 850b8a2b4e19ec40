#include "include/xoshiro_generator.h"

#include <gsl/gsl_errno.h>

#include "include/random_stream.h"
#include "include/xoshiro.h"

typedef struct {
  uint64_t word[4];
} xoshiro_state;

static unsigned long xoshiro_get(void *state) {
  return esc_xoshiro_next(((xoshiro_state *)state)->word) >> 32;
}

static double xoshiro_get_double(void *state) {
  return (double)(esc_xoshiro_next(((xoshiro_state *)state)->word) >> 11) * 0x1p-53;
}

static void start(xoshiro_state *state, uint64_t seed, uint64_t stream) {
  EscGenerators generators;
  esc_generator_start(&generators, 0, seed, stream, 0);
  for (int i = 0; i < 4; i++) state->word[i] = generators.word[i][0];
}

static void xoshiro_set(void *state, unsigned long seed) { start(state, seed, 0); }

static const gsl_rng_type xoshiro_type = {
    .name = "xoshiro256++",
    .max = 0xffffffffUL,
    .min = 0,
    .size = sizeof(xoshiro_state),
    .set = xoshiro_set,
    .get = xoshiro_get,
    .get_double = xoshiro_get_double,
};

const gsl_rng_type *escapement_xoshiro_type(void) { return &xoshiro_type; }

void escapement_xoshiro_key(
    gsl_rng *generator, uint64_t seed, uint16_t purpose, uint64_t replica) {
  if (generator->type != &xoshiro_type)
    GSL_ERROR_VOID("only xoshiro256++ takes this key", GSL_EINVAL);
  const uint64_t low_48_bits = (UINT64_C(1) << 48) - 1;
  start(generator->state, seed, (replica & low_48_bits) | (uint64_t)purpose << 48);
}
