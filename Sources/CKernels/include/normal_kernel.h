// Standard normals of one stream, in bulk.
#ifndef ESCAPEMENT_NORMAL_KERNEL_H
#define ESCAPEMENT_NORMAL_KERNEL_H

#include "random_stream.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Writes 32·`chunks` standard normals, the bound that full SGD is measured against.
///
/// In double precision out[32c + b] and out[32c + 16 + b] are the next pair of generator b, b = 0 … 15
/// (`esc_stream_normals`): a word a normal. In single precision each generator gives one word a chunk;
/// the halves of words 0 to 7, low before high, are the radii of sixteen pairs and those of words 8 to 15
/// their angles, and pair b is out[32c + b] and out[32c + 16 + b] (`esc_stream_single_normals`): half a
/// word a normal.
void esc_normals(
    EscGenerators *generators, EscPrecision precision, uint64_t chunks, double *out,
    EscInstructionSet instructions);

#ifdef __cplusplus
}
#endif
#endif
