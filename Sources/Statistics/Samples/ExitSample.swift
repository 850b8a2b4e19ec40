/// Holds the exit times of an ensemble in replica order, some of them possibly censored.
///
/// A replica that has not exited carries the last time it was seen, as a rule the horizon: its
/// exit time is larger. There is at least one replica and every time is finite, so statistics
/// of an `ExitSample` need not check that again.
public struct ExitSample: Sendable, Hashable {
  /// Holds the exit time of each replica, or the time at which it was censored.
  public let times: [Double]
  /// Tells for each replica whether its exit was observed.
  public let isObserved: [Bool]
  /// Is the smallest censored time; all of the law before it is seen. Absent when every
  /// replica exited.
  public let earliestCensoring: Double?

  /// Makes a sample of exit `times`, of which those with `isObserved` false are censored.
  ///
  /// Throws `StatisticsError` when the lengths differ, there is no replica, or a time is not
  /// finite.
  public init(times: [Double], isObserved: [Bool]) throws {
    guard times.count == isObserved.count else {
      throw StatisticsError.lengthsDiffer(times.count, isObserved.count)
    }
    guard !times.isEmpty else { throw StatisticsError.tooFewValues(count: 0, needed: 1) }
    if let index = times.firstIndex(where: { !$0.isFinite }) {
      throw StatisticsError.notFinite(index: index)
    }
    self.times = times
    self.isObserved = isObserved
    earliestCensoring = zip(times, isObserved).lazy.filter { !$0.1 }.map(\.0).min()
  }

  /// Makes a sample of `times` that were all observed; throws as the other initialiser does.
  public init(_ times: [Double]) throws {
    try self.init(times: times, isObserved: Array(repeating: true, count: times.count))
  }

  /// Counts the replicas, at least 1.
  public var count: Int { times.count }

  /// Counts the replicas whose exit was observed.
  public var exited: Int { isObserved.count { $0 } }

  /// Counts the replicas whose exit was not observed.
  public var censored: Int { count - exited }

  /// Returns min(time, `horizon`) for each replica, in replica order.
  ///
  /// These are known exactly when no replica was censored before `horizon`. Throws
  /// `StatisticsError` when one was, or `horizon` is not finite.
  public func restrictedTimes(to horizon: Double) throws -> [Double] {
    try require(horizon.isFinite, "horizon", horizon, "a finite time")
    if let earliestCensoring, horizon > earliestCensoring {
      throw StatisticsError.horizonBeyondCensoring(horizon: horizon, earliest: earliestCensoring)
    }
    return times.map { min($0, horizon) }
  }

  /// Returns the earliest censored time of two samples, or nil when neither has any.
  static func commonHorizon(_ first: ExitSample, _ second: ExitSample) -> Double? {
    [first.earliestCensoring, second.earliestCensoring].compactMap { $0 }.min()
  }

  /// Returns what a test that knows nothing of censoring may see of two samples.
  ///
  /// Times are restricted to the common horizon: ranks up to there are known, and whatever
  /// lies beyond ties in both samples alike, so the level of a rank test is kept.
  static func comparableTimes(
    _ first: ExitSample, _ second: ExitSample
  ) throws -> (first: [Double], second: [Double], horizon: Double?) {
    guard let horizon = commonHorizon(first, second) else {
      return (first.times, second.times, nil)
    }
    return (
      try first.restrictedTimes(to: horizon), try second.restrictedTimes(to: horizon), horizon
    )
  }
}
