import GSL

/// Summarises the risks of all replicas of a dynamics at one time.
public struct RiskBand: Sendable {
  /// Replicas that have left the finite numbers by then.
  public let diverged: Int
  /// The mean; nil when a replica has diverged.
  public let mean: Double?
  /// Its standard error; nil when a replica has diverged, or there is one alone.
  public let standardError: Double?
  /// Quantiles, linear between order statistics (type 7 of Hyndman and Fan, 1996); a diverged replica
  /// counts as +∞, and a quantile that leans on one is nil.
  public let quantiles: [Double?]

  /// Takes a summary that was made before.
  init(diverged: Int, mean: Double?, standardError: Double?, quantiles: [Double?]) {
    self.diverged = diverged
    self.mean = mean
    self.standardError = standardError
    self.quantiles = quantiles
  }

  /// Summarises `risks`, at least one, in which a diverged replica is not a number.
  ///
  /// Throws `GSLError` for probabilities out of [0, 1]. Cost: O(n log n).
  init(_ risks: [Double], probabilities: [Double]) throws {
    var sorted = risks.filter { !$0.isNaN }.sorted()
    let known = sorted.count
    diverged = risks.count - known
    mean = diverged == 0 ? try GSL.mean(of: risks) : nil
    standardError =
      diverged == 0 && risks.count > 1
      ? (try variance(of: risks) / Double(risks.count)).squareRoot() : nil
    // A finite number in their places keeps a weight of zero from making them count.
    if let largest = sorted.last { sorted += Array(repeating: largest, count: diverged) }
    let (values, count) = (sorted, risks.count)
    quantiles = try probabilities.map { probability in
      let rank = (Double(count - 1) * probability).rounded(.up)
      return Int(rank) < known ? try quantile(ofSorted: values, probability: probability) : nil
    }
  }
}
