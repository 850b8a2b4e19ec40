import Escapement
import Foundation
import Testing

@testable import Ensemble

@Suite struct ExitTimesFileTests {
  private func text(_ runs: [EnsembleRun]) throws -> String {
    try #require(String(data: exitTimesCSV(runs), encoding: .utf8))
  }

  @Test func `rows are sorted by dynamics, threshold and replica`() throws {
    func run(_ kind: DynamicsKind, _ records: [ExitRecord]) -> EnsembleRun {
      EnsembleRun(
        kind: kind, thresholds: [0.01, 0.5], replicas: records.count / 2, steps: 0, seconds: 0,
        records: records)
    }
    let sgd = run(
      .sgd,
      [
        ExitRecord(outcome: .exited, time: 0.1, step: 3),
        ExitRecord(outcome: .censored, time: 2, step: 60),
        ExitRecord(outcome: .exited, time: 0, step: 0),
        ExitRecord(outcome: .diverged, time: 1e-20, step: 7),
      ])
    let ode = run(
      .ode,
      [
        ExitRecord(outcome: .exited, time: 1.0 / 3), ExitRecord(outcome: .censored, time: 2),
      ])
    let expected = """
      dynamics,threshold,replica,outcome,exit_time,exit_step
      ode,0.01,0,exited,0.3333333333333333,
      ode,0.5,0,censored,2.0,
      sgd,0.01,0,exited,0.1,3
      sgd,0.01,1,exited,0.0,0
      sgd,0.5,0,censored,2.0,60
      sgd,0.5,1,diverged,1e-20,7

      """
    #expect(try text([sgd, ode]) == expected)
    #expect(try text([ode, sgd]) == expected)
    #expect(try text([]) == "dynamics,threshold,replica,outcome,exit_time,exit_step\n")
  }

  @Test func `numbers read back to the same Double`() async throws {
    let comparison = try await Comparison.run(
      experiment([
        .dynamics: "ode,sde,chain,sgd", .replicas: "6", .thresholds: "0.1,0.30000000000000004",
      ]))
    let rows = try text(comparison.runs).split(separator: "\n").dropFirst().map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    #expect(rows.count == 4 * 2 * 6)
    var iterator = rows.makeIterator()
    for kind in [DynamicsKind.chain, .ode, .sde, .sgd] {
      let run = try #require(comparison.runs.first { $0.kind == kind })
      for (index, threshold) in [0.1, 0.30000000000000004].enumerated() {
        for (replica, record) in run.records(at: index).enumerated() {
          let next = iterator.next()
          let row = try #require(next)
          #expect(row.count == 6)
          #expect(row[0] == kind.rawValue)
          #expect(Double(row[1]) == threshold)
          #expect(Int(row[2]) == replica)
          #expect(row[3] == record.outcome.name)
          #expect(Double(row[4]) == record.time)
          #expect(row[5] == (kind.hasSteps ? "\(record.step)" : ""))
        }
      }
    }
  }
}
