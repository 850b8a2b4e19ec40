import Dynamics
import Statistics

/// Compares the exit times of two dynamics at one threshold.
public struct PairComparison: Codable, Sendable {
  /// Ratio of the means, first over second.
  public struct Ratio: Codable, Sendable {
    /// The estimate.
    public let estimate: Double
    /// The 95% interval; null when a side has no spread to judge by.
    @Nullable public var interval: [Double]? = nil
    /// The margin δ declared beforehand.
    public let margin: Double
    /// The judgement against the margin.
    public let verdict: Verdict
    /// Whether means were restricted to a time, since some replicas did not exit.
    @Fallback<Missing.No> public var isRestricted: Bool = false
    /// The time τ that both means are restricted to; null when they are whole.
    @Nullable public var restrictedTo: Double? = nil
    /// The fractions of the first and the second side whose exits were seen by then.
    @Fallback<Missing.List<Double>> public var seen: [Double] = []
    /// Why the verdict is undetermined; null when it is not.
    @Nullable public var undecidedReason: UndecidedReason? = nil
    /// The horizon that would let enough exits be seen; null when that is not what is missing, or
    /// cannot be told.
    @Nullable public var horizonNeeded: Double? = nil
    /// How that was estimated.
    @Nullable public var horizonMethod: HorizonNeeded.Method? = nil
    /// Replicas of the larger side that would settle an undetermined verdict with a power of 80%,
    /// if the ratio is as estimated and both sides grow in proportion; null when the verdict is not
    /// undetermined or no number would.
    @Nullable public var replicasNeeded: Int? = nil
    /// `replicasNeeded` over the replicas there are; nil under the same conditions, and when read back.
    public var replicasFactor: Double?

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
  }

  /// Says why a verdict is undetermined.
  public enum UndecidedReason: String, Codable, Sendable {
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
    public enum Method: String, Codable, Sendable {
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
  public enum NoRatioReason: String, Codable, Sendable {
    /// A side has no exit by the horizon.
    case noExit = "no-exit"
    /// All exits of a side are at time 0.
    case zeroMean = "zero-mean"
    /// A side is a limit that is ruled by draws which no replica sees (`RareDraws`).
    case rareDraws = "rare-draws"
  }

  /// The side in the numerator.
  public let first: String
  /// The side in the denominator.
  public let second: String
  /// What is watched: `risk`, or `overlap-1`, … by teacher unit.
  @Fallback<Missing.Criterion> public var criterion: String = ExitCriterion.standard.name
  /// Fraction T of the initial risk, or level η of an overlap.
  public let threshold: Double
  /// Whether replicas of one index share their start and are compared as pairs.
  public let paired: Bool
  /// Tests of equal laws; absent against a single number.
  @OrEmpty public var tests: TestBattery? = nil
  /// Why tests are not there, by their names.
  @Fallback<Missing.Map<String>> public var testsUnavailable: [String: String] = [:]
  /// Fractions of the first and the second side that exited by `restrictedTo`.
  @Fallback<Missing.List<Double>> public var seen: [Double] = []
  /// The time τ up to which both laws are seen, and all but the log-rank test look; null for throughout.
  @Nullable public var restrictedTo: Double? = nil
  /// Distance of the laws in τ; absent against a single number.
  @Nullable public var wasserstein: IntervalEstimate? = nil
  /// Ratio of the means; null when a side has no exit at all, or only exits at time 0.
  @Nullable public var meanRatio: Ratio? = nil
  /// Why that is null; null when it is not.
  @Nullable public var noRatioReason: NoRatioReason? = nil
  /// Difference of the means in τ, first − second: the mean shift by start when paired.
  public let meanDifference: Difference
  /// Ratio of the standard deviations; absent against a single number and with a censored replica.
  @Nullable public var spreadRatio: IntervalEstimate? = nil
  /// Standard deviation of the first side over the exit time of a second that is one number: the
  /// statement on the law's spread, apart from that on its mean; absent against a sample and with a
  /// censored replica.
  @Nullable public var relativeSpread: IntervalEstimate? = nil
  /// Differences of quantiles, by probability; absent against a single number.
  @Nullable public var quantileShifts: [String: IntervalEstimate]? = nil
  /// Largest distance of the distribution functions, whose upper end bounds what a claim of equal
  /// laws may overlook; absent against a single number.
  @Nullable public var largestDistance: IntervalEstimate? = nil
  /// From which dimension on the difference to the ODE is within the margin; null when it is here, or
  /// for another second side.
  @Nullable public var negligibleFrom: NegligibleFrom? = nil
  /// What verdicts are adjusted by and fits are made from, where they were measured; stands in no summary.
  public var evidence: PairEvidence?

  /// Difference of the means, first − second.
  public struct Difference: Codable, Sendable {
    /// The estimate.
    @Nullable public var estimate: Double? = nil
    /// Student's 95% interval.
    @Nullable public var interval: ClosedRange<Double>? = nil
    /// The 95% percentile interval over resampled starts; null against a single number.
    @Nullable public var bootstrapInterval: ClosedRange<Double>? = nil
    /// Whether means were restricted to a time, since some replicas did not exit.
    public let isRestricted: Bool

    enum CodingKeys: String, CodingKey {
      case estimate, interval
      case bootstrapInterval = "bootstrap_interval"
      case isRestricted = "restricted"
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
}

/// Holds two mean exit times τ with the variances and the covariance of these estimates.
public struct PairMeans: Codable, Sendable, Equatable {
  /// Mean of the first side.
  public let first: Double
  /// Mean of the second side.
  public let second: Double
  /// Variance of `first`.
  public let firstVariance: Double
  /// Variance of `second`, 0 for a number without spread.
  public let secondVariance: Double
  /// Covariance of the two, from shared starts.
  public let covariance: Double

  /// Returns a·first + b·second with its standard error.
  public func combination(_ a: Double, _ b: Double) -> (estimate: Double, standardError: Double) {
    let square =
      a * a * firstVariance + b * b * secondVariance + 2 * a * b * covariance
    return (a * first + b * second, max(square, 0).squareRoot())
  }
}

/// Holds what is kept of a pair beside its summary: for adjusted verdicts, and fits over a sweep.
public struct PairEvidence: Codable, Sendable, Equatable {
  /// The p-value of two one-sided tests against the margin; nil without a ratio.
  public var equivalencePValue: Double?
  /// The p-value of a ratio outside the margin; nil without one.
  public var differencePValue: Double?
  /// The means of both sides and the covariance of the two estimates; nil with a censored replica.
  public var means: PairMeans?
}

/// Writes nil as an object without keys, so that a script may ask it for a test by name.
@propertyWrapper public struct OrEmpty<Value: Codable & Sendable>: Codable, Sendable {
  /// The value.
  public var wrappedValue: Value?

  /// Holds a value.
  public init(wrappedValue: Value?) { self.wrappedValue = wrappedValue }
  /// Reads a value, of which an object without keys is one too.
  public init(from decoder: any Decoder) throws { wrappedValue = try Value(from: decoder) }
  /// Writes the value, or an object without keys.
  public func encode(to encoder: any Encoder) throws {
    if let wrappedValue {
      try wrappedValue.encode(to: encoder)
    } else {
      try [String: String]().encode(to: encoder)
    }
  }
}

extension KeyedDecodingContainer {
  /// Decodes a value that may be missing.
  public func decode<Value>(_ type: OrEmpty<Value>.Type, forKey key: Key) throws -> OrEmpty<Value> {
    try decodeIfPresent(type, forKey: key) ?? OrEmpty(wrappedValue: nil)
  }
}

extension PairComparison: DynamicsPair {}
