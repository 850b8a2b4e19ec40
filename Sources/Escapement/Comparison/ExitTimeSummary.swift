import Dynamics
import Ensemble
import GSL
import Statistics

/// Summarises the exit times of one dynamics at one threshold.
public struct ExitTimeSummary: Encodable, Sendable {
  /// Which dynamics.
  public let dynamics: String
  /// What is watched: `risk`, or `overlap-1`, … by teacher unit.
  public let criterion: String
  /// Fraction T of the initial risk, or level η of an overlap.
  public let threshold: Double
  /// When the risk is watched: `continuous`, or `discrete` at the dynamics' own steps.
  public let monitoring: String
  /// Number of replicas.
  public let replicas: Int
  /// How many exited.
  public let exited: Int
  /// How many reached the horizon first.
  public let censored: Int
  /// How many left the finite numbers.
  public let diverged: Int
  /// Mean exit time τ; null when any replica did not exit.
  public let mean: Double?
  /// Mean of min(τ, horizon); given when any replica did not exit.
  public let restrictedMean: Double?
  /// Standard error of the mean or the restricted mean.
  public let standardError: Double?
  /// Standard deviation of the exit times; null when any replica did not exit.
  public let standardDeviation: Double?
  /// Quantiles of the exit time; null where the censored begin.
  public let quantiles: [String: Double?]
  /// Histogram of the exits, in τ; null when there is none.
  public let histogram: Bins?

  /// Kaplan–Meier curve with 95% bands; given when any replica did not exit.
  public let kaplanMeier: Curve?

  /// Holds a Kaplan–Meier curve and what it gives.
  public struct Curve: Encodable, Sendable {
    /// Rows [τ, S, lower, upper] at up to a hundred times, S the probability not to have exited and
    /// the band Greenwood's on the scale log(−log S); the band is null where it is not known.
    public let survival: [[Double?]]
    /// Area below the curve up to the horizon: the restricted mean.
    public let restrictedMean: Double
    /// Its standard error.
    public let standardError: Double

    enum CodingKeys: String, CodingKey {
      case survival
      case restrictedMean = "restricted_mean"
      case standardError = "standard_error"
    }

    /// Estimates the curve of a sample censored at `horizon`.
    init(_ sample: ExitSample, horizon: Double) throws {
      let curve = KaplanMeier(sample)
      let band = try curve.band(.logLog)
      let stride = max(1, curve.times.count / 100)
      survival = Swift.stride(from: 0, to: curve.times.count, by: stride).map {
        [curve.times[$0], curve.survival[$0], band[$0]?.lowerBound, band[$0]?.upperBound]
      }
      (restrictedMean, standardError) = try curve.restrictedMean(to: horizon)
    }
  }

  /// Holds the edges of equal bins and the exits in each.
  public struct Bins: Encodable, Sendable {
    /// Ends of the bins, one more than there are.
    public let edges: [Double]
    /// Number of exits in each bin.
    public let counts: [Int]

    init(_ histogram: Histogram) {
      edges = histogram.edges
      counts = histogram.counts.map { Int($0) }
    }
  }

  /// Mean exit time in samples, τ p d/γ.
  public let meanSamples: Double?
  /// Standard error of `meanSamples`.
  let meanSamplesError: Double?

  enum CodingKeys: String, CodingKey {
    case dynamics, criterion, threshold, monitoring, replicas
    case exited, censored, diverged, mean, quantiles, histogram
    case restrictedMean = "restricted_mean"
    case standardError = "standard_error"
    case standardDeviation = "standard_deviation"
    case meanSamples = "mean_samples"
    case kaplanMeier = "kaplan_meier"
  }

  /// Writes every key of the contract, null where there is no value.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(dynamics, forKey: .dynamics)
    try container.encode(criterion, forKey: .criterion)
    try container.encode(threshold, forKey: .threshold)
    try container.encode(monitoring, forKey: .monitoring)
    try container.encode(replicas, forKey: .replicas)
    try container.encode(exited, forKey: .exited)
    try container.encode(censored, forKey: .censored)
    try container.encode(diverged, forKey: .diverged)
    try container.encode(mean, forKey: .mean)
    try container.encodeIfPresent(restrictedMean, forKey: .restrictedMean)
    try container.encode(standardError, forKey: .standardError)
    try container.encode(standardDeviation, forKey: .standardDeviation)
    try container.encode(quantiles, forKey: .quantiles)
    try container.encode(histogram, forKey: .histogram)
    try container.encode(meanSamples, forKey: .meanSamples)
    try container.encodeIfPresent(kaplanMeier, forKey: .kaplanMeier)
  }
}

extension LearningClock {
  /// The mean of exit times in samples and its standard error; nil where not all exits were seen.
  func samples(of exits: SampleSummary) -> (mean: Double?, error: Double?) {
    guard let mean = exits.mean else { return (nil, nil) }
    return (samples(by: mean), exits.standardError.map { $0 * samplesPerTime })
  }
}
