import Ensemble
import Foundation
import Statistics

/// Says which rows and columns of a file are a sample of exit times.
package struct SampleChoice: Sendable {
  /// Column of the times, by its name or, in a file without a header, by its number from 1.
  package var column: String?
  /// Column that says whether a time is an exit; `none` to leave such a column alone.
  package var eventColumn: String?
  /// The words or numbers in that column that mean an exit, all others then being censored; nil for exited, 1
  /// and true.
  package var eventValues: [String]?
  /// Values that rows must have in columns of a run's exit_times.csv, where the file has these.
  package var dynamics: String?
  /// Likewise.
  package var criterion: String?
  /// Likewise, compared as a number.
  package var threshold: Double?

  /// Creates a choice of everything, in which a file decides for itself.
  package init() {}
}

/// Holds a sample of exit times read from a file.
package struct SampleFile: Sendable {
  /// The largest file of exit times, in bytes.
  package static let largestFile = 1 << 30

  /// The largest exit time, whose third power is still a number.
  static let largestTime = 1e100

  /// The sample.
  package let sample: ExitSample
  /// What a person should know of how the file was read, one line each.
  package let notes: [String]
  /// Names of the columns; empty without a header.
  package let columns: [String]
  /// The words of the column `replica`, in the order of the sample; nil without one.
  package let replicas: [String]?

  /// Reads exit times from a table in UTF-8, or from the exit_times.csv of a run's directory; `-` is standard input.
  ///
  /// Fields are parted by commas, semicolons, tabs or blanks; lines that start with `#` are left out, and the last
  /// of them above the table is its header if it names the columns. A first line of numbers alone is a row: there
  /// is no header then. The times are in the column `exit_time`, or in the only column. A column `outcome` says
  /// exited, censored or diverged, or 1 and 0; else an empty time is censored. What did not exit and has no time,
  /// and every diverged replica, carries the largest time of the sample. Throws `DataFileError` with the line:
  /// for times that are no finite numbers of at least 0, for rows with more or fewer fields than there are columns,
  /// for a column that stands twice, and where rows are of several dynamics or exit rules and `choice` leaves more
  /// than one.
  package init(_ path: String, choice: SampleChoice = SampleChoice()) throws {
    var isDirectory: ObjCBool = false
    var path = path
    if FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory),
      isDirectory.boolValue
    {
      try Checkpoint.requireNone(in: path)
      try Manifest.check(path, ["exit_times.csv"])
      path = URL(fileURLWithPath: path).appendingPathComponent("exit_times.csv").relativePath
    }
    if path == "-" { path = "/dev/stdin" }
    let text = try DelimitedText(try readFile(path, limit: SampleFile.largestFile), path: path)
    let head = try SampleHead(text, path, choice)
    var rows = try SampleRows(head, path, choice)
    try text.forEachLine { line, number in
      if number > head.line { try rows.add(line, number, text) }
      return true
    }
    (sample, notes, replicas) = try rows.result()
    columns = head.names
  }
}

extension ExitSample {
  /// Reads exit times from a file, as ``SampleFile`` does; throws `DataFileError`.
  package init(file path: String) throws { self = try SampleFile(path).sample }
}

/// Knows how the columns of a file are parted and what they are called.
private struct SampleHead {
  let separator: DelimitedText.Separator
  /// Names of the columns; empty without a header.
  let names: [String]
  let count: Int
  /// The last line of the head; 0 when the first line is a row.
  let line: Int

  init(_ text: DelimitedText, _ path: String, _ choice: SampleChoice) throws {
    var comment: (text: String, line: Int)?
    var lines: [(text: String, line: Int)] = []
    try text.forEachLine { line, number in
      let content = trimmed(line)
      if content.hasPrefix("#") {
        if lines.isEmpty { comment = (trimmed(String(content.drop { $0 == "#" })), number) }
      } else if !content.isEmpty {
        lines.append((line, number))
      }
      return lines.count < 2
    }
    guard let first = lines.first else {
      throw DataFileError(path, "no exit time in it, expected at least one")
    }
    let separator = SampleHead.separator(of: first.text, next: lines.dropFirst().first?.text)
    self.separator = separator
    let fields = try text.fields(of: first.text, separator, first.line)
    count = fields.count
    let known = [choice.column, choice.eventColumn, "exit_time", "outcome"].compactMap { $0 }
    if let comment {
      let words = try text.fields(of: comment.text, separator, comment.line)
      if words.count == fields.count, words.contains(where: known.contains) {
        (names, line) = (words, first.line - 1)
        try checkNames(path)
        return
      }
    }
    // No column is called by a number: what numpy writes starts with a row.
    if fields.allSatisfy({ $0.isEmpty || isNumberOfSomeKind($0) }), !fields.allSatisfy(\.isEmpty) {
      (names, line) = ([], first.line - 1)
    } else {
      (names, line) = (fields, first.line)
      try checkNames(path)
    }
  }

  private func checkNames(_ path: String) throws {
    // Programs leave the column of row numbers without a name.
    guard let twice = repeated(names.filter { !$0.isEmpty }) else { return }
    throw DataFileError(
      path, line: max(line, 1), "the column \(twice) stands twice, expected it once")
  }

  private static func separator(of first: String, next: String?) -> DelimitedText.Separator {
    for byte in [UInt8(ascii: "\t"), UInt8(ascii: ";"), UInt8(ascii: ",")]
    where trimmed(first).utf8.contains(byte) { return .byte(byte) }
    func parts(_ line: String?) -> [Substring] {
      (line ?? "").split { $0 == " " || $0 == "\t" }
    }
    let words = parts(first)
    // A name may have blanks in it, a number may not.
    let isTable =
      words.count > 1
      && (words.allSatisfy { isNumberOfSomeKind(String($0)) } || parts(next).count == words.count)
    return isTable ? .blanks : .comma
  }

  /// The names as an error lists them.
  var list: String {
    names.isEmpty
      ? "\(count) columns without names"
      : "the columns " + names.prefix(20).map { "'\(singleLine($0))'" }.joined(separator: ", ")
  }

  /// The place of a column by its name, or by its number where there are no names; nil when there is none.
  func place(_ name: String) -> Int? {
    if let place = names.firstIndex(of: name) { return place }
    guard names.isEmpty, let number = Int(name), (1...count).contains(number) else { return nil }
    return number - 1
  }
}

/// Whether a field is a number, or what is meant for one: with a decimal comma, or none at all.
private func isNumberOfSomeKind(_ text: String) -> Bool {
  Double(text) != nil || isDecimalComma(text)
}

private func isDecimalComma(_ text: String) -> Bool {
  text.wholeMatch(of: /[+-]?[0-9]+,[0-9]+([eE][+-]?[0-9]+)?/) != nil
}

/// Gathers the rows of a sample.
private struct SampleRows {
  private let head: SampleHead
  private let path: String
  private let choice: SampleChoice
  private let timePlace: Int
  private let eventPlace: Int?
  private let replicaPlace: Int?
  /// The columns that tell dynamics and exit rules apart, with what was chosen of them.
  private let keys: [(name: String, place: Int, chosen: String?)]
  private var times: [Double?] = []
  private var flags: [Bool] = []
  private var replicas: [String] = []
  private var kinds: [[String]] = []
  private var kind: [String]?
  private var others: [[String]] = []
  private var blankLines: [Int] = []
  private var censoredBlanks = 0
  /// What stands for a censored time, where words for an exit were given.
  private var censoredWords: [String] = []

  /// More kinds of rows than these are not told apart.
  private static let mostKinds = 1000
  /// What other programs call a column of exits.
  private static let eventNames: Set<String> = [
    "event", "events", "event_observed", "observed", "status", "censored", "censoring", "death",
    "dead", "exited",
  ]

  init(_ head: SampleHead, _ path: String, _ choice: SampleChoice) throws {
    (self.head, self.path, self.choice) = (head, path, choice)
    func failure(_ problem: String) -> DataFileError {
      DataFileError(path, line: max(head.line, 1), problem)
    }
    if let name = choice.column {
      guard let place = head.place(name) else {
        throw failure("found \(head.list), expected the column '\(singleLine(name))' of --column")
      }
      timePlace = place
    } else if let place = head.names.firstIndex(of: "exit_time") {
      timePlace = place
    } else {
      guard head.count == 1 else {
        throw failure(
          "found \(head.list), expected a column exit_time, a single column with decimal points, or "
            + "--column to choose one")
      }
      timePlace = 0
    }
    let time = timePlace
    switch choice.eventColumn {
    case "none": eventPlace = nil
    case let name?:
      guard let place = head.place(name), place != time else {
        throw failure(
          "found \(head.list), expected the column '\(singleLine(name))' of --event-column")
      }
      eventPlace = place
    case nil:
      eventPlace = head.names.firstIndex(of: "outcome").flatMap { $0 == time ? nil : $0 }
      if eventPlace == nil,
        let name = head.names.enumerated().first(where: {
          $0.offset != time && SampleRows.eventNames.contains($0.element.lowercased())
        })?.element
      {
        throw failure(
          "found the column '\(singleLine(name))', expected --event-column \(singleLine(name)) to use it, "
            + "or --event-column none to leave it")
      }
    }
    guard choice.eventValues == nil || eventPlace != nil else {
      throw failure("found \(head.list), expected --event-column for the words of --event-values")
    }
    replicaPlace = head.names.firstIndex(of: "replica")
    keys = [
      ("dynamics", choice.dynamics), ("criterion", choice.criterion),
      ("threshold", choice.threshold.map { "\($0)" }),
    ].compactMap { name, chosen in
      head.names.firstIndex(of: name).flatMap { $0 == time ? nil : $0 }.map { (name, $0, chosen) }
    }
  }

  mutating func add(_ line: String, _ number: Int, _ text: DelimitedText) throws {
    let content = trimmed(line)
    if content.hasPrefix("#") { return }
    if content.isEmpty {
      // At the end of a file an empty line is no row; whether this is the end is not known yet.
      blankLines.append(number)
      return
    }
    let fields = try text.fields(of: line, head.separator, number)
    if let blank = blankLines.first {
      guard head.count == 1 else {
        throw DataFileError(path, line: blank, "an empty line, expected \(head.count) values")
      }
      for _ in blankLines { try add(nil, isExit: false) }
      censoredBlanks += blankLines.count
      blankLines = []
    }
    guard fields.count == head.count else {
      let isComma = isDecimalComma(content) || content.contains(/(^|[;\t])[0-9]+,[0-9]+([;\t]|$)/)
      throw DataFileError(
        path, line: number,
        "\(fields.count) values, expected \(head.count)"
          + (isComma ? ": a decimal comma, expected a decimal point" : " as in the lines above"))
    }
    guard try isChosen(fields, number) else { return }
    if let replicaPlace { replicas.append(fields[replicaPlace]) }
    let time = try time(fields[timePlace], number)
    guard let eventPlace else { return try add(time, isExit: time != nil) }
    if let events = choice.eventValues {
      let word = fields[eventPlace]
      let isExit = events.contains { isSame($0, word) }
      guard !isExit || time != nil else {
        throw DataFileError(path, line: number, "no exit time, expected one, since it exited")
      }
      if !isExit, !censoredWords.contains(word) { censoredWords.append(word) }
      return try add(time, isExit: isExit)
    }
    switch fields[eventPlace].lowercased() {
    case "exited", "1", "1.0", "true":
      guard let time else {
        throw DataFileError(path, line: number, "no exit time, expected one, since it exited")
      }
      try add(time, isExit: true)
    case "censored", "0", "0.0", "false": try add(time, isExit: false)
    case "diverged": try add(nil, isExit: false)
    default:
      throw DataFileError(
        path, line: number,
        "found the outcome '\(singleLine(String(fields[eventPlace].prefix(40))))', expected exited, "
          + "censored or diverged, or 1 and 0; --event-values names others")
    }
  }

  /// Whether two words are the same, or numbers of one value.
  private func isSame(_ first: String, _ second: String) -> Bool {
    if let left = decimalNumber(first), let right = decimalNumber(second) { return left == right }
    return first.lowercased() == second.lowercased()
  }

  private mutating func add(_ time: Double?, isExit: Bool) throws {
    times.append(time)
    flags.append(isExit)
  }

  private func time(_ text: String, _ number: Int) throws -> Double? {
    if text.isEmpty { return nil }
    guard let time = decimalNumber(text), time.isFinite, time >= 0,
      time <= SampleFile.largestTime
    else {
      let expected =
        isDecimalComma(text)
        ? "a number with a decimal point, not a comma"
        : "a finite exit time of at least 0 and at most 1e100, or nothing where it is censored"
      throw DataFileError(
        path, line: number,
        "found '\(singleLine(String(text.prefix(40))))', expected \(expected)")
    }
    return time.magnitude
  }

  /// Whether a row is of the dynamics and the exit rule that were chosen; notes which those are.
  private mutating func isChosen(_ fields: [String], _ number: Int) throws -> Bool {
    guard !keys.isEmpty else { return true }
    let found = keys.map { fields[$0.place] }
    if found == kind { return true }
    let isChosen = zip(keys, found).allSatisfy { key, value in
      guard let chosen = key.chosen else { return true }
      return value == chosen
        || key.name == "threshold" && Double(value) != nil && Double(value) == choice.threshold
    }
    guard isChosen else {
      if others.count < 20, !others.contains(found) { others.append(found) }
      return false
    }
    kind = found
    if !kinds.contains(found) {
      guard kinds.count < SampleRows.mostKinds else {
        throw DataFileError(
          path, line: number, "more than \(SampleRows.mostKinds) dynamics and thresholds")
      }
      kinds.append(found)
    }
    return true
  }

  private func options(_ kind: [String]) -> String {
    zip(keys, kind).filter { key, _ in
      let all = (kinds + others).map { $0[keys.firstIndex { $0.name == key.name }!] }
      return Set(all).count > 1
    }.map { "--\($0.name) \(singleLine(String($1.prefix(40))))" }.joined(separator: " ")
  }

  func result() throws -> (ExitSample, notes: [String], replicas: [String]?) {
    guard kinds.count < 2 else {
      let some = kinds.prefix(8).map(options).joined(separator: ", or ")
      throw DataFileError(
        path,
        "\(kinds.count) dynamics and exit rules are in it, expected a choice of one: \(some)"
          + (kinds.count > 8 ? ", or …" : ""))
    }
    guard !times.isEmpty || others.isEmpty else {
      throw DataFileError(
        path,
        "no row of \(keys.compactMap { key in key.chosen.map { "--\(key.name) \(singleLine($0))" } }.joined(separator: " ")), "
          + "expected one of those in it: \(others.prefix(8).map(options).joined(separator: ", or "))"
      )
    }
    guard let largest = times.compactMap({ $0 }).max() else {
      throw DataFileError(path, "no exit time in it, expected at least one")
    }
    var notes: [String] = []
    if head.names.isEmpty {
      notes.append("'\(path)' has no header: its first line is read as a time")
    }
    if censoredBlanks > 0 {
      notes.append(
        "'\(path)' has \(censoredBlanks) empty line\(censoredBlanks == 1 ? "" : "s") between its times: "
          + "read as censored")
    }
    if choice.eventValues != nil {
      let words = censoredWords.prefix(5).map { "'\(singleLine(String($0.prefix(40))))'" }
      notes.append(
        "'\(path)' has \(flags.count { $0 }) exits of \(flags.count)"
          + (words.isEmpty ? "" : "; read as censored: \(words.joined(separator: ", "))")
          + (censoredWords.count > 5 ? " and \(censoredWords.count - 5) more" : ""))
    }
    return (
      try ExitSample(times: times.map { $0 ?? largest }, isObserved: flags), notes,
      replicaPlace == nil ? nil : replicas
    )
  }
}
