import ArgumentParser
import Escapement
import Foundation

/// `escapement export`: other forms of a run directory.
struct Export: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Converts a run to tables, JSON, netCDF, figures, a report or a notebook.",
    discussion: """
      RUN is a directory that escapement compare, trajectories or sweep has filled with --output. The \
      files are put into it, or into --output; their paths are printed. csv makes \
      exit_time_summary.csv and comparisons.csv, json run.json, netcdf exit_times.nc, figures a \
      folder of pictures by gnuplot with their data and scripts, report the page report.html, \
      notebook notebook.ipynb with the data it reads. Of trajectories csv makes fall_times.csv, json \
      trajectories.json, netcdf trajectories.nc; of a sweep json sweep.json, netcdf sweep.nc. What law, \
      plateau, theory and test have put into a directory goes to csv, json and netcdf. With --figure NAME one \
      figure alone is drawn; any other word lists the names. Example: \
      escapement export RUN --figure survival-T0.5 --format pdf.
      """)

  @Argument(help: "Run directory.") var run: String
  @Option(
    help: ArgumentHelp(
      "What to make: \(ExportFormat.list) (required without --figure).", valueName: "format"))
  var to: ExportFormat?
  @Option(help: "Draw this figure alone, such as survival-T0.5 (default: all figures).")
  var figure: String?
  @Option(
    help: ArgumentHelp(
      "Form of the pictures: svg, png or pdf (default: all three).", valueName: "picture"))
  var format: PictureFormat?
  @Option(help: "Directory for the files (default: the run directory).") var output: String?

  func validate() throws {
    let drawn = [figure.map { _ in "--figure" }, format.map { _ in "--format" }].compactMap { $0 }
    if let to, to != .figures, let option = drawn.first {
      throw ValidationError("\(option) stands beside --to \(to.rawValue), expected --to figures")
    }
    if to == nil, drawn.isEmpty {
      throw ValidationError(
        "Missing expected argument '--to <format>', one of \(ExportFormat.list)")
    }
  }

  func run() async throws {
    let place = URL(fileURLWithPath: output ?? self.run)
    let exported = try self.exported()
    if !Manifest.isThere(self.run) {
      Console.error(
        "escapement: warning: '\(self.run)' has no \(Manifest.name): nothing tells whether its files are as "
          + "they were written\n")
    }
    let directory = exported.folder.map(place.appendingPathComponent) ?? place
    // What is being read is not written again.
    let isInPlace = place.standardizedFileURL == URL(fileURLWithPath: self.run).standardizedFileURL
    let files = exported.files.filter { file in
      !(isInPlace && Export.sources.contains(file.name))
    }
    let contents = OutputContents(path: place.path)
    try contents.refuseLinks()
    guard isInPlace || !contents.isOfRun else {
      throw OutputError(
        isCreation: true,
        description:
          "output: '\(place.relativePath)' holds another run, expected a directory without")
    }
    guard !files.isEmpty else {
      let names = exported.files.map(\.name).joined(separator: " and ")
      Console.error("escapement: '\(self.run)' has \(names) already\n")
      return
    }
    try RunDirectory(path: directory.path).write(files)
    for file in files {
      try Console.output(directory.appendingPathComponent(file.name).relativePath + "\n")
    }
  }
}

extension Export {
  /// Tables that exports read.
  private static let sources = Answer.files.union([
    "exit_times.csv", "trajectories.csv", "bands.csv", "sweep.csv", "verdicts.csv",
  ])

  /// Makes the files for whatever the directory holds.
  private func exported() throws -> ExportedFiles {
    func warn(_ words: String) { Console.error("escapement: warning: \(words)\n") }
    let result = try result()
    guard let to, to != .figures else {
      return try result.exported(
        figure: figure, as: format.map { [$0] } ?? PictureFormat.allCases, warn: warn)
    }
    return try result.exported(to: to, warn: warn)
  }

  private func result() throws -> any Exportable {
    if SweepTables.isThere(run) { return try SweepTables(path: run) }
    if TrajectoryDirectory.isThere(run) { return try TrajectoryRun(path: run) }
    return Answer.isThere(run) ? try Answer(path: run) : try Run(path: run)
  }
}

extension PictureFormat: ExpressibleByArgument {}

extension ExportFormat: ExpressibleByArgument {
  fileprivate static var list: String { allCases.map(\.rawValue).joined(separator: ", ") }
}
