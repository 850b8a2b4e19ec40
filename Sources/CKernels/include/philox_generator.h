// Philox as a generator of GSL, so that every sampler of GSL draws from it.
#ifndef ESCAPEMENT_PHILOX_GENERATOR_H
#define ESCAPEMENT_PHILOX_GENERATOR_H

#include <gsl/gsl_rng.h>
#include <stdint.h>

// The generator "philox4x32-10".
const gsl_rng_type *escapement_philox_type(void);

// Puts `generator` at the start of the stream (seed, purpose, replica).
//
// Key: the 64 bits of `seed`, low word first. Counter words 0 and 1: index of the block, low
// word first. Words 2 and 3: the low 48 bits of `replica`, then `purpose` in the top 16 bits.
//
// Calls the error handler of GSL (GSL_EINVAL), and changes nothing, for another generator.
void escapement_philox_key(
    gsl_rng *generator, uint64_t seed, uint16_t purpose, uint64_t replica);

#endif
