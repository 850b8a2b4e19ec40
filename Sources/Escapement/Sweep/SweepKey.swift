/// Names what a sweep may vary: a key of the experiment, or the learning rate in other units.
public enum SweepKey: Sendable, Hashable {
  /// A key of the experiment.
  case experiment(ExperimentKey)
  /// The learning rate over the width, γ/p.
  case learningRateOverWidth
  /// The learning rate over the one with the fewest samples to escape, which depends on the width.
  case learningRateOverBest

  /// The word in files, on the command line and at the head of a column.
  public var name: String {
    switch self {
    case .experiment(let key): return key.rawValue
    case .learningRateOverWidth: return "learning-rate-over-width"
    case .learningRateOverBest: return "learning-rate-over-best"
    }
  }

  /// Finds a key by its word.
  public init?(name: String) {
    switch name {
    case SweepKey.learningRateOverWidth.name: self = .learningRateOverWidth
    case SweepKey.learningRateOverBest.name: self = .learningRateOverBest
    default:
      guard let key = ExperimentKey(rawValue: name) else { return nil }
      self = .experiment(key)
    }
  }

  /// What the two keys that no experiment has mean, for help texts.
  public var help: String {
    switch self {
    case .experiment(let key): return key.help
    case .learningRateOverWidth:
      return "Learning rate over the width, γ/p, at every point (default none: γ itself; e.g. 0.1)."
    case .learningRateOverBest:
      return "Learning rate over the best one of each point's width, half the critical one "
        + "(default none: γ itself; e.g. 0.5,1)."
    }
  }

  /// Whether the key sets the learning rate; of these a point takes one.
  var setsLearningRate: Bool {
    switch self {
    case .experiment(let key): return key == .learningRate
    case .learningRateOverWidth, .learningRateOverBest: return true
    }
  }

  /// Whether a comma on the command line belongs to the value rather than parting two of them.
  var isListByNature: Bool {
    if case .experiment(let key) = self { key.role.isList } else { false }
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
