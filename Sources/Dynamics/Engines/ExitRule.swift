/// Says when a replica has left the plateau, and when it is given up.
///
/// The exit time at T is the first τ with R(τ) ≤ (1 − T) R(0), R the excess risk.
public struct ExitRule: Sendable, Equatable {
  /// Fractions T of the initial risk, ascending, each in (0, 1).
  public let thresholds: [Double]
  /// The time τ > 0 after which a replica counts as censored.
  public let horizon: Double

  /// Creates a rule; `thresholds` are sorted, and must be distinct.
  ///
  /// Throws `ParameterError` for the key `thresholds` or `horizon`.
  public init(thresholds: [Double], horizon: Double) throws(ParameterError) {
    try ParameterError.require(
      !thresholds.isEmpty, "thresholds", "none", "at least one number between 0 and 1")
    for value in thresholds {
      try ParameterError.require(
        value > 0 && value < 1, "thresholds", "\(value)",
        "numbers between 0 and 1, both excluded")
    }
    try ParameterError.require(
      Set(thresholds).count == thresholds.count, "thresholds", "a number twice", "distinct numbers")
    try ParameterError.require(
      horizon.isFinite && horizon > 0, "horizon", "\(horizon)", "a finite time above 0")
    self.thresholds = thresholds.sorted()
    self.horizon = horizon
  }

  /// Counts the steps of SGD until the horizon: the largest ν with ν γ/(p d) ≤ horizon.
  ///
  /// Throws `ParameterError` when the count would exceed 10¹⁸.
  func stepLimit(of model: Model) throws(ParameterError) -> Int {
    let steps = (horizon / model.timePerStep * (1 + 1e-12)).rounded(.down)
    try ParameterError.require(
      steps < 1e18, "horizon", "\(horizon), that is \(steps) steps", "fewer than 1e18 steps")
    return Int(steps)
  }
}
