// xoshiro256++ as a generator of GSL, so that every sampler of GSL draws from it.
#ifndef ESCAPEMENT_XOSHIRO_GENERATOR_H
#define ESCAPEMENT_XOSHIRO_GENERATOR_H

#include <gsl/gsl_rng.h>
#include <stdint.h>

// The generator "xoshiro256++". An integer is the high half of a word, a uniform number its high
// 53 bits.
const gsl_rng_type *escapement_xoshiro_type(void);

// Puts `generator` at the start of generator 0 of the stream (seed, replica | purpose << 48) of
// random_stream.h; only the low 48 bits of `replica` count.
//
// Calls the error handler of GSL (GSL_EINVAL), and changes nothing, for another generator.
void escapement_xoshiro_key(
    gsl_rng *generator, uint64_t seed, uint16_t purpose, uint64_t replica);

#endif
