import GSL

/// Estimates the difference of two mean exit times with a confidence interval.
public enum MeanDifference {
  /// Estimates mean(`first`) − mean(`second`), with an interval of Student's law.
  ///
  /// By start, s² = Var(x − y)/n with n − 1 degrees of freedom; independent samples have
  /// s² = Var x/n₁ + Var y/n₂ with those of Welch (1947) and Satterthwaite (1946). Both means
  /// are restricted to `horizon`, by Kaplan–Meier; it defaults to the time up to which both laws are
  /// known (`ExitSample.knownUntil`). x and y are the times, or with replicas censored before
  /// `horizon` those of `ExitSample.pseudoTimes(to:)`. The interval is nil for one replica, or when the
  /// values have no spread.
  ///
  /// Cost: O(n), with censoring O(n log n). Throws `StatisticsError` when pairs do not match,
  /// `confidenceLevel` is not in (0, 1), or a law is not known up to `horizon`.
  public static func estimate(
    _ first: ExitSample, _ second: ExitSample, pairing: Pairing, horizon: Double? = nil,
    confidenceLevel: Double = 0.95
  ) throws -> IntervalEstimate {
    try pairing.check(first.count, second.count)
    try require(
      confidenceLevel > 0 && confidenceLevel < 1, "confidenceLevel", confidenceLevel,
      "a number between 0 and 1")
    let end = horizon ?? ExitSample.commonEnd(first, second)
    let (x, y) = (try first.pseudoTimes(to: end), try second.pseudoTimes(to: end))
    let (xMean, yMean) = (try mean(of: x), try mean(of: y))
    let difference = xMean - yMean
    func answer(error: Double, degreesOfFreedom: Double) throws -> IntervalEstimate {
      let law = try StudentDistribution(degreesOfFreedom: degreesOfFreedom)
      let reach = law.quantile(0.5 + confidenceLevel / 2) * error
      let (lower, upper) = (difference - reach, difference + reach)
      return IntervalEstimate(
        estimate: difference,
        interval: lower.isFinite && upper.isFinite ? lower...upper : nil,
        confidenceLevel: confidenceLevel)
    }
    let unknown = IntervalEstimate(
      estimate: difference, interval: nil, confidenceLevel: confidenceLevel)
    guard x.count > 1, y.count > 1 else { return unknown }
    // A spread at rounding level says that the values are equal, not that their law has none.
    let smallest = 4 * Double.ulpOfOne * (abs(xMean) + abs(yMean))
    switch pairing {
    case .byStart:
      let square = try variance(of: zip(x, y).map { $0 - $1 }) / Double(x.count)
      guard square > smallest * smallest else { return unknown }
      return try answer(error: square.squareRoot(), degreesOfFreedom: Double(x.count - 1))
    case .independent:
      let (xSquare, ySquare) = (
        try variance(of: x) / Double(x.count), try variance(of: y) / Double(y.count)
      )
      guard min(xSquare, ySquare) > smallest * smallest else { return unknown }
      let square = xSquare + ySquare
      let (xShare, yShare) = (xSquare / square, ySquare / square)
      let inverse = xShare * xShare / Double(x.count - 1) + yShare * yShare / Double(y.count - 1)
      return try answer(error: square.squareRoot(), degreesOfFreedom: 1 / inverse)
    }
  }

  /// Estimates mean(`sample`) − `reference`, a time without spread, with Student's interval.
  ///
  /// A censored sample has its mean restricted to the time up to which its law is known, and
  /// `reference` is cut there too. The interval is nil for one replica, or when the values have no spread. Cost: O(n).
  /// Throws `StatisticsError` unless `reference` is finite and `confidenceLevel` in (0, 1).
  public static func oneSample(
    _ sample: ExitSample, against reference: Double, confidenceLevel: Double = 0.95
  ) throws -> IntervalEstimate {
    try require(reference.isFinite, "reference", reference, "a finite time")
    try require(
      confidenceLevel > 0 && confidenceLevel < 1, "confidenceLevel", confidenceLevel,
      "a number between 0 and 1")
    let end = sample.knownUntil
    let times = try sample.pseudoTimes(to: end)
    let center = try mean(of: times)
    let difference = center - min(reference, end ?? .infinity)
    var interval: ClosedRange<Double>?
    if times.count > 1 {
      let error = (try variance(of: times) / Double(times.count)).squareRoot()
      if error > 4 * Double.ulpOfOne * abs(center) {
        let law = try StudentDistribution(degreesOfFreedom: Double(times.count - 1))
        let reach = law.quantile(0.5 + confidenceLevel / 2) * error
        interval = (difference - reach)...(difference + reach)
      }
    }
    return IntervalEstimate(
      estimate: difference, interval: interval, confidenceLevel: confidenceLevel)
  }
}
