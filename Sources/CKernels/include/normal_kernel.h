// Standard normals of one stream, in bulk.
#ifndef ESCAPEMENT_NORMAL_KERNEL_H
#define ESCAPEMENT_NORMAL_KERNEL_H

#include "random_stream.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Writes 32·`chunks` standard normals: out[32c + b] and out[32c + 16 + b] are the next pair of
/// generator b, b = 0 … 15 (random_stream.h). Cost: a word a normal, the bound that full SGD is
/// measured against.
void esc_normals(EscGenerators *generators, uint64_t chunks, double *out, EscLevel level);

#ifdef __cplusplus
}
#endif
#endif
