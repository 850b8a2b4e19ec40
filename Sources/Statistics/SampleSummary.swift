import GSL

/// Summarises exit times, some of which may be censored at a horizon.
///
/// A time of +∞ is a replica that never exited. Moments are null when there is one; the restricted
/// mean E[min(τ, horizon)] is given then.
public struct SampleSummary: Sendable, Equatable {
  /// Number of replicas.
  public let count: Int
  /// Number that exited.
  public let exited: Int
  /// Mean, nil when any replica did not exit.
  public let mean: Double?
  /// Mean of min(τ, horizon), nil when all replicas exited.
  public let restrictedMean: Double?
  /// Standard error of whichever mean is given; nil for one replica.
  public let standardError: Double?
  /// Standard deviation (divisor n − 1); nil when any replica did not exit.
  public let standardDeviation: Double?
  /// Quantiles by probability (Hyndman and Fan's type 7); nil where the censored begin.
  public let quantiles: [Quantile]

  /// A quantile of the exit time.
  public struct Quantile: Sendable, Equatable {
    /// Its probability.
    public let probability: Double
    /// Its value; nil where the censored begin.
    public let value: Double?
  }

  /// Probabilities of the quantiles.
  public static let probabilities = [0.05, 0.25, 0.5, 0.75, 0.95]

  /// Summarises `times`; O(n log n).
  ///
  /// Throws `SampleError` for an empty sample, NaN or −∞, and for a replica that did not exit
  /// when `horizon` is not finite.
  public init(_ times: [Double], horizon: Double) throws {
    try SampleError.requireTimes(times)
    try SampleError.require(
      horizon.isFinite || times.allSatisfy(\.isFinite),
      "a horizon of \(horizon), expected a finite one where replicas did not exit")
    count = times.count
    exited = times.count { $0.isFinite }
    let isComplete = exited == count
    let bounded = isComplete ? times : times.map { min($0, horizon) }
    let average = try GSL.mean(of: bounded)
    let deviation = times.count > 1 ? try variance(of: bounded).squareRoot() : nil
    mean = isComplete ? average : nil
    restrictedMean = isComplete ? nil : average
    standardDeviation = isComplete ? deviation : nil
    standardError = deviation.map { $0 / Double(times.count).squareRoot() }
    let sorted = times.map { $0.isFinite ? $0 : horizon }.sorted()
    let observed = exited
    quantiles = try SampleSummary.probabilities.map { probability in
      // Type 7 interpolates between two order statistics; both must be observed.
      let last = Int((probability * Double(sorted.count - 1)).rounded(.up))
      guard last < observed else { return Quantile(probability: probability, value: nil) }
      return Quantile(
        probability: probability, value: try quantile(ofSorted: sorted, probability: probability))
    }
  }
}
