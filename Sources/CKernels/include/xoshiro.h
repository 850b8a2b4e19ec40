// xoshiro256++: a linear map of 256 bits of state whose cycle holds every state but zero, and a
// scrambled word of output a step.
//
// D. Blackman, S. Vigna, "Scrambled linear pseudorandom number generators", ACM Transactions on
// Mathematical Software 47 (2021), figure 4 and table 2.
#ifndef ESCAPEMENT_XOSHIRO_H
#define ESCAPEMENT_XOSHIRO_H

#include <stdint.h>

static inline uint64_t esc_rotate(uint64_t x, int count) {
  return x << count | x >> (64 - count);
}

// Returns the next word.
static inline uint64_t esc_xoshiro_next(uint64_t state[4]) {
  const uint64_t word = esc_rotate(state[0] + state[3], 23) + state[0];
  const uint64_t shifted = state[1] << 17;
  state[2] ^= state[0];
  state[3] ^= state[1];
  state[1] ^= state[2];
  state[0] ^= state[3];
  state[2] ^= shifted;
  state[3] = esc_rotate(state[3], 45);
  return word;
}

// Undoes the last step.
static inline void esc_xoshiro_back(uint64_t state[4]) {
  state[3] = esc_rotate(state[3], 19);
  state[0] ^= state[3];
  // What is left of state[1] is x ^ x << 17.
  uint64_t x = state[1] ^ state[2];
  x ^= x << 17;
  x ^= x << 34;
  state[2] ^= state[0] ^ x << 17;
  state[1] = x;
  state[3] ^= x;
}

#endif
