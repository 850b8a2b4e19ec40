import Ensemble
import Foundation
import Statistics
import SwiftCSV

extension ExitSample {
  /// The largest file of exit times, in bytes.
  public static let largestFile = 1 << 30

  /// Reads exit times from a CSV file with a header.
  ///
  /// The times are in the column `exit_time`, or in the only column. A column `outcome`, where there
  /// is one, says `exited`, `censored` or `diverged`; else an empty time is censored. A censored or
  /// diverged replica without a time, and every diverged one, carries the largest time of the file.
  /// Throws `DataFileError`.
  public init(file path: String) throws {
    let table: CSV<Named>
    do {
      let text = String(
        decoding: try readFile(path, limit: ExitSample.largestFile), as: UTF8.self)
      // Rows only: a copy by columns would double the memory.
      table = try CSV<Named>(string: text, delimiter: .comma, loadColumns: false)
    } catch let error as DataFileError {
      throw error
    } catch {
      throw DataFileError(path, "cannot be read, expected a CSV file with a header")
    }
    let header = table.header.map { $0.trimmingCharacters(in: .whitespaces) }
    guard header.contains("exit_time") || header.count == 1 else {
      throw DataFileError(path, line: 1, "expected a column exit_time, or a single column")
    }
    let timeColumn = header.contains("exit_time") ? "exit_time" : table.header[0]
    let hasOutcome = header.contains("outcome")
    var times: [Double?] = []
    var flags: [Bool] = []
    for (index, row) in table.rows.enumerated() {
      let line = index + 2
      let text = (row[timeColumn] ?? "").trimmingCharacters(in: .whitespaces)
      let time = text.isEmpty ? nil : Double(text)
      guard text.isEmpty || time?.isFinite == true else {
        throw DataFileError(path, line: line, "found '\(text)', expected a finite exit time")
      }
      let outcome =
        hasOutcome
        ? (row["outcome"] ?? "").trimmingCharacters(in: .whitespaces)
        : time == nil ? "censored" : "exited"
      switch outcome {
      case "exited":
        guard time != nil else {
          throw DataFileError(path, line: line, "no exit time, expected one, since it exited")
        }
        times.append(time)
      case "censored": times.append(time)
      case "diverged": times.append(nil)
      default:
        throw DataFileError(
          path, line: line,
          "found the outcome '\(outcome)', expected exited, censored or diverged")
      }
      flags.append(outcome == "exited")
    }
    guard let largest = times.compactMap({ $0 }).max() else {
      throw DataFileError(path, "no exit time in it, expected at least one")
    }
    try self.init(times: times.map { $0 ?? largest }, isObserved: flags)
  }
}
