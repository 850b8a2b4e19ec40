// The diffusion limit of one-pass SGD for one student and one teacher neuron: Euler–Maruyama or
// drift-Heun with a crossing test between grid points, many replicas at a time.
#ifndef ESCAPEMENT_SDE_KERNEL_H
#define ESCAPEMENT_SDE_KERNEL_H

#include "random_stream.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Names how a step takes the drift b, n the noise it draws.
typedef enum {
  /// x + h b(x) + n.
  ESC_SCHEME_EULER_MARUYAMA = 0,
  /// x + ½h (b(x) + b(x + h b(x) + n)) + n.
  ESC_SCHEME_DRIFT_HEUN = 1,
  /// x + (k₁ + 2k₂ + 2k₃ + k₄)/6 + n, k₁ = h b(x), k₂ = h b(x + ½k₁), k₃ = h b(x + n + ½k₂),
  /// k₄ = h b(x + n + k₃).
  ESC_SCHEME_DRIFT_RUNGE_KUTTA = 2,
} EscScheme;

/// Holds the constants of dm = m·P(m²) dt + √(s·V(m²)) dB, s = γ/d.
typedef struct {
  /// The key of every stream.
  uint64_t seed;
  /// P, lowest order first.
  double drift[5];
  /// V, lowest order first.
  double variance[5];
  /// The factor s of the variance rate.
  double scale;
  /// The time step dt.
  double step;
  /// Spreads' roots by which the boundary stands farther (0: the path is watched at all times).
  double shift;
  /// Whether to look for crossings between grid points (0 or 1).
  int32_t bridge;
  /// How a step takes the drift, an EscScheme.
  int32_t scheme;
} EscDiffusion;

/// Holds ESC_LANES replicas, a replica a lane; see EscChainLanes.
typedef struct {
  /// Overlap m.
  double overlap[ESC_LANES];
  /// m before the step of the lane's last event.
  double previous[ESC_LANES];
  /// dt·s·V of that step.
  double spread[ESC_LANES];
  /// The lane has an event as soon as |m| ≥ boundary, or its bridge touches the boundary.
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
} EscDiffusionLanes;

/// Advances the lanes, each by at most `steps` steps, and returns early with the set of lanes that
/// have an event (bit i is lane i; 0 when the budget ran out). Steps go in pairs: when one lane has
/// an event in the first of the two, the others stand one step further.
///
/// In this order and without fused operations, g the first (even step) or second normal of a
/// pair from the replica's generator, all constants folded once,
///
///     t = m·m
///     P = (((p₄·t + p₃)·t + p₂)·t + p₁)·t + p₀          p_i = dt·drift_i
///     V = (((v₄·t + v₃)·t + v₂)·t + v₁)·t + v₀          v_i = (dt·s)·variance_i
///     n = √max(0, V)·g,  m' = m + (m·P + n)
///     drift-Heun, P' = P at m':   m' ← m + (½·(m·P + m'·P') + n)
///     drift-Runge–Kutta, k₁ = m·P, k = y·P at y:  k₂ at m + ½·k₁, k₃ at (m + n) + ½·k₂,
///     k₄ at (m + n) + k₃:   m' ← m + ((1/6)·((k₁ + k₄) + 2·(k₂ + k₃)) + n)
///     η = boundary + shift·√max(0, V)
///     e = ((η − |m|) + (η − |m|))·(η − |m'|)
///
/// and, when η > |m'| and e < 38·V, a crossing if exp(−(e/V)) > U (the C library's exp), with U = (k + ½)·2⁻⁵³, k the high
/// 53 bits of the first word of block 2⁶³ + step. The probability is exact for constant V and order
/// one better than the grid otherwise. Cost: a word, a normal and a root a step.
uint32_t esc_diffusion_advance(
    const EscDiffusion *diffusion, EscDiffusionLanes *lanes, uint64_t steps, EscInstructionSet instructions);

/// Returns whether the step of a lane's last event also touched `boundary`, for a caller with several
/// thresholds: |m| ≥ boundary, or the same bridge with the same U.
int esc_diffusion_touched(
    const EscDiffusion *diffusion, const EscDiffusionLanes *lanes, int lane, double boundary);

#ifdef __cplusplus
}
#endif
#endif
