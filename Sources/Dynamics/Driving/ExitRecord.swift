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
