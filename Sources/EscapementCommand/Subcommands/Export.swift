import ArgumentParser
import Escapement
import Foundation

/// `escapement export`: other forms of a run directory.
struct Export: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Converts a run directory to tables, JSON, netCDF or figures.",
    discussion: """
      RUN is a directory that escapement compare --output has filled. The files are put into it, or \
      into --output; their paths are printed. csv makes exit_time_summary.csv and comparisons.csv, \
      json run.json, netcdf exit_times.nc, figures a folder of pictures by gnuplot with their data \
      and scripts.
      """)

  @Argument(help: "Run directory.") var run: String
  @Option(help: ArgumentHelp("What to make: \(ExportFormat.list).", valueName: "format"))
  var to: ExportFormat
  @Option(help: "Directory for the files (default: the run directory).") var output: String?

  func run() async throws {
    let source = try Run(path: self.run)
    let place = URL(fileURLWithPath: output ?? self.run)
    let exported = try source.exported(to: to)
    let directory = exported.folder.map(place.appendingPathComponent) ?? place
    // What is being read is not written again.
    let isInPlace = place.standardizedFileURL == URL(fileURLWithPath: self.run).standardizedFileURL
    let files = exported.files.filter { !(isInPlace && $0.name == "exit_times.csv") }
    try RunDirectory(path: directory.path).write(files)
    for file in files {
      try Console.output(directory.appendingPathComponent(file.name).relativePath + "\n")
    }
  }
}

extension ExportFormat: ExpressibleByArgument {
  fileprivate static var list: String { allCases.map(\.rawValue).joined(separator: ", ") }
}
