import Foundation
import Testing

@testable import Escapement

/// Runs a small sweep whose tables have every kind of column.
@Suite struct SweepTableTests {
  private func sweep(_ swept: String) async throws -> Sweep {
    let grid = try SweepGrid(
      yaml: "dimension: 50\nlearning-rate: 0.1\nthresholds: [0.5]\ndynamics: [ode, chain]\n"
        + "horizon: 2\n\(swept)", name: "test")
    return try await Sweep.run(grid, points: grid.points())
  }

  @Test func `columns are those that the dictionary describes, in its order`() async throws {
    let summary = try await sweep("replicas: 5\nsweep: {label-noise: [0, 0.1]}\n").summary
    func described(_ fields: [FieldDescription]) -> [String] {
      fields.map { $0.name == "KEY" ? "label-noise" : $0.name }
    }
    #expect(summary.exitTable.columns == described(DataDictionary.sweep))
    let place = described(DataDictionary.sweep).prefix { $0 != "dynamics" }
    #expect(summary.verdictTable.columns == place + described(DataDictionary.verdicts))
  }

  @Test func `a swept key that another column is named like has a name of its own`() async throws {
    let summary = try await sweep("sweep: {replicas: [4, 6], margin: [0.1, 0.2]}\n").summary
    for table in [summary.exitTable, summary.verdictTable] {
      #expect(Set(table.columns).count == table.columns.count)
    }
    let exits = summary.exitTable
    #expect(exits.columns.starts(with: ["point", "swept-replicas", "margin", "dimension"]))
    for row in exits.rows where exits.cell(row, "dynamics") == .word("chain") {
      #expect(exits.cell(row, "swept-replicas") == exits.cell(row, "replicas"))
    }
    #expect(summary.verdictTable.columns.starts(with: ["point", "replicas", "swept-margin"]))
  }

  @Test func `tables that are none are refused with file and column`() async throws {
    let directory = FileManager.default.temporaryDirectory
      .appendingPathComponent("escapement-test-\(UUID().uuidString)", isDirectory: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    let files = try await sweep("replicas: 5\nsweep: {label-noise: [0, 0.1]}\n").files
    for (name, contents, says) in [
      ("sweep.csv", "point,dynamics,threshold,width\n1,ode,0.5,1\n", "no column dimension"),
      ("sweep.csv", "point,dynamics,threshold,width,dimension,width\n1,ode,0.5,1,9,1\n", "twice"),
      ("verdicts.csv", "point,first,second,threshold\n1,ode,chain,0.5\n", "no column verdict"),
      ("fits.json", "{\"noise_shift\": [", "expected JSON"),
      ("fits.json", "{\"noise_shift\": [1]}", "expected the fits of a sweep"),
    ] {
      try RunDirectory(path: directory.path).write(files)
      _ = try reportHTML(SweepTables(path: directory.path), pictures: [])
      try RunDirectory(path: directory.path).write([(name, Data(contents.utf8))])
      let error = #expect(throws: DataFileError.self) {
        try reportHTML(SweepTables(path: directory.path), pictures: [])
      }
      #expect(error?.description.contains(name) == true, "\(error?.description ?? "")")
      #expect(error?.description.contains(says) == true, "\(error?.description ?? "")")
    }
  }
}
