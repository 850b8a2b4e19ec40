import Dynamics
import Ensemble
import Foundation
import Statistics
import Testing

/// The survival curve of the law against a million replicas of SDE and chain, on demand.
///
/// `make calibration` sets ESCAPEMENT_LAW_CHECK to a file and writes the table there; the smaller form is
/// in ``ExitLawTests``.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["ESCAPEMENT_LAW_CHECK"] != nil))
struct LawAgainstReplicas {
  @Test func `a million replicas stay within the bound`() async throws {
    let replicas = 1_000_000
    let path = try #require(ProcessInfo.processInfo.environment["ESCAPEMENT_LAW_CHECK"])
    let thresholds = [0.01, 0.5]
    let model = try Model(dimension: 3000, learningRate: 0.1, labelNoise: 1e-4)
    let rule = try ExitRule(thresholds: thresholds, horizon: 60)
    // Dvoretzky, Kiefer and Wolfowitz: exceeded with probability 1e-6.
    let bound = (log(2 / falseAlarmRate) / (2 * Double(replicas))).squareRoot()
    var text = """
      # The law against a million replicas

      Written by `make calibration`: d = 3000, γ = 0.1, Δ = 1e-4, 10⁶ replicas each. A right law stays within
      \(String(format: "%.2e", bound)) with probability 1 − 10⁻⁶ and within \
      \(String(format: "%.2e", (log(40.0) / 2e6).squareRoot())) with 95% (DKW bounds).

      | start | dynamics | T | largest distance | KS p | error of the law |
      |---|---|---|---|---|---|

      """
    for isRandom in [false, true] {
      let start: Start = isRandom ? .random : try .overlaps([0.0184786795], of: model)
      let engines: [(String, any Engine, Double)] = [
        (
          "SDE", try DiffusionLimit(model: model, exitRule: rule, timeStep: 1.0 / 1024), 0
        ),
        ("chain", try ReducedChain(model: model, exitRule: rule), model.clock.timePerStep),
      ]
      for (name, engine, lattice) in engines {
        let run = try await EnsembleRunner(threads: 2).run(
          engine, replicas: replicas, start: start, streams: StreamFamily(seed: 81))
        for (index, threshold) in thresholds.enumerated() {
          let law = try ExitLaw(
            model: model, start: start, threshold: threshold, finiteSizeDrift: true,
            watchInterval: lattice > 0 ? lattice : nil)
          let sample = try ExitSample(run.records(at: index).map { $0.time })
          let tests = try OneSampleBattery(sample, lattice: lattice) { law.survival(at: $0) }
          let result = tests.kolmogorovSmirnov
          text += String(
            format: "| %@ | %@ | %g | %.2e | %.3g | %.0e |\n",
            isRandom ? "random" : "fixed", name, threshold, result.statistic, result.pValue,
            law.survivalError)
          #expect(result.statistic < bound + law.survivalError, "\(name), T = \(threshold)")
        }
      }
    }
    try text.write(toFile: path, atomically: true, encoding: .utf8)
  }
}
