import Dynamics
import GSL
import Statistics

/// Adjusts the verdicts of a sweep for the number of them.
///
/// Two families of claims, 'equivalent within the margin' and 'different by more than it', are
/// adjusted apart, since one pair can be wrong in one of them only. Benjamini and Hochberg's values cover
/// the whole map: of the claims of a family, at most the level is false on average. The verdict by these,
/// `map_verdict`, is the one that tables, figures, pages and notebooks show. Holm's values cover the
/// headline claims alone, SGD's law against the ODE: the chance of one or more false claims of a family is
/// at most the level; they stand in the files, for whoever needs that.
///
/// An adjusted verdict never claims what the pair by itself does not: where that was withheld for
/// another reason than its p-value, as for what censoring hides, the pair counts as a p-value of 1.
struct VerdictMap {
  /// The level of adjusted claims.
  static let level = 0.05

  struct Entry {
    let point: SweepPoint
    let pair: PairComparison
    let isHeadline: Bool
    var equivalenceHolm: Double?
    var differenceHolm: Double?
    var equivalenceRate: Double?
    var differenceRate: Double?
    var lawRate: Double?

    /// The difference of the means, first − second, with its standard error.
    var shift: (estimate: Double, standardError: Double)? {
      pair.evidence?.means?.combination(1, -1)
    }

    /// The verdict that is shown everywhere; nil without a ratio.
    var mapVerdict: Verdict? { VerdictMap.verdict(pair, equivalenceRate, differenceRate) }
  }

  private(set) var entries: [Entry]

  init(_ points: [SweepPoint], _ results: [PointResult]) throws {
    entries = zip(points, results).flatMap { point, result in
      result.pairs.map { pair in
        let headline = result.headline(at: pair.mark)
        return Entry(
          point: point, pair: pair,
          isHeadline: headline?.first == pair.first && headline?.second == pair.second)
      }
    }
    func claim(_ verdict: Verdict, _ value: KeyPath<Entry, Double?>) -> (Entry) -> Double? {
      { entry in
        entry[keyPath: value].map { value in
          value <= VerdictMap.level && entry.pair.meanRatio?.verdict != verdict ? 1 : value
        }
      }
    }
    let equivalence = claim(.equivalent, \.pair.evidence?.equivalencePValue)
    let difference = claim(.different, \.pair.evidence?.differencePValue)
    let headlines = entries.indices.filter { entries[$0].isHeadline }
    try adjust(headlines, equivalence, \.equivalenceHolm, AdjustedPValues.holm)
    try adjust(headlines, difference, \.differenceHolm, AdjustedPValues.holm)
    let all = Array(entries.indices)
    try adjust(all, equivalence, \.equivalenceRate, AdjustedPValues.benjaminiHochberg)
    try adjust(all, difference, \.differenceRate, AdjustedPValues.benjaminiHochberg)
    try adjust(
      all, { $0.pair.tests?.kolmogorovSmirnov?.pValue }, \.lawRate,
      AdjustedPValues.benjaminiHochberg)
  }

  private mutating func adjust(
    _ indices: [Int], _ value: (Entry) -> Double?, _ place: WritableKeyPath<Entry, Double?>,
    _ adjusted: ([Double]) throws -> [Double]
  ) throws {
    let family = indices.filter { value(entries[$0]) != nil }
    let values = try adjusted(family.compactMap { value(entries[$0]) })
    for (index, value) in zip(family, values) { entries[index][keyPath: place] = value }
  }

  /// The verdict of a pair at the ``level`` by adjusted p-values; nil for a pair that has none.
  ///
  /// Without p-values, as of a ratio without a spread, nothing is claimed.
  static func verdict(_ pair: PairComparison, _ equivalence: Double?, _ difference: Double?)
    -> Verdict?
  {
    pair.meanRatio.map { _ in verdict(equivalence: equivalence, difference: difference) }
  }

  /// The verdict by adjusted p-values of a pair that has a ratio.
  static func verdict(equivalence: Double?, difference: Double?) -> Verdict {
    guard let equivalence, let difference else { return .undetermined }
    if equivalence <= level { return .equivalent }
    return difference <= level ? .different : .undetermined
  }
}

/// Says how the verdicts of a map with that many pairs are adjusted.
package func verdictAdjustment(pairs: Int) -> String {
  "adjusted by Benjamini and Hochberg over \(pairs) pair\(pairs == 1 ? "" : "s") of the whole sweep, at a "
    + "false discovery rate of \(NumberText.givenPercent(VerdictMap.level))"
}

extension PointResult {
  /// The pair that says whether the noise is negligible: SGD's law, by the chain if it was run,
  /// against the ODE.
  public func headline(at mark: WrittenMark) -> PairComparison? {
    pairs.filter { $0.mark == mark }.noisePairs.first
  }
}
