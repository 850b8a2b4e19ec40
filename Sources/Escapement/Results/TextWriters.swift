import Foundation

extension DataTable {
  /// Writes the table as CSV: a row a place, coordinates first; numbers read back to the same Double, and what
  /// has no value is empty.
  ///
  /// `write` gets the text in pieces, so that it need not fit in memory.
  public func writeCSV<Failure: Error>(
    to write: (String) throws(Failure) -> Void
  ) throws(Failure) {
    try write(columns.map { quoted($0.name) }.joined(separator: ",") + "\n")
    // Labels before the last dimension are the same for many rows.
    let outer = dimensions.dropLast()
    var (head, headPlace) = ("", [-1])
    try forEach { (place, values) throws(Failure) in
      if place.dropLast() != headPlace[...] {
        headPlace = Array(place.dropLast())
        head = ""
        for (dimension, place) in zip(outer, headPlace) { dimension.append(place, to: &head) }
      }
      var line = head
      dimensions.last?.append(place[place.count - 1], to: &line)
      for value in values { value.append(to: &line) }
      line.removeLast()
      line += "\n"
      try write(line)
    }
  }

  /// The table as CSV, as a whole.
  public var csv: Data {
    var data = Data()
    writeCSV { data.append(contentsOf: $0.utf8) }
    return data
  }

  /// The table as JSON, an object for each place before the last dimension, with a list a variable along that;
  /// under `key` where there is one, else beside the coordinates.
  ///
  /// `write` gets the text in pieces.
  func writeJSONSeries<Failure: Error>(
    under key: String? = nil, to write: (String) throws(Failure) -> Void
  ) throws(Failure) {
    var (head, lists): ([Int]?, [String]) = (nil, fields.map { _ in "" })
    var isFirst = true
    func finish() throws(Failure) {
      guard let head else { return }
      let labels = zip(dimensions, head).flatMap { dimension, place in
        dimension.coordinates.map { "\"\($0.field.name)\": \($0.value(place).json)" }
      }
      try write((isFirst ? "{" : ",\n{") + labels.joined(separator: ", "))
      try write(key.map { ", \"\($0)\": {" } ?? ",\n")
      for (index, field) in fields.enumerated() {
        try write("\(index == 0 ? "" : ",\n")\"\(field.name)\": [\(lists[index])]")
      }
      try write(key == nil ? "}" : "}}")
      isFirst = false
    }
    try forEach { (place, values) throws(Failure) in
      if place.dropLast() != (head ?? [-1])[...] {
        try finish()
        head = Array(place.dropLast())
        lists = fields.map { _ in "" }
      }
      for index in fields.indices {
        if !lists[index].isEmpty { lists[index] += "," }
        lists[index] += values[index].json
      }
    }
    try finish()
  }
}

/// Rows as JSON, an object each, one a line.
func jsonRows(_ rows: [DataTable.Row]) -> String {
  let names = (rows.first?.columns ?? []).map(jsonText)
  return rows.map { row in
    let pairs = zip(names, row.values).map { "\($0): \($1.json)" }
    return "{" + pairs.joined(separator: ", ") + "}"
  }.joined(separator: ",\n")
}

extension DataTable.Dimension {
  /// Appends the coordinates at a place as fields of CSV, each with a comma after it.
  fileprivate func append(_ place: Int, to line: inout String) {
    for coordinate in coordinates { coordinate.value(place).append(to: &line) }
  }
}

extension DataValue {
  /// Appends the value as a field of CSV, with a comma after it.
  fileprivate func append(to line: inout String) {
    switch self {
    case .word(let word): line += quoted(word)
    default: line += text
    }
    line += ","
  }
}

extension DataTable: Encodable {
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
    let names = columns.map { Key($0.name) }
    for row in rows {
      var object = list.nestedContainer(keyedBy: Key.self)
      for (key, value) in zip(names, row.values) {
        switch value {
        case .word(let word): try object.encode(word, forKey: key)
        case .count(let count): try object.encode(count, forKey: key)
        case .seed(let seed): try object.encode(seed, forKey: key)
        case .flag(let flag): try object.encode(flag, forKey: key)
        case .number(let number) where number.isFinite: try object.encode(number, forKey: key)
        case .none, .number: try object.encodeNil(forKey: key)
        }
      }
    }
  }
}

/// A field as CSV wants it: in quotes where a comma, a quote or a new line is in it.
private func quoted(_ text: String) -> String {
  guard text.utf8.contains(where: { $0 == 0x2C || $0 == 0x22 || $0 == 0x0A || $0 == 0x0D }) else {
    return text
  }
  return "\"" + text.replacingOccurrences(of: "\"", with: "\"\"") + "\""
}

/// Joins parts of a JSON document to text, with the digits that each of them has.
func jsonDocument(_ schema: String, _ parts: [(key: String, text: String)]) -> Data {
  let entries = [("schema", "\"\(schema)\"")] + parts
  let lines = entries.map { "\"\($0.0)\": \($0.1)" }
  return Data(("{" + lines.joined(separator: ",\n") + "}\n").utf8)
}
