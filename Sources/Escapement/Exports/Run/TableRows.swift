import Ensemble
import Foundation

/// The largest table of a run, in bytes.
let largestTable = 1 << 34

/// Reads a table of plain words and numbers parted by commas, line by line, the head first.
///
/// Throws `DataFileError` when it cannot be read, is larger than ``largestTable`` or its last line has no
/// end, and what `body` throws. The file is mapped, not copied.
func forEachRow(
  of path: String, _ body: (_ fields: [String], _ line: Int) throws -> Void
) throws {
  let data = try mapFile(path, limit: largestTable)
  var line = 0
  var start = data.startIndex
  while start < data.endIndex {
    line += 1
    guard let end = data[start...].firstIndex(of: UInt8(ascii: "\n")) else {
      throw DataFileError(path, line: line, "no end of line, expected one: the file is cut off")
    }
    let fields = data[start..<end].split(
      separator: UInt8(ascii: ","), omittingEmptySubsequences: false
    )
    .map { String(decoding: $0, as: UTF8.self) }
    start = data.index(after: end)
    try body(fields, line)
  }
}

/// The first name that stands twice in a header; nil when all differ.
func repeated(_ header: [String]) -> String? {
  var seen: Set<String> = []
  return header.first { !seen.insert($0).inserted }.map { "'\(singleLine(String($0.prefix(40))))'" }
}
