import Escapement
import Foundation

/// Knows the terminal that a person reads.
enum Terminal {
  private static let narrowest = 20

  /// The columns of a terminal, as COLUMNS or else the terminal says; nil where neither does, as in a pipe.
  static func width(of descriptor: Int32) -> Int? {
    if let text = ProcessInfo.processInfo.environment["COLUMNS"], let columns = Int(text),
      columns > 0
    {
      return max(narrowest, columns)
    }
    guard isatty(descriptor) == 1 else { return nil }
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return max(narrowest, Int(size.ws_col))
  }

  /// Whether a terminal takes plain lines alone.
  static var isDumb: Bool { ProcessInfo.processInfo.environment["TERM"] == "dumb" }
}

/// Holds columns of words under a header.
struct Table {
  let header: [String]
  let rows: [[String]]
  /// Columns whose words stand at the right.
  var right: Set<Int> = []
  /// Columns that a narrow page leaves out, in this order; without any, columns go on in a table below.
  var spare: [Int] = []
  /// How many columns say what a row is: a table that goes on below repeats them.
  var labels = 1

  fileprivate func size(_ column: Int) -> Int {
    ([header] + rows).map { shownLength($0[column]) }.max() ?? 0
  }

  fileprivate func size(_ columns: [Int]) -> Int {
    columns.reduce(max(0, columns.count - 1)) { $0 + size($1) }
  }

  fileprivate func lines(_ columns: [Int]) -> [String] {
    let sizes = columns.map(size)
    // A row that has nothing to say here is left out of a table below.
    let rows = rows.filter { row in columns.dropFirst(labels).contains { !row[$0].isEmpty } }
    return ([header] + (columns.count > labels ? rows : self.rows)).map { row in
      zip(columns, sizes).map { column, size in
        let blanks = String(repeating: " ", count: size - shownLength(row[column]))
        return right.contains(column) ? blanks + row[column] : row[column] + blanks
      }.joined(separator: " ")
    }.map { line in String(line.reversed().drop { $0 == " " }.reversed()) }
  }
}

/// Lays a result out for a person: in the width of the terminal, its answer first, in twenty lines unless
/// details were asked for.
struct Page {
  private struct Block {
    var lines: [String]
    /// What goes first when there are too many lines; 0 stays.
    let rank: Int
    let isApart: Bool
  }

  private static let shownLines = 20

  /// Whether to show everything.
  let hasDetails: Bool
  private let width: Int?
  private var blocks: [Block] = []
  private var isCut = false

  /// Opens a page on standard output.
  init(hasDetails: Bool, width: Int? = Terminal.width(of: STDOUT_FILENO)) {
    self.hasDetails = hasDetails
    self.width = width
  }

  /// Adds a paragraph; what follows `mark` is set in from the second line on.
  mutating func add(_ text: String, mark: String = "", rank: Int = 0, isApart: Bool = false) {
    let lines = wrapped(text, width, mark: mark, indent: shownLength(mark))
    blocks.append(Block(lines: lines, rank: rank, isApart: isApart))
  }

  /// Adds a table under its title.
  mutating func add(_ table: Table, title: String = "", rank: Int = 0, isApart: Bool = true) {
    var lines = title.isEmpty ? [] : wrapped(title, width, indent: 2)
    for columns in fitted(table) {
      lines += table.lines(columns).flatMap { wrapped($0, width, indent: 2, keepsBlanks: true) }
    }
    blocks.append(Block(lines: lines, rank: rank, isApart: isApart))
  }

  /// Adds what is for who wants details alone.
  mutating func addDetails(_ body: (inout Page) -> Void) {
    if hasDetails { body(&self) } else { isCut = true }
  }

  /// The columns of a table, and of those below it.
  private mutating func fitted(_ table: Table) -> [[Int]] {
    var columns = Array(table.header.indices)
    guard let width, table.size(columns) > width else { return [columns] }
    if !hasDetails {
      for spare in table.spare where table.size(columns) > width {
        columns.removeAll { $0 == spare }
        isCut = true
      }
    }
    let labels = Array(columns.prefix(table.labels))
    var parts = [labels]
    for column in columns.dropFirst(table.labels) {
      let last = parts.count - 1
      if parts[last].count > labels.count, table.size(parts[last] + [column]) > width {
        parts.append(labels + [column])
      } else {
        parts[last].append(column)
      }
    }
    return parts
  }

  /// The page; `rest` names what details hold.
  func text(rest: String = "") -> String {
    func joined(_ blocks: [Block], isLoose: Bool = true) -> [String] {
      var lines: [String] = []
      for block in blocks where !block.lines.isEmpty {
        if block.isApart, isLoose, !lines.isEmpty { lines.append("") }
        lines += block.lines
      }
      return lines
    }
    var kept = blocks
    var lines = joined(kept)
    let most = Page.shownLines
    guard !hasDetails, isCut || lines.count > most else { return finished(lines) }
    let all = lines.count
    if lines.count >= most { lines = joined(kept, isLoose: false) }
    while lines.count >= most, let rank = kept.map(\.rank).max(), rank > 0 {
      kept.removeLast { $0.rank == rank }
      lines = joined(kept, isLoose: false)
    }
    // Blank lines come back where what was left out made room.
    if joined(kept).count < most { lines = joined(kept) }
    let missing = all - joined(kept).count + max(0, lines.count - (most - 1))
    let head = missing > 0 ? "… \(missing) lines more" : "more"
    let note = "\(head)\(rest.isEmpty ? "" : " (\(rest))"): --details"
    let fits = width.map { note.count <= $0 } ?? true
    lines = lines.prefix(most - 1) + [fits ? note : "more: --details"]
    return finished(lines)
  }

  private func finished(_ lines: [String]) -> String { lines.map { $0 + "\n" }.joined() }
}

extension Array {
  /// Removes the last element for which `condition` holds.
  fileprivate mutating func removeLast(where condition: (Element) -> Bool) {
    if let index = lastIndex(where: condition) { remove(at: index) }
  }
}

/// How many columns of a terminal a text takes, without the codes of its colours.
func shownLength(_ text: String) -> Int {
  guard text.contains("\u{1B}") else { return text.count }
  return text.replacing(/\u{1B}\[[0-9;]*m/, with: "").count
}

/// A text in lines of at most `width` columns, broken between words; a number stays with its sign and its error.
///
/// The first line starts with `mark`, the others with `indent` blanks. A word that is longer than a line is
/// broken.
func wrapped(
  _ text: String, _ width: Int?, mark: String = "", indent: Int, keepsBlanks: Bool = false
) -> [String] {
  guard let width, shownLength(mark + text) > width else { return [mark + text] }
  // A mark that leaves no room beside it is text like the rest.
  guard shownLength(mark) <= width / 2 else {
    return wrapped(mark + text, width, indent: 2, keepsBlanks: keepsBlanks)
  }
  let margin = String(repeating: " ", count: indent < width / 2 ? indent : 2)
  // What holds words together on one line.
  let bound = [" = ", " … ", " ± ", " < ", " ≤ "].reduce(text) {
    $0.replacingOccurrences(of: $1, with: $1.replacingOccurrences(of: " ", with: "\u{A0}"))
  }
  var (lines, line, isFresh) = ([String](), mark, true)
  for part in bound.split(separator: " ", omittingEmptySubsequences: !keepsBlanks) {
    var word = String(part)
    if !isFresh, shownLength(line) + 1 + shownLength(word) <= width {
      line += " " + word
      continue
    }
    if !isFresh {
      lines.append(line)
      line = margin
    }
    while shownLength(line + word) > width, !word.contains("\u{1B}") {
      let room = width - shownLength(line)
      lines.append(line + word.prefix(room))
      (line, word) = (margin, String(word.dropFirst(room)))
    }
    line += word
    isFresh = false
  }
  return (lines + [line]).map { $0.replacingOccurrences(of: "\u{A0}", with: " ") }
}
