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

/// Owns the constants of a network as the kernels read them.
final class KernelNetwork {
  let pointer: UnsafeMutablePointer<EscSquares>
  private let weights: UnsafeMutablePointer<Double>

  init(model: Model, seed: UInt64) {
    weights = .allocate(capacity: model.width)
    weights.initialize(from: model.secondLayer, count: model.width)
    pointer = .allocate(capacity: 1)
    pointer.initialize(
      to: EscSquares(
        seed: seed, dimension: UInt64(model.dimension), width: UInt64(model.width),
        rate: model.learningRate, weights: weights, noise: model.labelNoise.squareRoot()))
  }

  deinit {
    pointer.deallocate()
    weights.deallocate()
  }
}

/// The two counter words that name a replica's stream to a kernel.
func kernelStream(_ purpose: StreamPurpose, replica: Int) -> UInt64 {
  UInt64(replica) | UInt64(purpose.rawValue) << 48
}

/// Reads and writes one lane of a C struct whose fields are arrays of fixed length.
///
/// Such arrays are tuples in Swift, and are reached through their memory.
extension UnsafeMutablePointer {
  func set<Field, Element>(
    _ path: WritableKeyPath<Pointee, Field>, _ lane: Int, _ value: Element
  ) {
    withUnsafeMutableBytes(of: &pointee[keyPath: path]) {
      $0.storeBytes(of: value, toByteOffset: lane * MemoryLayout<Element>.stride, as: Element.self)
    }
  }

  /// Passes one lane of a field.
  func pass<Field, Element: BitwiseCopyable>(
    _ path: WritableKeyPath<Pointee, Field>, _ lane: Int, as type: Element.Type,
    through transfer: any StateTransfer
  ) throws {
    var value = get(path, lane, as: type)
    try transfer.pass(&value)
    set(path, lane, value)
  }

  func get<Field, Element>(
    _ path: KeyPath<Pointee, Field>, _ lane: Int, as type: Element.Type
  ) -> Element {
    withUnsafeBytes(of: pointee[keyPath: path]) {
      $0.load(fromByteOffset: lane * MemoryLayout<Element>.stride, as: Element.self)
    }
  }
}
