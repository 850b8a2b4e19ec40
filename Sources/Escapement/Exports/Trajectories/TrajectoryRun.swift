import Dynamics
import Ensemble
import Foundation

/// Holds trajectories, of a directory read and checked or in memory: what their exports start from.
public struct TrajectoryRun: Sendable {
  /// The paths of one dynamics.
  struct Paths: Sendable {
    let kind: DynamicsKind
    /// A row a path and time, paths first, and a number a column; not numbers after a divergence.
    var rows: [[Double]] = []
  }

  /// Summaries of the risk of one dynamics, one a time.
  struct Bands: Sendable {
    let kind: DynamicsKind
    let replicas: Int
    let bands: [RiskBand]
  }

  /// The directory; nil in memory.
  public let path: String?
  /// What was seen. Where no quantiles were asked for, bands are those of the paths, and of nothing without the
  /// column risk.
  let trajectories: Trajectories
  let experimentText: String
  let warnings: [String]
  /// The bytes of summary.json.
  let summaryData: Data

  /// What was asked for.
  public var plan: TrajectoryPlan { trajectories.plan }
  var provenance: ComparisonSummary.Provenance { trajectories.provenance }
  var paths: [Paths] {
    plan.paths == 0
      ? []
      : trajectories.runs.map { run in
        Paths(
          kind: run.kind,
          rows: (0..<run.pathCount).flatMap { path in
            plan.grid.times.indices.map { run.values(path: path, time: $0) }
          })
      }
  }
  var bands: [Bands] {
    plan.quantiles.isEmpty
      ? []
      : trajectories.runs.map { Bands(kind: $0.kind, replicas: $0.replicas, bands: $0.bands) }
  }

  /// The largest summary.json, in bytes; that of 10⁶ times has some 10⁸.
  private static let largestSummary = 1 << 30

  private struct Summary: Decodable {
    struct Count: Decodable {
      let dynamics: String
      let diverged_at: [String: Double]?
    }

    let schema: String
    let provenance: ComparisonSummary.Provenance
    let warnings: [String]
    let dynamics: [Count]?
  }

  /// Takes trajectories as they are; throws `EncodingError` for a summary with numbers that are not finite.
  public init(_ trajectories: Trajectories) throws {
    path = nil
    self.trajectories = trajectories
    experimentText = trajectories.plan.yaml
    warnings = trajectories.warnings
    summaryData = try jsonData(TrajectorySummary(trajectories, withPaths: false))
  }

  /// Reads a directory.
  ///
  /// Throws `DataFileError` or `ExperimentError`, which name the file and the line or the key, when a file
  /// is missing or broken or does not belong to the others.
  public init(path: String) throws {
    func file(_ name: String) -> String {
      URL(fileURLWithPath: path).appendingPathComponent(name).relativePath
    }
    self.path = path
    try Checkpoint.requireNone(in: path)
    try Manifest.check(path)
    let plan = try TrajectoryPlan(
      TrajectoryOptions(file: file("experiment.yaml")), directory: path, checksEngines: false)
    experimentText = try ExperimentOptions.text(ofFile: file("experiment.yaml"))
    summaryData = try readFile(file("summary.json"), limit: TrajectoryRun.largestSummary)
    guard let summary = try? JSONDecoder().decode(Summary.self, from: summaryData),
      summary.schema == TrajectorySummary.schema
    else {
      throw DataFileError(
        file("summary.json"), "cannot be read, expected schema \(TrajectorySummary.schema)")
    }
    warnings = summary.warnings
    let divergences: [DynamicsKind: [Int: Double]] = (summary.dynamics ?? []).reduce(into: [:]) {
      result, count in
      guard let kind = DynamicsKind(rawValue: count.dynamics) else { return }
      for (replica, time) in count.diverged_at ?? [:] {
        if let replica = Int(replica) { result[kind, default: [:]][replica] = time }
      }
    }
    let (experiment, times) = (plan.experiment, plan.grid.times)
    let paths =
      plan.paths == 0
      ? []
      : try TrajectoryRun.read(
        file(TrajectoryDirectory.paths), keys: ["replica", "time"], columns: plan.columnNames,
        places: experiment.dynamics.map { kind in
          (kind, (0..<plan.pathCount(kind)).flatMap { path in times.map { [Double(path), $0] } })
        }
      )
    let bands =
      plan.quantiles.isEmpty
      ? []
      : try TrajectoryRun.read(
        file(TrajectoryDirectory.bands), keys: ["time"],
        columns: BandRow.columns(plan.quantiles).map(\.field.name),
        places: experiment.dynamics.map { kind in (kind, times.map { [$0] }) },
        counts: { column, number, kind in
          let replicas = plan.replicaCount(kind)
          return switch column {
          case "replicas":
            number == Double(replicas) ? nil : "\(replicas) as in experiment.yaml"
          case "diverged":
            (0...replicas).contains(Int(exactly: number) ?? -1)
              ? nil : "a whole number up to \(replicas)"
          default: nil
          }
        }
      )
    let risk = plan.columnNames.firstIndex(of: "risk")
    let runs = try experiment.dynamics.map { kind in
      let rows = paths.first { $0.kind == kind }?.rows ?? []
      let table = try NumberTable(rows: rows.count, columns: max(1, plan.columnNames.count))
      for (index, row) in rows.enumerated() { table.put(row, row: index, place: 0) }
      let known =
        try bands.first { $0.kind == kind }?.rows.map(RiskBand.init(row:))
        ?? times.indices.map { time in
          try RiskBand(
            stride(from: time, to: rows.count, by: times.count).map { place in
              risk.map { rows[place][$0] } ?? .nan
            },
            probabilities: plan.shownQuantiles)
        }
      return DynamicsPaths(
        kind: kind, replicas: plan.replicaCount(kind), bands: known,
        pathCount: plan.pathCount(kind), divergences: divergences[kind] ?? [:], paths: table)
    }
    trajectories = Trajectories(plan: plan, runs: runs, provenance: summary.provenance)
  }

  /// Reads a table whose rows must stand at the places that the plan has for them.
  ///
  /// Columns are found by name, so that further ones do no harm; `counts` says what was expected of a
  /// number that is none of its column's.
  private static func read(
    _ path: String, keys: [String], columns: [String],
    places: [(kind: DynamicsKind, keys: [[Double]])],
    counts: (_ column: String, Double, DynamicsKind) -> String? = { _, _, _ in nil }
  ) throws -> [(kind: DynamicsKind, rows: [[Double]])] {
    var order: [Int] = []
    var count = 0
    var result = places.map { (kind: $0.kind, rows: [[Double]]()) }
    var block = 0
    try forEachRow(of: path) { fields, line in
      guard !order.isEmpty else {
        if let twice = repeated(fields) {
          throw DataFileError(path, line: 1, "the column \(twice) stands twice, expected it once")
        }
        count = fields.count
        order = try (["dynamics"] + keys + columns).map { name in
          guard let index = fields.firstIndex(of: name) else {
            throw DataFileError(path, line: 1, "no column \(name), expected one")
          }
          return index
        }
        return
      }
      while block < places.count, result[block].rows.count == places[block].keys.count {
        block += 1
      }
      guard block < places.count else {
        throw DataFileError(path, line: line, "a further row, expected those of experiment.yaml")
      }
      guard fields.count == count else {
        throw DataFileError(path, line: line, "\(fields.count) values, expected \(count)")
      }
      let expected = places[block].keys[result[block].rows.count]
      let found = order.dropFirst().prefix(keys.count).map { Double(fields[$0]) }
      // The last digit of a time may come from another mathematical library.
      let isThere =
        fields[order[0]] == places[block].kind.rawValue
        && zip(found, expected).allSatisfy { found, expected in
          found.map { abs($0 - expected) <= 1e-12 * expected } ?? false
        }
      guard isThere else {
        let place = expected.map { "\($0)" }.joined(separator: ",")
        throw DataFileError(
          path, line: line,
          "another row, expected \(places[block].kind.rawValue) at \(keys.joined(separator: ",")) "
            + place)
      }
      result[block].rows.append(
        try zip(columns, order.dropFirst(1 + keys.count)).map { column, index in
          let number = fields[index].isEmpty ? .nan : decimalNumber(fields[index]) ?? .infinity
          let expectation =
            number.isInfinite
            ? "a finite number or nothing" : counts(column, number, places[block].kind)
          if let expectation {
            throw DataFileError(
              path, line: line,
              "found '\(fields[index].prefix(40))' under \(column), expected \(expectation)")
          }
          return number
        })
    }
    guard zip(result, places).allSatisfy({ $0.rows.count == $1.keys.count }) else {
      throw DataFileError(path, "too few rows, expected those of experiment.yaml")
    }
    return result
  }
}

extension RiskBand {
  /// A row of bands.csv: replicas, diverged, mean, standard error, quantiles; not numbers where there are none.
  fileprivate init(row: [Double]) {
    func known(_ number: Double) -> Double? { number.isNaN ? nil : number }
    self.init(
      diverged: Int(row[1]), mean: known(row[2]), standardError: known(row[3]),
      quantiles: row[4...].map(known))
  }
}
