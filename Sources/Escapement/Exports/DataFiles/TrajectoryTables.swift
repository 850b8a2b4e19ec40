import Dynamics
import Foundation

/// Fractions of the risk whose loss is timed.
let timedFractions = [0.01, 0.1, 0.5, 0.9, 0.99]

/// Writes when the risk has fallen by given fractions as CSV, a row a dynamics, quantile and fraction.
///
/// Columns as in ``DataDictionary/fallTimes``; a time that never comes is empty. Throws `GSLError`.
public func fallTimesCSV(_ run: TrajectoryRun) throws -> Data {
  table(
    DataDictionary.fallTimes,
    try run.courses().flatMap { course in
      course.probabilities.indices.flatMap { place in
        timedFractions.map { fraction in
          [
            course.kind.rawValue, "\(course.probabilities[place])", "\(fraction)",
            text(course.timeOfFall(by: fraction, quantile: place)),
          ]
        }
      }
    })
}

/// Writes trajectories as one JSON document, schema `escapement/trajectory-run/1`: the summary and every path.
///
/// `paths` holds an object for each dynamics and replica with one list a column, one number a time; null
/// once the replica has diverged.
public func trajectoriesJSON(_ run: TrajectoryRun) -> Data {
  let (names, count) = (run.plan.columnNames, run.plan.grid.times.count)
  let paths = run.paths.flatMap { series in
    stride(from: 0, to: series.rows.count, by: count).map { first in
      let columns = names.enumerated().map { place, name in
        let numbers = series.rows[first..<(first + count)].map { row in
          row[place].isFinite ? "\(row[place])" : "null"
        }
        return "\"\(name)\": [" + numbers.joined(separator: ",") + "]"
      }
      return
        "{\"dynamics\": \"\(series.kind.rawValue)\", \"replica\": \(first / count), \"columns\": {"
        + columns.joined(separator: ",\n") + "}}"
    }
  }
  // Put together as text, so that the summary keeps the digits it has.
  let summary = String(decoding: run.summaryData, as: UTF8.self)
    .trimmingCharacters(in: .whitespacesAndNewlines)
  return Data(
    ("{\"schema\": \"escapement/trajectory-run/1\",\n\"summary\": \(summary),\n\"paths\": [\n"
      + paths.joined(separator: ",\n") + "\n]}\n").utf8)
}
