import Dynamics
import Foundation

/// Says which paths of an experiment are followed, at which times, and what of them is kept.
///
/// The experiment's exit rule does not stop a path; its horizon ends all. Replica i starts as in a
/// comparison, on the same streams.
public struct TrajectoryPlan: Sendable {
  /// The experiment.
  public let experiment: Experiment
  /// When paths are seen.
  public let grid: TimeGrid
  /// What is kept of each path.
  public let columns: [TrajectoryColumn]
  /// The number of replicas of each dynamics that are kept path by path, at most.
  public let paths: Int
  /// Probabilities of the quantiles of the risk over replicas, ascending; empty for none.
  public let quantiles: [Double]

  /// The most memory that numbers may take, in bytes.
  public static let largestMemory = 2_000_000_000.0

  /// Validates options and fills in defaults.
  ///
  /// `directory` is where a relative Gram file is looked for. Throws `ExperimentError`, which names the
  /// key, the place and what was expected: also where the numbers to keep exceed ``largestMemory``.
  public init(
    _ options: TrajectoryOptions, directory: String? = nil, checksEngines: Bool = true
  ) throws {
    let given = try options.grid()
    let quantiles = try options.quantiles() ?? []
    var keys = options.experiment
    // What is asked of the times is what the horizon is for.
    if let given, keys.values[.horizon] == nil, given.grid.last > 0 {
      let last = given.grid.last
      keys.set(.horizon, given.isInSamples ? "samples:\(String(format: "%.0f", last))" : "\(last)")
    }
    // Paths are looked at one by one; a thousand would be too many.
    if quantiles.isEmpty, keys.values[.replicas] == nil { keys.set(.replicas, "10") }
    experiment = try Experiment(keys, directory: directory, checksEngines: checksEngines)
    let horizon = experiment.exitRule.horizon
    do {
      let clock = experiment.model.clock
      grid =
        try given.map { try $0.isInSamples ? $0.grid.inTimes(of: clock) : $0.grid }
        ?? TimeGrid.standard(horizon: horizon)
    } catch let problem as ParameterError {
      throw options.error(.times, "found \(problem.found), expected \(problem.expected)")
    }
    guard grid.last <= horizon else {
      throw options.error(
        .times, "found \(grid.last), expected times up to the horizon \(horizon), or a later one")
    }
    columns = try options.columns() ?? TrajectoryColumn.standard(for: experiment.model)
    guard !columns.contains(.trainingRisk) || experiment.model.samples?.returns == true else {
      throw options.error(
        .columns,
        "found \(TrajectoryColumn.trainingRisk.rawValue), expected it with samples that return, in "
          + "two epochs or more")
    }
    self.quantiles = quantiles
    let mostReplicas = experiment.dynamics.map(experiment.replicaCount).max() ?? 0
    paths = min(try options.paths() ?? (quantiles.isEmpty ? mostReplicas : 0), mostReplicas)
    guard paths > 0 || !quantiles.isEmpty else {
      throw options.error(.paths, "found 0, expected at least 1 without quantiles")
    }
    guard memory <= TrajectoryPlan.largestMemory else {
      throw options.error(
        quantiles.isEmpty ? .paths : .quantiles,
        "\(TrajectoryPlan.gigabytes(memory)) to keep, expected at most "
          + "\(TrajectoryPlan.gigabytes(TrajectoryPlan.largestMemory)): fewer replicas, times, paths "
          + "or columns")
    }
  }

  /// The number of replicas of a dynamics that are followed.
  public func replicaCount(_ kind: DynamicsKind) -> Int {
    let all = experiment.replicaCount(kind)
    return quantiles.isEmpty ? min(paths, all) : all
  }

  /// The number of replicas of a dynamics that are kept path by path.
  public func pathCount(_ kind: DynamicsKind) -> Int { min(paths, replicaCount(kind)) }

  /// Names of the numbers that are kept of a path at each time.
  public var columnNames: [String] { columns.flatMap { $0.names(for: experiment.model) } }

  /// Numbers that are kept of a path at each time.
  var columnCount: Int { columns.reduce(0) { $0 + $1.count(for: experiment.model) } }

  /// Numbers that are kept of a replica: its risks, then its path.
  func numberCount(_ kind: DynamicsKind, replica: Int) -> Int {
    grid.times.count * (1 + (replica < pathCount(kind) ? columnCount : 0))
  }

  /// Bytes that the numbers take at most: the risk of the replicas of one dynamics, and all paths.
  public var memory: Double {
    let risks = experiment.dynamics.map { Double(replicaCount($0)) }.max() ?? 0
    let paths = experiment.dynamics.reduce(0.0) { $0 + Double(pathCount($1)) }
    return 8 * Double(grid.times.count) * (risks + paths * Double(columnCount))
  }

  /// Probabilities at which bands are taken, also where none are written.
  package var shownQuantiles: [Double] { quantiles.isEmpty ? [0.05, 0.5, 0.95] : quantiles }

  /// Every key that decides the result, with its value; reading it back gives the same plan.
  public var resolved: ResolvedValue {
    guard case .map(let pairs) = experiment.resolved else { return experiment.resolved }
    return .map(
      pairs + [
        (TrajectoryKey.times.rawValue, grid.resolved),
        (TrajectoryKey.columns.rawValue, .list(columns.map { .word($0.rawValue) })),
        (TrajectoryKey.paths.rawValue, .integer(paths)),
        (TrajectoryKey.quantiles.rawValue, .numbers(quantiles)),
      ])
  }

  /// The plan as an experiment file.
  public var yaml: String { resolved.yamlLines }

  private static func gigabytes(_ bytes: Double) -> String {
    String(format: "%.1f GB", bytes / 1e9)
  }
}

extension TrajectoryPlan {
  /// Estimates the work of the dynamics that go by quadrature, for the paths that are followed.
  ///
  /// Throws `ParameterError` where quadrature does not reach.
  package func quadratureWork() throws -> [QuadratureWork] {
    try experiment.quadratureWork(replicas: replicaCount, stops: grid.times.count)
  }
}
