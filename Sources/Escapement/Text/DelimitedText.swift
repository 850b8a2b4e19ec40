import Ensemble
import Foundation

/// Holds a text of fields parted by one byte, a row a line, as programs for tables write it.
///
/// Lines end with "\n", "\r\n" or "\r"; a byte-order mark is left out. Fields may stand in double quotes, with
/// two for one inside; a quoted field does not go on beyond its line.
struct DelimitedText {
  /// What parts the fields of a row.
  enum Separator: Equatable {
    case byte(UInt8)
    /// Blanks and tabs, any number of them.
    case blanks

    static let comma = Separator.byte(UInt8(ascii: ","))
  }

  private let data: Data
  private let path: String

  /// Takes the bytes of a file; throws `DataFileError` when they are not UTF-8.
  init(_ data: Data, path: String) throws {
    if let encoding = otherEncoding(data) {
      throw DataFileError(path, "is in \(encoding), expected UTF-8")
    }
    self.data = data.starts(with: [0xEF, 0xBB, 0xBF]) ? data.dropFirst(3) : data
    self.path = path
  }

  /// Calls `body` with each line, without its end, and its number from 1.
  ///
  /// Throws `DataFileError` for a line that is not UTF-8, and what `body` throws; `body` returns false to stop.
  func forEachLine(_ body: (_ line: String, _ number: Int) throws -> Bool) throws {
    try data.withUnsafeBytes { bytes in
      var (start, number) = (0, 0)
      while start < bytes.count {
        number += 1
        var end = start
        while end < bytes.count, bytes[end] != 0x0A, bytes[end] != 0x0D { end += 1 }
        guard
          let line = String(validating: bytes[start..<end], as: UTF8.self)
        else {
          throw DataFileError(
            path, line: number, "is not in UTF-8 but in another encoding, expected UTF-8")
        }
        guard !line.utf8.contains(0) else {
          throw DataFileError(path, line: number, "a byte 0 in it, expected text in UTF-8")
        }
        guard try body(line, number) else { return }
        let isPair = end + 1 < bytes.count && bytes[end] == 0x0D && bytes[end + 1] == 0x0A
        start = end + (isPair ? 2 : 1)
      }
    }
  }

  /// The fields of a line, without the blanks around them; throws `DataFileError` for a quote out of place.
  func fields(of line: String, _ separator: Separator, _ number: Int) throws -> [String] {
    var fields: [String] = []
    var rest = line.utf8[...]
    func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
    let quote = UInt8(ascii: "\"")
    let split: UInt8? = if case .byte(let byte) = separator { byte } else { nil }
    /// Whether a byte ends a field.
    func ends(_ byte: UInt8) -> Bool { split.map { $0 == byte } ?? isBlank(byte) }
    while true {
      rest = rest.drop { isBlank($0) && $0 != split }
      if rest.first == quote {
        var text: [UInt8] = []
        rest = rest.dropFirst()
        while true {
          let piece = rest.prefix { $0 != quote }
          text += piece
          rest = rest[piece.endIndex...]
          guard !rest.isEmpty else {
            throw DataFileError(path, line: number, "a quote that is not closed, expected its end")
          }
          rest = rest.dropFirst()
          guard rest.first == quote else { break }
          text.append(quote)
          rest = rest.dropFirst()
        }
        fields.append(String(decoding: text, as: UTF8.self))
        rest = rest.drop { isBlank($0) && $0 != split }
        guard rest.first.map({ split == nil || $0 == split }) ?? true else {
          throw DataFileError(path, line: number, "text after a closing quote, expected none")
        }
      } else {
        let piece = rest.prefix { !ends($0) }
        rest = rest[piece.endIndex...]
        fields.append(trimmed(String(Substring(piece))))
        if split == nil { rest = rest.drop(while: isBlank) }
      }
      guard !rest.isEmpty else { return fields }
      if split != nil { rest = rest.dropFirst() }
      // After the last separator stands an empty field.
      if rest.isEmpty, split != nil { return fields + [""] }
    }
  }
}

/// Names the encoding of bytes that tell another than UTF-8 by their start; nil for all others.
func otherEncoding(_ data: Data) -> String? {
  let start = Array(data.prefix(4))
  if start.starts(with: [0xFF, 0xFE, 0, 0]) || start == [0, 0, 0xFE, 0xFF] { return "UTF-32" }
  if start.starts(with: [0xFF, 0xFE]) || start.starts(with: [0xFE, 0xFF]) { return "UTF-16" }
  guard start.count >= 2 else { return nil }
  if start[0] == 0 || start[1] == 0 { return "UTF-16 or UTF-32" }
  if start.starts(with: [0x1F, 0x8B]) { return "gzip" }
  if start.starts(with: [0x50, 0x4B, 3, 4]) { return "a zip archive, as spreadsheets are" }
  return nil
}

/// Says that a file is in another encoding than UTF-8, and where that was seen.
struct EncodingError: Error {
  let line: Int?
  let problem: String
}

/// The text of bytes in UTF-8, without a byte-order mark; throws `EncodingError`.
func utf8Text(_ data: Data) throws(EncodingError) -> String {
  if let encoding = otherEncoding(data) {
    throw EncodingError(line: nil, problem: "is in \(encoding), expected UTF-8")
  }
  guard let text = String(data: data, encoding: .utf8) else {
    let valid = String(decoding: data, as: UTF8.self)
    throw EncodingError(
      line: valid.unicodeScalars.prefix { $0 != "\u{FFFD}" }.count { $0 == "\n" } + 1,
      problem: "is not in UTF-8 but in another encoding, expected UTF-8")
  }
  return text.hasPrefix("\u{FEFF}") ? String(text.unicodeScalars.dropFirst()) : text
}

/// The same of a data file; throws `DataFileError`.
func utf8Text(_ data: Data, _ path: String) throws(DataFileError) -> String {
  do {
    return try utf8Text(data)
  } catch {
    throw DataFileError(path, line: error.line, error.problem)
  }
}

/// A number as tables write it, with a decimal point; nil for words, hexadecimal digits and anything else.
func decimalNumber(_ text: String) -> Double? {
  let isPlain = text.utf8.allSatisfy {
    (0x30...0x39).contains($0) || [0x2B, 0x2D, 0x2E, 0x45, 0x65].contains($0)
  }
  return isPlain ? Double(text) : nil
}
