/// One line that a replica can cross: a criterion and its threshold.
public struct ExitMark: Sendable, Hashable {
  /// What is watched.
  public let criterion: ExitCriterion
  /// T for the risk, η for an overlap, S for the subspace.
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
/// teacher unit r, the first τ with max_j |M_jr|/√(Q_jjP_rr) ≥ η; at S the first τ with
/// tr(P⁻¹ Mᵀ Q⁺ M)/k ≥ S.
public struct ExitRule: Sendable, Equatable {
  /// The thresholds of each kind of criterion that is watched, ascending, each in (0, 1).
  private let values: [ExitCriterion.Family: [Double]]
  /// All that is watched, in the order of records and rows: overlaps by unit, the risk, the subspace.
  public let marks: [ExitMark]
  /// What is watched beside the risk, each a level that rises: overlaps by unit, the subspace.
  public let levels: [ExitCriterion]
  /// The time τ > 0 after which a replica counts as censored.
  public let horizon: Double

  /// The smallest threshold that the rounding of the risk leaves a meaning.
  public static let smallestThreshold = 1e-12

  /// Creates a rule of the risk, of overlaps and of the subspace, as the one by kinds of criteria does.
  public init(
    thresholds: [Double], overlapThresholds: [Double] = [], subspaceThresholds: [Double] = [],
    teacherUnits: Int = 1, horizon: Double
  ) throws(ParameterError) {
    try self.init(
      [.risk: thresholds, .overlap: overlapThresholds, .subspace: subspaceThresholds],
      teacherUnits: teacherUnits, horizon: horizon)
  }

  /// Creates a rule; thresholds are sorted, and must be distinct and at least ``smallestThreshold``.
  ///
  /// Numbered criteria are watched for each of the model's `teacherUnits` units. Throws `ParameterError`
  /// for the key of a kind of criterion, or for `horizon`.
  public init(
    _ thresholds: [ExitCriterion.Family: [Double]], teacherUnits: Int = 1, horizon: Double
  ) throws(ParameterError) {
    let given = thresholds.filter { !$0.value.isEmpty }
    try ParameterError.require(
      !given.isEmpty, ExitCriterion.standard.family.key, "none",
      "at least one number between 0 and 1")
    for family in ExitCriterion.Family.listed {
      let (key, values) = (family.key, given[family] ?? [])
      for value in values {
        try ParameterError.require(
          value > 0 && value < 1, key, "\(value)", "numbers between 0 and 1, both excluded")
        // Nearer to the start than this, a line would be crossed by the rounding of the risk.
        try ParameterError.require(
          value >= ExitRule.smallestThreshold, key, "\(value)",
          "numbers of at least \(ExitRule.smallestThreshold), above the rounding of the risk")
      }
      try ParameterError.require(
        Set(values).count == values.count, key, "a number twice", "distinct numbers")
    }
    try ParameterError.require(
      horizon.isFinite && horizon > 0, "horizon", "\(horizon)", "a finite time above 0")
    for family in ExitCriterion.Family.allCases where family.isNumbered && given[family] != nil {
      try ParameterError.require(
        teacherUnits <= 1000, family.key, "\(teacherUnits) teacher units",
        "at most 1000 units to watch")
    }
    let values = given.mapValues { $0.sorted() }
    let watched = ExitCriterion.Family.allCases.filter { values[$0] != nil }
      .flatMap { $0.criteria(teacherUnits: teacherUnits) }
    self.values = values
    levels = watched.filter { $0 != .risk }
    marks = watched.flatMap { criterion in
      (values[criterion.family] ?? []).map { ExitMark(criterion, $0) }
    }
    self.horizon = horizon
  }

  /// The thresholds of one kind of criterion, ascending; empty where it is not watched.
  public func thresholds(of family: ExitCriterion.Family) -> [Double] { values[family] ?? [] }

  /// Fractions T of the initial risk, ascending, each in (0, 1); may be empty beside overlaps.
  public var thresholds: [Double] { thresholds(of: .risk) }

  /// Overlap levels η, ascending, each in (0, 1); empty where overlaps are not watched.
  public var overlapThresholds: [Double] { thresholds(of: .overlap) }

  /// Levels S of the subspace overlap, ascending, each in (0, 1); empty where it is not watched.
  public var subspaceThresholds: [Double] { thresholds(of: .subspace) }

  /// Whether anything but the risk is watched.
  public var watchesLevels: Bool { !levels.isEmpty }

  /// Whether the risk of this model alone tells every exit: with one student and one unit on the sphere
  /// |m| is a function of it.
  func isTold(byRiskOf model: Model) -> Bool {
    !watchesLevels
      || model.isPhaseRetrieval && model.width == 1 && model.teacherUnits == 1
        && model.secondLayer[0] > 0
  }

  /// Starts the watch of a replica; overlaps that the risk alone tells are watched by it.
  func watch(of model: Model, initialRisk: Double) -> ExitWatch {
    let weight = model.secondLayer.reduce(0) { $0 + abs($1) } / Double(model.width)
    return ExitWatch(
      rule: self, initialRisk: initialRisk, riskScale: 0.5 * (1 + weight) * (1 + weight),
      overlapRisk: watchesLevels && isTold(byRiskOf: model) ? OverlapRisk(model: model) : nil)
  }

  /// Throws `ParameterError` for `teacher-units` unless the rule was made for as many as the model has, and
  /// for `subspace-thresholds` that p students cannot reach.
  package func requireFits(_ model: Model) throws(ParameterError) {
    for family in ExitCriterion.Family.allCases where family.isNumbered {
      let watched = levels.count { $0.family == family }
      try ParameterError.require(
        watched == 0 || watched == model.teacherUnits, "teacher-units",
        "\(model.teacherUnits)", "\(watched), as the exit rule watches")
    }
    let (p, k) = (model.width, model.teacherUnits)
    if let highest = subspaceThresholds.last, p < k {
      try ParameterError.require(
        highest < Double(p) / Double(k), "subspace-thresholds", "\(highest)",
        "numbers below width/teacher-units = \(p)/\(k), the most that \(p) students can span")
    }
  }

  /// Counts the steps of SGD until the horizon.
  ///
  /// Throws `ParameterError` when the count would exceed 10¹⁸.
  func stepLimit(of model: Model) throws(ParameterError) -> Int {
    let steps = model.clock.steps(by: horizon)
    try ParameterError.require(
      steps < 1e18, "horizon", "\(horizon), that is \(steps) steps", "fewer than 1e18 steps")
    return Int(steps)
  }
}
