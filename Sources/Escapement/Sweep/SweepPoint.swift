/// Is one experiment of a grid.
public struct SweepPoint: Sendable {
  /// Pairs a swept key with its value at a point.
  public struct Coordinate: Sendable {
    /// The key's word.
    public let key: String
    /// The value, its numbers read.
    public let value: ResolvedValue

    /// The value as a person reads it.
    public var words: String {
      if case .number(let number) = value { NumberText.given(number) } else { value.yaml }
    }
  }

  /// The place in the grid, from 1.
  public let index: Int
  /// The values of the swept keys, in the order of the grid's axes.
  public let coordinates: [Coordinate]
  /// The experiment, resolved.
  public let experiment: Experiment
}

extension Array where Element == SweepPoint.Coordinate {
  /// The coordinates on one line: `width = 5, dimension = 1000`.
  public var text: String { map { "\($0.key) = \($0.value.yaml)" }.joined(separator: ", ") }

  /// The same as a person reads it, numbers that were computed with fewer digits.
  public var words: String { map { "\($0.key) = \($0.words)" }.joined(separator: ", ") }
}

/// Derives the seed of a point from the sweep's seed and the point's coordinates.
///
/// Points must not share random numbers, or the errors of a fit over them would be wrong. The
/// order of the axes and the other points do not matter, so that a grid may grow.
/// FNV-1a over the coordinates' text, then the finaliser of SplitMix64 over its sum with the seed.
func pointSeed(_ seed: UInt64, _ coordinates: [SweepPoint.Coordinate]) -> UInt64 {
  guard !coordinates.isEmpty else { return seed }
  var hash: UInt64 = 0xCBF2_9CE4_8422_2325
  for coordinate in coordinates.sorted(by: { $0.key < $1.key }) {
    for byte in "\(coordinate.key)=\(coordinate.value.yaml)\n".utf8 {
      hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3
    }
  }
  var word = seed &+ hash
  word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
  word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
  return word ^ word >> 31
}
