import Dynamics
import Ensemble
import Foundation
import Statistics
import Statistics

/// Holds the tables of a sweep, of a directory read and checked or in memory: what its exports start from.
public struct SweepTables: Sendable {
  /// The directory; nil in memory.
  public let path: String?
  /// The rows of sweep.csv and of verdicts.csv.
  let exits: [DataTable.Row]
  let verdicts: [DataTable.Row]
  /// Columns that say which point a row is of, `point` first.
  let placeColumns: [String]
  /// The text of fits.json and of sweep.yaml; nil without the file.
  let fitsData: Data?
  let gridText: String?
  /// Where the first point comes from; nil when the points are not in the directory.
  let provenance: ComparisonSummary.Provenance?
  /// The experiment of the first point; nil when the points are not in the directory.
  let firstExperiment: Experiment?
  /// Keys that differ between points, in the order of the columns; without the learning rate where it
  /// follows from the others.
  let sweptKeys: [String]
  /// The tables themselves where they are in memory.
  private let tables: [DataTable]
  /// The largest table, in bytes.
  private static let largestFile = 1 << 26

  /// Takes the tables of a sweep that is in memory; throws when its fits are not finite.
  public init(_ sweep: Escapement.Sweep) throws {
    path = nil
    tables = [sweep.summary.exitTable, sweep.summary.verdictTable]
    exits = sweep.summary.exitTable.rows
    verdicts = sweep.summary.verdictTable.rows
    placeColumns = SweepTables.placeColumns(sweep.summary.exitTable.columns.map(\.name))
    sweptKeys = SweepTables.sweptKeys(exits, placeColumns)
    fitsData = try jsonData(sweep.summary.fits)
    gridText = sweep.grid.yaml
    provenance = nil
    firstExperiment = sweep.points.first?.experiment
  }

  private static func placeColumns(_ columns: [String]) -> [String] {
    Array(columns.prefix { $0 != "dynamics" && $0 != "first" })
  }

  /// Whether a directory holds a sweep.
  public static func isThere(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: place(path, "sweep.csv").path)
  }

  /// Reads sweep.csv and verdicts.csv, and fits.json and sweep.yaml where they are.
  ///
  /// Throws `DataFileError`, which names file and column.
  public init(path: String) throws {
    self.path = path
    try Manifest.check(path)
    tables = []
    exits = try SweepTables.read(
      SweepTables.place(path, "sweep.csv"),
      columns: ["point", "dynamics", "threshold", "width", "dimension"])
    placeColumns = SweepTables.placeColumns(exits.first?.columns ?? [])
    sweptKeys = SweepTables.sweptKeys(exits, placeColumns)
    // A single dynamics has nothing to be compared with, and an empty table.
    let place = SweepTables.place(path, "verdicts.csv")
    let isEmpty = try readFile(place.relativePath, limit: SweepTables.largestFile).count <= 1
    verdicts =
      isEmpty
      ? []
      : try SweepTables.read(
        place, columns: ["point", "first", "second", "threshold", "verdict", "map_verdict"])
    for (row, line) in zip(verdicts, 2...) {
      guard let problem = row.contradiction else { continue }
      throw DataFileError(place.relativePath, line: line, problem)
    }
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
    let summary = SweepTables.place(path, "points/0001/summary.json").relativePath
    provenance = try? ComparisonSummary(
      readFile(summary, limit: ComparisonSummary.largestFile), path: summary
    ).provenance
    let first = SweepTables.place(path, "points/0001")
    firstExperiment = try? Experiment(
      ExperimentOptions(file: first.appendingPathComponent("experiment.yaml").relativePath),
      directory: first.relativePath, checksEngines: false)
  }

  /// sweep.csv and verdicts.csv, as they are in the directory where there is one.
  public func tableFiles() throws -> [(name: String, contents: Data)] {
    guard let path else { return tables.map { ("\($0.name).csv", $0.csv) } }
    return try ["sweep.csv", "verdicts.csv"].map { name in
      (name, try mapFile(SweepTables.place(path, name).relativePath, limit: largestTable))
    }
  }

  /// The fits over the grid; nil without the file.
  ///
  /// Throws `DataFileError` for another form, and for words that no fit has.
  func fits() throws -> SweepFits? {
    guard let fitsData else { return nil }
    let fits = try? JSONDecoder().decode(SweepFits.self, from: fitsData)
    guard let fits, fits.hasKnownWords else {
      throw DataFileError(
        path.map { SweepTables.place($0, "fits.json").relativePath } ?? "fits.json",
        "cannot be read, expected the fits of a sweep")
    }
    return fits
  }

  /// Keys that differ between points: as few as follow from no others, enough to tell all points apart.
  private static func sweptKeys(_ exits: [DataTable.Row], _ placeColumns: [String]) -> [String] {
    func values(_ keys: [String]) -> ((DataTable.Row) -> [DataValue]) {
      { row in keys.map { row[$0] } }
    }
    let varying = placeColumns.filter { key in
      key != "point" && Set(exits.map { $0[key] }).count > 1
    }
    // Points have seeds of their own, unless these are what is swept.
    let swept = varying.filter { $0 != "seed" }
    let (rate, others) = ("learning-rate", swept.filter { $0 != "learning-rate" })
    let follows = Dictionary(grouping: exits, by: values(others))
      .values.allSatisfy { rows in Set(rows.map { $0[rate] }).count == 1 }
    let keys = follows ? others : swept
    let places = Set(exits.map(values(keys))).count
    let isComplete = places == Set(exits.map { $0["point"] }).count
    return isComplete || !varying.contains("seed") ? keys : keys + ["seed"]
  }

  private static func place(_ path: String, _ name: String) -> URL {
    URL(fileURLWithPath: path).appendingPathComponent(name)
  }

  private static func read(_ url: URL, columns: [String]) throws -> [DataTable.Row] {
    let path = url.relativePath
    let text = try DelimitedText(try readFile(path, limit: largestFile), path: path)
    var head: SweepHead?
    var rows: [DataTable.Row] = []
    try text.forEachLine { line, number in
      let fields = try text.fields(of: line, .comma, number)
      if let head {
        rows.append(try head.row(fields, path, number))
      } else {
        head = try SweepHead(fields, required: columns, path)
      }
      return true
    }
    guard head != nil else {
      throw DataFileError(path, "cannot be read, expected a table of a sweep")
    }
    return rows
  }

  /// Knows what each column of a table holds.
  private struct SweepHead {
    private let columns: [Field]
    private let isPlace: [Bool]
    private let names: [String]
    private let places: [String: Int]

    private static let known = Dictionary(
      (SweepSummary.exitLabels + SweepSummary.verdictLabels
        + ExitTimeRow.sweepColumns.map(\.field) + VerdictMap.columns.map(\.field)).map {
          ($0.name, $0)
        }
    ) { first, _ in first }

    /// Refuses names of columns that no sweep writes: they become labels of figures and words of pages.
    init(_ names: [String], required: [String], _ path: String) throws {
      if let missing = required.first(where: { !names.contains($0) }) {
        throw DataFileError(path, line: 1, "no column \(missing), expected one")
      }
      if let twice = repeated(names) {
        throw DataFileError(path, line: 1, "the column \(twice) twice, expected different names")
      }
      let place = SweepTables.placeColumns(names)
      self.names = names
      places = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
      isPlace = names.indices.map { $0 < place.count }
      columns = zip(names, isPlace).map { name, isPlace in
        isPlace ? .place(name) : SweepHead.known[name] ?? Field.sweptKey.named(name)
      }
      for (column, isPlace) in zip(names, isPlace) where column != "point" || !isPlace {
        guard isPlace ? SweepHead.key(column) == nil : column.isEmpty || !isPlainWord(column) else {
          continue
        }
        let name = singleLine(String(column.prefix(40)))
        throw DataFileError(
          path, line: 1,
          "found the column '\(name)', expected \(isPlace ? "a key of an experiment" : "a plain name")"
        )
      }
    }

    /// The key that a column of the place stands for; nil when there is no such key.
    private static func key(_ column: String) -> SweepKey? {
      let prefix = "swept-"
      return SweepKey(name: column)
        ?? (column.hasPrefix(prefix) ? SweepKey(name: String(column.dropFirst(prefix.count))) : nil)
    }

    func row(_ fields: [String], _ path: String, _ line: Int) throws -> DataTable.Row {
      guard fields.count == columns.count else {
        throw DataFileError(
          path, line: line, "\(fields.count) values, expected \(columns.count)")
      }
      let values = try columns.indices.map { index in
        let (column, text) = (columns[index], fields[index])
        let value = DataValue(text, column.kind)
        let expected =
          expectation(of: column, text, isPlace: isPlace[index])
          ?? (value == nil ? "a number, true, false or nothing" : nil)
        guard let value, expected == nil else {
          throw DataFileError(
            path, line: line,
            "\(column.name): found '\(singleLine(String(text.prefix(40))))', expected \(expected ?? "")"
          )
        }
        return value
      }
      return DataTable.Row(columns: names, places: places, values: values)
    }

    /// What was expected in the place of a value; nil when the value is of that kind.
    ///
    /// Only what stands in words on figures and pages may be anything but a plain word or number, and that on
    /// one line.
    private func expectation(of column: Field, _ text: String, isPlace: Bool) -> String? {
      switch column.name {
      case "point", "dimension", "width":
        return Int(text).map { $0 > 0 } == true ? nil : "a whole number from 1 on"
      case "dynamics", "first", "second":
        return DynamicsKind(rawValue: text) == nil ? DynamicsKind.words : nil
      case "criterion": return ExitCriterion(name: text) == nil ? ExitCriterion.words : nil
      case "threshold":
        return decimalNumber(text).map(\.isFinite) == true ? nil : "a finite number"
      default: break
      }
      if column.kind == .count {
        // Counts are added up; those of any sweep stay far below.
        return Int(text).map { (0...1 << 40).contains($0) } == true
          ? nil : "a whole number of replicas"
      }
      if case .choice(let words) = column.kind, !text.isEmpty, !words.contains(text) {
        return words.joined(separator: ", ") + " or nothing"
      }
      guard isPlace else { return isPlainWord(text) ? nil : "a number, a plain word or nothing" }
      return text == singleLine(text) && text.unicodeScalars.count <= 4096
        ? nil : "a value on one line"
    }
  }
}

extension SweepFits {
  /// Whether dynamics, criteria and keys are those that there are: they become words of pages.
  fileprivate var hasKnownWords: Bool {
    func keys(_ place: ResolvedValue) -> [String] {
      if case .map(let pairs) = place { pairs.map(\.0) } else { [""] }
    }
    let kinds = noiseShift.flatMap { [$0.first, $0.second] } + widthGain.map(\.dynamics)
    let criteria = noiseShift.map(\.criterion) + widthGain.map(\.criterion)
    let places = noiseShift.flatMap { keys($0.at) } + widthGain.flatMap { keys($0.at) }
    return kinds.allSatisfy { DynamicsKind(rawValue: $0) != nil }
      && criteria.allSatisfy { ExitCriterion(name: $0) != nil }
      && places.allSatisfy { SweepKey(name: $0) != nil }
  }
}

extension DataTable.Row {
  /// The pair of a row of verdicts.
  var sides: String {
    ["first", "second"].map { SweepTables.title(text($0)) }.joined(separator: " / ")
  }

  /// What is wrong with verdicts that the interval or the p-values beside them contradict; nil where all agree.
  fileprivate var contradiction: String? {
    guard let ratio = number("ratio") else { return nil }
    let interval = [number("lower"), number("upper")].compactMap(\.self)
    let verdict = Verdict(rawValue: text("verdict"))
    guard isPossible(verdict, ratio, interval, margin: number("margin") ?? .nan) else {
      return
        "found the verdict '\(text("verdict"))', expected what the interval \(interval) says of the margin "
        + "\(number("margin").map { "\($0)" } ?? "")"
    }
    let adjusted = [
      ("map_verdict", "benjamini_hochberg"), ("headline_verdict", "holm"),
    ]
    for (column, method) in adjusted where !text(column).isEmpty {
      let expected = VerdictMap.verdict(
        equivalence: number("equivalence_\(method)"), difference: number("difference_\(method)"))
      guard text(column) == expected.rawValue else {
        return
          "found the \(column) '\(text(column))', expected '\(expected.rawValue)' by the p-values beside it"
      }
    }
    return nil
  }

  /// The verdict that is shown everywhere, adjusted for the number of pairs; empty without a ratio.
  var mapVerdict: String { text("map_verdict") }

  /// What a row is about.
  var mark: WrittenMark {
    let criterion = text("criterion")
    return WrittenMark(
      criterion: criterion.isEmpty ? nil : criterion, threshold: number("threshold") ?? .nan)
  }
}

extension SweepTables {
  /// A dynamics as figures and pages call it.
  static func title(_ name: String) -> String {
    DynamicsKind(rawValue: name)?.title ?? name
  }

  /// What the exits are watched by, in the order of the table.
  var marks: [WrittenMark] { unique(exits.map(\.mark)) }

  /// The points, each by its first row, in the order of the table.
  var points: [DataTable.Row] {
    var seen: Set<DataValue> = []
    return exits.filter { seen.insert($0["point"]).inserted }
  }

  /// How the verdicts that are shown are adjusted.
  var adjustment: String {
    verdictAdjustment(pairs: verdicts.count { $0.number("equivalence_benjamini_hochberg") != nil })
  }

  /// The point of a row in the words of the swept keys.
  func label(_ row: DataTable.Row) -> String { label(row, sweptKeys) ?? "one point" }

  /// A row's values of keys; nil without keys.
  func label(_ row: DataTable.Row, _ keys: [String]) -> String? {
    let symbols = [
      "dimension": "d", "width": "p", "teacher-units": "k", "learning-rate": "γ",
      "label-noise": "Δ", "learning-rate-over-width": "γ/p",
      "learning-rate-over-best": "γ/best γ", "batch-size-over-dimension": "B/d",
    ]
    return keys.isEmpty
      ? nil : keys.map { "\(symbols[$0] ?? $0) = \(value(row, $0))" }.joined(separator: ", ")
  }

  /// A row's value of a key, as a person reads it.
  func value(_ row: DataTable.Row, _ key: String) -> String {
    // Whole numbers, such as seeds, can be larger than a Double is exact.
    if case .number(let number) = row[key] { NumberText.given(number) } else { row.text(key) }
  }
}

/// Leaves the first of equal values.
func unique<Value: Hashable>(_ values: [Value]) -> [Value] {
  var seen: Set<Value> = []
  return values.filter { seen.insert($0).inserted }
}
