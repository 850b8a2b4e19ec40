#include "normal_kernel.h"

#define ESC_TEMPLATE "normal_template.h"
#include "each_level.h"

void esc_normals(EscGenerators *generators, uint64_t chunks, double *out, EscLevel level) {
  ESC_DISPATCH(level, normals, generators, chunks, out);
}
