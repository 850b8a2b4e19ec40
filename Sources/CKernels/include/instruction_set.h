// The instruction sets a kernel is compiled for, and the choice among them at run time.
#ifndef ESCAPEMENT_INSTRUCTION_SET_H
#define ESCAPEMENT_INSTRUCTION_SET_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Names the instruction set of a compiled copy of a kernel. Every copy returns the same bits:
/// the same IEEE operations in the same order, none of them fused.
typedef enum {
  /// What every processor of the architecture has: SSE2, or NEON.
  ESC_INSTRUCTION_SET_BASELINE = 0,
  /// x86-64-v3: AVX2, 256 bits.
  ESC_INSTRUCTION_SET_AVX2 = 1,
  /// x86-64-v4: AVX-512, 512 bits.
  ESC_INSTRUCTION_SET_AVX512 = 2,
} EscInstructionSet;

/// Returns the widest instruction set this processor and this build can run. Cost: a table lookup.
EscInstructionSet esc_best_instruction_set(void);

/// The number of replicas that a block of lanes advances together.
enum { ESC_LANES = 16 };

/// Says why a kernel returned for a lane.
typedef enum {
  /// The lane may go on.
  ESC_EVENT_NONE = 0,
  /// The overlap is at or beyond the boundary.
  ESC_EVENT_CROSSED = 1,
  /// A path of the diffusion touched the boundary between two grid points that are both inside.
  ESC_EVENT_BRIDGED = 2,
  /// The state is no longer finite.
  ESC_EVENT_DIVERGED = 3,
  /// The step counter reached the lane's horizon.
  ESC_EVENT_HORIZON = 4,
} EscEvent;

#ifdef __cplusplus
}
#endif
#endif
