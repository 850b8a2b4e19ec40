import GSL

/// Names what a random stream is for, so that no two uses share numbers.
public enum StreamPurpose: UInt16, Sendable, CaseIterable {
  /// The start of a replica, shared by all dynamics.
  case start = 1
  /// The exact chain.
  case chain = 2
  /// The SDE.
  case sde = 3
  /// Full SGD.
  case sgd = 4
  /// Permutations and resamples of statistics.
  case statistics = 5
  /// Times of crossings inside a step of the SDE.
  case crossings = 6
  /// The samples of a finite set.
  case samples = 7
}

/// Makes the random streams of an experiment: one for each seed, purpose and replica.
public struct StreamFamily: Sendable, Equatable {
  /// The generator that all streams use.
  public let generator: RandomGenerator
  /// The experiment's seed.
  public let seed: UInt64

  /// Creates the family of `seed`.
  public init(seed: UInt64, generator: RandomGenerator = .xoshiro) {
    self.seed = seed
    self.generator = generator
  }

  /// Tells whether the vector kernels draw from these streams.
  public var suitKernels: Bool { generator == .xoshiro }

  /// Opens the stream of one replica; throws `GSLError` when memory or stream numbers run out.
  public func stream(for purpose: StreamPurpose, replica: Int) throws -> RandomStream {
    try RandomStream(
      generator: generator, seed: seed, purpose: purpose.rawValue, replica: replica)
  }
}
