/// Names what a sweep may vary: a key of the experiment, or the learning rate or batch in other units.
public enum SweepKey: Sendable, Hashable {
  /// A key of the experiment.
  case experiment(ExperimentKey)
  /// The learning rate over the width, γ/p.
  case learningRateOverWidth
  /// The learning rate over the one with the fewest samples to escape, which depends on the width.
  case learningRateOverBest
  /// The learning rate by a power law, γ = c B d^−a.
  case learningRatePowerLaw
  /// The batch size over the dimension, B/d.
  case batchSizeOverDimension

  /// The keys that no experiment has.
  static let inOtherUnits = [
    learningRateOverWidth, learningRateOverBest, learningRatePowerLaw, batchSizeOverDimension,
  ]

  /// The word in files, on the command line and at the head of a column.
  public var name: String {
    switch self {
    case .experiment(let key): return key.rawValue
    case .learningRateOverWidth: return "learning-rate-over-width"
    case .learningRateOverBest: return "learning-rate-over-best"
    case .learningRatePowerLaw: return "learning-rate-power-law"
    case .batchSizeOverDimension: return "batch-size-over-dimension"
    }
  }

  /// Finds a key by its word.
  public init?(name: String) {
    if let key = SweepKey.inOtherUnits.first(where: { $0.name == name }) {
      self = key
    } else {
      guard let key = ExperimentKey(rawValue: name) else { return nil }
      self = .experiment(key)
    }
  }

  /// What the keys that no experiment has mean, for help texts.
  public var help: String {
    switch self {
    case .experiment(let key): return key.help
    case .learningRateOverWidth:
      return "Learning rate over the width, γ/p, at every point (default none: γ itself; e.g. 0.1)."
    case .learningRateOverBest:
      return "Learning rate over the best one of each point's width, half the critical one "
        + "(default none: γ itself; e.g. 0.5,1)."
    case .learningRatePowerLaw:
      return
        "Learning rate γ = C B d^−A of each point's batch B and dimension d, as C,A (default none: γ itself; "
        + "papers with |w| = 1 write γ/d for it)."
    case .batchSizeOverDimension:
      return
        "Batch over the dimension, B/d, rounded to a whole B of at least 1 (default none: B itself; e.g. 0.1,1)."
    }
  }

  /// What a value is called in a usage line.
  public var valueName: String { self == .learningRatePowerLaw ? "C,A" : "numbers" }

  /// The key of an experiment that this one sets, where several do: of these a point takes one.
  var quantity: ExperimentKey? {
    switch self {
    case .experiment(let key): return key == .learningRate || key == .batchSize ? key : nil
    case .learningRateOverWidth, .learningRateOverBest, .learningRatePowerLaw: return .learningRate
    case .batchSizeOverDimension: return .batchSize
    }
  }

  /// Whether the two set one key in different units.
  func excludes(_ other: SweepKey) -> Bool {
    self != other && quantity != nil && quantity == other.quantity
  }

  /// Whether a comma on the command line belongs to the value rather than parting two of them.
  var isListByNature: Bool {
    if case .experiment(let key) = self { key.role.isList } else { self == .learningRatePowerLaw }
  }

  /// Whether it is a part of something, which may be given in per cent.
  var isShare: Bool {
    if case .experiment(let key) = self { key.isShare } else { false }
  }

  /// Whether points may differ in it.
  var mayVary: Bool {
    if case .experiment(let key) = self { key.role.mayVary } else { true }
  }
}

/// Pairs a key with a value, as written.
struct SweepSetting: Sendable {
  let key: SweepKey
  let value: OptionValue

  /// Makes the error for this setting, at the place where it stands.
  func error(_ problem: String) -> ExperimentError {
    ExperimentError(origin: value.origin, key: key.name, problem: problem)
  }
}
