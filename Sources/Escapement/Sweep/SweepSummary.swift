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
  public let exitTable: DataTable
  /// A row a point, pair of dynamics and mark.
  public let verdictTable: DataTable
  /// The verdicts with what adjusts them.
  let map: VerdictMap
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
    exitTable = SweepSummary.exitTable(points, results)
    map = try VerdictMap(points, results)
    verdictTable = SweepSummary.verdictTable(points, map)
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

  /// The verdict of a point's headline pair that is shown everywhere; nil without a ratio.
  package func mapVerdict(point: Int, _ mark: WrittenMark) -> Verdict? {
    map.entries.first { $0.point.index == point && $0.pair.mark == mark && $0.isHeadline }?
      .mapVerdict
  }

  /// How these verdicts are adjusted.
  package var adjustment: String {
    verdictAdjustment(pairs: map.entries.count { $0.equivalenceRate != nil })
  }
}
