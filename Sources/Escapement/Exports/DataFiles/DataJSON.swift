import Dynamics
import Foundation

/// Writes a run as one JSON document, schema `escapement/run/1`: the summary and every record.
///
/// `exit_times` holds an object for each dynamics and exit rule with the columns `outcome`, `exit_time`
/// and `exit_step` in replica order; the step is null for dynamics that have none.
public func runJSON(_ run: Run) throws -> Data {
  let summary = String(decoding: run.summaryData, as: UTF8.self)
    .trimmingCharacters(in: .whitespacesAndNewlines)
  // Put together as text, so that the summary keeps the digits it has.
  var text = "{\"schema\": \"escapement/run/1\",\n\"summary\": \(summary),\n\"exit_times\": ["
  for (index, series) in run.series.enumerated() {
    let records = series.records
    func column(_ name: String, _ value: (ExitRecord) -> String) -> String {
      "\"\(name)\": [" + records.map(value).joined(separator: ",") + "]"
    }
    text += index == 0 ? "\n" : ",\n"
    text += "{\"dynamics\": \"\(series.dynamics.rawValue)\", "
    text += "\"criterion\": \"\(series.criterion)\", \"threshold\": \(series.threshold),\n"
    text += column("outcome") { "\"\($0.outcome.name)\"" } + ",\n"
    text += column("exit_time") { "\($0.time)" } + ",\n"
    text += column("exit_step") { $0.step < 0 ? "null" : "\($0.step)" } + "}"
  }
  return Data((text + "\n]}\n").utf8)
}

/// Writes a sweep as one JSON document, schema `escapement/sweep-run/1`: its tables and fits.
///
/// `exit_times` and `verdicts` hold an object a row, with the columns of sweep.csv and verdicts.csv: numbers
/// with the digits they have, true and false, null for nothing, else words. `fits` is fits.json as it is, and
/// `sweep` the text of sweep.yaml; null without the file.
public func sweepJSON(_ sweep: SweepTables) throws -> Data {
  func list(_ table: SweepTables.Table) throws -> String {
    try table.rows.map { row in
      let pairs = try table.columns.map { column in
        "\(try encoded(column)): \(try value(row[column] ?? ""))"
      }
      return "{" + pairs.joined(separator: ", ") + "}"
    }.joined(separator: ",\n")
  }
  func value(_ text: String) throws -> String {
    if text.isEmpty { return "null" }
    let isPlain =
      ["true", "false"].contains(text)
      || text.wholeMatch(of: /-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/) != nil
    return isPlain ? text : try encoded(text)
  }
  let fits = sweep.fitsData.map { String(decoding: $0, as: UTF8.self) } ?? "null"
  let text = [
    "{\"schema\": \"escapement/sweep-run/1\"",
    "\"sweep\": \(try sweep.gridText.map(encoded) ?? "null")",
    "\"exit_times\": [\n\(try list(sweep.exitTable))\n]",
    "\"verdicts\": [\n\(try list(sweep.verdictTable))\n]",
    "\"fits\": \(fits.trimmingCharacters(in: .whitespacesAndNewlines))}",
  ]
  return Data((text.joined(separator: ",\n") + "\n").utf8)
}

private func encoded(_ text: String) throws -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = .withoutEscapingSlashes
  return String(decoding: try encoder.encode(text), as: UTF8.self)
}
