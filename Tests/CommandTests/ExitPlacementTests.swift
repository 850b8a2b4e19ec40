import Foundation
import Testing

/// Exits that were missed or misplaced, as a person meets them.
@Suite struct ExitPlacementTests {
  private typealias Object = [String: Any]

  /// Runs a comparison and returns the rows of exit_times.csv: dynamics, threshold, outcome, time.
  private func rows(_ words: String) throws -> [(kind: String, threshold: String, time: Double?)] {
    let directory = FileManager.default.temporaryDirectory
      .appendingPathComponent("exit-placement-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: directory) }
    let result = try runCommand("\(words) --output \(directory.path)")
    #expect(result.status == 0, "\(result.stderr)")
    let text = try String(
      contentsOf: directory.appendingPathComponent("exit_times.csv"), encoding: .utf8)
    return text.split(separator: "\n").dropFirst().map { line in
      let fields = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      return (fields[0], fields[1], fields[3] == "exited" ? Double(fields[4]) : nil)
    }
  }

  @Test(arguments: ["", " --generator mt19937"])
  func `a negative second layer exits after the start in all dynamics`(generator: String) throws {
    let rows = try rows(
      "compare --dimension 100 --learning-rate 0.1 --second-layer -1 --replicas 20 "
        + "--dynamics ode,sde,chain,sgd --horizon 3 --thresholds 0.01" + generator)
    for kind in ["ode", "sde", "chain", "sgd"] {
      let times = rows.filter { $0.kind == kind }.map(\.time)
      #expect(times.count == 20)
      // Exact chain and SDE leave in 317 of 2000 replicas by τ = 3.
      let exits = times.compactMap { $0 }
      #expect((1...10).contains(exits.count), "\(kind)")
      #expect(exits.allSatisfy { $0 > 0 && $0 < 3 }, "\(kind)")
    }
  }

  @Test func `theory and law say what a negative second layer has no answer for`() throws {
    let theory = try runCommand("theory --dimension 100 --learning-rate 0.1 --second-layer -1")
    #expect(theory.status == 0)
    #expect(theory.stdout.contains("no overlap with the teacher grows at any learning rate"))
    #expect(!theory.stdout.contains("above the critical"))
    let mixed = try runCommand(
      "theory --dimension 100 --width 2 --learning-rate 3 --second-layer 1,-1")
    #expect(mixed.stdout.contains("students of opposite sign grow alike"))
    let above = try runCommand("theory --dimension 100 --learning-rate 0.5")
    #expect(above.stdout.contains("above the critical 0.1667"))
    let law = try runCommand("law --dimension 100 --learning-rate 0.1 --second-layer -1")
    #expect(law.status == 64 || law.status == 65)
    #expect(law.stderr.contains("second-layer"))
  }

  @Test func `the ODE leaves a threshold that it dips below between two steps`() throws {
    let rows = try rows(
      "compare --dimension 100 --width 2 --learning-rate 0.2 --second-layer-learning-rate 0.01 "
        + "--second-layer-normalised true --replicas 4 --horizon 60 "
        + "--thresholds 0.7276,0.72767,0.72768 --dynamics ode")
    let times = ["0.7276", "0.72767", "0.72768"].map { threshold in
      rows.filter { $0.threshold == threshold }[3].time ?? .nan
    }
    for (found, expected) in zip(times, [10.8442, 10.8487, 10.8497]) {
      #expect(abs(found - expected) < 1e-4)
    }
  }

  @Test func `perfect alignment is an exit at time 0 in all dynamics`() throws {
    for words in ["", " --precision single", " --label-noise 0.5"] {
      let rows = try rows(
        "compare --dimension 47 --learning-rate 0.1 --start overlaps:1 --replicas 3 --horizon 2 "
          + "--dynamics ode,sde,chain,sgd --thresholds 0.01,0.5" + words)
      #expect(Set(rows.map(\.kind)).count == 4)
      #expect(rows.allSatisfy { $0.time == 0 })
    }
  }

  @Test func `a time step too long for the rates is warned of`() throws {
    let words = "compare --dimension 100 --learning-rate 0.1 --replicas 3 --dynamics sde"
    let long = try runCommand("\(words) --horizon 12 --time-step 10")
    #expect(long.status == 0)
    #expect(long.stderr.contains("time step 10.0 is long") && long.stderr.contains("at most 0.125"))
    #expect(!(try runCommand("\(words) --horizon 12").stderr.contains("time step")))
  }
}
