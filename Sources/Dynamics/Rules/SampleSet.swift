import GSL

/// Says that SGD passes several times over a finite set of samples instead of taking fresh ones.
///
/// Batches take N/B steps, each r times, through the set and begin anew. The weights then depend on every sample, so that
/// full SGD alone can follow them: overlaps are no longer all that the next step depends on. With one epoch each sample
/// is fresh when it comes.
/// Source: Dandi, Troiani, Arnaboldi, Pesce, Zdeborová, Krzakala (2024), arXiv 2402.03220.
public struct SampleSet: Sendable, Equatable {
  /// Names the order in which an epoch takes the samples.
  public enum Order: String, Sendable, CaseIterable {
    /// The same in every epoch.
    case same
    /// Another in every epoch.
    case shuffled
  }

  /// Number N of samples.
  public let count: Int
  /// Passes over the set.
  public let epochs: Int
  /// The order of an epoch.
  public let order: Order

  /// The largest set and the most epochs.
  public static let largestCount = 1_000_000_000

  /// Creates a set.
  ///
  /// Throws `ParameterError` for the key `samples` or `epochs` unless it is from 1 to ``largestCount``.
  public init(count: Int, epochs: Int, order: Order = .same) throws(ParameterError) {
    for (key, number) in [("samples", count), ("epochs", epochs)] {
      try ParameterError.require(
        (1...SampleSet.largestCount).contains(number), key, "\(number)",
        "a whole number from 1 to \(SampleSet.largestCount)")
    }
    self.count = count
    self.epochs = epochs
    self.order = order
  }

  /// Whether samples come back.
  public var returns: Bool { epochs > 1 }

  /// Steps of SGD in an epoch, (N/B) r.
  public func stepsPerEpoch(_ rule: LearningRule) -> Int {
    count / rule.batchSize * rule.repetitions
  }

  /// Throws `ParameterError` for the key `samples` where there is a set; `who` cannot pass over one.
  static func requireNone(_ set: SampleSet?, _ who: String) throws(ParameterError) {
    guard let set else { return }
    throw ParameterError(
      key: "samples", found: "\(set.count)",
      expected: "none for \(who), in which every sample is fresh: full SGD alone can meet one again"
    )
  }
}

/// Makes the samples of a set anew whenever they are asked for, each from its own key.
///
/// A sample is that of (key, index), where the key is one draw of the replica's own stream: memory does not grow with N. A
/// workspace belongs to one task; nothing here allocates once it is made.
final class SampleSource {
  private let set: SampleSet
  private let stream: RandomStream
  private let labelNoiseDeviation: Double
  private let dimension: Int
  /// Tells the sets of replicas apart.
  private var key: UInt64 = 0

  /// Throws `GSLError` when memory runs out; the generator must be keyed.
  init(_ set: SampleSet, model: Model, generator: RandomGenerator) throws {
    precondition(generator.isKeyed, "samples by key need a keyed generator")
    self.set = set
    labelNoiseDeviation = model.labelNoise.squareRoot()
    dimension = model.dimension
    stream = try RandomStream(
      generator: generator, seed: 0, purpose: StreamPurpose.samples.rawValue, replica: 0)
  }

  /// Draws the key of a replica's set.
  func open(_ replica: RandomStream) {
    key = UInt64(replica.bits()) << 32 | UInt64(replica.bits()) & 0xffff_ffff
  }

  /// Writes the input of a sample and returns the error of its label.
  func make(_ index: Int, into input: UnsafeMutablePointer<Double>) -> Double {
    stream.restart(seed: key, purpose: StreamPurpose.samples.rawValue, replica: index)
    stream.fillGaussian(UnsafeMutableBufferPointer(start: input, count: dimension))
    return labelNoiseDeviation == 0 ? 0 : labelNoiseDeviation * stream.gaussian()
  }

  /// The sample that comes at a place of an epoch.
  func index(_ place: Int, epoch: Int) -> Int {
    guard set.order == .shuffled && epoch > 0 else { return place }
    return shuffled(place, of: set.count, key: key &+ UInt64(epoch) &* 0x9e37_79b9_7f4a_7c15)
  }

  func pass(through transfer: any StateTransfer) throws { try transfer.pass(&key) }
}

/// Where a pseudorandom permutation of 0 ..< `count` that `key` selects takes a place, in memory that does not grow.
///
/// Eight rounds of a balanced Feistel network on the smallest even number of bits that holds `count`, walked along its cycle
/// until it is back inside: a bijection, in some two walks on average at most four.
/// Source: Luby and Rackoff (1988), SIAM J. Comput. 17, 373; Black and Rogaway (2002), CT-RSA, method 3.
func shuffled(_ place: Int, of count: Int, key: UInt64) -> Int {
  let bits = max(1, (UInt64.bitWidth - UInt64(count - 1).leadingZeroBitCount + 1) / 2)
  let mask = UInt64(1) << UInt64(bits) - 1
  var value = UInt64(place)
  repeat {
    var (left, right) = (value >> UInt64(bits), value & mask)
    for round in 0..<UInt64(8) {
      (left, right) = (right, left ^ (mixed(key &+ round << 56 ^ right) & mask))
    }
    value = left << UInt64(bits) | right
  } while value >= UInt64(count)
  return Int(value)
}

/// Steele, Lea and Flood's finaliser (2014), OOPSLA: SplitMix64.
private func mixed(_ word: UInt64) -> UInt64 {
  var z = word &+ 0x9e37_79b9_7f4a_7c15
  z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
  z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
  return z ^ (z >> 31)
}
