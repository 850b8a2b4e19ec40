import Dynamics
import Ensemble
import GSL
import Statistics

/// Summarises the exit times of one dynamics at one threshold.
public struct ExitTimeSummary: Codable, Sendable {
  /// Which dynamics.
  public let dynamics: String
  /// What is watched: `risk`, or `overlap-1`, … by teacher unit.
  @Fallback<Missing.Criterion> public var criterion: String
  /// Fraction T of the initial risk, or level η of an overlap.
  public let threshold: Double
  /// When the risk is watched: `continuous`, or `discrete` at the dynamics' own steps.
  @Fallback<Missing.Word> public var monitoring: String
  /// Number of replicas.
  public let replicas: Int
  /// How many exited.
  public let exited: Int
  /// How many reached the horizon first.
  public let censored: Int
  /// How many left the finite numbers.
  public let diverged: Int
  /// Mean exit time τ; null when any replica did not exit.
  @Nullable public var mean: Double? = nil
  /// Mean of min(τ, horizon); given when any replica did not exit.
  public let restrictedMean: Double?
  /// Standard error of the mean or the restricted mean.
  @Nullable public var standardError: Double? = nil
  /// Standard deviation of the exit times; null when any replica did not exit.
  @Nullable public var standardDeviation: Double? = nil
  /// Quantiles of the exit time; null where the censored begin.
  @Fallback<Missing.Map<Double?>> public var quantiles: [String: Double?]
  /// Histogram of the exits, in τ; null when there is none.
  @Nullable public var histogram: Bins? = nil

  /// Kaplan–Meier curve with 95% bands; given when any replica did not exit.
  public let kaplanMeier: Curve?

  /// Holds a Kaplan–Meier curve and what it gives.
  public struct Curve: Codable, Sendable {
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
  public struct Bins: Codable, Sendable {
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
  @Nullable public var meanSamples: Double? = nil
  /// Standard error of `meanSamples`; stands in no summary.
  var meanSamplesError: Double?

  enum CodingKeys: String, CodingKey {
    case dynamics, criterion, threshold, monitoring, replicas
    case exited, censored, diverged, mean, quantiles, histogram
    case restrictedMean = "restricted_mean"
    case standardError = "standard_error"
    case standardDeviation = "standard_deviation"
    case meanSamples = "mean_samples"
    case kaplanMeier = "kaplan_meier"
  }
}

extension LearningClock {
  /// The mean of exit times in samples and its standard error; nil where not all exits were seen.
  func samples(
    of exits: ExitSample, _ summary: SampleSummary
  ) throws -> (mean: Double?, error: Double?) {
    guard let mean = summary.mean else { return (nil, nil) }
    if isUniform { return (samples(by: mean), summary.standardError.map { $0 * samplesPerTime }) }
    let counted = try SampleSummary(ExitSample(exits.times.map(samples)))
    return (counted.mean, counted.standardError)
  }
}
