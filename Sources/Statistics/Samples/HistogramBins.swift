import Foundation
import GSL

extension Histogram {
  /// Bins the exits of a sample by the rule of Freedman and Diaconis.
  ///
  /// Bins of width 2 (q₀.₇₅ − q₀.₂₅) n^(−1/3) between the smallest and the largest exit, at least 1
  /// and at most `largestCount` of them; censored replicas are left out, so that the counts add up to
  /// `sample.exited`. Nil when no replica exited. O(n log n). Throws `GSLError` when GSL fails.
  /// Source: Freedman and Diaconis (1981).
  public init?(exitsOf sample: ExitSample, largestCount: Int = 200) throws {
    var exits: [Double] = []
    exits.reserveCapacity(sample.exited)
    for (time, isObserved) in zip(sample.times, sample.isObserved) where isObserved {
      exits.append(time)
    }
    exits.sort()
    guard let first = exits.first, let last = exits.last else { return nil }
    let spread =
      try quantile(ofSorted: exits, probability: 0.75)
      - quantile(ofSorted: exits, probability: 0.25)
    let width = 2 * spread / cbrt(Double(exits.count))
    let bins = width > 0 ? ((last - first) / width).rounded(.up) : 1
    let count = Int(min(max(bins, 1), Double(largestCount)))
    do {
      try self.init(of: exits, bins: count)
    } catch  where count > 1 {
      // Exits that differ by rounding alone leave no room for more than one bin.
      try self.init(of: exits, bins: 1)
    }
  }
}
