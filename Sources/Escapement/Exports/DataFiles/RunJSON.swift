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
