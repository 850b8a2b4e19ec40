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

  enum CodingKeys: String, CodingKey {
    case dynamics, criterion, threshold, monitoring, replicas
    case exited, censored, diverged, mean, quantiles, histogram
    case restrictedMean = "restricted_mean"
    case standardError = "standard_error"
    case standardDeviation = "standard_deviation"
    case meanSamples = "mean_samples"
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
  }
}
