/// Holds exit times, some of which are only known to exceed the time given.
public struct CensoredSample: Sendable, Equatable {
  /// Times of exit, or of the end of watching; finite.
  public let times: [Double]
  /// Tells which replicas exited at their time; the others were still inside.
  public let observed: [Bool]

  /// Takes times and flags, value by value.
  ///
  /// Throws `SampleError` when there are none, the lengths differ, or a time is not finite.
  public init(times: [Double], observed: [Bool]) throws(SampleError) {
    try SampleError.requireFinite(times)
    try SampleError.require(
      times.count == observed.count,
      "\(times.count) times and \(observed.count) flags, expected one of each a replica")
    (self.times, self.observed) = (times, observed)
  }

  /// Takes exit times that were watched up to `horizon`; +∞ is a replica that did not exit.
  ///
  /// Exits after the horizon count as censored there. Throws `SampleError` for an empty sample,
  /// NaN or −∞, and when the horizon is not finite although a replica did not exit.
  public init(exitTimes: [Double], horizon: Double) throws(SampleError) {
    try SampleError.requireTimes(exitTimes)
    let isComplete = exitTimes.allSatisfy(\.isFinite)
    try SampleError.require(
      horizon.isFinite || (isComplete && horizon > 0),
      "a horizon of \(horizon), expected a finite one where replicas did not exit")
    times = exitTimes.map { min($0, horizon) }
    observed = exitTimes.map { $0 <= horizon && $0.isFinite }
  }

  /// Number of replicas.
  public var count: Int { times.count }

  /// Number of replicas that exited.
  public var observedCount: Int { observed.count { $0 } }

  /// Lists the times with +∞ for the censored, as the tests on ranks take them.
  ///
  /// Exact for the comparison of two samples when every censored replica was watched up to one
  /// horizon, at or after every exit in both.
  public var rankedTimes: [Double] {
    zip(times, observed).map { $1 ? $0 : .infinity }
  }

  /// Returns min(τ, `horizon`) value by value, or nil when a replica was lost before the horizon.
  public func restrictedTimes(to horizon: Double) -> [Double]? {
    let isKnown = zip(times, observed).allSatisfy { $1 || $0 >= horizon }
    return isKnown ? times.map { min($0, horizon) } : nil
  }

  /// Is the indices in the order of their times.
  var order: [Int] {
    times.indices.sorted { times[$0] < times[$1] }
  }
}
