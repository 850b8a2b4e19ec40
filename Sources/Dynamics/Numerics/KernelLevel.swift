internal import CKernels

/// Names the instruction set that vector kernels use; every level returns the same bits.
public enum KernelLevel: Int, Sendable, CaseIterable {
  /// What every processor of the architecture has: SSE2, or NEON.
  case baseline = 0
  /// x86-64-v3: AVX2.
  case avx2 = 1
  /// x86-64-v4: AVX-512.
  case avx512 = 2

  /// The highest level of this processor.
  public static var best: KernelLevel {
    KernelLevel(rawValue: Int(esc_best_level().rawValue)) ?? .baseline
  }

  /// The levels this processor can run, lowest first.
  public static var available: [KernelLevel] { allCases.filter { $0.rawValue <= best.rawValue } }

  var kernel: EscLevel { EscLevel(rawValue: UInt32(rawValue)) }
}
