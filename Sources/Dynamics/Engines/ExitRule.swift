/// Names what an exit is watched by.
public enum ExitCriterion: Sendable, Hashable {
  /// max_j |M_jr|/√(Q_jjP_rr) ≥ η for teacher unit r, counted from 0.
  case overlap(Int)
  /// R ≤ (1 − T) R(0).
  case risk

  /// The word in files and tables: `risk`, `overlap-1`, `overlap-2`, ….
  public var name: String {
    switch self {
    case .risk: return "risk"
    case .overlap(let unit): return "overlap-\(unit + 1)"
    }
  }
}

/// One line that a replica can cross: a criterion and its threshold.
public struct ExitMark: Sendable, Hashable {
  /// What is watched.
  public let criterion: ExitCriterion
  /// T for the risk, η for an overlap.
  public let threshold: Double

  /// Creates a mark.
  public init(_ criterion: ExitCriterion, _ threshold: Double) {
    self.criterion = criterion
    self.threshold = threshold
  }
}

/// Says when a replica has left the plateau, and when it is given up.
///
/// The exit time at T is the first τ with R(τ) ≤ (1 − T) R(0), R the excess risk; at η, for each
/// teacher unit r, the first τ with max_j |M_jr|/√(Q_jjP_rr) ≥ η.
public struct ExitRule: Sendable, Equatable {
  /// Fractions T of the initial risk, ascending, each in (0, 1); may be empty beside overlaps.
  public let thresholds: [Double]
  /// Overlap levels η, ascending, each in (0, 1); empty where overlaps are not watched.
  public let overlapThresholds: [Double]
  /// All that is watched, in the order of records and rows: overlaps by unit, then the risk.
  public let marks: [ExitMark]
  /// Number of teacher units whose overlaps are watched.
  public let watchedUnits: Int
  /// The time τ > 0 after which a replica counts as censored.
  public let horizon: Double

  /// Creates a rule; thresholds are sorted, and must be distinct.
  ///
  /// `overlapThresholds` are watched for each of the model's `teacherUnits` units. Throws `ParameterError`
  /// for the key `thresholds`, `overlap-thresholds` or `horizon`.
  public init(
    thresholds: [Double], overlapThresholds: [Double] = [], teacherUnits: Int = 1, horizon: Double
  ) throws(ParameterError) {
    try ParameterError.require(
      !thresholds.isEmpty || !overlapThresholds.isEmpty, "thresholds", "none",
      "at least one number between 0 and 1")
    for (key, values) in [("thresholds", thresholds), ("overlap-thresholds", overlapThresholds)] {
      for value in values {
        try ParameterError.require(
          value > 0 && value < 1, key, "\(value)", "numbers between 0 and 1, both excluded")
      }
      try ParameterError.require(
        Set(values).count == values.count, key, "a number twice", "distinct numbers")
    }
    try ParameterError.require(
      horizon.isFinite && horizon > 0, "horizon", "\(horizon)", "a finite time above 0")
    try ParameterError.require(
      overlapThresholds.isEmpty || teacherUnits <= 1000, "overlap-thresholds",
      "\(teacherUnits) teacher units", "at most 1000 units to watch")
    let (risks, overlaps) = (thresholds.sorted(), overlapThresholds.sorted())
    self.thresholds = risks
    self.overlapThresholds = overlaps
    var marks: [ExitMark] = []
    if !overlaps.isEmpty {
      for unit in 0..<teacherUnits { marks += overlaps.map { ExitMark(.overlap(unit), $0) } }
    }
    self.marks = marks + risks.map { ExitMark(.risk, $0) }
    self.horizon = horizon
    watchedUnits = overlaps.isEmpty ? 0 : teacherUnits
  }

  /// Whether anything but the risk is watched.
  public var watchesOverlaps: Bool { !overlapThresholds.isEmpty }

  /// Whether the risk of this model alone tells every exit: with one student and one unit on the sphere
  /// |m| is a function of it.
  func isTold(byRiskOf model: Model) -> Bool {
    !watchesOverlaps
      || model.isPhaseRetrieval && model.width == 1 && model.teacherUnits == 1
        && model.secondLayer[0] > 0
  }

  /// Starts the watch of a replica; overlaps that the risk alone tells are watched by it.
  func watch(of model: Model, initialRisk: Double) -> ExitWatch {
    ExitWatch(
      rule: self, initialRisk: initialRisk,
      overlapRisk: watchesOverlaps && isTold(byRiskOf: model) ? OverlapRisk(model: model) : nil)
  }

  /// Throws `ParameterError` for `teacher-units` unless the rule was made for as many as the model has.
  func requireFits(_ model: Model) throws(ParameterError) {
    try ParameterError.require(
      !watchesOverlaps || watchedUnits == model.teacherUnits, "teacher-units",
      "\(model.teacherUnits)", "\(watchedUnits), as the exit rule watches")
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
