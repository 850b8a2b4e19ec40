internal import CKernels

/// Names the instruction set that vector kernels use; every one returns the same bits.
public enum InstructionSet: Int, Sendable, CaseIterable {
  /// What every processor of the architecture has: SSE2, or NEON.
  case baseline = 0
  /// x86-64-v3: AVX2.
  case avx2 = 1
  /// x86-64-v4: AVX-512.
  case avx512 = 2

  /// The widest that runs on this processor.
  public static var best: InstructionSet {
    InstructionSet(rawValue: Int(esc_best_instruction_set().rawValue)) ?? .baseline
  }

  /// What this processor can run, the narrowest first.
  public static var available: [InstructionSet] { allCases.filter { $0.rawValue <= best.rawValue } }

  var kernel: EscInstructionSet { EscInstructionSet(rawValue: UInt32(rawValue)) }
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
        learning_rate: model.learningRate, weights: weights,
        label_noise_deviation: model.labelNoise.squareRoot()))
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

/// Owns zeroed memory and hands out parts of it, each on a cache line of its own.
final class KernelMemory {
  private let storage: UnsafeMutablePointer<Double>
  private let count: Int
  private var used = 0

  /// Allocates room for parts of these sizes, in numbers.
  init(_ sizes: [Int]) {
    count = sizes.reduce(0) { $0 + KernelMemory.rounded($1) }
    storage = UnsafeMutableRawPointer.allocate(byteCount: max(count, 1) * 8, alignment: 64)
      .bindMemory(to: Double.self, capacity: max(count, 1))
    clear()
  }

  deinit { storage.deallocate() }

  /// Takes the next part.
  func take(_ size: Int) -> UnsafeMutablePointer<Double> {
    precondition(used + KernelMemory.rounded(size) <= count, "parts in excess of the room")
    defer { used += KernelMemory.rounded(size) }
    return storage + used
  }

  /// Passes every number.
  func pass(through transfer: any StateTransfer) throws {
    try transfer.pass(storage, count: count)
  }

  /// Passes every number, and what a kernel's state has beside them.
  func pass<State>(
    with state: inout State, _ risk: WritableKeyPath<State, Double>,
    _ step: WritableKeyPath<State, UInt64>, _ generators: WritableKeyPath<State, EscGenerators>,
    through transfer: any StateTransfer
  ) throws {
    try pass(through: transfer)
    try transfer.pass(&state[keyPath: risk])
    try transfer.pass(&state[keyPath: step])
    try transfer.pass(&state[keyPath: generators])
    try StateError.require(state[keyPath: step] < 1 << 60)
  }

  /// Sets every number to zero.
  func clear() { storage.initialize(repeating: 0, count: count) }

  private static func rounded(_ size: Int) -> Int { (size + 7) / 8 * 8 }
}
