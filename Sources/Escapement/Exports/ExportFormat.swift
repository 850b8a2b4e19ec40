import Ensemble
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
  /// One HTML page, with the figures inside.
  case report
  /// A Jupyter notebook with the netCDF data set that it reads.
  case notebook
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
  ///
  /// `warn` is told when a report has to do without figures.
  public func exported(
    to format: ExportFormat, warn: (String) -> Void = { _ in }
  ) throws -> ExportedFiles {
    switch format {
    case .csv:
      return ExportedFiles([
        ("exit_times.csv", try mapFile(exitTimesFile, limit: largestTable)),
        ("exit_time_summary.csv", exitTimeSummaryCSV(self)),
        ("comparisons.csv", comparisonsCSV(self)),
      ])
    case .json: return ExportedFiles([("run.json", try runJSON(self))])
    case .netcdf: return ExportedFiles([("exit_times.nc", try netCDF())])
    case .figures: return ExportedFiles(folder: "figures", try Gnuplot.draw(figures()))
    case .report: return ExportedFiles([("report.html", try report(warn))])
    case .notebook:
      return ExportedFiles([
        ("notebook.ipynb", try runNotebook(self)), ("exit_times.nc", try netCDF()),
      ])
    }
  }

  private func netCDF() throws -> Data {
    try withTemporaryDirectory { directory in
      let file = directory.appendingPathComponent("exit_times.nc")
      try writeNetCDF(self, to: file.path)
      return try Data(contentsOf: file)
    }
  }

  private func report(_ warn: (String) -> Void) throws -> Data {
    let figures = try figures()
    do {
      let files = try Gnuplot.draw(figures, formats: ["svg"])
      let pictures = figures.map { figure in
        let picture = files.first { $0.name == figure.name + ".svg" }?.contents ?? Data()
        return (figure: figure, svg: String(decoding: picture, as: UTF8.self))
      }
      return try reportHTML(self, pictures: pictures)
    } catch let error as MissingProgramError {
      warn(error.description)
      return try reportHTML(self, pictures: [], missing: error.description)
    }
  }
}

extension SweepTables {
  /// Makes the files of an export of a sweep; throws `DataFileError` for a format that sweeps have not.
  public func exported(to format: ExportFormat) throws -> ExportedFiles {
    switch format {
    case .figures: return ExportedFiles(folder: "figures", try Gnuplot.draw(figures()))
    case .notebook: return ExportedFiles([("notebook.ipynb", try sweepNotebook())])
    case .csv, .json, .netcdf, .report:
      throw DataFileError(
        path, "a sweep, expected a run for \(format.rawValue); sweeps have figures and notebook")
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
