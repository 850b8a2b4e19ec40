#include "normal_kernel.h"

#define ESC_TEMPLATE "normal_template.h"
#include "each_level.h"

void esc_normals(
    EscGenerators *generators, EscPrecision precision, uint64_t chunks, double *out,
    EscLevel level) {
  if (precision == ESC_SINGLE)
    ESC_DISPATCH(level, single_normals, generators, chunks, out);
  else
    ESC_DISPATCH(level, normals, generators, chunks, out);
}
