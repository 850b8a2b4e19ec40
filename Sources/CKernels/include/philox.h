// Philox 4x32-10: ten rounds that turn a counter of 128 bits and a key of 64 bits into four
// words of 32 random bits.
//
// J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy as
// 1, 2, 3", SC11 (2011), section 4.3 and table 2.
//
// For one key the map is a bijection of the counters. Streams that share a key and differ in
// any counter word therefore never share a block.
#ifndef ESCAPEMENT_PHILOX_H
#define ESCAPEMENT_PHILOX_H

#include <stdint.h>

// Multipliers found by the authors' search; Weyl increments are the golden ratio and
// the square root of three, less one.
#define ESCAPEMENT_PHILOX_MULTIPLIER_0 UINT32_C(0xD2511F53)
#define ESCAPEMENT_PHILOX_MULTIPLIER_1 UINT32_C(0xCD9E8D57)
#define ESCAPEMENT_PHILOX_WEYL_0 UINT32_C(0x9E3779B9)
#define ESCAPEMENT_PHILOX_WEYL_1 UINT32_C(0xBB67AE85)
#define ESCAPEMENT_PHILOX_ROUNDS 10

// Writes the block of `counter` under `key` to `block`, which may be `counter` itself.
static inline void escapement_philox_block(
    const uint32_t counter[4], const uint32_t key[2], uint32_t block[4]) {
  uint32_t word0 = counter[0], word1 = counter[1], word2 = counter[2], word3 = counter[3];
  uint32_t key0 = key[0], key1 = key[1];
  for (int round = 0; round < ESCAPEMENT_PHILOX_ROUNDS; ++round) {
    const uint64_t product0 = (uint64_t)ESCAPEMENT_PHILOX_MULTIPLIER_0 * word0;
    const uint64_t product1 = (uint64_t)ESCAPEMENT_PHILOX_MULTIPLIER_1 * word2;
    word0 = (uint32_t)(product1 >> 32) ^ word1 ^ key0;
    word1 = (uint32_t)product1;
    word2 = (uint32_t)(product0 >> 32) ^ word3 ^ key1;
    word3 = (uint32_t)product0;
    key0 += ESCAPEMENT_PHILOX_WEYL_0;
    key1 += ESCAPEMENT_PHILOX_WEYL_1;
  }
  block[0] = word0;
  block[1] = word1;
  block[2] = word2;
  block[3] = word3;
}

#endif
