import Foundation
import NetCDF

/// Writes a sweep as a netCDF-4 data set with the dimensions point, dynamics, threshold and pair.
///
/// Variables are the columns of sweep.csv along point, dynamics and threshold, those of verdicts.csv along
/// point, pair and threshold, and the swept keys along point, with `_` for `-`; seeds are words, since not
/// every reader has 64-bit integers without sign. What a point does not have is the fill value, which for
/// numbers is not a number. Conventions CF-1.10. Throws `NetCDFError`.
public func writeNetCDF(_ sweep: SweepTables, to path: String) throws {
  let file = try NetCDFFile(creating: path)
  let (points, marks) = (sweep.points, sweep.marks)
  let kinds = unique(sweep.exits.map { $0["dynamics"] ?? "" })
  let pairs = unique(sweep.verdicts.map { [$0["first"] ?? "", $0["second"] ?? ""] })
  let point = try file.addDimension("point", count: points.count)
  let dynamics = try file.addDimension("dynamics", count: kinds.count)
  let threshold = try file.addDimension("threshold", count: marks.count)

  func describe(_ variable: NetCDFFile.Variable, _ fields: [FieldDescription]) throws {
    let field =
      fields.first { netCDFName($0.name) == variable.name } ?? fields.first { $0.name == "KEY" }
    guard let field else { return }
    try file.setAttribute("long_name", field.meaning, of: variable)
    // Units are those of CF, which knows neither τ nor samples.
    if !field.unit.isEmpty { try file.setAttribute("units", "1", of: variable) }
  }
  func add(_ name: String, _ values: [Double], along dimension: NetCDFFile.Dimension) throws {
    let variable = try file.addVariable(name, of: Double.self, along: [dimension], fill: .nan)
    try describe(variable, DataDictionary.sweep)
    try file.write(values, to: variable)
  }

  try describe(try file.addWords("dynamics", kinds, along: dynamics), DataDictionary.sweep)
  try add("threshold", marks.map(\.threshold), along: threshold)
  try describe(
    try file.addWords("criterion", marks.map(\.criterion), along: threshold),
    DataDictionary.sweep)
  for column in sweep.exitTable.placeColumns {
    let (name, counts) = (netCDFName(column), points.compactMap { Int64($0[column] ?? "") })
    let numbers = points.map { $0.number(column) }
    if column == "seed" || numbers.contains(nil) {
      let words = points.map { $0[column] ?? "" }
      try describe(try file.addWords(name, words, along: point), DataDictionary.sweep)
    } else if counts.count == points.count {
      let variable = try file.addVariable(name, of: Int64.self, along: [point])
      try describe(variable, DataDictionary.sweep)
      try file.write(counts, to: variable)
    } else {
      try add(name, numbers.map { $0 ?? .nan }, along: point)
    }
  }

  /// Adds the columns after those of the place, `across` the second dimension.
  func add(
    _ table: SweepTables.Table, _ fields: [FieldDescription], without keys: Set<String>,
    across dimension: NetCDFFile.Dimension, place: ([String: String]) -> Int?
  ) throws {
    let cells = table.rows.compactMap { row -> (row: [String: String], place: [Int])? in
      guard let first = points.firstIndex(where: { $0["point"] == row["point"] }),
        let second = place(row), let third = marks.firstIndex(of: row.mark)
      else { return nil }
      return (row, [first, second, third])
    }
    for column in table.columns.dropFirst(table.placeColumns.count) where !keys.contains(column) {
      /// Writes a column of one type, `fill` where a point has no such row.
      func write<Value: NetCDFValue>(
        fill: Value, _ value: (String) -> Value?
      ) throws -> NetCDFFile.Variable {
        let variable = try file.addVariable(
          column, of: Value.self, along: [point, dimension, threshold], fill: fill)
        try describe(variable, fields)
        var values = [[Int]: [Value]]()
        for (row, place) in cells {
          values[[place[0], place[1]], default: marks.map { _ in fill }][place[2]] =
            value(row[column] ?? "") ?? fill
        }
        // In order, so that the same sweep gives the same bytes.
        for (place, values) in values.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
          try file.write(values, to: variable, at: place)
        }
        return variable
      }
      if let flags = SweepFlags(column) {
        try flags.describe(try write(fill: -1, flags.number), in: file)
      } else if ["replicas", "exited", "censored", "diverged"].contains(column) {
        _ = try write(fill: -1) { Int64($0) }
      } else {
        _ = try write(fill: .nan) { Double($0) }
      }
    }
  }

  try add(
    sweep.exitTable, DataDictionary.sweep, without: ["dynamics", "criterion", "threshold"],
    across: dynamics
  ) { kinds.firstIndex(of: $0["dynamics"] ?? "") }
  if !pairs.isEmpty {
    let pair = try file.addDimension("pair", count: pairs.count)
    for (index, name) in ["first", "second"].enumerated() {
      let variable = try file.addWords(name, pairs.map { $0[index] }, along: pair)
      try describe(variable, DataDictionary.verdicts)
    }
    try add(
      sweep.verdictTable, DataDictionary.verdicts,
      without: ["first", "second", "criterion", "threshold"], across: pair
    ) { pairs.firstIndex(of: [$0["first"] ?? "", $0["second"] ?? ""]) }
  }
  for (name, text) in [
    ("Conventions", "CF-1.10"), ("title", "A sweep over exit times of one-pass SGD"),
    ("source", "Escapement \(escapementVersion)"),
    ("references", "Arnaboldi et al. (2023), arXiv:2305.18502"),
    ("sweep", sweep.gridText ?? ""),
    ("fits", sweep.fitsData.map { String(decoding: $0, as: UTF8.self) } ?? ""),
  ] where !text.isEmpty { try file.setAttribute(name, text) }
  try file.close()
}

/// A column's name as data sets have it.
private func netCDFName(_ column: String) -> String {
  column.replacingOccurrences(of: "-", with: "_")
}

/// Numbers the words of a column that has few of them.
private struct SweepFlags {
  private let words: [String]

  /// Nil for a column of numbers.
  init?(_ column: String) {
    switch column {
    case "verdict", "headline_verdict", "map_verdict":
      words = ["equivalent", "different", "undetermined"]
    case "paired", "restricted", "headline": words = ["false", "true"]
    case "undecided_reason": words = ["unseen", "log-rank", "replicas", "no-spread"]
    default: return nil
    }
  }

  func number(_ word: String) -> Int8? { words.firstIndex(of: word).map(Int8.init) }

  func describe(_ variable: NetCDFFile.Variable, in file: NetCDFFile) throws {
    try file.setAttribute("flag_values", words.indices.map(Int8.init), of: variable)
    try file.setAttribute("flag_meanings", words.joined(separator: " "), of: variable)
  }
}
