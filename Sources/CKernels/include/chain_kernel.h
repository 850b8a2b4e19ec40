// The exact reduced chain of one-pass SGD for one student and one teacher neuron, many replicas
// at a time.
#ifndef ESCAPEMENT_CHAIN_KERNEL_H
#define ESCAPEMENT_CHAIN_KERNEL_H

#include "random_stream.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Holds the constants of an experiment: squared activations, spherical constraint, p = k = 1.
typedef struct {
  /// The key of every stream.
  uint64_t seed;
  /// Input dimension d, at least 2.
  uint64_t dimension;
  /// Learning rate γ.
  double learning_rate;
  /// Second-layer weight a.
  double weight;
  /// Standard deviation √Δ of the label noise.
  double label_noise_deviation;
} EscChain;

/// Holds ESC_LANES replicas, a replica a lane. The caller reads and writes every field between
/// calls; a lane without a replica has overlap 0, an infinite boundary and horizon UINT64_MAX.
typedef struct {
  /// Overlap m = w·w⋆/d.
  double overlap[ESC_LANES];
  /// The lane has an event as soon as |m| ≥ boundary.
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
} EscChainLanes;

/// Advances every lane by the same number of steps, at most `steps`, and returns early with the
/// set of lanes that have an event (bit i is lane i; 0 when the budget ran out).
///
/// A step draws (g₁, g₂) and r² = g₁² + g₂² from the next two words of the replica's generator, (z, x)
/// from the two after them (random_stream.h: generators, normals, χ², 1/√), and computes, in this order and
/// without fused operations,
///
///     χ² with d − 2 degrees of freedom
///     N = r² + χ²                               |input|²
///     b = √max(0, 1 − m·m)
///     λ = m·g₁ + b·g₂
///     ℰ = (g₁·g₁ − (a·λ)·λ) + √Δ·z
///     h = (((2·γ)·a)/d · ℰ)·λ
///     q = 1 + h·((λ + λ) + h·N)
///     m ← (m + h·g₁)·(1/√q)
///
/// χ² takes x and the low 14 bits of the fourth word. Cost: four words, four normals.
///
/// `instructions` must not exceed `esc_best_instruction_set()`. Event lanes have not been advanced past the event.
/// A lane that enters with an event pending (|m| ≥ boundary or step ≥ horizon) returns at once.
uint32_t esc_chain_advance(
    const EscChain *chain, EscChainLanes *lanes, uint64_t steps, EscInstructionSet instructions);

#ifdef __cplusplus
}
#endif
#endif
