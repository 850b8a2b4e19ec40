#include "rows_kernel.h"

#include "sgd_kernel.h"

#define ESC_TEMPLATE "rows_template.h"
#include "each_instruction_set.h"

double esc_rows_draw(
    const EscRows *rows, EscGenerators *generators, EscPrecision precision, const double *last,
    double *next, EscInstructionSet instructions) {
  return precision == ESC_SINGLE
             ? ESC_DISPATCH(instructions, rows_draw_single, rows, generators, last, next)
             : ESC_DISPATCH(instructions, rows_draw_double, rows, generators, last, next);
}

void esc_rows_pass(const EscRows *rows, const double *last, const double *next, EscInstructionSet instructions) {
  ESC_DISPATCH(instructions, rows_pass, rows, last, next);
}

void esc_rows_gather(
    const EscRows *rows, const double *push, const double *x, double *sums, EscInstructionSet instructions) {
  ESC_DISPATCH(instructions, rows_gather, rows, push, x, sums);
}

void esc_rows_add(const EscRows *rows, const double *factor, double *sums, EscInstructionSet instructions) {
  ESC_DISPATCH(instructions, rows_add, rows, factor, sums);
}

void esc_rows_settle(
    const EscRows *rows, const double *last, const double *factor, EscInstructionSet instructions) {
  ESC_DISPATCH(instructions, rows_settle, rows, last, factor);
}

double esc_rows_product(const EscRows *rows, const double *x, const double *y, EscInstructionSet instructions) {
  return ESC_DISPATCH(instructions, rows_product, esc_sgd_stride(rows->dimension), x, y);
}
