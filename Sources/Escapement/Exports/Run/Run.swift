import Dynamics
import Ensemble
import Foundation
import Statistics

/// Holds a run, of a directory read and checked or in memory: what every export starts from.
public struct Run: Sendable {
  /// The experiment, from experiment.yaml.
  public let experiment: Experiment
  /// The text of experiment.yaml.
  let experimentText: String
  /// What summary.json says.
  public let summary: ComparisonSummary
  /// The bytes of summary.json.
  let summaryData: Data
  /// Where exit_times.csv is; nil in memory.
  let exitTimesFile: String?
  /// The records of exit_times.csv.
  public let series: [ExitSeries]

  /// Takes a comparison as it is; throws `EncodingError` for a summary with numbers that are not finite.
  public init(_ comparison: Comparison) throws {
    experiment = comparison.experiment
    experimentText = experiment.yaml
    summary = comparison.summary
    summaryData = try jsonData(summary)
    exitTimesFile = nil
    series = comparison.runs.sorted { $0.kind < $1.kind }.flatMap(ExitSeries.all)
  }

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
    let yaml = file("experiment.yaml")
    experimentText = try ExperimentOptions.text(ofFile: yaml)
    experiment = try Experiment(
      ExperimentOptions(yaml: experimentText, name: yaml), directory: path, checksEngines: false)
    let json = file("summary.json")
    summaryData = try readFile(json, limit: ComparisonSummary.largestFile)
    summary = try ComparisonSummary(summaryData, path: json)
    exitTimesFile = file("exit_times.csv")
    series = try readExitTimes(file("exit_times.csv"))
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
  private var list: [ExitRecord] = []
  private var run: (run: EnsembleRun, index: Int)?

  /// Prepares a series without records.
  init(dynamics: DynamicsKind, criterion: String, threshold: Double) {
    (self.dynamics, self.criterion, self.threshold) = (dynamics, criterion, threshold)
  }

  /// The series of a run that is in memory, whose records are not copied.
  static func all(_ run: EnsembleRun) -> [ExitSeries] {
    run.marks.enumerated().map { index, mark in
      var series = ExitSeries(
        dynamics: run.kind, criterion: mark.criterion.name, threshold: mark.threshold)
      series.run = (run, index)
      return series
    }
  }

  /// The records.
  public var records: AnyRandomAccessCollection<ExitRecord> {
    run.map { AnyRandomAccessCollection($0.run.records(at: $0.index)) }
      ?? AnyRandomAccessCollection(list)
  }

  /// Adds the record of the next replica.
  mutating func append(_ record: ExitRecord) { list.append(record) }

  /// What is watched.
  var mark: WrittenMark { .init(criterion: criterion, threshold: threshold) }

  /// Whether another series watches the same.
  func hasSameRule(as other: ExitSeries) -> Bool { mark == other.mark }

  /// The exit times as statistics take them: what did not exit is censored at `horizon`.
  public func sample(horizon: Double) throws -> ExitSample { try exitSample(records, horizon) }
}
