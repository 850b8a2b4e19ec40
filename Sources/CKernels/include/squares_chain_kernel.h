// The exact reduced chain of one-pass SGD for p student neurons and one teacher neuron, squared
// activations, spherical constraint; many replicas at a time.
#ifndef ESCAPEMENT_SQUARES_CHAIN_KERNEL_H
#define ESCAPEMENT_SQUARES_CHAIN_KERNEL_H

#include "random_stream.h"
#include "sgd_kernel.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Holds ESC_LANES replicas, a replica a lane: number k of an array of n numbers a replica stands
/// at [k·ESC_LANES + lane]. A lane without a replica has target −∞, an infinite boundary, horizon
/// UINT64_MAX and a regular state (any other lane's will do).
typedef struct {
  /// Overlaps m_j = w_j·w⋆/d, p a replica.
  double *overlap;
  /// Lower triangular factor B of the residual Gram matrix Q − m mᵀ = B Bᵀ, p(p+1)/2 a replica,
  /// column after column: B_ji, j ≥ i, is number i·p − i(i−1)/2 + j − i (from 0).
  double *factor;
  /// Gram matrix Q, unit diagonal, p(p+1)/2 a replica, row after row: Q_jl, l ≤ j, is number
  /// j(j+1)/2 + l.
  double *gram;
  /// (7p + 8)·ESC_LANES numbers of scratch.
  double *scratch;
  /// Excess risk after the last step.
  double risk[ESC_LANES];
  /// The lane has an event as soon as risk ≤ target.
  double target[ESC_LANES];
  /// The lane has an event as soon as |m_j| ≥ boundary for some j.
  double boundary[ESC_LANES];
  /// The stream: replica (48 bits) | purpose << 48.
  uint64_t stream[ESC_LANES];
  /// Steps taken.
  uint64_t step[ESC_LANES];
  /// The generators at the lanes' next steps; the kernel starts that of a lane at step 0.
  EscGenerators generators;
  /// The lane has an event when step = horizon.
  uint64_t horizon[ESC_LANES];
  /// Why the last call returned, an EscEvent for each lane.
  uint8_t event[ESC_LANES];
} EscSquaresLanes;

/// Returns the number of doubles that the four arrays of a block of lanes hold together.
uint64_t esc_squares_lanes_size(uint64_t width);

/// Sets a lane's Gram matrix to m mᵀ + B Bᵀ and its risk. Cost: O(p³).
void esc_squares_begin(const EscSquares *constants, EscSquaresLanes *lanes, int lane);

/// Advances every lane by the same number of steps, at most `steps`, and returns early with the
/// set of lanes that have an event (bit i is lane i; 0 when the budget ran out). Needs d ≥ p + 3.
///
/// A step draws ⌊p/2⌋ + 2 pairs of normals from the replica's generator: (g_t, z), (x, g₁),
/// (g₂, g₃), …; ρ² has d − p − 1 degrees of freedom, from x and the low bits of the second word of its
/// pair as in `esc_chain_advance` (redraws of step n from blocks
/// 2⁶³ + 2⁸n + …). With h_j = u_j/d and rows from 1, in this order and without fused operations:
///
///     S_j = Σ_i B_ji·g_i  (i rising),  λ_j = m_j·g_t + S_j
///     T_p = ρ²,  T_{i−1} = T_i + g_i·g_i,  r² = T_0,  N = g_t·g_t + r²
///     ℰ = (g_t·g_t − (Σ_j (a_j·λ_j)·λ_j)/p) + √Δ·z
///     h_j = ((((2·(γ/p))·a_j)/d)·ℰ)·λ_j
///     q_j = 1 + h_j·((λ_j + λ_j) + h_j·N),  s_j = 1/√q_j,  m_j ← s_j·(m_j + h_j·g_t)
///     w_j = h_j·r + S_j·(1/√r²),  r = r²·(1/√r²)
///     for i = 1 … p:   v = 1/√(T_{i−1}·T_i),  α = T_i·v,  β = g_i·v
///       x = B_ii·α,  y = w_i,  D = x·x + y·y,  v = 1/√D  (c, s) = (x·v, y·v), or (1, 0) if D ≤ 10⁻²⁹⁰
///       B_ii ← s_i·(D·v)
///       for j > i:  S_j ← S_j − B_ji·g_i,  C = B_ji·α − S_j·β
///                   B_ji ← s_j·(c·C + s·w_j),  w_j ← c·w_j − s·C
///     Q_jl ← (s_j·s_l)·(Q_jl + ((h_j·λ_l + h_l·λ_j) + (h_j·h_l)·N)),  l < j;  Q_jj = 1
///     risk = ½(1 − Σ a/p)² + 1 + Σ_j (a_j/p)·((a_j/p − 2·(m_j·m_j)) + 2·Σ_{l<j} (a_l/p)·(Q_jl·Q_jl))
///
/// The columns are those of B·chol(I − g gᵀ/r²) followed by Givens rotations with w, so that
/// B Bᵀ becomes B Bᵀ + h Sᵀ + S hᵀ + r² h hᵀ exactly. Cost: O(p²).
uint32_t esc_squares_advance(
    const EscSquares *constants, EscSquaresLanes *lanes, uint64_t steps, EscInstructionSet instructions);

#ifdef __cplusplus
}
#endif
#endif
