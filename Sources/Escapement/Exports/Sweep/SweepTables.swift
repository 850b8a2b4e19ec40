import Dynamics
import Ensemble
import Foundation
import Statistics

/// Holds the tables of a sweep directory, read and checked: what its exports start from.
public struct SweepTables: Sendable {
  /// Holds one table: names of columns, and each row by them.
  struct Table: Sendable {
    var columns: [String] = []
    var rows: [[String: String]] = []

    /// Columns that say which point a row is of, `point` first.
    var placeColumns: ArraySlice<String> {
      columns.prefix { $0 != "dynamics" && $0 != "first" }
    }
  }

  /// The directory.
  public let path: String
  let exitTable: Table
  let verdictTable: Table
  /// The text of fits.json and of sweep.yaml; nil without the file.
  let fitsData: Data?
  let gridText: String?
  /// Keys that differ between points, in the order of the columns; without the learning rate where it
  /// follows from the others.
  let sweptKeys: [String]
  /// The largest table, in bytes.
  private static let largestFile = 1 << 26

  var exits: [[String: String]] { exitTable.rows }
  var verdicts: [[String: String]] { verdictTable.rows }

  /// Whether a directory holds a sweep.
  public static func isThere(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: place(path, "sweep.csv").path)
  }

  /// Reads sweep.csv and verdicts.csv, and fits.json and sweep.yaml where they are.
  ///
  /// Throws `DataFileError`, which names file and column.
  public init(path: String) throws {
    self.path = path
    let exits = try SweepTables.read(
      SweepTables.place(path, "sweep.csv"),
      columns: ["point", "dynamics", "threshold", "width", "dimension"])
    exitTable = exits
    sweptKeys = SweepTables.sweptKeys(exits)
    // A single dynamics has nothing to be compared with, and an empty table.
    let place = SweepTables.place(path, "verdicts.csv")
    let isEmpty = try readFile(place.relativePath, limit: SweepTables.largestFile).count <= 1
    verdictTable =
      isEmpty
      ? Table()
      : try SweepTables.read(
        place, columns: ["point", "first", "second", "threshold", "verdict", "map_verdict"])
    func optional(_ name: String) throws -> Data? {
      let place = SweepTables.place(path, name)
      guard FileManager.default.fileExists(atPath: place.path) else { return nil }
      return try readFile(place.relativePath, limit: SweepTables.largestFile)
    }
    fitsData = try optional("fits.json")
    let fitsPath = SweepTables.place(path, "fits.json").relativePath
    if let fitsData { _ = try utf8Text(fitsData, fitsPath) }
    if let fitsData, (try? JSONSerialization.jsonObject(with: fitsData)) == nil {
      throw DataFileError(fitsPath, "cannot be read, expected JSON")
    }
    gridText = try optional("sweep.yaml").map {
      try utf8Text($0, SweepTables.place(path, "sweep.yaml").relativePath)
    }
  }

  /// Keys that differ between points: as few as follow from no others, enough to tell all points apart.
  private static func sweptKeys(_ exits: Table) -> [String] {
    func values(_ keys: [String]) -> (([String: String]) -> [String]) {
      { row in keys.map { row[$0] ?? "" } }
    }
    let varying = exits.placeColumns.filter { key in
      key != "point" && Set(exits.rows.map { $0[key] ?? "" }).count > 1
    }
    // Points have seeds of their own, unless these are what is swept.
    let swept = varying.filter { $0 != "seed" }
    let (rate, others) = ("learning-rate", swept.filter { $0 != "learning-rate" })
    let follows = Dictionary(grouping: exits.rows, by: values(others))
      .values.allSatisfy { rows in Set(rows.map { $0[rate] ?? "" }).count == 1 }
    let keys = follows ? others : swept
    let places = Set(exits.rows.map(values(keys))).count
    let isComplete = places == Set(exits.rows.map { $0["point"] ?? "" }).count
    return isComplete || !varying.contains("seed") ? keys : keys + ["seed"]
  }

  private static func place(_ path: String, _ name: String) -> URL {
    URL(fileURLWithPath: path).appendingPathComponent(name)
  }

  private static func read(_ url: URL, columns: [String]) throws -> Table {
    let path = url.relativePath
    let text = try DelimitedText(try readFile(path, limit: largestFile), path: path)
    var table = Table()
    try text.forEachLine { line, number in
      let fields = try text.fields(of: line, .comma, number)
      guard !table.columns.isEmpty else {
        table.columns = fields
        if let missing = columns.first(where: { !fields.contains($0) }) {
          throw DataFileError(path, line: 1, "no column \(missing), expected one")
        }
        if let twice = repeated(fields) {
          throw DataFileError(path, line: 1, "the column \(twice) twice, expected different names")
        }
        try table.checkColumns(path)
        return true
      }
      guard fields.count == table.columns.count else {
        throw DataFileError(
          path, line: number, "\(fields.count) values, expected \(table.columns.count)")
      }
      for (column, value) in zip(table.columns, fields) {
        guard let expected = table.expectation(of: column, value) else { continue }
        throw DataFileError(
          path, line: number,
          "\(column): found '\(singleLine(String(value.prefix(40))))', expected \(expected)")
      }
      table.rows.append(Dictionary(uniqueKeysWithValues: zip(table.columns, fields)))
      return true
    }
    guard !table.columns.isEmpty else {
      throw DataFileError(path, "cannot be read, expected a table of a sweep")
    }
    return table
  }
}

extension SweepTables.Table {
  /// The key that a column of the place stands for; nil when there is no such key.
  private func key(_ column: String) -> SweepKey? {
    let prefix = "swept-"
    return SweepKey(name: column)
      ?? (column.hasPrefix(prefix) ? SweepKey(name: String(column.dropFirst(prefix.count))) : nil)
  }

  /// Refuses names of columns that no sweep writes: they become labels of figures and words of pages.
  fileprivate func checkColumns(_ path: String) throws {
    for column in columns {
      let isPlace = placeColumns.contains(column) && column != "point"
      guard isPlace ? key(column) == nil : column.isEmpty || !isPlainWord(column) else { continue }
      let name = singleLine(String(column.prefix(40)))
      throw DataFileError(
        path, line: 1,
        "found the column '\(name)', expected \(isPlace ? "a key of an experiment" : "a plain name")"
      )
    }
  }

  /// What was expected in the place of a value; nil when the value is of that kind.
  ///
  /// Only what stands in words on figures and pages may be anything but a plain word or number, and that on
  /// one line.
  fileprivate func expectation(of column: String, _ value: String) -> String? {
    switch column {
    case "point": return Int(value).map { $0 > 0 } == true ? nil : "a whole number from 1 on"
    case "dynamics", "first", "second":
      return DynamicsKind(rawValue: value) == nil ? DynamicsKind.words : nil
    case "criterion": return ExitCriterion(name: value) == nil ? ExitCriterion.words : nil
    case "threshold":
      return decimalNumber(value).map(\.isFinite) == true ? nil : "a finite number"
    case "verdict", "headline_verdict", "map_verdict":
      return value.isEmpty || Verdict(rawValue: value) != nil
        ? nil : "equivalent, different, undetermined or nothing"
    case "dimension", "width":
      return Int(value).map { $0 > 0 } == true ? nil : "a whole number from 1 on"
    case "replicas", "exited", "censored", "diverged":
      // Counts are added up; those of any sweep stay far below.
      return Int(value).map { (0...1 << 40).contains($0) } == true
        ? nil : "a whole number of replicas"
    default:
      guard placeColumns.contains(column) else {
        return isPlainWord(value) ? nil : "a number, a plain word or nothing"
      }
      return value == singleLine(value) && value.unicodeScalars.count <= 4096
        ? nil : "a value on one line"
    }
  }
}

extension [String: String] {
  /// The finite number of a row in a column; nil when there is none.
  func number(_ column: String) -> Double? {
    self[column].flatMap(Double.init).flatMap { $0.isFinite ? $0 : nil }
  }

  /// The pair of a row of verdicts.
  var sides: String {
    ["first", "second"].map { SweepTables.title(self[$0] ?? "") }.joined(separator: " / ")
  }

  /// The verdict that is shown everywhere, adjusted for the number of pairs; empty without a ratio.
  var mapVerdict: String { self["map_verdict"] ?? "" }

  /// What a row is about.
  var mark: PointResult.Mark {
    PointResult.Mark(criterion: self["criterion"], threshold: number("threshold") ?? .nan)
  }
}

extension SweepTables {
  /// A dynamics as figures and pages call it.
  static func title(_ name: String) -> String {
    DynamicsKind(rawValue: name)?.title ?? name
  }

  /// What the exits are watched by, in the order of the table.
  var marks: [PointResult.Mark] { unique(exits.map(\.mark)) }

  /// The points, each by its first row, in the order of the table.
  var points: [[String: String]] {
    var seen: Set<String> = []
    return exits.filter { seen.insert($0["point"] ?? "").inserted }
  }

  /// How the verdicts that are shown are adjusted.
  var adjustment: String {
    verdictAdjustment(pairs: verdicts.count { $0.number("equivalence_benjamini_hochberg") != nil })
  }

  /// The point of a row in the words of the swept keys.
  func label(_ row: [String: String]) -> String { label(row, sweptKeys) ?? "one point" }

  /// A row's values of keys; nil without keys.
  func label(_ row: [String: String], _ keys: [String]) -> String? {
    let symbols = [
      "dimension": "d", "width": "p", "teacher-units": "k", "learning-rate": "γ",
      "label-noise": "Δ", "learning-rate-over-width": "γ/p",
      "learning-rate-over-best": "γ/best γ",
    ]
    return keys.isEmpty
      ? nil : keys.map { "\(symbols[$0] ?? $0) = \(value(row, $0))" }.joined(separator: ", ")
  }

  /// A row's value of a key, as a person reads it.
  func value(_ row: [String: String], _ key: String) -> String {
    let text = row[key] ?? ""
    // Whole numbers, such as seeds, can be larger than a Double is exact.
    return Int64(text) != nil ? text : row.number(key).map(NumberText.given) ?? text
  }
}

/// Leaves the first of equal values.
func unique<Value: Hashable>(_ values: [Value]) -> [Value] {
  var seen: Set<Value> = []
  return values.filter { seen.insert($0).inserted }
}
