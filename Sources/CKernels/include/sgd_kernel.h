// Full one-pass SGD with d-dimensional weights, squared activations, spherical constraint, one
// teacher neuron along coordinate 0; one replica at a time, vectorised over the coordinates.
#ifndef ESCAPEMENT_SGD_KERNEL_H
#define ESCAPEMENT_SGD_KERNEL_H

#include "random_stream.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Holds the constants of an experiment.
typedef struct {
  /// The key of every stream.
  uint64_t seed;
  /// Input dimension d, at least 2.
  uint64_t dimension;
  /// The number of students p, at least 1.
  uint64_t width;
  /// Learning rate γ.
  double learning_rate;
  /// Second-layer weights a, `width` of them.
  const double *weights;
  /// Standard deviation √Δ of the label noise.
  double label_noise_deviation;
} EscSquares;

/// Holds a replica. Row j of the weights is scale[j]·(vectors[j] + pending[j]·input), a vector of
/// squared norm d: the last update is applied while the next input is made.
typedef struct {
  /// p rows of `esc_sgd_stride(d)` numbers; those beyond d stay 0.
  double *vectors;
  /// The last input, twice `esc_sgd_stride(d)` numbers (the last and the next take turns).
  double *input;
  /// The factor of each row.
  double *scale;
  /// The coefficient of the update not yet applied to each row.
  double *pending;
  /// Overlaps m_j = w_j·w⋆/d.
  double *overlap;
  /// Gram matrix Q = WWᵀ/d, p × p, both triangles.
  double *gram;
  /// p × 32 numbers of scratch.
  double *scratch;
  /// Excess risk ½[(tr AΩ)² + 2 tr(AΩAΩ)], A = diag(−a/p; 1), after the last step.
  double risk;
  /// The stream: replica (48 bits) | purpose << 48.
  uint64_t stream;
  /// Steps taken.
  uint64_t step;
  /// The generators of the stream at the next step; the kernel starts them at step 0.
  EscGenerators generators;
} EscSgdState;

/// Returns d rounded up to whole chunks of 32 coordinates.
uint64_t esc_sgd_stride(uint64_t dimension);

/// Completes a state whose `vectors`, `stream` and `step` are set: normalises the rows, computes
/// overlaps, Gram matrix and risk, clears the pending update. Cost: O(p² d).
void esc_sgd_begin(const EscSquares *sgd, EscSgdState *state, EscInstructionSet instructions);

/// Writes the weights, p × d, row-major, each of squared norm d.
void esc_sgd_weights(const EscSquares *sgd, const EscSgdState *state, double *out);

/// Advances the replica by at most `steps` steps; returns early with ESC_EVENT_CROSSED when
/// |m_j| ≥ boundary for some j or the risk is at most `target`, ESC_EVENT_DIVERGED when something
/// is no longer finite, and ESC_EVENT_NONE when the steps are spent.
///
/// In double precision the next pair of generator b gives coordinates 32c + b and 32c + 16 + b of the
/// input, c = 0 … ⌈d/32⌉ − 1, b = 0 … 15; in single precision pair b of the next chunk as `esc_normals`
/// has it, and a replica keeps to one precision. All else is in double precision. The noise z of step n is a normal of block
/// 2⁶² + n/2, the first for even n. In this order and without fused operations,
///
///     v_ji ← v_ji + pending_j·x_i   (the last input),   D_j = Σ_i v_ji·x_i,   N = Σ r²
///     λ_j = (scale_j·D_j)·(1/√d),   ℰ = (x₀·x₀ − (Σ_j (a_j·λ_j)·λ_j)/p) + √Δ·z
///     h_j = (((2·(γ/p))·a_j)/d · ℰ)·λ_j,   q_j = 1 + h_j·((λ_j + λ_j) + h_j·N)
///     pending_j = (h_j·√d)/scale_j,   scale_j ← scale_j/√q_j
///     m_j = (scale_j·(v_j0 + pending_j·x₀))·(1/√d)
///
/// D_j has 32 accumulators (coordinate mod 32) and N has 16 (the pairs), added up by halving:
/// accumulator i with i + 16, i + 8, … Coordinates from d on are 0, and where a chunk is cut, or made in
/// single precision, N adds x·x of its first and second halves. Every 1024 steps, or when a scale leaves [2⁻¹⁰⁰, 2¹⁰⁰], the
/// rows are normalised exactly and Q is computed from them (sums with 32 accumulators as above).
/// For p > 1, with s_j = 1/√q_j (and scale_j ← scale_j·s_j),
///
///     Q_jl ← (s_j·s_l)·(Q_jl + ((h_j·λ_l + h_l·λ_j) + (h_j·h_l)·N))
///
/// and the risk follow every step.
///
/// Cost: O(p d); for p = 1 nearly that of the d normals.
EscEvent esc_sgd_advance(
    const EscSquares *sgd, EscSgdState *state, EscPrecision precision, double boundary,
    double target, uint64_t steps, EscInstructionSet instructions);

#ifdef __cplusplus
}
#endif
#endif
