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
    let pair: PointResult.Pair
    let isHeadline: Bool
    var equivalenceHolm: Double?
    var differenceHolm: Double?
    var equivalenceRate: Double?
    var differenceRate: Double?
    var lawRate: Double?
  }

  private(set) var entries: [Entry]

  init(_ points: [SweepPoint], _ results: [PointResult]) throws {
    entries = zip(points, results).flatMap { point, result in
      result.pairs.map { pair in
        Entry(point: point, pair: pair, isHeadline: result.headline(at: pair.mark) == pair)
      }
    }
    func claim(_ verdict: Verdict, _ value: KeyPath<Entry, Double?>) -> (Entry) -> Double? {
      { entry in
        entry[keyPath: value].map { value in
          value <= VerdictMap.level && entry.pair.verdict != verdict ? 1 : value
        }
      }
    }
    let equivalence = claim(.equivalent, \.pair.equivalencePValue)
    let difference = claim(.different, \.pair.differencePValue)
    let headlines = entries.indices.filter { entries[$0].isHeadline }
    try adjust(headlines, equivalence, \.equivalenceHolm, AdjustedPValues.holm)
    try adjust(headlines, difference, \.differenceHolm, AdjustedPValues.holm)
    let all = Array(entries.indices)
    try adjust(all, equivalence, \.equivalenceRate, AdjustedPValues.benjaminiHochberg)
    try adjust(all, difference, \.differenceRate, AdjustedPValues.benjaminiHochberg)
    try adjust(
      all, { $0.pair.lawPValues["kolmogorov_smirnov"] }, \.lawRate,
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
  static func verdict(_ pair: PointResult.Pair, _ equivalence: Double?, _ difference: Double?)
    -> Verdict?
  {
    guard pair.verdict != nil else { return nil }
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
  public func headline(at mark: Mark) -> Pair? { pairs.filter { $0.mark == mark }.noisePairs.first }
}

extension SweepTable {
  /// A row a point, pair of dynamics and mark; without pairs the header alone.
  static func verdicts(_ points: [SweepPoint], _ results: [PointResult]) throws -> SweepTable {
    let columns = verdictColumns
    func place(_ point: SweepPoint) -> [(String, Cell)] {
      self.place(of: point, before: columns.map(\.name))
    }
    return SweepTable(
      columns: (points.first.map { place($0).map(\.0) } ?? []) + columns.map(\.name),
      rows: try VerdictMap(points, results).entries.map { entry in
        place(entry.point).map(\.1) + columns.map { $0.value(entry) }
      })
  }

  private typealias VerdictColumn = (name: String, value: (VerdictMap.Entry) -> Cell)

  private static var verdictColumns: [VerdictColumn] {
    func verdict(
      _ entry: VerdictMap.Entry, _ equivalence: Double?, _ difference: Double?
    ) -> Cell {
      Cell(VerdictMap.verdict(entry.pair, equivalence, difference)?.rawValue)
    }
    func shift(_ entry: VerdictMap.Entry) -> (estimate: Double, standardError: Double)? {
      entry.pair.means?.combination(1, -1)
    }
    let columns: [VerdictColumn] = [
      ("first", { .word($0.pair.first) }), ("second", { .word($0.pair.second) }),
      ("criterion", { .word($0.pair.criterion) }), ("threshold", { .number($0.pair.threshold) }),
      ("paired", { .flag($0.pair.paired) }),
      ("ratio", { Cell($0.pair.ratio) }), ("lower", { Cell($0.pair.interval?[0]) }),
      ("upper", { Cell($0.pair.interval?[1]) }), ("margin", { .number($0.pair.margin) }),
      ("verdict", { Cell($0.pair.verdict?.rawValue) }),
      ("restricted", { .flag($0.pair.isRestricted) }),
      ("restricted_to", { Cell($0.pair.restrictedTo) }),
      ("first_seen", { Cell($0.pair.firstSeen) }), ("second_seen", { Cell($0.pair.secondSeen) }),
      ("undecided_reason", { Cell($0.pair.undecidedReason) }),
      ("horizon_needed", { Cell($0.pair.horizonNeeded) }),
      ("replicas_needed", { Cell($0.pair.replicasNeeded) }),
      ("mean_difference", { Cell(shift($0)?.estimate) }),
      ("mean_difference_standard_error", { Cell(shift($0)?.standardError) }),
      ("equivalence_p_value", { Cell($0.pair.equivalencePValue) }),
      ("difference_p_value", { Cell($0.pair.differencePValue) }),
      ("headline", { .flag($0.isHeadline) }),
      ("equivalence_holm", { Cell($0.equivalenceHolm) }),
      ("difference_holm", { Cell($0.differenceHolm) }),
      (
        "headline_verdict",
        { $0.isHeadline ? verdict($0, $0.equivalenceHolm, $0.differenceHolm) : .empty }
      ),
      ("equivalence_benjamini_hochberg", { Cell($0.equivalenceRate) }),
      ("difference_benjamini_hochberg", { Cell($0.differenceRate) }),
      ("map_verdict", { verdict($0, $0.equivalenceRate, $0.differenceRate) }),
    ]
    let tests = [
      "kolmogorov_smirnov", "anderson_darling", "cramer_von_mises", "energy", "log_rank",
    ].map { test -> VerdictColumn in ("\(test)_p_value", { Cell($0.pair.lawPValues[test]) }) }
    return columns + tests + [
      ("kolmogorov_smirnov_benjamini_hochberg", { Cell($0.lawRate) })
    ]
  }
}
