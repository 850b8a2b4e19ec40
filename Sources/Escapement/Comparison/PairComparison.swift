import Dynamics
import Statistics

/// Compares the exit times of two dynamics at one threshold.
public struct PairComparison: Encodable, Sendable {
  /// Ratio of the means, first over second.
  public struct Ratio: Encodable, Sendable {
    /// The estimate.
    public let estimate: Double
    /// The 95% interval; null when a side has no spread to judge by.
    public let interval: [Double]?
    /// The margin δ declared beforehand.
    public let margin: Double
    /// The judgement against the margin.
    public let verdict: Verdict
    /// Whether means were restricted to a time, since some replicas did not exit.
    public let isRestricted: Bool
    /// The time τ that both means are restricted to; null when they are whole.
    public let restrictedTo: Double?
    /// The fractions of the first and the second side whose exits were seen by then.
    public let seen: [Double]
    /// Why the verdict is undetermined; null when it is not.
    public let undecidedReason: UndecidedReason?
    /// The horizon that would let enough exits be seen; null when that is not what is missing, or
    /// cannot be told.
    public let horizonNeeded: HorizonNeeded?
    /// Replicas of the larger side that would settle an undetermined verdict with a power of 80%,
    /// if the ratio is as estimated and both sides grow in proportion; null when the verdict is not
    /// undetermined or no number would.
    public let replicasNeeded: Int?
    /// `replicasNeeded` over the replicas there are; nil under the same conditions.
    public let replicasFactor: Double?

    enum CodingKeys: String, CodingKey {
      case estimate, interval, margin, verdict
      case isRestricted = "restricted"
      case restrictedTo = "restricted_to"
      case seen
      case undecidedReason = "undecided_reason"
      case horizonNeeded = "horizon_needed"
      case horizonMethod = "horizon_method"
      case replicasNeeded = "replicas_needed"
    }

    /// Writes every key, the interval null when there is none.
    public func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(estimate, forKey: .estimate)
      try container.encode(interval, forKey: .interval)
      try container.encode(margin, forKey: .margin)
      try container.encode(verdict, forKey: .verdict)
      try container.encode(isRestricted, forKey: .isRestricted)
      try container.encode(restrictedTo, forKey: .restrictedTo)
      try container.encode(seen, forKey: .seen)
      try container.encode(undecidedReason, forKey: .undecidedReason)
      try container.encode(horizonNeeded?.time, forKey: .horizonNeeded)
      try container.encode(horizonNeeded?.method, forKey: .horizonMethod)
      try container.encode(replicasNeeded, forKey: .replicasNeeded)
    }
  }

  /// Says why a verdict is undetermined.
  public enum UndecidedReason: String, Encodable, Sendable {
    /// More than 5% of a side was not seen to exit, or what was not decides: means up to a time agree
    /// whatever comes later.
    case unseen
    /// The log-rank test of censored samples finds a difference.
    case logRank = "log-rank"
    /// The interval is too wide: more replicas settle it.
    case replicas
    /// A side has no spread to judge by.
    case noSpread = "no-spread"
  }

  /// Estimates the horizon by which all but 2.5% of the replicas exit.
  public struct HorizonNeeded: Sendable, Equatable {
    /// How it was estimated.
    public enum Method: String, Encodable, Sendable {
      /// The Kaplan–Meier curves, prolonged at the exit rate of the later half of the exits.
      case kaplanMeier = "kaplan-meier"
      /// The flow linearised on the plateau, from an overlap that 2.5% of random starts fall below, or
      /// from the given start and 2/μ for the noise, and −log(1 − T)/(2μ) for its slowing down.
      case linearised
    }

    /// The horizon, in τ.
    public let time: Double
    /// How it was estimated.
    public let method: Method
  }

  /// Says why there is no ratio of means.
  public enum NoRatioReason: String, Encodable, Sendable {
    /// A side has no exit by the horizon.
    case noExit = "no-exit"
    /// All exits of a side are at time 0.
    case zeroMean = "zero-mean"
  }

  /// The side in the numerator.
  public let first: String
  /// The side in the denominator.
  public let second: String
  /// What is watched: `risk`, or `overlap-1`, … by teacher unit.
  public let criterion: String
  /// Fraction T of the initial risk, or level η of an overlap.
  public let threshold: Double
  /// Whether replicas of one index share their start and are compared as pairs.
  public let paired: Bool
  /// Tests of equal laws; absent against a single number.
  public let tests: TestBattery?
  /// Fractions of the first and the second side that exited by `restrictedTo`.
  public let seen: [Double]
  /// The time τ up to which both laws are seen, and all but the log-rank test look; null for throughout.
  public let restrictedTo: Double?
  /// Distance of the laws in τ; absent against a single number.
  public let wasserstein: IntervalEstimate?
  /// Ratio of the means; null when a side has no exit at all, or only exits at time 0.
  public let meanRatio: Ratio?
  /// Why that is null; null when it is not.
  public let noRatioReason: NoRatioReason?
  /// Difference of the means in τ, first − second: the mean shift by start when paired.
  public let meanDifference: Difference
  /// Ratio of the standard deviations; absent against a single number and with a censored replica.
  public let spreadRatio: IntervalEstimate?
  /// Standard deviation of the first side over the exit time of a second that is one number: the
  /// statement on the law's spread, apart from that on its mean; absent against a sample and with a
  /// censored replica.
  public let relativeSpread: IntervalEstimate?
  /// Differences of quantiles, by probability; absent against a single number.
  public let quantileShifts: [String: IntervalEstimate]?
  /// Largest distance of the distribution functions, whose upper end bounds what a claim of equal
  /// laws may overlook; absent against a single number.
  public let largestDistance: IntervalEstimate?
  /// From which dimension on the difference to the ODE is within the margin; null when it is here, or
  /// for another second side.
  public let negligibleFrom: NegligibleFrom?

  /// Difference of the means, first − second.
  public struct Difference: Encodable, Sendable {
    /// The estimate.
    public let estimate: Double?
    /// Student's 95% interval.
    public let interval: ClosedRange<Double>?
    /// The 95% percentile interval over resampled starts; null against a single number.
    public let bootstrapInterval: ClosedRange<Double>?
    /// Whether means were restricted to a time, since some replicas did not exit.
    public let isRestricted: Bool

    enum CodingKeys: String, CodingKey {
      case estimate, interval
      case bootstrapInterval = "bootstrap_interval"
      case isRestricted = "restricted"
    }

    /// Writes every key, null where there is no value.
    public func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      func ends(_ range: ClosedRange<Double>?) -> [Double]? {
        range.map { [$0.lowerBound, $0.upperBound] }
      }
      try container.encode(estimate, forKey: .estimate)
      try container.encode(ends(interval), forKey: .interval)
      try container.encode(ends(bootstrapInterval), forKey: .bootstrapInterval)
      try container.encode(isRestricted, forKey: .isRestricted)
    }
  }

  enum CodingKeys: String, CodingKey {
    case first, second, criterion, threshold, paired, tests, wasserstein, seen
    case restrictedTo = "restricted_to"
    case testsUnavailable = "tests_unavailable"
    case meanRatio = "mean_ratio"
    case noRatioReason = "mean_ratio_unavailable"
    case meanDifference = "mean_difference"
    case spreadRatio = "spread_ratio"
    case relativeSpread = "relative_spread"
    case quantileShifts = "quantile_shifts"
    case largestDistance = "largest_distance"
    case negligibleFrom = "negligible_from"
  }

  /// Writes every key, null where there is no value.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(first, forKey: .first)
    try container.encode(second, forKey: .second)
    try container.encode(criterion, forKey: .criterion)
    try container.encode(threshold, forKey: .threshold)
    try container.encode(paired, forKey: .paired)
    // An object in every case, so that a script may ask it for a test by name.
    if let tests {
      try container.encode(tests, forKey: .tests)
    } else {
      try container.encode([String: TestResult](), forKey: .tests)
    }
    try container.encode(tests?.unavailable ?? [:], forKey: .testsUnavailable)
    try container.encode(restrictedTo, forKey: .restrictedTo)
    try container.encode(seen, forKey: .seen)
    try container.encode(wasserstein, forKey: .wasserstein)
    try container.encode(meanRatio, forKey: .meanRatio)
    try container.encode(noRatioReason, forKey: .noRatioReason)
    try container.encode(meanDifference, forKey: .meanDifference)
    try container.encode(spreadRatio, forKey: .spreadRatio)
    try container.encode(relativeSpread, forKey: .relativeSpread)
    try container.encode(quantileShifts, forKey: .quantileShifts)
    try container.encode(largestDistance, forKey: .largestDistance)
    try container.encode(negligibleFrom, forKey: .negligibleFrom)
  }
}
