/// Says how a replica ended at one threshold.
public enum Outcome: UInt8, Sendable {
  /// The risk fell below the threshold.
  case exited
  /// The horizon came first.
  case censored
  /// The dynamics left the finite numbers.
  case diverged

  /// The word that files and tables use.
  public var name: String {
    switch self {
    case .exited: return "exited"
    case .censored: return "censored"
    case .diverged: return "diverged"
    }
  }
}

/// Records one exit: outcome, time τ and, for dynamics with steps, the step.
///
/// A censored record carries the horizon, a diverged one the time at which numbers were lost.
/// 17 bytes, 24 in an array.
public struct ExitRecord: Sendable, Equatable {
  /// Time τ.
  public let time: Double
  /// Number of steps taken, −1 where the dynamics has none.
  public let step: Int
  /// How the replica ended.
  public let outcome: Outcome

  /// Creates a record.
  public init(outcome: Outcome, time: Double, step: Int = -1) {
    self.outcome = outcome
    self.time = time
    self.step = step
  }
}

/// Watches the risk of one replica against the boundaries still to be crossed.
struct ExitWatch {
  /// The next boundary, (1 − T) R(0); −∞ when all are crossed.
  private(set) var boundary: Double
  private(set) var records: [ExitRecord] = []
  private let rule: ExitRule
  private let initialRisk: Double

  init(rule: ExitRule, initialRisk: Double) {
    self.rule = rule
    self.initialRisk = initialRisk
    records.reserveCapacity(rule.thresholds.count)
    boundary = (1 - rule.thresholds[0]) * initialRisk
  }

  var isDone: Bool { records.count == rule.thresholds.count }

  /// Records the crossing of the next boundary.
  mutating func exit(at time: Double, step: Int = -1) {
    records.append(ExitRecord(outcome: .exited, time: time, step: step))
    boundary =
      isDone ? -.infinity : (1 - rule.thresholds[records.count]) * initialRisk
  }

  /// Records every boundary that `risk` has reached.
  mutating func observe(_ risk: Double, at time: Double, step: Int = -1) {
    while risk <= boundary { exit(at: time, step: step) }
  }

  /// Ends the watch: what is not crossed is censored or diverged.
  mutating func finish(_ outcome: Outcome, at time: Double, step: Int = -1) -> [ExitRecord] {
    while !isDone {
      records.append(ExitRecord(outcome: outcome, time: time, step: step))
    }
    return records
  }
}
