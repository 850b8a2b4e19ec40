// The diffusion limit of one-pass SGD for p student neurons and one teacher neuron, squared
// activations, spherical constraint; many replicas at a time.
#ifndef ESCAPEMENT_SQUARES_DIFFUSION_KERNEL_H
#define ESCAPEMENT_SQUARES_DIFFUSION_KERNEL_H

#include "instruction_set.h"
#include "random_stream.h"
#include "sde_kernel.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Holds the constants of d(M, Q) = drift dt + √(γ/(p d))·C^{1/2} dB.
typedef struct {
  /// The key of every stream.
  uint64_t seed;
  /// Number p of students.
  uint64_t width;
  /// Input dimension d.
  double dimension;
  /// Learning rate γ.
  double learning_rate;
  /// Second layer, p numbers.
  const double *weights;
  /// Variance Δ of the label noise.
  double label_noise;
  /// The time step dt.
  double step;
  /// Spreads by which the risk's boundary stands lower (0: the path is watched at all times).
  double shift;
  /// Whether to look for crossings between grid points (0 or 1).
  int32_t bridge;
  /// How a step takes the drift, an EscScheme.
  int32_t scheme;
  /// Whether the drift has its terms of relative order 1/d (0 or 1).
  int32_t finite_size;
} EscSquaresDiffusion;

/// Holds ESC_LANES replicas, a replica a lane: number k of an array of n numbers a replica stands
/// at [k·ESC_LANES + lane]. A lane without a replica has target −∞, horizon UINT64_MAX and a regular
/// state (any other lane's will do).
typedef struct {
  /// Overlaps, p(p + 3)/2 a replica, row after row: m_j, then Q_jl for l = 1 … j, so that row j
  /// (from 0) begins at j(j + 3)/2. Q_jj is 1.
  double *overlaps;
  /// Scratch, as much as the size below leaves.
  double *scratch;
  /// Excess risk after the last step and before it.
  double risk[ESC_LANES], previous[ESC_LANES];
  /// dt times the variance rate of the risk over the last step.
  double spread[ESC_LANES];
  /// The lane has an event as soon as the risk is at most the target, or its bridge touches it.
  double target[ESC_LANES];
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
} EscSquaresDiffusionLanes;

/// Returns the number of doubles that the two arrays of a block of lanes hold together.
uint64_t esc_squares_diffusion_size(uint64_t width);

/// Returns the excess risk of a lane's overlaps, and sets the lane's.
double esc_squares_diffusion_begin(
    const EscSquaresDiffusion *diffusion, EscSquaresDiffusionLanes *lanes, int lane);

/// Advances every lane by the same number of steps, at most `steps`, and returns early with the
/// set of lanes that have an event (bit i is lane i; 0 when the budget ran out).
///
/// n = p + 1 fields, the teacher's the first. A step, without fused operations:
///
/// 1. Ω = L Lᵀ, L lower triangular with the teacher's row (1, 0, …); a pivot of at most 10⁻¹⁴ counts
///    as zero. S = Lᵀ diag(A) L, A = (1, −a_j/p).
/// 2. Cyclic Jacobi rotations of S, applied to the columns of L as well, until the squares off the
///    diagonal are at most 10⁻²⁰ of all; at most 12 sweeps. Then S = diag(α), β = 2α, and the fields
///    are L g with g ~ N(0, I).
/// 3. The series D of exp(½ Σ βᵐ θᵐ/m + Δθ²/2) to fourth order, and for each pair of axes
///    K_ab = n![θⁿ] D/((1 − β_aθ)(1 − β_bθ)), n = 2, 3, 4: the covariance of (ℰg_ag_b, ℰ²g_ag_b).
/// 4. n(n + 1)/2 pairs of normals: (U_ab, V_ab) for a = 1 … n − 1, b < a, then 2n numbers for the
///    diagonal (U_00, V_00, U_11, …) with covariance K_ab + 2K_aa δ_ab − means.
/// 5. L U Lᵀ and L V Lᵀ combined to the increments of (M, Q) and normalised to first order.
/// 6. Drift from Σ_a L_ja L_la β_aᵐ (m ≤ 2, with the finite-size drift m ≤ 4); the better
///    schemes take it at predicted overlaps as well, from products of Ω. The finite-size drift stays
///    as it was at the step's beginning. Overlaps are held in [−1, 1].
/// 7. The variance of the risk along its gradient midway, for the bridge.
///
/// With η = target − shift·√spread there is a crossing when risk ≤ η, or, with a bridge, when
/// e = 2(previous − η)(risk − η) < 38·spread and exp(−(e/spread)) > U, U from the first word of block
/// 2⁶³ + step as in `esc_diffusion_advance`. The twin of the tests spells the order of every sum.
/// Cost: about (15 + 3 · sweeps) n³ multiplications, typically 4 sweeps.
uint32_t esc_squares_diffusion_advance(
    const EscSquaresDiffusion *diffusion, EscSquaresDiffusionLanes *lanes, uint64_t steps,
    EscInstructionSet instructions);

#ifdef __cplusplus
}
#endif
#endif
