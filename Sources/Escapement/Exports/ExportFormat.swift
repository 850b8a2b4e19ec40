import Ensemble
import Foundation

/// Names what runs, trajectories and sweeps can be exported to.
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
  /// `warn` is told when figures are missing, and why.
  public func exported(
    to format: ExportFormat, warn: (String) -> Void = { _ in }
  ) throws -> ExportedFiles {
    try ExportSources(
      tables: {
        [
          ("exit_times.csv", try mapFile(exitTimesFile, limit: largestTable)),
          ("exit_time_summary.csv", exitTimeSummaryCSV(self)),
          ("comparisons.csv", comparisonsCSV(self)),
        ]
      },
      document: ("run.json", { try runJSON(self) }),
      dataSet: ("exit_times.nc", { try writeNetCDF(self, to: $0) }),
      figures: figures,
      page: { try reportHTML(self, pictures: $0, missing: $1) },
      notebook: { try runNotebook(self) }
    ).exported(to: format, warn)
  }
}

extension TrajectoryRun {
  /// Makes the files of an export in memory; throws what the format's writer throws.
  ///
  /// `warn` is told when figures are missing, and why.
  public func exported(
    to format: ExportFormat, warn: (String) -> Void = { _ in }
  ) throws -> ExportedFiles {
    try ExportSources(
      tables: {
        let tables = [TrajectoryDirectory.paths, TrajectoryDirectory.bands].map { name in
          (name: name, path: URL(fileURLWithPath: path).appendingPathComponent(name).relativePath)
        }.filter { FileManager.default.fileExists(atPath: $0.path) }
        return [("fall_times.csv", try fallTimesCSV(self))]
          + (try tables.map { ($0.name, try mapFile($0.path, limit: largestTable)) })
      },
      document: ("trajectories.json", { trajectoriesJSON(self) }),
      dataSet: ("trajectories.nc", { try writeNetCDF(self, to: $0) }),
      figures: figures,
      page: { try reportHTML(self, pictures: $0, missing: $1) },
      notebook: { try trajectoryNotebook(self) }
    ).exported(to: format, warn)
  }
}

/// Holds how each form of a run is made.
private struct ExportSources {
  let tables: () throws -> [(name: String, contents: Data)]
  let document: (name: String, contents: () throws -> Data)
  let dataSet: (name: String, write: (_ path: String) throws -> Void)
  let figures: () throws -> Figures
  let page: (_ pictures: [(figure: Figure, svg: String)], _ missing: [String]) throws -> Data
  let notebook: () throws -> Data

  func exported(to format: ExportFormat, _ warn: (String) -> Void) throws -> ExportedFiles {
    switch format {
    case .csv: return ExportedFiles(try tables())
    case .json: return ExportedFiles([(document.name, try document.contents())])
    case .netcdf: return ExportedFiles([(dataSet.name, try netCDF())])
    case .figures:
      let (files, omissions) = try Gnuplot.draw(figures())
      omissions.forEach(warn)
      return ExportedFiles(folder: "figures", files)
    case .report:
      let (pictures, missing) = try ReportPage.draw(figures(), warn)
      return ExportedFiles([("report.html", try page(pictures, missing))])
    case .notebook:
      return ExportedFiles([("notebook.ipynb", try notebook()), (dataSet.name, try netCDF())])
    }
  }

  private func netCDF() throws -> Data {
    try withTemporaryDirectory { directory in
      let file = directory.appendingPathComponent(dataSet.name)
      try dataSet.write(file.path)
      return try Data(contentsOf: file)
    }
  }
}

extension SweepTables {
  /// Makes the files of an export in memory; throws what the format's writer throws.
  ///
  /// Its tables are what a sweep has already, and what its notebook reads. `warn` is told when a report has
  /// to do without figures.
  public func exported(
    to format: ExportFormat, warn: (String) -> Void = { _ in }
  ) throws -> ExportedFiles {
    let tables = try ["sweep.csv", "verdicts.csv"].map { name in
      let place = URL(fileURLWithPath: path).appendingPathComponent(name).relativePath
      return (name: name, contents: try mapFile(place, limit: largestTable))
    }
    if format == .notebook {
      return ExportedFiles([("notebook.ipynb", try sweepNotebook(self))] + tables)
    }
    return try ExportSources(
      tables: { tables },
      document: ("sweep.json", { try sweepJSON(self) }),
      dataSet: ("sweep.nc", { try writeNetCDF(self, to: $0) }),
      figures: figures,
      page: { try reportHTML(self, pictures: $0, missing: $1) },
      notebook: { try sweepNotebook(self) }
    ).exported(to: format, warn)
  }
}
