// The normals of normal_kernel.h.
#include "vector_source.h"

static void FN(normals)(
    EscGenerators *generators, uint64_t chunks, double *out) {
  FN(Source) source = FN(source_open)(generators);
  for (const double *end = out + ESC_CHUNK * chunks; out < end; out += ESC_CHUNK) {
    VD x[2 * ESC_PARTS], square[ESC_PARTS];
    ESC_FENCE;
    FN(chunk)(&source, x, square);
    for (int i = 0; i < 2 * ESC_PARTS; i++) FN(store)(out + i * ESC_WIDTH, x[i]);
  }
  FN(source_close)(&source, generators);
}
#undef EACH
