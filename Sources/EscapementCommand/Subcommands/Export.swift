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
      plateau, theory and test have put into a directory goes to csv, json and netcdf.
      """)

  @Argument(help: "Run directory.") var run: String
  @Option(help: ArgumentHelp("What to make: \(ExportFormat.list) (required).", valueName: "format"))
  var to: ExportFormat
  @Option(help: "Directory for the files (default: the run directory).") var output: String?

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
    if SweepTables.isThere(run) { return try SweepTables(path: run).exported(to: to, warn: warn) }
    if TrajectoryDirectory.isThere(run) {
      return try TrajectoryRun(path: run).exported(to: to, warn: warn)
    }
    if Answer.isThere(run) { return try Answer(path: run).exported(to: to, warn: warn) }
    return try Run(path: run).exported(to: to, warn: warn)
  }
}

extension ExportFormat: ExpressibleByArgument {
  fileprivate static var list: String { allCases.map(\.rawValue).joined(separator: ", ") }
}
