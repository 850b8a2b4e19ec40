import Foundation
import GSL

/// Estimates the probability not to have exited, as a curve with bands, from a censored
/// sample.
public struct KaplanMeier: Sendable, Hashable {
  /// Says how a band is computed.
  public enum Band: Sendable, Hashable {
    /// Takes S ± z s with Greenwood's s, cut to [0, 1].
    case linear
    /// Takes S^exp(± z s/(S log S)), which respects [0, 1] and suits small samples.
    case logLog
  }

  /// Holds the distinct times, of exits and of censoring, ascending.
  public let times: [Double]
  /// Holds the probability S not to have exited up to and at each of `times`.
  public let survival: [Double]
  /// Counts the replicas that are still there just before each of `times`.
  public let atRisk: [Int]
  /// Counts the exits at each of `times`.
  public let exits: [Int]
  /// Holds Greenwood's Σ d/(r(r − d)) up to each of `times`; infinite once all have exited.
  let greenwood: [Double]

  /// Estimates the curve of `sample`: S(t) = Π (1 − d/r) over the times up to t, with d exits
  /// among r at risk.
  ///
  /// Censoring must not depend on the exit times. Cost: O(n log n). Source: Kaplan and Meier
  /// (1958). Agrees with SciPy's `ecdf`.
  public init(_ sample: ExitSample) {
    let table = RiskTable(sample)
    var survival = [Double]()
    var greenwood = [Double]()
    var (product, sum) = (1.0, 0.0)
    for (atRisk, exits) in zip(table.atRisk, table.exits) {
      let (r, d) = (Double(atRisk), Double(exits))
      product *= (r - d) / r
      sum += d / (r * (r - d))
      survival.append(product)
      greenwood.append(sum)
    }
    times = table.times
    atRisk = table.atRisk
    exits = table.exits
    self.survival = survival
    self.greenwood = greenwood
  }

  /// Returns S(`time`): 1 before the first exit; the last value holds for all later times.
  ///
  /// Cost: O(log n).
  public func survival(at time: Double) -> Double {
    let place = index(of: time)
    return place < 0 ? 1 : survival[place]
  }

  /// Returns the index of the last of `times` that is at most `time`, or −1.
  func index(of time: Double) -> Int {
    var (lower, upper) = (0, times.count)
    while lower < upper {
      let middle = (lower + upper) / 2
      if times[middle] <= time { lower = middle + 1 } else { upper = middle }
    }
    return lower - 1
  }

  /// Returns the confidence interval of S at each of `times`, or nil where it has no
  /// standard error: once all have exited, and for `logLog` before the first exit too.
  ///
  /// The level `confidenceLevel` holds at each time by itself, not for the whole curve. Throws
  /// `StatisticsError` unless it is in (0, 1). Source: Greenwood (1926); Kalbfleisch and
  /// Prentice (1980) for `logLog`.
  public func band(
    _ band: Band = .linear, confidenceLevel: Double = 0.95
  ) throws -> [ClosedRange<Double>?] {
    try require(
      confidenceLevel > 0 && confidenceLevel < 1, "confidenceLevel", confidenceLevel,
      "a number between 0 and 1")
    let z = NormalDistribution.quantile(0.5 + confidenceLevel / 2)
    return zip(survival, greenwood).map { survival, sum in
      guard survival > 0 else { return nil }
      switch band {
      case .linear:
        let reach = z * survival * sum.squareRoot()
        return max(survival - reach, 0)...min(survival + reach, 1)
      case .logLog:
        guard survival < 1 else { return nil }
        let factor = exp(z * sum.squareRoot() / -log(survival))
        return pow(survival, factor)...pow(survival, 1 / factor)
      }
    }
  }

  /// Returns the mean of min(time, `horizon`), the area below the curve, and its standard
  /// error.
  ///
  /// s² = Σ A² d/(r(r − d)), where A is the area below the curve from an exit time to the
  /// horizon. Without censoring before the horizon the mean is that of the restricted times.
  /// Throws `StatisticsError` when `horizon` is not finite or lies beyond the last time while
  /// replicas remain. Source: Klein and Moeschberger (2003), section 4.5.
  public func restrictedMean(
    to horizon: Double
  ) throws -> (estimate: Double, standardError: Double) {
    try require(horizon.isFinite, "horizon", horizon, "a finite time")
    if let last = times.last, horizon > last, survival.last! > 0 {
      throw StatisticsError.horizonBeyondCensoring(horizon: horizon, earliest: last)
    }
    let seen = times.prefix { $0 < horizon }.count
    guard seen > 0 else { return (horizon, 0) }
    var (area, square) = (0.0, 0.0)
    for index in (0..<seen).reversed() {
      let end = index + 1 < seen ? times[index + 1] : horizon
      area += survival[index] * (end - times[index])
      let (r, d) = (Double(atRisk[index]), Double(exits[index]))
      if r > d { square += area * area * d / (r * (r - d)) }
    }
    return (times[0] + area, square.squareRoot())
  }
}

/// Lists the distinct times of a sample with the replicas at risk and the exits at each.
struct RiskTable {
  /// Holds the distinct times, of exits and of censoring, ascending.
  private(set) var times: [Double] = []
  /// Counts the replicas that are still there just before each time.
  private(set) var atRisk: [Int] = []
  /// Counts the exits at each time.
  private(set) var exits: [Int] = []

  init(_ sample: ExitSample) {
    // Two arrays of numbers take half the memory of one of pairs.
    func sorted(observed: Bool) -> [Double] {
      zip(sample.times, sample.isObserved).lazy.filter { $0.1 == observed }.map(\.0).sorted()
    }
    let (seen, censored) = (sorted(observed: true), sorted(observed: false))
    var (i, j) = (0, 0)
    while i < seen.count || j < censored.count {
      let time = min(
        i < seen.count ? seen[i] : .infinity, j < censored.count ? censored[j] : .infinity)
      times.append(time)
      atRisk.append(sample.count - i - j)
      let first = i
      while i < seen.count, seen[i] == time { i += 1 }
      while j < censored.count, censored[j] == time { j += 1 }
      exits.append(i - first)
    }
  }
}

extension KaplanMeier {
  /// Lays the curve out in steps, each row a time with the survival and both ends of its 95% band.
  ///
  /// Some 400 steps at most, which draw it; the estimate has one for each time. Throws what `band` throws.
  public func steps() throws -> [[Double]] {
    let interval = try band(.logLog)
    let stride = max(1, times.count / 400)
    var rows: [[Double]] = [[0, 1, 1, 1]]
    for index in times.indices where index % stride == 0 || index == times.count - 1 {
      let band = interval[index] ?? survival[index]...survival[index]
      // Both ends of a step, so that bands are steps as well.
      let last = rows[rows.count - 1]
      rows.append([times[index], last[1], last[2], last[3]])
      rows.append([times[index], survival[index], band.lowerBound, band.upperBound])
    }
    return rows
  }
}
