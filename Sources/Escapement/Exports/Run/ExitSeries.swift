import Dynamics
import Statistics

/// Holds the exit records of one dynamics at one exit rule, in replica order.
public struct ExitSeries: Sendable {
  /// Which dynamics.
  public let dynamics: DynamicsKind
  /// What is watched: `risk`, or the overlap with one teacher direction, `overlap-1`, ….
  public let criterion: String
  /// The threshold, as a rule the fraction T of the initial risk.
  public let threshold: Double
  /// The records.
  public internal(set) var records: [ExitRecord] = []

  /// What is watched.
  var mark: PointResult.Mark { .init(criterion: criterion, threshold: threshold) }

  /// Whether another series watches the same.
  func hasSameRule(as other: ExitSeries) -> Bool { mark == other.mark }

  /// The exit times as statistics take them: what did not exit is censored at `horizon`.
  public func sample(horizon: Double) throws -> ExitSample { try exitSample(records, horizon) }
}
