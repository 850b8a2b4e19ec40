import GSL

/// Summarises a sample of exit times: counts, mean, spread and quantiles.
public struct SampleSummary: Sendable, Hashable, Encodable {
  /// Pairs a probability with the quantile there.
  public struct Quantile: Sendable, Hashable {
    /// Is the probability, in [0, 1].
    public let probability: Double
    /// Is the quantile, or nil when it falls among the censored replicas.
    public let value: Double?
  }

  /// Lists the probabilities of `quantiles`.
  public static let probabilities = [0.05, 0.25, 0.5, 0.75, 0.95]

  /// Counts the replicas.
  public let count: Int
  /// Counts the replicas whose exit was observed.
  public let exited: Int
  /// Counts the replicas whose exit was not observed.
  public let censored: Int
  /// Is the mean exit time, or nil when any replica is censored.
  public let mean: Double?
  /// Is the mean of min(time, `horizon`), or nil when no horizon applies.
  public let restrictedMean: Double?
  /// Is the time up to which `restrictedMean` counts.
  public let horizon: Double?
  /// Is the standard error of `mean`, or of `restrictedMean` when there is a horizon; nil for
  /// one replica.
  public let standardError: Double?
  /// Is the standard deviation of the times, restricted to the horizon if there is one; nil
  /// for one replica.
  public let standardDeviation: Double?
  /// Holds the quantiles at `probabilities`, linear between order statistics (type 7 of
  /// Hyndman and Fan, 1996).
  public let quantiles: [Quantile]

  /// Summarises `sample`, with a restricted mean up to `horizon`.
  ///
  /// Without a `horizon` the earliest censored time is taken when there is one. Cost:
  /// O(n log n). Throws `StatisticsError` when `horizon` is not finite or lies beyond the
  /// earliest censored time.
  public init(_ sample: ExitSample, horizon: Double? = nil) throws {
    let horizon = horizon ?? sample.earliestCensoring
    count = sample.count
    exited = sample.exited
    censored = sample.censored
    mean = censored == 0 ? try GSL.mean(of: sample.times) : nil
    self.horizon = horizon
    (restrictedMean, standardDeviation) = try Self.moments(sample, to: horizon)
    standardError = standardDeviation.map { $0 / Double(sample.count).squareRoot() }

    let sorted = sample.times.sorted()
    // An exit at a censored time came first: the censored replica was still there.
    let known = sample.earliestCensoring.map { earliest in
      zip(sample.times, sample.isObserved).count { $0 < earliest || ($0 == earliest && $1) }
    }
    quantiles = try Self.probabilities.map { probability in
      let rank = (Double(sorted.count - 1) * probability).rounded(.up)
      let isKnown = known.map { Int(rank) < $0 } ?? true
      return Quantile(
        probability: probability,
        value: isKnown ? try quantile(ofSorted: sorted, probability: probability) : nil)
    }
  }

  /// The restricted mean, if there is a `horizon`, and the standard deviation; the copy that they
  /// take is gone when the next is made.
  private static func moments(_ sample: ExitSample, to horizon: Double?) throws -> (
    mean: Double?, deviation: Double?
  ) {
    let times = try horizon.map { try sample.restrictedTimes(to: $0) } ?? sample.times
    return (
      horizon == nil ? nil : try GSL.mean(of: times),
      times.count > 1 ? try variance(of: times).squareRoot() : nil
    )
  }

  enum CodingKeys: String, CodingKey {
    case count = "replicas"
    case exited, censored, mean
    case restrictedMean = "restricted_mean"
    case horizon
    case standardError = "standard_error"
    case standardDeviation = "standard_deviation"
    case quantiles
  }

  /// Encodes with the names of the command's contract; what is missing is null, save
  /// `restricted_mean` and `horizon`, which are left out.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(count, forKey: .count)
    try container.encode(exited, forKey: .exited)
    try container.encode(censored, forKey: .censored)
    try container.encode(mean, forKey: .mean)
    try container.encodeIfPresent(restrictedMean, forKey: .restrictedMean)
    try container.encodeIfPresent(horizon, forKey: .horizon)
    try container.encode(standardError, forKey: .standardError)
    try container.encode(standardDeviation, forKey: .standardDeviation)
    let named = quantiles.map { ("\($0.probability)", $0.value) }
    try container.encode(Dictionary(uniqueKeysWithValues: named), forKey: .quantiles)
  }
}
