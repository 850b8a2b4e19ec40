// The rows of full SGD's weights under any network and any rule of learning: what of a step is long, vectorised over
// the coordinates. Fields, pushes and scales are the caller's.
#ifndef ESCAPEMENT_ROWS_KERNEL_H
#define ESCAPEMENT_ROWS_KERNEL_H

#include "random_stream.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Holds the weights of a replica, p rows v_j of `esc_sgd_stride(d)` numbers, those beyond d always 0.
typedef struct {
  /// Input dimension d, at least 1.
  uint64_t dimension;
  /// The number of students p, at least 1.
  uint64_t width;
  /// The rows.
  double *vectors;
  /// The update that is not yet applied to each row: `pending`[j] times the last input.
  double *pending;
  /// D_j = Σ_i v_ji·x_i with the next input, p numbers.
  double *product;
  /// p × 32 numbers of scratch.
  double *scratch;
} EscRows;

/// Draws the next input x, d numbers and zeros up to `esc_sgd_stride(d)`, and with it takes `esc_rows_pass`; returns
/// N = Σ x². Normals and N come from the sixteen generators as in `esc_sgd_advance`. Cost: the d normals and O(p d), of
/// which a row or two go into the gaps of the normals.
double esc_rows_draw(
    const EscRows *rows, EscGenerators *generators, EscPrecision precision, const double *last,
    double *next, EscInstructionSet instructions);

/// Applies v_ji ← v_ji + pending_j·last_i and makes D_j with `next`, in 32 accumulators (coordinate mod 32) added up by
/// halving as in `esc_sgd_advance`. Cost: O(p d).
void esc_rows_pass(const EscRows *rows, const double *last, const double *next, EscInstructionSet instructions);

/// Adds `push`[j]·x_i to the p rows of `sums`, which have the layout of v. Cost: O(p d).
void esc_rows_gather(
    const EscRows *rows, const double *push, const double *x, double *sums, EscInstructionSet instructions);

/// Ends a batch: v_ji ← factor_j·v_ji + sums_ji, then sums_ji = 0. Cost: O(p d).
void esc_rows_add(const EscRows *rows, const double *factor, double *sums, EscInstructionSet instructions);

/// Applies v_ji ← factor_j·(v_ji + pending_j·last_i). Cost: O(p d).
void esc_rows_settle(
    const EscRows *rows, const double *last, const double *factor, EscInstructionSet instructions);

/// Returns Σ_i x_i·y_i over `esc_sgd_stride(d)` numbers, in 32 accumulators as above.
double esc_rows_product(const EscRows *rows, const double *x, const double *y, EscInstructionSet instructions);

#ifdef __cplusplus
}
#endif
#endif
