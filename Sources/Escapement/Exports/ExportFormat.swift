import Foundation

/// Names what a run can be exported to.
public enum ExportFormat: String, Sendable, CaseIterable {
  /// Tables: exit times, their summary, comparisons.
  case csv
  /// One document with everything.
  case json
  /// A labelled netCDF-4 data set.
  case netcdf
  /// Figures by gnuplot, with their data and scripts.
  case figures
}

/// Holds the files that an export makes.
public struct ExportedFiles: Sendable {
  /// Folder of their own inside the output directory, nil for none.
  public let folder: String?
  /// Names and contents.
  public let files: [(name: String, contents: Data)]

  init(folder: String? = nil, _ files: [(name: String, contents: Data)]) {
    self.folder = folder
    self.files = files
  }
}

extension Run {
  /// Makes the files of an export in memory; throws what the format's writer throws.
  public func exported(to format: ExportFormat) throws -> ExportedFiles {
    switch format {
    case .csv:
      let url = URL(fileURLWithPath: path).appendingPathComponent("exit_times.csv")
      return ExportedFiles([
        ("exit_times.csv", try Data(contentsOf: url)),
        ("exit_time_summary.csv", exitTimeSummaryCSV(self)),
        ("comparisons.csv", comparisonsCSV(self)),
      ])
    case .json: return ExportedFiles([("run.json", try runJSON(self))])
    case .figures: return ExportedFiles(folder: "figures", try Gnuplot.draw(figures()))
    case .netcdf:
      return ExportedFiles([
        (
          "exit_times.nc",
          try withTemporaryDirectory { directory in
            let file = directory.appendingPathComponent("exit_times.nc")
            try writeNetCDF(self, to: file.path)
            return try Data(contentsOf: file)
          }
        )
      ])
    }
  }
}

/// Runs `body` with a directory of its own, which is removed afterwards.
func withTemporaryDirectory<Result>(_ body: (URL) throws -> Result) throws -> Result {
  let directory = FileManager.default.temporaryDirectory
    .appendingPathComponent("escapement-\(UUID().uuidString)", isDirectory: true)
  do {
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
  } catch {
    throw OutputError(
      isCreation: true,
      description: "cannot create the directory '\(directory.path)', expected a writable place")
  }
  defer { try? FileManager.default.removeItem(at: directory) }
  return try body(directory)
}
