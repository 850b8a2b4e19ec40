// The normals of normal_kernel.h.
#include "single_source.h"

ESC_INLINE void FN(normals_of)(
    EscPrecision precision, EscGenerators *generators, uint64_t chunks, double *out) {
  FN(Source) source = FN(open)(precision, generators);
  for (const double *end = out + ESC_CHUNK * chunks; out < end; out += ESC_CHUNK) {
    VD x[2 * ESC_PARTS], square[ESC_PARTS];
    ESC_FENCE;
    FN(next_chunk)(precision, &source, x, square);
    for (int i = 0; i < 2 * ESC_PARTS; i++) FN(store)(out + i * ESC_WIDTH, x[i]);
  }
  FN(close)(precision, &source, generators);
}

static void FN(normals)(EscGenerators *generators, uint64_t chunks, double *out) {
  FN(normals_of)(ESC_DOUBLE, generators, chunks, out);
}

static void FN(single_normals)(EscGenerators *generators, uint64_t chunks, double *out) {
  FN(normals_of)(ESC_SINGLE, generators, chunks, out);
}
#undef EACH
