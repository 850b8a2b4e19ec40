import Foundation
import GSL

/// Tells how many replicas would settle an undetermined verdict.
///
/// The estimate and the spread are taken to stay what they are, while all sample sizes grow by
/// one factor. With r = log ratio, b = log(1 + margin) and s the standard error, `equivalent`
/// comes with probability 1 − P(t > (b − |r|)/s − t₉₅) − P(t > (b + |r|)/s − t₉₅), `different`
/// with P(t < (|r| − b)/s − t₉₇.₅). An estimate near the margin asks for many replicas, and is
/// itself uncertain: the answer is a plan, not a promise.
/// Source: Schuirmann (1987), power with shifted Student quantiles.
public struct ReplicasNeeded: Sendable, Equatable {
  /// The verdict that is aimed at: that of the estimate as it is.
  public let verdict: Verdict
  /// Number of replicas of the first side.
  public let first: Int
  /// Number of replicas of the second side; 0 for a known number.
  public let second: Int
  /// The probability of the verdict at these sizes.
  public let power: Double

  /// Plans the sizes at which the verdict on `ratio` comes with probability `power`.
  ///
  /// Nil when the verdict is there already; when nothing is known of the spread; and when the
  /// estimate lies so near the margin that 10¹² replicas would not do. Sizes are accurate to a
  /// few per cent from ten replicas on. Throws `SampleError` for a `power` out of (0, 1).
  public init?(settling ratio: MeanRatio, power: Double = 0.8) throws {
    try SampleError.requireLevel(power)
    guard ratio.verdict == .undetermined, let error = ratio.logStandardError, error > 0 else {
      return nil
    }
    let shift = abs(log(ratio.estimate))
    let bound = log(1 + ratio.margin)
    let aim = shift < bound ? Verdict.equivalent : .different
    let count = ratio.firstCount
    func probability(_ size: Int) throws -> Double {
      let factor = Double(size) / Double(count)
      let student = try StudentDistribution(
        degreesOfFreedom: max(factor * (ratio.degreesOfFreedom + 1) - 1, 1))
      let scaled = error / factor.squareRoot()
      if aim == .equivalent {
        let critical = student.quantile(0.95)
        let misses =
          student.survival((bound - shift) / scaled - critical)
          + student.survival((bound + shift) / scaled - critical)
        return max(0, 1 - misses)
      }
      return student.cumulative((shift - bound) / scaled - student.quantile(0.975))
    }
    // The probability grows with the size: double, then halve the bracket.
    var (low, high) = (count, 2 * count)
    while try probability(high) < power {
      guard high < 1_000_000_000_000 else { return nil }
      (low, high) = (high, 2 * high)
    }
    if try probability(low) >= power { (low, high) = (count - 1, count) }
    while high - low > 1 {
      let middle = low + (high - low) / 2
      if try probability(middle) < power { low = middle } else { high = middle }
    }
    verdict = aim
    first = high
    let exact = Double(ratio.secondCount) * Double(high) / Double(count)
    second = Int(exact.rounded(.up))
    self.power = try probability(high)
  }
}
