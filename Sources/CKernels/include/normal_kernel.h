// Standard normals of one stream, in bulk.
#ifndef ESCAPEMENT_NORMAL_KERNEL_H
#define ESCAPEMENT_NORMAL_KERNEL_H

#include "kernel_level.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Writes 32·`chunks` standard normals: out[32c + b] and out[32c + 16 + b] are the pair of block
/// `first` + 16c + b, b = 0 … 15 (random_stream.h). `first` must be a multiple of 16. Cost: half a
/// block a normal, the bound that full SGD is measured against.
void esc_normals(
    uint64_t seed, uint64_t stream, uint64_t first, uint64_t chunks, double *out, EscLevel level);

#ifdef __cplusplus
}
#endif
#endif
