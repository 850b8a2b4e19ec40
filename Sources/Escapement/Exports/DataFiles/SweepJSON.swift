import Foundation

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
