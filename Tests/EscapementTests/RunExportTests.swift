import Dynamics
import Foundation
import NetCDF
import Testing

@testable import Escapement

@Suite struct RunExportTests {
  /// Runs a small experiment, writes its directory and reads it back.
  private func run(
    _ words: [ExperimentKey: String], in directory: URL
  ) async throws -> (Comparison, Run) {
    let comparison = try await Comparison.run(experiment(words))
    try RunDirectory(path: directory.path).write([
      ("experiment.yaml", Data(comparison.experiment.yaml.utf8)),
      ("exit_times.csv", exitTimesCSV(comparison.runs)),
      ("summary.json", try jsonData(comparison.summary)),
    ])
    return (comparison, try Run(path: directory.path))
  }

  private func temporaryDirectory() throws -> URL {
    let directory = FileManager.default.temporaryDirectory
      .appendingPathComponent("escapement-test-\(UUID().uuidString)", isDirectory: true)
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    return directory
  }

  @Test func `a run directory reads back bit for bit`() async throws {
    let directory = try temporaryDirectory()
    defer { try? FileManager.default.removeItem(at: directory) }
    let (comparison, run) = try await run(
      [
        .dynamics: "ode,sde,chain,sgd", .replicas: "20,sgd:3", .horizon: "1.5",
        .seed: "18446744073709551615",
      ], in: directory)
    #expect(run.summary.provenance.seed == .max)
    #expect(run.experiment.yaml == comparison.experiment.yaml)
    #expect(run.series.count == 8)
    for series in run.series {
      let mine = try #require(comparison.runs.first { $0.kind == series.dynamics })
      let index = try #require(mine.thresholds.firstIndex(of: series.threshold))
      #expect(series.records.elementsEqual(mine.records(at: index)))
      #expect(series.criterion == "risk")
    }
    #expect(run.series.contains { $0.records.contains { $0.outcome == .censored } })
  }

  @Test func `the netCDF file holds every record bit for bit and fill values elsewhere`()
    async throws
  {
    let directory = try temporaryDirectory()
    defer { try? FileManager.default.removeItem(at: directory) }
    let (_, run) = try await run(
      [.dynamics: "sde,chain", .replicas: "30,sde:8", .horizon: "1.5"], in: directory)
    let path = directory.appendingPathComponent("exit_times.nc").path
    try run.dataSet().writeNetCDF(to: path)
    let size = 2 * 2 * 30
    let names = ["exit_time", "last_time", "exit_step", "outcome"]
    let values = try netCDFValues(path, names.map { ($0, size) })
    let (times, last, steps, outcomes) = (values[0], values[1], values[2], values[3])
    for (kindIndex, kind) in [DynamicsKind.chain, .sde].enumerated() {
      for (ruleIndex, threshold) in [0.01, 0.5].enumerated() {
        let series = try #require(
          run.series.first { $0.dynamics == kind && $0.threshold == threshold })
        for replica in 0..<30 {
          let place = (kindIndex * 2 + ruleIndex) * 30 + replica
          guard replica < series.records.count else {
            #expect(times[place].isNaN && last[place].isNaN && outcomes[place] == -1)
            continue
          }
          let record = Array(series.records)[replica]
          let exited = record.outcome == .exited
          #expect(exited ? times[place] == record.time : times[place].isNaN)
          #expect(exited ? last[place].isNaN : last[place] == record.time)
          #expect(steps[place] == Double(record.step))
          #expect(outcomes[place] == Double(record.outcome.rawValue))
        }
      }
    }
  }

  @Test func `tables have the columns that the page of data files describes`() async throws {
    let directory = try temporaryDirectory()
    defer { try? FileManager.default.removeItem(at: directory) }
    let (comparison, run) = try await run(
      [.dynamics: "ode,sde,chain", .replicas: "20", .start: "overlaps:0.2"], in: directory)
    for (data, columns, rows) in [
      (
        exitTimesCSV(comparison.runs),
        DescribedFiles.fields(of: "exit_times.csv").filter { $0.name != "criterion" }, 2 * 41
      ),
      (run.summaryTable.csv, DescribedFiles.fields(of: "exit_time_summary.csv"), 6),
      (run.pairTable.csv, DescribedFiles.fields(of: "comparisons.csv"), 6),
    ] {
      let lines = String(decoding: data, as: UTF8.self).split(separator: "\n")
      #expect(lines.count == rows + 1)
      for line in lines {
        #expect(line.split(separator: ",", omittingEmptySubsequences: false).count == columns.count)
      }
      let header = lines[0].split(separator: ",").map(String.init)
      #expect(header == columns.map(\.name))
    }
  }

  @Test func `overlaps that are watched have the column and a place along thresholds`() async throws
  {
    let directory = try temporaryDirectory()
    defer { try? FileManager.default.removeItem(at: directory) }
    let (comparison, run) = try await run(
      [
        .dynamics: "chain", .replicas: "12", .thresholds: "0.3", .overlapThresholds: "0.2,0.4",
        .subspaceThresholds: "0.1",
      ], in: directory)
    let header = String(decoding: exitTimesCSV(comparison.runs).prefix { $0 != 10 }, as: UTF8.self)
    #expect(
      header.split(separator: ",").map(String.init)
        == DescribedFiles.fields(of: "exit_times.csv").map(\.name))
    #expect(run.rules.map(\.criterion) == ["overlap-1", "overlap-1", "risk", "subspace"])
    let path = directory.appendingPathComponent("exit_times.nc").path
    try run.dataSet().writeNetCDF(to: path)
    let steps = try netCDFValues(path, [("exit_step", 48)])[0]
    #expect(steps == run.series.flatMap { $0.records.map { Double($0.step) } })
    #expect(try !run.figures().drawn.isEmpty)
  }

  // With RENEW_DATA_FILES=1 the page is written anew.
  @Test func `the page of data files is what the variables generate`() throws {
    let place = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Sources/Escapement/Escapement.docc/DataFiles.md")
    let text = try String(contentsOf: place, encoding: .utf8)
    let page = DescribedFiles.page(text)
    for (file, fields) in DescribedFiles.described {
      #expect(text.contains("\n## \(file)\n"), "\(file)")
      #expect(Set(fields.map(\.name)).count == fields.count, "\(file)")
    }
    if ProcessInfo.processInfo.environment["RENEW_DATA_FILES"] != nil {
      try Data(page.utf8).write(to: place)
    } else {
      #expect(page == text)
    }
    // A row that somebody altered is put right.
    let altered = text.replacing("| number of replicas |", with: "| replicas |")
    #expect(altered != text && DescribedFiles.page(altered) == page)
  }

  @Test func `a comparison in memory exports what its directory does`() async throws {
    let directory = try temporaryDirectory()
    defer { try? FileManager.default.removeItem(at: directory) }
    let (comparison, run) = try await run(
      [
        .dynamics: "ode,sde,chain", .replicas: "12,sde:5", .horizon: "1.5",
        .overlapThresholds: "0.2",
      ], in: directory)
    for format in [ExportFormat.csv, .json, .netcdf, .report] {
      let (mine, read) = (
        try comparison.exported(to: format).files, try run.exported(to: format).files
      )
      #expect(mine.map(\.name) == read.map(\.name) && !mine.isEmpty)
      for (one, other) in zip(mine, read) {
        #expect(one.contents == other.contents, "\(one.name)")
      }
    }
  }

  @Test func `the JSON document holds summary and records`() async throws {
    let directory = try temporaryDirectory()
    defer { try? FileManager.default.removeItem(at: directory) }
    let (_, run) = try await run([.dynamics: "sde,chain", .replicas: "9"], in: directory)
    // Not JSONSerialization, which is off in the last digit on Linux.
    let document = try JSONDecoder().decode(Document.self, from: run.json())
    #expect(document.schema == "escapement/run/1")
    #expect(document.summary.exitTimes.count == 4)
    #expect(document.exit_times.count == 4)
    for (read, written) in zip(document.exit_times, run.series) {
      #expect(read.dynamics == written.dynamics.rawValue)
      #expect(read.threshold == written.threshold)
      #expect(read.exit_time == written.records.map(\.time))
      #expect(read.exit_step == written.records.map { $0.step < 0 ? nil : $0.step })
      #expect(read.outcome == written.records.map(\.outcome.name))
    }
  }

  private struct Document: Decodable {
    struct Series: Decodable {
      let dynamics: String
      let threshold: Double
      let outcome: [String]
      let exit_time: [Double]
      let exit_step: [Int?]
    }
    let schema: String
    let summary: ComparisonSummary
    let exit_times: [Series]
  }

  @Test func `a file that cannot be made is an error in the library's words`() throws {
    let error = #expect(throws: NetCDFError.self) {
      try NetCDFFile(creating: "/nonexistent/place/file.nc")
    }
    #expect(error?.description.contains("/nonexistent/place/file.nc") == true)
  }
}
