import Foundation

/// Says how far censored samples tell their laws, and splits restricted means into what each replica adds.
extension ExitSample {
  /// Is the time up to which the sample tells its law: where less than half of the replicas would
  /// still be watched; nil when that never comes, and the curve is known to its end.
  ///
  /// It is the median of the censoring times by the reverse Kaplan–Meier estimate, in which a censored
  /// replica is an event and an exit cuts it off. With one horizon for all it is the horizon; one
  /// replica censored early changes it little or not. Cost: O(n log n). Source: Schemper and Smith (1996).
  public var knownUntil: Double? {
    guard let earliest = earliestCensoring else { return nil }
    guard isCensored(before: times.max()) else { return earliest }
    let table = RiskTable(self)
    var watched = 1.0
    for (index, time) in table.times.enumerated() {
      // An exit comes first: a replica censored at its time was still there.
      let left = table.atRisk[index] - table.exits[index]
      let next = index + 1 < table.times.count ? table.atRisk[index + 1] : 0
      if left > next { watched *= Double(next) / Double(left) }
      if watched < 0.5 { return time }
    }
    return nil
  }

  /// Returns the time up to which two samples both tell their laws; nil when throughout.
  static func commonEnd(_ first: ExitSample, _ second: ExitSample) -> Double? {
    [first.knownUntil, second.knownUntil].compactMap { $0 }.min()
  }

  /// Tells whether a replica was censored before `time`, or at all when it is nil.
  func isCensored(before time: Double?) -> Bool {
    earliestCensoring.map { $0 < time ?? .infinity } ?? false
  }

  /// Returns the fraction of replicas whose exit was seen at or before `time`, or at all when it is nil.
  public func seen(by time: Double?) -> Double {
    let end = time ?? .infinity
    return Double(zip(times, isObserved).count { $0 <= end && $1 }) / Double(count)
  }

  /// Returns a time for each replica whose mean is the restricted mean by Kaplan–Meier, and whose
  /// spread is its error.
  ///
  /// μ̂ + φ_i, with μ̂ = ∫ S dt up to `horizon` and φ_i the influence of replica i:
  /// φ_i = Σ_(t_j ≤ t_i) A_j n d_j/(r_j(r_j − d_j)) − [exit at t_i] A_i n/(r_i − d_i), A_j the area below
  /// the curve from t_j to `horizon`, d_j exits among r_j at risk. Their sum is 0 and that of their
  /// squares over n² is Greenwood's variance of μ̂; pairs by start keep their partners. Where no
  /// replica is censored before `horizon` these are the restricted times themselves. A nil `horizon`
  /// takes the whole curve.
  ///
  /// Cost: O(n log n). Throws `StatisticsError` when the curve is not known up to `horizon`.
  /// Source: Andersen, Hansen and Klein (2004).
  public func pseudoTimes(to horizon: Double?) throws -> [Double] {
    guard isCensored(before: horizon) else {
      return try horizon.map { try restrictedTimes(to: $0) } ?? times
    }
    return try RestrictedMean(self, to: horizon).restricted
  }

  /// Returns `pseudoTimes` of the whole mean, the curve prolonged as an exponential from where it ends.
  ///
  /// Beyond the end E of the curve, where it is u, S(t) = u^(t/E), which adds −uE/log u to the mean;
  /// u has its error too. Source: Brown, Hollander and Korwar (1974).
  func completedTimes() throws -> [Double] {
    let end = knownUntil
    guard let end, end > 0 else { return try pseudoTimes(to: end) }
    return try RestrictedMean(self, to: end).completed
  }

  /// Estimates the time by which all but the fraction `unseen` of the replicas have exited; nil when
  /// fewer than five exits tell.
  ///
  /// Kaplan–Meier as far as the law is known, and beyond it an exponential with the rate of the later
  /// half of the exits. An exit rate that still grows makes it too late. Cost: O(n log n).
  public func timeNeeded(unseen: Double) throws -> Double? {
    let end = knownUntil ?? .infinity
    let curve = KaplanMeier(self)
    if let index = curve.survival.firstIndex(where: { $0 <= unseen }), curve.times[index] <= end {
      return curve.times[index]
    }
    guard end.isFinite else { return nil }
    let exits = zip(times, isObserved).filter { $0 <= end && $1 }.map(\.0).sorted()
    guard exits.count >= 5 else { return nil }
    let middle = exits[exits.count / 2]
    let watched = times.reduce(0) { $0 + max(0, min($1, end) - middle) }
    let later = exits.count { $0 > middle }
    guard later > 0, watched > 0 else { return nil }
    let time = end + log(curve.survival(at: end) / unseen) * watched / Double(later)
    return time.isFinite ? time : nil
  }
}

/// Holds what each replica adds to a mean by Kaplan–Meier.
private struct RestrictedMean {
  /// Restricted to the end.
  let restricted: [Double]
  /// Prolonged beyond it.
  let completed: [Double]

  init(_ sample: ExitSample, to horizon: Double?) throws {
    let curve = KaplanMeier(sample)
    let (n, last) = (Double(sample.count), curve.times.count - 1)
    let end = horizon ?? curve.times[last]
    if curve.survival[last] > 0, horizon ?? .infinity > curve.times[last] {
      throw StatisticsError.horizonBeyondCensoring(
        horizon: horizon ?? .infinity, earliest: curve.times[last])
    }
    // Areas from each time to the end, backwards.
    var areas = [Double](repeating: 0, count: curve.times.count)
    var area = 0.0
    for index in areas.indices.reversed() where curve.times[index] < end {
      let next = index < last ? min(curve.times[index + 1], end) : end
      area += curve.survival[index] * (next - curve.times[index])
      areas[index] = area
    }
    let mean = min(curve.times[0], end) + area
    // What the replica that is watched through each time gains, and one that exits there loses.
    var (sums, masses) = (areas, areas)
    var (sum, mass) = (0.0, 0.0)
    for index in areas.indices {
      let (r, d) = (Double(curve.atRisk[index]), Double(curve.exits[index]))
      if curve.times[index] <= end, r > d {
        sum += areas[index] * n * d / (r * (r - d))
        mass += n * d / (r * (r - d))
      }
      (sums[index], masses[index]) = (sum, mass)
    }
    let unseen = curve.survival(at: end)
    // The derivative of −uE/log u by u.
    let tail = unseen > 0 && unseen < 1 ? -unseen * end / log(unseen) : 0
    let slope = tail > 0 ? end * (1 / log(unseen) - 1) / log(unseen) : 0
    var (restricted, completed) = ([Double](), [Double]())
    restricted.reserveCapacity(sample.count)
    completed.reserveCapacity(sample.count)
    for (time, isObserved) in zip(sample.times, sample.isObserved) {
      let index = curve.index(of: time)
      let left = Double(curve.atRisk[index] - curve.exits[index])
      let exits = isObserved && time <= end && left > 0
      let influence = sums[index] - (exits ? areas[index] * n / left : 0)
      let share = unseen * (masses[index] - (exits ? n / left : 0))
      restricted.append(mean + influence)
      completed.append(mean + influence + tail + slope * share)
    }
    self.restricted = restricted
    self.completed = completed
  }
}
