import Dynamics

/// Names what a path shows at each time.
public enum TrajectoryColumn: String, Sendable, CaseIterable {
  /// The excess risk R.
  case risk
  /// Overlaps of students and teacher units: `M_1_1`, `M_1_2`, …, students first.
  case teacherOverlaps = "M"
  /// Overlaps of students, l ≤ j: `Q_1_1`, `Q_2_1`, `Q_2_2`, ….
  case studentOverlaps = "Q"
  /// The second layer: `a_1`, `a_2`, ….
  case secondLayer = "a"
  /// The training risk of a finite set of samples, the noise of its labels in it.
  case trainingRisk = "training-risk"

  /// What is shown unless something else is asked for: the risk, and M where it is at most eight numbers.
  public static func standard(for model: Model) -> [TrajectoryColumn] {
    model.width * model.teacherUnits <= 8 ? [.risk, .teacherOverlaps] : [.risk]
  }

  /// Names in the head of a table, one a number.
  public func names(for model: Model) -> [String] {
    let (p, k) = (model.width, model.teacherUnits)
    switch self {
    case .risk: return ["risk"]
    case .teacherOverlaps: return (1...p).flatMap { j in (1...k).map { "M_\(j)_\($0)" } }
    case .studentOverlaps: return (1...p).flatMap { j in (1...j).map { "Q_\(j)_\($0)" } }
    case .secondLayer: return (1...p).map { "a_\($0)" }
    case .trainingRisk: return ["training_risk"]
    }
  }

  /// How many numbers it is.
  func count(for model: Model) -> Int {
    let (p, k) = (model.width, model.teacherUnits)
    switch self {
    case .risk, .trainingRisk: return 1
    case .teacherOverlaps: return p * k
    case .studentOverlaps: return p * (p + 1) / 2
    case .secondLayer: return p
    }
  }

  /// Whether it takes more than the risk.
  var needsState: Bool { self != .risk && self != .trainingRisk }

  /// The numbers at one point, in the order of the names.
  func values(of point: PathPoint, state: NetworkState?, width p: Int) -> [Double] {
    if self == .trainingRisk { return [point.trainingRisk ?? .nan] }
    guard let state else { return [point.risk] }
    switch self {
    case .risk, .trainingRisk: return [point.risk]
    case .teacherOverlaps: return state.teacherOverlaps
    case .studentOverlaps:
      return (0..<p).flatMap { j in (0...j).map { state.studentOverlaps[j * p + $0] } }
    case .secondLayer: return state.secondLayer
    }
  }
}
