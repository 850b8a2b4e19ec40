#include "include/philox_generator.h"

#include <gsl/gsl_errno.h>

#include "include/philox.h"

// Blocks made at once: their multiplications are independent, so they overlap.
enum { blocks_at_once = 4, words_at_once = 4 * blocks_at_once };

typedef struct {
  uint32_t key[2];
  uint64_t next_block;
  uint32_t stream[2];
  uint32_t position;  // of the next word in `words`; words_at_once when they are spent
  uint32_t words[words_at_once];
} philox_state;

static void refill(philox_state *state) {
  for (int block = 0; block < blocks_at_once; ++block) {
    const uint64_t index = state->next_block + (uint64_t)block;
    const uint32_t counter[4] = {
        (uint32_t)index, (uint32_t)(index >> 32), state->stream[0], state->stream[1]};
    escapement_philox_block(counter, state->key, state->words + 4 * block);
  }
  state->next_block += blocks_at_once;
  state->position = 0;
}

static inline uint32_t next_word(philox_state *state) {
  if (state->position >= words_at_once) refill(state);
  return state->words[state->position++];
}

static unsigned long philox_get(void *state) { return next_word(state); }

static double philox_get_double(void *state) {
  const uint64_t low = next_word(state);
  const uint64_t high = next_word(state);
  return (double)((high << 32 | low) >> 11) * 0x1p-53;
}

static void start(philox_state *state, uint64_t seed, uint64_t stream) {
  state->key[0] = (uint32_t)seed;
  state->key[1] = (uint32_t)(seed >> 32);
  state->next_block = 0;
  state->stream[0] = (uint32_t)stream;
  state->stream[1] = (uint32_t)(stream >> 32);
  state->position = words_at_once;
}

static void philox_set(void *state, unsigned long seed) { start(state, seed, 0); }

static const gsl_rng_type philox_type = {
    .name = "philox4x32-10",
    .max = 0xffffffffUL,
    .min = 0,
    .size = sizeof(philox_state),
    .set = philox_set,
    .get = philox_get,
    .get_double = philox_get_double,
};

const gsl_rng_type *escapement_philox_type(void) { return &philox_type; }

void escapement_philox_key(
    gsl_rng *generator, uint64_t seed, uint16_t purpose, uint64_t replica) {
  if (generator->type != &philox_type)
    GSL_ERROR_VOID("only philox4x32-10 takes a key", GSL_EINVAL);
  const uint64_t low_48_bits = (UINT64_C(1) << 48) - 1;
  start(generator->state, seed, (replica & low_48_bits) | (uint64_t)purpose << 48);
}
