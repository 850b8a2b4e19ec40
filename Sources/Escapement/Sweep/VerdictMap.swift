import Dynamics
import GSL
import Statistics

/// Adjusts the verdicts of a sweep for the number of them.
///
/// Two families of claims, 'equivalent within the margin' and 'different by more than it', are
/// adjusted apart, since one pair can be wrong in one of them only. Holm's values cover the
/// headline claims, SGD's law against the ODE: the chance of one or more false claims of a family is
/// at most the level. Benjamini and Hochberg's cover the whole map: of the claims of a family, at
/// most that fraction is false on average.
struct VerdictMap {
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
    let headlines = entries.indices.filter { entries[$0].isHeadline }
    try adjust(headlines, \.pair.equivalencePValue, \.equivalenceHolm, AdjustedPValues.holm)
    try adjust(headlines, \.pair.differencePValue, \.differenceHolm, AdjustedPValues.holm)
    let all = Array(entries.indices)
    try adjust(
      all, \.pair.equivalencePValue, \.equivalenceRate, AdjustedPValues.benjaminiHochberg)
    try adjust(all, \.pair.differencePValue, \.differenceRate, AdjustedPValues.benjaminiHochberg)
    try adjust(
      all, \.pair.lawPValues["kolmogorov_smirnov"], \.lawRate, AdjustedPValues.benjaminiHochberg)
  }

  private mutating func adjust(
    _ indices: [Int], _ value: KeyPath<Entry, Double?>, _ place: WritableKeyPath<Entry, Double?>,
    _ adjusted: ([Double]) throws -> [Double]
  ) throws {
    let family = indices.filter { entries[$0][keyPath: value] != nil }
    let values = try adjusted(family.compactMap { entries[$0][keyPath: value] })
    for (index, value) in zip(family, values) { entries[index][keyPath: place] = value }
  }

  /// The verdict at the level of 5% by adjusted p-values; nil when there are none.
  static func verdict(_ equivalence: Double?, _ difference: Double?) -> Verdict? {
    guard let equivalence, let difference else { return nil }
    if equivalence <= 0.05 { return .equivalent }
    return difference <= 0.05 ? .different : .undetermined
  }
}

extension PointResult {
  /// The pair that says whether the noise is negligible: SGD's law, by the chain if it was run,
  /// against the ODE.
  public func headline(at mark: Mark) -> Pair? {
    let candidates = pairs.filter {
      $0.mark == mark && $0.second == DynamicsKind.ode.rawValue
    }
    return candidates.first { $0.first == DynamicsKind.chain.rawValue }
      ?? candidates.first { $0.first == DynamicsKind.sgd.rawValue }
  }
}

extension SweepTable {
  /// A row a point, pair of dynamics and mark.
  static func verdicts(_ points: [SweepPoint], _ results: [PointResult]) throws -> SweepTable {
    SweepTable(
      try VerdictMap(points, results).entries.map { entry in
        let pair = entry.pair
        let shift = pair.means?.combination(1, -1)
        func verdict(_ equivalence: Double?, _ difference: Double?) -> Cell {
          Cell(VerdictMap.verdict(equivalence, difference)?.rawValue)
        }
        let columns: [(String, Cell)] = [
          ("first", .word(pair.first)), ("second", .word(pair.second)),
          ("criterion", .word(pair.criterion)), ("threshold", .number(pair.threshold)),
          ("paired", .flag(pair.paired)),
          ("ratio", Cell(pair.ratio)), ("lower", Cell(pair.interval?[0])),
          ("upper", Cell(pair.interval?[1])), ("margin", .number(pair.margin)),
          ("verdict", Cell(pair.verdict?.rawValue)), ("restricted", .flag(pair.isRestricted)),
          ("replicas_needed", Cell(pair.replicasNeeded)),
          ("mean_difference", Cell(shift?.estimate)),
          ("mean_difference_standard_error", Cell(shift?.standardError)),
          ("equivalence_p_value", Cell(pair.equivalencePValue)),
          ("difference_p_value", Cell(pair.differencePValue)),
          ("headline", .flag(entry.isHeadline)),
          ("equivalence_holm", Cell(entry.equivalenceHolm)),
          ("difference_holm", Cell(entry.differenceHolm)),
          ("headline_verdict", verdict(entry.equivalenceHolm, entry.differenceHolm)),
          ("equivalence_benjamini_hochberg", Cell(entry.equivalenceRate)),
          ("difference_benjamini_hochberg", Cell(entry.differenceRate)),
          ("map_verdict", verdict(entry.equivalenceRate, entry.differenceRate)),
        ]
        let tests = [
          "kolmogorov_smirnov", "anderson_darling", "cramer_von_mises", "energy", "log_rank",
        ].map { ("\($0)_p_value", Cell(pair.lawPValues[$0])) }
        return place(of: entry.point) + columns + tests + [
          ("kolmogorov_smirnov_benjamini_hochberg", Cell(entry.lawRate))
        ]
      })
  }
}
