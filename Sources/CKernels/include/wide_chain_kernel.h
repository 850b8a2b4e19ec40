// The exact reduced chain of squares_chain_kernel.h for many students, one replica at a time,
// vectorised over the students.
#ifndef ESCAPEMENT_WIDE_CHAIN_KERNEL_H
#define ESCAPEMENT_WIDE_CHAIN_KERNEL_H

#include "random_stream.h"
#include "sgd_kernel.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Holds a replica. Arrays over students have `esc_wide_stride(p)` numbers, 0 from p on; matrices
/// have p rows or columns of that length.
typedef struct {
  /// Overlaps m_j.
  double *overlap;
  /// Lower triangular factor B, a column after another, 0 above the diagonal: B_ji at [i·stride + j].
  double *factor;
  /// Gram matrix Q, lower triangle: Q_jl, l ≤ j, at [j·stride + l].
  double *gram;
  /// 12 arrays over students and 64 numbers of scratch.
  double *scratch;
  /// Excess risk after the last step.
  double risk;
  /// The stream: replica (48 bits) | purpose << 48.
  uint64_t stream;
  /// Steps taken.
  uint64_t step;
  /// The generators of the stream at the next step; the kernel starts them at step 0.
  EscGenerators generators;
} EscWideState;

/// Returns p rounded up to a multiple of 16.
uint64_t esc_wide_stride(uint64_t width);

/// Sets the Gram matrix to m mᵀ + B Bᵀ, and the risk. Cost: O(p³).
void esc_wide_begin(const EscSquares *constants, EscWideState *state);

/// Advances the replica by at most `steps` steps; returns early with ESC_EVENT_CROSSED when
/// |m_j| ≥ boundary for some j or the risk is at most `target`, ESC_EVENT_DIVERGED when something
/// is no longer finite, and ESC_EVENT_NONE when the steps are spent. Needs d ≥ p + 3.
///
/// The arithmetic is that of `esc_squares_advance` with plain roots, 1/√q as 1.0/sqrt(q), and
/// c = x/√D, s = y/√D. Normals g_t, g₁ … g_p are numbers 0 … p of chunks of 32 (as the inputs of
/// `esc_sgd_advance`), (z, x) the pair of block 2⁶² + n, whose low 14 bits judge x. Sums over l in
/// the risk have 16 accumulators, l mod 16, added up by halving; sums over j are in order. S of the
/// next step accumulates while the columns of this one are written, so that a step reads the factor
/// once. Cost: O(p²), 24 p² bytes of traffic.
EscEvent esc_wide_advance(
    const EscSquares *constants, EscWideState *state, double boundary, double target,
    uint64_t steps, EscInstructionSet instructions);

#ifdef __cplusplus
}
#endif
#endif
