import Dynamics
import Foundation

/// Holds the times at which paths are seen: `log:FIRST:LAST:POINTS`, `linear:FIRST:LAST:POINTS` or a list.
///
/// Times ascend strictly; the first and the last of a grid are exact, those between rounded once.
public struct TimeGrid: Sendable, Equatable {
  /// How the times lie.
  public enum Spacing: String, Sendable, CaseIterable {
    /// Equal ratios.
    case logarithmic = "log"
    /// Equal differences.
    case linear
    /// As given.
    case list
  }

  /// How the times lie.
  public let spacing: Spacing
  /// The times τ, at least one, each at least 0.
  public let times: [Double]

  /// The largest number of times.
  public static let largestCount = 1_000_000

  /// Puts `points` times from `first` to `last`, equally far apart in τ or in log τ.
  ///
  /// Throws `ParameterError` for the key `times` unless 0 ≤ first < last, above 0 on a logarithmic grid,
  /// and 2 ≤ points ≤ 10⁶, or when neighbours could not be told apart.
  public init(
    _ spacing: Spacing, from first: Double, to last: Double, points: Int
  ) throws(ParameterError) {
    let isLogarithmic = spacing == .logarithmic
    try TimeGrid.require(
      first.isFinite && last.isFinite && (isLogarithmic ? first > 0 : first >= 0) && first < last,
      "a grid from \(first) to \(last)",
      "an end beyond its beginning, and a beginning \(isLogarithmic ? "above" : "of at least") 0")
    try TimeGrid.require(
      points >= 2 && points <= TimeGrid.largestCount, "\(points) points",
      "2 to \(TimeGrid.largestCount)")
    let times = (0..<points).map { index -> Double in
      let share = Double(index) / Double(points - 1)
      if index == 0 { return first }
      if index == points - 1 { return last }
      return isLogarithmic
        ? first * exp(share * log(last / first)) : first + share * (last - first)
    }
    try TimeGrid.require(
      zip(times, times.dropFirst()).allSatisfy(<), "\(points) points",
      "fewer: neighbours from \(first) to \(last) are the same number")
    (self.spacing, self.times) = (isLogarithmic ? .logarithmic : .linear, times)
  }

  /// Takes a list of times; throws `ParameterError` for the key `times` unless they ascend from 0 on.
  public init(_ times: [Double]) throws(ParameterError) {
    try TimeGrid.require(
      !times.isEmpty && times.count <= TimeGrid.largestCount, "\(times.count) times",
      "1 to \(TimeGrid.largestCount)")
    for time in times {
      try TimeGrid.require(time.isFinite && time >= 0, "\(time)", "finite times of at least 0")
    }
    try TimeGrid.require(
      zip(times, times.dropFirst()).allSatisfy(<), "times out of order",
      "times that ascend")
    (spacing, self.times) = (.list, times)
  }

  private static func require(
    _ condition: Bool, _ found: String, _ expected: String
  ) throws(ParameterError) {
    guard condition else { throw ParameterError(key: "times", found: found, expected: expected) }
  }

  /// The last time.
  public var last: Double { times[times.count - 1] }

  /// The times at which numbers of samples, which this grid holds, have been drawn; those of one step are one.
  func inTimes(of clock: LearningClock) throws(ParameterError) -> TimeGrid {
    try TimeGrid.require(
      last / clock.samplesPerStep < 1e15, "\(last) samples", "fewer than 1e15 steps")
    let times = times.map(clock.time(ofSamples:))
    return try TimeGrid(times.enumerated().filter { $0 == 0 || $1 > times[$0 - 1] }.map(\.element))
  }

  /// A grid from about a thousandth of `horizon` to it.
  static func standard(horizon: Double) throws(ParameterError) -> TimeGrid {
    try TimeGrid(
      .logarithmic, from: pow(10, log10(horizon / 1000).rounded(.down)), to: horizon, points: 200)
  }

  /// The grid as an experiment file has it.
  var resolved: ResolvedValue {
    spacing == .list
      ? .numbers(times)
      : .word("\(spacing.rawValue):\(times[0]):\(last):\(times.count)")
  }
}
