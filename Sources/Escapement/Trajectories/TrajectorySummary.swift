import Foundation

/// Holds all that `trajectories` reports, schema `escapement/trajectories/1`.
public struct TrajectorySummary: Encodable, Sendable {
  /// What was done of one dynamics.
  public struct Count: Encodable, Sendable {
    let dynamics: String
    let replicas: Int
    let paths: Int
    let diverged: Int
    /// When those replicas left the finite numbers, by their index; left out when none did.
    let divergedAt: [String: Double]?

    enum CodingKeys: String, CodingKey {
      case dynamics, replicas, paths, diverged
      case divergedAt = "diverged_at"
    }
  }

  /// Summaries of the risk of one dynamics, one number a time.
  public struct Band: Encodable, Sendable {
    let dynamics: String
    let replicas: Int
    let diverged: [Int]
    let mean: [Double?]
    let standardError: [Double?]
    let quantiles: [String: [Double?]]

    enum CodingKeys: String, CodingKey {
      case dynamics, replicas, diverged, mean, quantiles
      case standardError = "standard_error"
    }
  }

  /// One path, one number a time in each column; null from where it diverged.
  public struct Path: Encodable, Sendable {
    let dynamics: String
    let replica: Int
    let divergedAt: Double?
    let columns: [String: [Double?]]

    enum CodingKeys: String, CodingKey {
      case dynamics, replica, columns
      case divergedAt = "diverged_at"
    }

    /// Writes every key, null when the replica has not diverged.
    public func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(dynamics, forKey: .dynamics)
      try container.encode(replica, forKey: .replica)
      try container.encode(divergedAt, forKey: .divergedAt)
      try container.encode(columns, forKey: .columns)
    }
  }

  /// Name and version of this format.
  public let schema = TrajectorySummary.schema
  static let schema = "escapement/trajectories/1"
  let experiment: ResolvedValue
  let provenance: ComparisonSummary.Provenance
  let times: [Double]
  let dynamics: [Count]
  /// Left out when no quantiles were asked for.
  let bands: [Band]?
  /// Left out of a run directory, where they are in trajectories.csv.
  let paths: [Path]?
  let warnings: [String]

  /// Summarises trajectories, with their paths or without.
  public init(_ trajectories: Trajectories, withPaths: Bool) {
    let plan = trajectories.plan
    let names = plan.columnNames
    experiment = plan.resolved
    provenance = trajectories.provenance
    times = plan.grid.times
    warnings = trajectories.warnings
    dynamics = trajectories.runs.map {
      Count(
        dynamics: $0.kind.rawValue, replicas: $0.replicas, paths: $0.pathCount,
        diverged: $0.divergences.count,
        divergedAt: $0.divergences.isEmpty
          ? nil
          : Dictionary(uniqueKeysWithValues: $0.divergences.map { ("\($0.key)", $0.value) }))
    }
    bands =
      plan.quantiles.isEmpty
      ? nil
      : trajectories.runs.map { run in
        Band(
          dynamics: run.kind.rawValue, replicas: run.replicas,
          diverged: run.bands.map(\.diverged), mean: run.bands.map(\.mean),
          standardError: run.bands.map(\.standardError),
          quantiles: Dictionary(
            uniqueKeysWithValues: plan.quantiles.enumerated().map { index, probability in
              ("\(probability)", run.bands.map { $0.quantiles[index] })
            }))
      }
    paths =
      !withPaths
      ? nil
      : trajectories.runs.flatMap { run in
        (0..<run.pathCount).map { path in
          let rows = plan.grid.times.indices.map { run.values(path: path, time: $0) }
          return Path(
            dynamics: run.kind.rawValue, replica: path, divergedAt: run.divergences[path],
            columns: Dictionary(
              uniqueKeysWithValues: names.enumerated().map { index, name in
                (name, rows.map { $0[index].isFinite ? $0[index] : nil })
              }))
        }
      }
  }
}
