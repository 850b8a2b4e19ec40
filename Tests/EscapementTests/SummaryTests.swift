import Escapement
import Foundation
import Testing

/// Reads summary.json as any other program would.
@Suite struct SummaryTests {
  private typealias Object = [String: Any]

  private func summary(_ words: [ExperimentKey: String], commit: String? = nil) async throws
    -> Object
  {
    let comparison = try await Comparison.run(experiment(words), commit: commit)
    let data = try jsonData(comparison.summary)
    #expect(data.last == UInt8(ascii: "\n"))
    return try #require(JSONSerialization.jsonObject(with: data) as? Object)
  }

  private func objects(_ summary: Object, _ key: String) throws -> [Object] {
    try #require(summary[key] as? [Object])
  }

  private func isNull(_ value: Any?) -> Bool { value is NSNull }

  private let exitKeys: Set<String> = [
    "histogram",
    "dynamics", "criterion", "threshold", "monitoring", "replicas", "exited", "censored",
    "diverged", "mean",
    "standard_error", "standard_deviation", "quantiles", "mean_samples",
  ]
  private let theoryKeys: Set<String> = [
    "growth_rate", "critical_learning_rate", "optimal_learning_rate", "annealed_exit_time",
    "quenched_exit_time", "linearised_exit_time", "gain_from_width", "largest_gain_from_width",
    "plateau", "information_exponent", "generative_exponent", "exponents_found", "leap",
    "not_available",
  ]
  private let levels: Set<String> = ["0.05", "0.25", "0.5", "0.75", "0.95"]

  @Test func `a fixed start is compared with the ODE's one number`() async throws {
    let summary = try await summary(
      [
        .start: "overlaps:0.3", .thresholds: "0.25,0.1", .replicas: "20", .seed: "77",
        .dynamics: "ode,sde,chain",
      ], commit: "abc")
    #expect(
      Set(summary.keys) == [
        "schema", "experiment", "provenance", "theory", "exit_times", "comparisons", "law",
        "warnings", "timing",
      ])
    #expect(summary["schema"] as? String == "escapement/comparison/1")

    let provenance = try #require(summary["provenance"] as? Object)
    #expect(Set(provenance.keys) == ["version", "commit", "gsl", "generator", "seed"])
    #expect(provenance["version"] as? String == escapementVersion)
    #expect(provenance["commit"] as? String == "abc")
    #expect(provenance["generator"] as? String == "xoshiro256++")
    #expect(provenance["seed"] as? Int == 77)

    let exits = try objects(summary, "exit_times")
    #expect(exits.count == 6)
    for entry in exits {
      #expect(Set(entry.keys) == exitKeys)
      let isODE = entry["dynamics"] as? String == "ode"
      #expect(entry["replicas"] as? Int == (isODE ? 1 : 20))
      #expect(entry["exited"] as? Int == entry["replicas"] as? Int)
      let (mean, samples) = (entry["mean"] as? Double, entry["mean_samples"] as? Double)
      // One unit of τ is p d/γ = 500 samples.
      #expect(abs(try #require(samples) / (500 * #require(mean)) - 1) < 1e-12)
      #expect(isNull(entry["standard_error"]) == isODE)
      #expect(isNull(entry["standard_deviation"]) == isODE)
      let quantiles = try #require(entry["quantiles"] as? [String: Double])
      #expect(Set(quantiles.keys) == levels)
    }

    let comparisons = try objects(summary, "comparisons")
    let sides = comparisons.map { "\($0["first"] ?? "")-\($0["second"] ?? "")" }
    #expect(sides == ["chain-sde", "chain-sde", "chain-ode", "chain-ode", "sde-ode", "sde-ode"])
    #expect(comparisons.map { $0["threshold"] as? Double } == [0.1, 0.25, 0.1, 0.25, 0.1, 0.25])
    for pair in comparisons {
      #expect(pair["paired"] as? Bool == false)
      let tests = try #require(pair["tests"] as? Object)
      if pair["second"] as? String == "ode" {
        #expect(tests["kolmogorov_smirnov"] == nil)
      } else {
        let test = try #require(tests["kolmogorov_smirnov"] as? Object)
        #expect(Set(test.keys) == ["statistic", "p_value", "p_value_kind"])
      }
      let ratio = try #require(pair["mean_ratio"] as? Object)
      #expect(
        Set(ratio.keys) == [
          "estimate", "interval", "margin", "verdict", "restricted", "replicas_needed",
          "restricted_to", "seen", "undecided_reason", "horizon_needed", "horizon_method",
        ])
      #expect(isNull(ratio["restricted_to"]) && ratio["seen"] as? [Double] == [1, 1])
      let interval = try #require(ratio["interval"] as? [Double])
      let estimate = try #require(ratio["estimate"] as? Double)
      #expect(interval.count == 2)
      #expect(interval[0] < estimate && estimate < interval[1])
      #expect(ratio["margin"] as? Double == 0.05)
      #expect(ratio["restricted"] as? Bool == false)
    }
    let laws = try objects(summary, "law")
    #expect(laws.map { $0["dynamics"] as? String } == ["chain", "sde", "chain", "sde"])
    for law in laws {
      #expect(
        Set(law.keys) == [
          "dynamics", "threshold", "monitoring", "mean", "standard_deviation", "error", "tests",
          "largest_distance", "mean_ratio", "not_available",
        ])
      #expect(isNull(law["not_available"]))
      let isChain = law["dynamics"] as? String == "chain"
      #expect(law["monitoring"] as? String == (isChain ? "discrete" : "continuous"))
      let tests = try #require(law["tests"] as? Object)
      let test = try #require(tests["kolmogorov_smirnov"] as? Object)
      #expect(try #require(test["p_value"] as? Double) > 1e-6)
    }
    #expect((summary["warnings"] as? [String])?.isEmpty == true)
    let timing = try #require(summary["timing"] as? [String: Object])
    #expect(Set(timing.keys) == ["ode", "sde", "chain"])
    for cost in timing.values {
      #expect(Set(cost.keys) == ["steps", "seconds"])
      #expect(try #require(cost["steps"] as? Int) > 0)
    }
  }

  @Test func `random starts are compared in pairs, the ODE included`() async throws {
    let summary = try await summary([
      .replicas: "16", .thresholds: "0.3", .dynamics: "ode,chain,sgd,sde",
    ])
    let provenance = try #require(summary["provenance"] as? Object)
    #expect(isNull(provenance["commit"]))
    for entry in try objects(summary, "exit_times") {
      #expect(entry["replicas"] as? Int == 16)
      #expect(!isNull(entry["standard_error"]))
    }
    let comparisons = try objects(summary, "comparisons")
    #expect(comparisons.count == 6)
    for pair in comparisons {
      #expect(pair["paired"] as? Bool == true)
      #expect((pair["tests"] as? Object)?["kolmogorov_smirnov"] is Object)
      #expect((pair["mean_ratio"] as? Object)?["interval"] is [Double])
    }
  }

  @Test func `above the critical rate all is censored and the reason given`() async throws {
    let summary = try await summary([
      .dimension: "2000", .start: "overlaps:0.05", .learningRate: "0.2", .replicas: "5",
      .thresholds: "0.5", .horizon: "0.25", .dynamics: "ode,sde,chain,sgd",
    ])
    let exits = try objects(summary, "exit_times")
    #expect(exits.count == 4)
    for entry in exits {
      #expect(Set(entry.keys) == exitKeys.union(["restricted_mean", "kaplan_meier"]))
      #expect(entry["exited"] as? Int == 0)
      #expect(entry["censored"] as? Int == entry["replicas"] as? Int)
      #expect(entry["restricted_mean"] as? Double == 0.25)
      for key in ["mean", "standard_deviation", "mean_samples"] { #expect(isNull(entry[key])) }
      let quantiles = try #require(entry["quantiles"] as? Object)
      #expect(Set(quantiles.keys) == levels)
      #expect(quantiles.values.allSatisfy(isNull))
    }
    for pair in try objects(summary, "comparisons") { #expect(isNull(pair["mean_ratio"])) }
    let warnings = try #require(summary["warnings"] as? [String])
    #expect(warnings.count == 1)
    #expect(warnings.first?.contains("growth rate") == true)

    let theory = try #require(summary["theory"] as? Object)
    #expect(Set(theory.keys) == theoryKeys)
    #expect(try #require(theory["growth_rate"] as? Double) < 0)
    for key in ["annealed_exit_time", "quenched_exit_time", "linearised_exit_time"] {
      #expect(isNull((theory[key] as? Object)?["0.5"]), "\(key)")
    }
    #expect(isNull(theory["plateau"]))
  }

  // A horizon at the median exit.
  @Test func `where some are censored the mean is restricted and says so`() async throws {
    let summary = try await summary([
      .start: "overlaps:0.3", .replicas: "60", .thresholds: "0.3", .horizon: "0.4",
      .dynamics: "chain,sde",
    ])
    for entry in try objects(summary, "exit_times") {
      let (exited, censored) = (entry["exited"] as? Int, entry["censored"] as? Int)
      #expect(try #require(exited) > 5)
      #expect(try #require(censored) > 5)
      #expect(isNull(entry["mean"]))
      let restricted = try #require(entry["restricted_mean"] as? Double)
      #expect(restricted > 0 && restricted < 0.4)
      #expect(!isNull(entry["standard_error"]))
      let quantiles = try #require(entry["quantiles"] as? Object)
      #expect(quantiles["0.05"] is Double)
      #expect(isNull(quantiles["0.95"]))
    }
    let ratio = try #require(objects(summary, "comparisons")[0]["mean_ratio"] as? Object)
    #expect(ratio["restricted"] as? Bool == true)
    #expect((summary["warnings"] as? [String])?.first?.contains("horizon") == true)
  }

  @Test func `theory has every key, null where no formula holds`() throws {
    func theory(_ words: [ExperimentKey: String]) throws -> Object {
      let made = try experiment(words)
      let data = try jsonData(
        TheorySummary(
          model: made.model, start: made.start, thresholds: made.exitRule.thresholds))
      let theory = try #require(JSONSerialization.jsonObject(with: data) as? Object)
      #expect(Set(theory.keys) == theoryKeys)
      return theory
    }
    let plain = try theory([.dimension: "3000", .labelNoise: "0.01"])
    for key in theoryKeys where key != "linearised_exit_time" {
      #expect(!isNull(plain[key]), "\(key)")
    }
    #expect(isNull(plain["linearised_exit_time"]))
    #expect((plain["annealed_exit_time"] as? Object)?["0.01"] is Double)
    #expect((plain["quenched_exit_time"] as? Object)?["0.5"] is Double)

    let fixed = try theory([.start: "overlaps:0.1"])
    #expect((fixed["linearised_exit_time"] as? Object)?["0.5"] is Double)

    let two = try theory([.width: "2", .teacherUnits: "2"])
    for key in ["linearised_exit_time", "gain_from_width", "largest_gain_from_width", "plateau"] {
      #expect(isNull(two[key]), "\(key)")
    }
    #expect(isNull((two["annealed_exit_time"] as? Object)?["0.5"]))
  }

  @Test func `the experiment in the summary is the resolved one, the seed whole`() async throws {
    let summary = try await summary([
      .seed: "18446744073709551615", .replicas: "2", .dynamics: "ode", .labelNoise: "1e-5",
    ])
    let resolved = try #require(summary["experiment"] as? Object)
    let decisive = ExperimentKey.decisive
    // The second layer's own schedule stands only where one is given.
    let expected = decisive.filter { $0 != .secondLayerRateSchedule }
    #expect(Set(resolved.keys) == Set(expected.map(\.rawValue)))
    #expect((resolved["seed"] as? NSNumber)?.uint64Value == .max)
    #expect(resolved["label-noise"] as? Double == 1e-5)
    #expect(resolved["start"] as? String == "random")
    #expect(resolved["replicas"] as? [String: Int] == ["ode": 2])
    #expect(resolved["thresholds"] as? [Double] == [0.01, 0.5])
  }
}
