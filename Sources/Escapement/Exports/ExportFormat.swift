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

/// Names what a figure is drawn as.
public enum PictureFormat: String, Sendable, CaseIterable {
  /// Scalable, for pages.
  case svg
  /// Of dots, for slides.
  case png
  /// Scalable, for papers.
  case pdf
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

/// Is a result that goes to every format, from a directory or from memory.
public protocol Exportable {
  /// The name of its data set and of its document, without the extension.
  var names: (dataSet: String, document: String) { get }
  /// Its tables, each as a file of CSV.
  func tableFiles() throws -> [(name: String, contents: Data)]
  /// All of it as one JSON document.
  func json() throws -> Data
  /// All of it as one labelled data set.
  func labelledData() throws -> DataSet
  /// Its figures; nil where it has none, and no page either.
  func drawnFigures() throws -> Figures?
  /// A page with its figures.
  func page(_ pictures: [(figure: Figure, svg: String)], _ missing: [String]) throws -> Data?
  /// A notebook, and whether it reads the tables rather than the data set; nil where it has none.
  func notebook() throws -> (contents: Data, readsTables: Bool)?
}

extension Exportable {
  /// Makes the files of an export in memory; throws what the format's writer throws, and `ParameterError` for the
  /// key `to` where there is no such form of this result.
  ///
  /// `warn` is told when figures are missing, and why.
  public func exported(
    to format: ExportFormat, warn: (String) -> Void = { _ in }
  ) throws -> ExportedFiles {
    switch format {
    case .csv: return ExportedFiles(try tableFiles())
    case .json: return ExportedFiles([("\(names.document).json", try json())])
    case .netcdf: return ExportedFiles([try netCDF()])
    case .figures:
      return try exported(figure: nil, warn: warn)
    case .report:
      guard let figures = try drawnFigures() else { break }
      let (pictures, missing) = try ReportPage.draw(figures, warn)
      guard let page = try page(pictures, missing) else { break }
      return ExportedFiles([("report.html", page)])
    case .notebook:
      guard let (contents, readsTables) = try notebook() else { break }
      return ExportedFiles(
        [("notebook.ipynb", contents)] + (readsTables ? try tableFiles() : [try netCDF()]))
    }
    throw noSuchForm(format)
  }

  /// Draws the figure called `name`, or all of them, in `formats`; each with its data and script.
  ///
  /// Throws what gnuplot's export throws, and `ParameterError` for the key `figure`, which lists the names and the
  /// nearest, where there is none of that name. Cost: about half a second a figure.
  public func exported(
    figure name: String?, as formats: [PictureFormat] = PictureFormat.allCases,
    warn: (String) -> Void = { _ in }
  ) throws -> ExportedFiles {
    guard let figures = try drawnFigures() else { throw noSuchForm(.figures) }
    let chosen = try name.map(figures.only) ?? figures
    let (files, omissions) = try Gnuplot.draw(chosen, formats: formats.map(\.rawValue))
    omissions.forEach(warn)
    // The page of captions is that of all figures.
    return ExportedFiles(
      folder: "figures", name == nil ? files : files.filter { $0.name != Gnuplot.page })
  }

  private func noSuchForm(_ format: ExportFormat) -> ParameterError {
    ParameterError(
      key: "to", found: format.rawValue, expected: "csv, json or netcdf: there is no other form")
  }

  private func netCDF() throws -> (name: String, contents: Data) {
    let name = "\(names.dataSet).nc"
    return try withTemporaryDirectory { directory in
      let file = directory.appendingPathComponent(name)
      try labelledData().writeNetCDF(to: file.path)
      return (name, try Data(contentsOf: file))
    }
  }
}

extension DataTable {
  /// The table as a file, that of a directory as it is where it is there.
  func file(in directory: String? = nil) throws -> (name: String, contents: Data) {
    let file = "\(name).csv"
    guard let directory else { return (file, csv) }
    let place = URL(fileURLWithPath: directory).appendingPathComponent(file).relativePath
    return (file, try mapFile(place, limit: largestTable))
  }
}

extension Run: Exportable {
  /// Names its data set and its document.
  public var names: (dataSet: String, document: String) { ("exit_times", "run") }

  /// Makes its tables as files of CSV.
  public func tableFiles() throws -> [(name: String, contents: Data)] {
    let records = try exitTimesFile.map { try mapFile($0, limit: largestTable) }
    return [("exit_times.csv", records ?? exitTimesCSV(series))]
      + (try [summaryTable.file(), pairTable.file()])
  }

  /// Writes all of it as one JSON document.
  public func json() throws -> Data {
    // Put together as text, so that the summary keeps the digits it has.
    var records = ""
    exitTable(series, ExitRecord.columns).writeJSONSeries { records += $0 }
    return jsonDocument(
      "escapement/run/1", [("summary", jsonPart(summaryData)), ("exit_times", "[\n\(records)\n]")])
  }

  /// Gathers all of it in one labelled data set.
  public func labelledData() throws -> DataSet { try dataSet() }
  /// Makes its figures.
  public func drawnFigures() throws -> Figures? { try figures() }

  /// Writes a page with its figures.
  public func page(
    _ pictures: [(figure: Figure, svg: String)], _ missing: [String]
  ) throws -> Data? { try reportHTML(self, pictures: pictures, missing: missing) }

  /// Writes its notebook.
  public func notebook() throws -> (contents: Data, readsTables: Bool)? {
    (try runNotebook(self), false)
  }
}

extension TrajectoryRun: Exportable {
  /// Names its data set and its document.
  public var names: (dataSet: String, document: String) { ("trajectories", "trajectories") }

  /// Makes its tables as files of CSV.
  public func tableFiles() throws -> [(name: String, contents: Data)] {
    [try fallTable.file()]
      + (plan.paths == 0 ? [] : [try trajectories.pathTable.file(in: path)])
      + (plan.quantiles.isEmpty ? [] : [try trajectories.bandTable.file(in: path)])
  }

  /// Writes all of it as one JSON document.
  public func json() throws -> Data {
    var numbers = ""
    if plan.paths > 0 { trajectories.pathTable.writeJSONSeries(under: "columns") { numbers += $0 } }
    return jsonDocument(
      "escapement/trajectory-run/1",
      [("summary", jsonPart(summaryData)), ("paths", "[\n\(numbers)\n]")])
  }

  /// Gathers all of it in one labelled data set.
  public func labelledData() throws -> DataSet { dataSet }
  /// Makes its figures.
  public func drawnFigures() throws -> Figures? { figures() }

  /// Writes a page with its figures.
  public func page(
    _ pictures: [(figure: Figure, svg: String)], _ missing: [String]
  ) throws -> Data? { try reportHTML(self, pictures: pictures, missing: missing) }

  /// Writes its notebook.
  public func notebook() throws -> (contents: Data, readsTables: Bool)? {
    (try trajectoryNotebook(self), false)
  }
}

extension SweepTables: Exportable {
  /// Names its data set and its document.
  public var names: (dataSet: String, document: String) { ("sweep", "sweep") }

  /// Writes all of it as one JSON document.
  public func json() throws -> Data {
    jsonDocument(
      "escapement/sweep-run/1",
      [
        ("sweep", gridText.map(jsonText) ?? "null"), ("exit_times", "[\n\(jsonRows(exits))\n]"),
        ("verdicts", "[\n\(jsonRows(verdicts))\n]"), ("fits", fitsData.map(jsonPart) ?? "null"),
      ])
  }

  /// Gathers all of it in one labelled data set.
  public func labelledData() throws -> DataSet { dataSet }
  /// Makes its figures.
  public func drawnFigures() throws -> Figures? { figures() }

  /// Writes a page with its figures.
  public func page(
    _ pictures: [(figure: Figure, svg: String)], _ missing: [String]
  ) throws -> Data? { try reportHTML(self, pictures: pictures, missing: missing) }

  /// Writes its notebook.
  public func notebook() throws -> (contents: Data, readsTables: Bool)? {
    (try sweepNotebook(self), true)
  }
}

extension Comparison {
  /// Makes the files of an export without a directory; as the other does.
  public func exported(
    to format: ExportFormat, warn: (String) -> Void = { _ in }
  ) throws -> ExportedFiles { try Run(self).exported(to: format, warn: warn) }
}

extension Trajectories {
  /// Makes the files of an export without a directory; as the other does.
  public func exported(
    to format: ExportFormat, warn: (String) -> Void = { _ in }
  ) throws -> ExportedFiles { try TrajectoryRun(self).exported(to: format, warn: warn) }
}

extension Sweep {
  /// Makes the files of an export without a directory; as the other does.
  public func exported(
    to format: ExportFormat, warn: (String) -> Void = { _ in }
  ) throws -> ExportedFiles { try SweepTables(self).exported(to: format, warn: warn) }
}

/// A JSON file as part of a document.
private func jsonPart(_ data: Data) -> String {
  String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
}
