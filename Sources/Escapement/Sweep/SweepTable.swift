import Foundation

/// Holds a tidy table of a sweep: named columns, a row an observation.
///
/// The same table is written as CSV and, with the same names, as a JSON array of objects.
public struct SweepTable: Sendable {
  /// Holds one value of a table.
  public enum Cell: Sendable, Equatable {
    /// Nothing: empty in CSV, null in JSON.
    case empty
    /// A word.
    case word(String)
    /// A whole number.
    case integer(Int)
    /// A seed, of 64 bits.
    case seed(UInt64)
    /// A number; one that is not finite is written as nothing.
    case number(Double)
    /// True or false.
    case flag(Bool)
  }

  /// Names of the columns.
  public let columns: [String]
  /// The rows, as long as `columns` each.
  public let rows: [[Cell]]

  /// The value of a row in a column; empty when there is no such column.
  public func cell(_ row: [Cell], _ column: String) -> Cell {
    columns.firstIndex(of: column).map { row[$0] } ?? .empty
  }

  /// The table as CSV with a header; numbers read back to the same Double.
  public var csv: Data {
    let lines = [columns.map(quoted)] + rows.map { $0.map(\.text).map(quoted) }
    return Data(lines.map { $0.joined(separator: ",") + "\n" }.joined().utf8)
  }
}

extension SweepTable.Cell {
  init(_ value: Double?) { self = value.map { .number($0) } ?? .empty }
  init(_ value: Int?) { self = value.map { .integer($0) } ?? .empty }
  init(_ value: String?) { self = value.map { .word($0) } ?? .empty }

  init(_ value: ResolvedValue) {
    switch value {
    case .word(let text): self = .word(text)
    case .integer(let number): self = .integer(number)
    case .seed(let number): self = .seed(number)
    case .number(let number): self = .number(number)
    case .flag(let flag): self = .flag(flag)
    case .list, .map: self = .word(value.yaml)
    }
  }

  fileprivate var text: String {
    switch self {
    case .empty: return ""
    case .word(let text): return text
    case .integer(let number): return "\(number)"
    case .seed(let number): return "\(number)"
    case .number(let number): return number.isFinite ? "\(number)" : ""
    case .flag(let flag): return "\(flag)"
    }
  }
}

extension SweepTable: Encodable {
  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(_ name: String) { stringValue = name }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { return nil }
  }

  /// Encodes each row as an object with every column.
  public func encode(to encoder: any Encoder) throws {
    var list = encoder.unkeyedContainer()
    for row in rows {
      var object = list.nestedContainer(keyedBy: Key.self)
      for (column, cell) in zip(columns, row) {
        let key = Key(column)
        switch cell {
        case .word(let value): try object.encode(value, forKey: key)
        case .integer(let value): try object.encode(value, forKey: key)
        case .seed(let value): try object.encode(value, forKey: key)
        case .flag(let value): try object.encode(value, forKey: key)
        case .number(let value) where value.isFinite: try object.encode(value, forKey: key)
        case .empty, .number: try object.encodeNil(forKey: key)
        }
      }
    }
  }
}

/// A field as CSV wants it: in quotes where a comma, a quote or a new line is in it.
private func quoted(_ text: String) -> String {
  guard text.contains(where: { $0 == "," || $0 == "\"" || $0.isNewline }) else { return text }
  return "\"" + text.replacingOccurrences(of: "\"", with: "\"\"") + "\""
}
