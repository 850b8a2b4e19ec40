import Dynamics
import Ensemble
import Foundation

/// The largest number of series in one; beyond it finding the place of a row would take too long.
private let largestSeriesCount = 10_000

/// Reads the exit_times.csv of a run; throws `DataFileError`, which names the line.
///
/// Columns are found by name, so that columns of later versions do no harm; one that is missing,
/// `criterion` apart, is an error, and so are rows out of order. Cost: about 0.5 µs a row; memory 24
/// bytes a row beside the file, which is mapped.
func readExitTimes(_ path: String) throws -> [ExitSeries] {
  var series: [ExitSeries] = []
  var columns: ExitTimesColumns?
  try forEachRow(of: path) { fields, line in
    if let columns {
      try columns.add(fields, to: &series, path, line)
    } else {
      columns = try ExitTimesColumns(header: fields, path)
    }
  }
  guard !series.isEmpty else { throw DataFileError(path, "no row, expected exit times") }
  return series
}

/// Knows at which place each column stands.
private struct ExitTimesColumns {
  private let count: Int
  private let dynamics: Int
  private let criterion: Int?
  private let threshold: Int
  private let replica: Int
  private let outcome: Int
  private let time: Int
  private let step: Int

  init(header: [String], _ path: String) throws {
    func place(_ name: String) throws -> Int {
      guard let index = header.firstIndex(of: name) else {
        throw DataFileError(path, line: 1, "no column \(name), expected one")
      }
      return index
    }
    if let twice = repeated(header) {
      throw DataFileError(path, line: 1, "the column \(twice) stands twice, expected it once")
    }
    count = header.count
    dynamics = try place("dynamics")
    criterion = header.firstIndex(of: "criterion")
    threshold = try place("threshold")
    replica = try place("replica")
    outcome = try place("outcome")
    time = try place("exit_time")
    step = try place("exit_step")
  }

  func add(_ fields: [String], to series: inout [ExitSeries], _ path: String, _ line: Int) throws {
    func failure(_ column: String, _ found: String, _ expected: String) -> DataFileError {
      DataFileError(
        path, line: line, "\(column): found '\(found.prefix(40))', expected \(expected)")
    }
    guard fields.count == count else {
      throw DataFileError(path, line: line, "\(fields.count) values, expected \(count)")
    }
    guard let kind = DynamicsKind(rawValue: fields[dynamics]) else {
      throw failure("dynamics", fields[dynamics], DynamicsKind.words)
    }
    guard let level = Double(fields[threshold]), level.isFinite else {
      throw failure("threshold", fields[threshold], "a finite number")
    }
    let rule = criterion.map { fields[$0] } ?? ExitCriterion.standard.name
    guard rule == series.last?.criterion || ExitCriterion(name: rule) != nil else {
      throw failure("criterion", rule, ExitCriterion.words)
    }
    guard let outcome = Outcome(name: fields[outcome]) else {
      throw failure("outcome", fields[outcome], "exited, censored or diverged")
    }
    guard let time = Double(fields[time]), time.isFinite, time >= 0 else {
      throw failure("exit_time", fields[time], "a finite time of at least 0")
    }
    let hasStep = !fields[step].isEmpty
    guard let step = hasStep ? Int(fields[step]) : -1, !hasStep || step >= 0 else {
      throw failure("exit_step", fields[step], "a whole number of at least 0, or nothing")
    }
    let next = ExitSeries(dynamics: kind, criterion: rule, threshold: level)
    if series.last.map({ $0.dynamics == kind && $0.hasSameRule(as: next) }) != true {
      guard !series.contains(where: { $0.dynamics == kind && $0.hasSameRule(as: next) }) else {
        throw DataFileError(
          path, line: line, "rows of \(kind.rawValue) at \(level) stand in two places, expected one"
        )
      }
      guard series.count < largestSeriesCount else {
        throw DataFileError(
          path, line: line,
          "found one more dynamics and threshold, expected at most \(largestSeriesCount)")
      }
      series.append(next)
    }
    let place = series.count - 1
    guard fields[replica] == "\(series[place].records.count)" else {
      throw failure("replica", fields[replica], "\(series[place].records.count)")
    }
    series[place].append(ExitRecord(outcome: outcome, time: time, step: step))
  }
}

extension Outcome {
  fileprivate init?(name: String) {
    switch name {
    case "exited": self = .exited
    case "censored": self = .censored
    case "diverged": self = .diverged
    default: return nil
    }
  }
}
