/// Holds one direction of a grid: the settings that are chosen between, one choice a point.
///
/// A swept key is an axis of its values; the cases of a file are one axis of several keys at once.
struct SweepAxis: Sendable {
  /// The keys that every choice sets.
  let keys: [SweepKey]
  /// The choices; each has a setting for every key, in the order of `keys`.
  let choices: [[SweepSetting]]

  /// Makes the axis of one key; throws `ExperimentError` when a value stands twice, there is none,
  /// or the key may not vary.
  init(_ key: SweepKey, values: [OptionValue]) throws {
    try self.init(keys: [key], choices: values.map { [SweepSetting(key: key, value: $0)] })
  }

  /// Makes an axis of cases; throws `ExperimentError` as for one key.
  init(keys: [SweepKey], choices: [[SweepSetting]]) throws {
    self.keys = keys
    self.choices = choices
    var seen: Set<String> = []
    for choice in choices {
      for setting in choice where !setting.key.mayVary {
        throw setting.error("cannot be swept, expected one value for all points")
      }
      let words = choice.map { "\($0.key.name) = \($0.value.content.canonical.yaml)" }
        .joined(separator: ", ")
      guard seen.insert(words).inserted else {
        throw choice[0].error("found \(words) twice, expected every point once")
      }
    }
    for (index, key) in keys.enumerated() {
      guard let other = keys.prefix(index).first(where: key.excludes) else { continue }
      throw choices[0][index].error("stands beside \(other.name), expected one of the two")
    }
  }
}

extension OptionValue.Content {
  /// The value with its numbers read, so that 1e3 and 1000 are the same.
  var canonical: ResolvedValue {
    switch self {
    case .scalar(let text):
      if let whole = wholeNumber(text) { return .integer(whole) }
      if let seed = UInt64(text) { return .seed(seed) }
      if let number = Double(text), number.isFinite { return .number(number) }
      if let flag = Bool(text) { return .flag(flag) }
      return .word(text)
    case .list(let items): return .list(items.map(\.canonical))
    case .map(let pairs):
      return .map(pairs.sorted { $0.key < $1.key }.map { ($0.key, $0.value.canonical) })
    }
  }
}

/// Changes keys at the points of a grid that match a condition, such as fewer replicas at a large
/// width.
struct SweepOverride: Sendable {
  /// For each key of the condition, the values that match, in canonical form.
  let condition: [(key: SweepKey, values: [String])]
  /// The keys that are set there.
  let settings: [SweepSetting]

  /// Whether a point, whose settings are given by key, matches all of the condition.
  func applies(_ setting: (SweepKey) -> SweepSetting?) -> Bool {
    condition.allSatisfy { key, values in
      guard let setting = setting(key) else { return false }
      return values.contains(setting.value.content.canonical.yaml)
    }
  }
}

/// Is one experiment of a grid.
public struct SweepPoint: Sendable {
  /// Pairs a swept key with its value at a point.
  public struct Coordinate: Sendable {
    /// The key's word.
    public let key: String
    /// The value, its numbers read.
    public let value: ResolvedValue

    /// The value as a person reads it.
    public var words: String { value.words }
  }

  /// The place in the grid, from 1.
  public let index: Int
  /// The values of the swept keys, in the order of the grid's axes.
  public let coordinates: [Coordinate]
  /// The experiment, resolved.
  public let experiment: Experiment
}

extension ResolvedValue {
  /// The value as a person reads it, on one line; a mapping as keys with their values.
  var words: String {
    switch self {
    case .number(let number): return NumberText.given(number)
    case .map(let pairs): return pairs.map { "\($0) = \($1.words)" }.joined(separator: ", ")
    default: return singleLine(yaml)
    }
  }
}

extension Array where Element == SweepPoint.Coordinate {
  /// The coordinates on one line: `width = 5, dimension = 1000`.
  public var text: String { map { "\($0.key) = \($0.value.yaml)" }.joined(separator: ", ") }

  /// The same as a person reads it, numbers that were computed with fewer digits.
  public var words: String { ResolvedValue.map(map { ($0.key, $0.value) }).words }
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
