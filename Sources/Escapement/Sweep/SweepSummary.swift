import Dynamics
import Foundation
import GSL
import Statistics

/// Holds all that `sweep` reports: the content of its JSON.
public struct SweepSummary: Encodable, Sendable {
  /// Where a sweep comes from.
  public struct Provenance: Encodable, Sendable, Equatable {
    /// Version of Escapement.
    public let version: String
    /// Commits that the points were run by; more than one after an update between them.
    public let commits: [String]
    /// Version of GSL.
    public let gsl: String
  }

  /// Names a point with its coordinates.
  public struct Point: Encodable, Sendable {
    /// The place in the grid, from 1.
    public let point: Int
    /// The swept keys with their values.
    public let keys: ResolvedValue
    /// The resolved experiment.
    public let experiment: ResolvedValue
  }

  /// Name and version of this format.
  public let schema = "escapement/sweep/1"
  /// Where the sweep comes from.
  public let provenance: Provenance
  /// The swept keys, in order.
  public let keys: [String]
  /// The points, in order.
  public let points: [Point]
  /// A row a point, dynamics and mark.
  public let exitTable: SweepTable
  /// A row a point, pair of dynamics and mark.
  public let verdictTable: SweepTable
  /// Fits over the grid.
  public let fits: SweepFits
  /// What a reader must know before believing the numbers.
  public let warnings: [String]

  enum CodingKeys: String, CodingKey {
    case schema, provenance, keys, points, fits, warnings
    case exitTable = "exit_times"
    case verdictTable = "verdicts"
  }

  init(points: [SweepPoint], results: [PointResult], commit: String?) throws {
    let commits = Set(results.map { $0.commit ?? "unknown" })
    provenance = Provenance(
      version: escapementVersion, commits: commits.sorted(), gsl: gslVersion)
    keys = points.first?.coordinates.map(\.key) ?? []
    self.points = points.map {
      Point(
        point: $0.index, keys: .map($0.coordinates.map { ($0.key, $0.value) }),
        experiment: $0.experiment.resolved)
    }
    exitTable = .exits(points, results)
    verdictTable = try .verdicts(points, results)
    fits = try SweepFits(points: points, results: results)
    var warnings: [String] = []
    if commits.count > 1 {
      warnings.append(
        "the points were run by \(commits.count) versions of the program: "
          + commits.sorted().joined(separator: ", "))
    }
    for (point, result) in zip(points, results) {
      warnings += result.warnings.map { "point \(point.index) (\(point.coordinates.words)): \($0)" }
    }
    self.warnings = warnings
  }
}

extension SweepTable {
  /// The columns that say which point a row is of, with their values.
  ///
  /// A swept key that one of `columns` is named like gets another name, since names are told apart.
  static func place(of point: SweepPoint, before columns: [String]) -> [(String, Cell)] {
    var place: [(String, Cell)] = [("point", .integer(point.index))]
    place += point.coordinates.map { key in
      ((columns.contains(key.key) ? "swept-" : "") + key.key, Cell(key.value))
    }
    let model = point.experiment.model
    let others: [(String, Cell)] = [
      ("dimension", .integer(model.dimension)), ("width", .integer(model.width)),
      ("learning-rate", .number(model.learningRate)),
      ("seed", .seed(point.experiment.streams.seed)),
    ]
    return place + others.filter { other in !place.contains { $0.0 == other.0 } }
  }

  /// Makes a table of rows whose columns are all the same.
  init(_ rows: [[(String, Cell)]]) {
    columns = rows.first?.map(\.0) ?? []
    self.rows = rows.map { $0.map(\.1) }
  }

  /// A row a point, dynamics and mark.
  static func exits(_ points: [SweepPoint], _ results: [PointResult]) -> SweepTable {
    SweepTable(
      zip(points, results).flatMap { point, result in
        result.exits.map {
          let columns = columns($0, point.experiment.model)
          return place(of: point, before: columns.map(\.0)) + columns
        }
      })
  }

  private static func columns(_ exits: PointResult.Exits, _ model: Model) -> [(String, Cell)] {
    let d = Double(model.dimension)
    func ratio(_ value: Double?, _ formula: Double?) -> Cell {
      guard let value, let formula, formula > 0 else { return .empty }
      return .number(value / formula)
    }
    let error = exits.mean == nil ? nil : exits.standardError
    return [
      ("dynamics", .word(exits.dynamics)), ("criterion", .word(exits.criterion)),
      ("threshold", .number(exits.threshold)),
      ("replicas", .integer(exits.replicas)), ("exited", .integer(exits.exited)),
      ("censored", .integer(exits.censored)), ("diverged", .integer(exits.diverged)),
      ("mean", Cell(exits.mean)), ("restricted_mean", Cell(exits.restrictedMean)),
      ("standard_error", Cell(exits.standardError)),
      ("standard_deviation", Cell(exits.standardDeviation)),
    ]
      + zip(SampleSummary.probabilities, exits.quantiles).map { ("quantile_\($0)", Cell($1)) }
      + [
        ("mean_samples", Cell(exits.meanSamples)),
        ("mean_samples_standard_error", Cell(exits.meanSamplesError)),
        ("samples_over_d_log_d", Cell(d > 1 ? exits.meanSamples.map { $0 / (d * log(d)) } : nil)),
        ("annealed_exit_time", Cell(exits.annealedExitTime)),
        ("ratio_to_annealed", ratio(exits.mean, exits.annealedExitTime)),
        ("ratio_to_annealed_standard_error", ratio(error, exits.annealedExitTime)),
        ("quenched_exit_time", Cell(exits.quenchedExitTime)),
        ("ratio_to_quenched", ratio(exits.mean, exits.quenchedExitTime)),
        ("ratio_to_quenched_standard_error", ratio(error, exits.quenchedExitTime)),
      ]
  }
}
