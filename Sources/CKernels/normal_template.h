// The normals of normal_kernel.h.
#include "vector_source.h"

static void FN(normals)(
    const EscRoundKeys *keys, uint64_t stream, uint64_t block, uint64_t chunks, double *out) {
  FN(Source) source;
  FN(source_start)(keys, &source, stream, block);
  for (const double *end = out + ESC_CHUNK * chunks; out < end; out += ESC_CHUNK) {
    VD x[2 * ESC_PARTS], square[ESC_PARTS];
    ESC_FENCE;
    block += 16;
    FN(chunk)(keys, &source, block, x, square);
    for (int i = 0; i < 2 * ESC_PARTS; i++) FN(store)(out + i * ESC_WIDTH, x[i]);
  }
}
#undef EACH
