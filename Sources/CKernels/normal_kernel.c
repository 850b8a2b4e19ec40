#include "normal_kernel.h"

#define ESC_TEMPLATE "normal_template.h"
#include "each_instruction_set.h"

void esc_normals(
    EscGenerators *generators, EscPrecision precision, uint64_t chunks, double *out,
    EscInstructionSet instructions) {
  if (precision == ESC_SINGLE)
    ESC_DISPATCH(instructions, single_normals, generators, chunks, out);
  else
    ESC_DISPATCH(instructions, normals, generators, chunks, out);
}
