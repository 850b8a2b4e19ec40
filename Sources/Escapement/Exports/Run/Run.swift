import Dynamics
import Ensemble
import Foundation
import Statistics

/// Holds the content of a run directory, read and checked: what every export starts from.
public struct Run: Sendable {
  /// The directory.
  public let path: String
  /// The experiment, from experiment.yaml.
  public let experiment: Experiment
  /// The text of experiment.yaml.
  let experimentText: String
  /// The experiment's keys as written there, for provenance.
  let options: ExperimentOptions
  /// What summary.json says.
  public let summary: RunSummary
  /// The bytes of summary.json.
  let summaryData: Data
  /// Where exit_times.csv is.
  let exitTimesFile: String
  /// The records of exit_times.csv.
  public let series: [ExitSeries]

  /// Reads a run directory.
  ///
  /// Throws `DataFileError` or `ExperimentError`, which name the file and the line or the key: when a
  /// file is missing or broken, and when the files do not belong to each other.
  public init(path: String) throws {
    func file(_ name: String) -> String {
      URL(fileURLWithPath: path).appendingPathComponent(name).relativePath
    }
    try Checkpoint.requireNone(in: path)
    try Manifest.check(path)
    for name in ["experiment.yaml", "summary.json", "exit_times.csv"]
    where !Checkpoint.isThere(file(name)) {
      throw DataFileError(
        path, "no \(name), expected a directory filled by escapement compare --output")
    }
    self.path = path
    let yaml = file("experiment.yaml")
    experimentText = try ExperimentOptions.text(ofFile: yaml)
    options = try ExperimentOptions(yaml: experimentText, name: yaml)
    experiment = try Experiment(options, directory: path, checksEngines: false)
    let json = file("summary.json")
    summaryData = try readFile(json, limit: RunSummary.largestFile)
    summary = try RunSummary(summaryData, path: json)
    exitTimesFile = file("exit_times.csv")
    series = try readExitTimes(exitTimesFile)
    try checkAgreement(summaryPath: json)
    try checkRecords()
    try summary.checkVerdicts(json)
  }

  /// Refuses a summary that does not count what the exit times hold.
  private func checkAgreement(summaryPath: String) throws {
    for entry in summary.exitTimes {
      let records = series.first {
        $0.dynamics.rawValue == entry.dynamics && $0.mark == entry.mark
      }?.records
      let counts = [Outcome.exited, .censored, .diverged].map { outcome in
        records?.count { $0.outcome == outcome } ?? 0
      }
      guard counts == [entry.exited, entry.censored, entry.diverged] else {
        throw DataFileError(
          summaryPath,
          "\(entry.exited) exited, \(entry.censored) censored and \(entry.diverged) diverged of "
            + "'\(entry.dynamics.prefix(40))' at \(entry.threshold), expected as in exit_times.csv: "
            + "\(counts[0]), \(counts[1]) and \(counts[2])")
      }
    }
  }

  /// The exit rules, in the order of the file.
  var rules: [ExitSeries] {
    series.reduce(into: []) { rules, next in
      if !rules.contains(where: next.hasSameRule) { rules.append(next) }
    }
  }

  /// The dynamics, in the order of the file.
  var dynamics: [DynamicsKind] {
    series.reduce(into: []) { if !$0.contains($1.dynamics) { $0.append($1.dynamics) } }
  }
}

/// Holds the exit records of one dynamics at one exit rule, in replica order.
public struct ExitSeries: Sendable {
  /// Which dynamics.
  public let dynamics: DynamicsKind
  /// What is watched: `risk`, or the overlap with one teacher direction, `overlap-1`, ….
  public let criterion: String
  /// The threshold, as a rule the fraction T of the initial risk.
  public let threshold: Double
  /// The records.
  public internal(set) var records: [ExitRecord] = []

  /// What is watched.
  var mark: PointResult.Mark { .init(criterion: criterion, threshold: threshold) }

  /// Whether another series watches the same.
  func hasSameRule(as other: ExitSeries) -> Bool { mark == other.mark }

  /// The exit times as statistics take them: what did not exit is censored at `horizon`.
  public func sample(horizon: Double) throws -> ExitSample { try exitSample(records, horizon) }
}
