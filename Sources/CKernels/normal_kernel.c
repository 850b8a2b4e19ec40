#include "normal_kernel.h"

#define ESC_TEMPLATE "normal_template.h"
#include "each_level.h"

void esc_normals(
    uint64_t seed, uint64_t stream, uint64_t first, uint64_t chunks, double *out, EscLevel level) {
  EscRoundKeys keys = esc_round_keys(seed);
  ESC_DISPATCH(level, normals, &keys, stream, first, chunks, out);
}
