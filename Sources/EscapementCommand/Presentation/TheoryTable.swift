import Escapement
import Foundation

extension Page {
  /// Adds the closed forms: rates first, then exit times by threshold.
  mutating func add(_ theory: TheorySummary, _ experiment: Experiment) {
    let model = experiment.model
    let found = theory.exponentsFound
    func line(_ name: String, _ words: String) {
      add(words, mark: name.padding(toLength: 28, withPad: " ", startingAt: 0))
    }
    line(
      "information exponent",
      "\(theory.informationExponent), leap \(theory.leap) (\(found["information_exponent"] ?? ""))")
    line(
      "generative exponent",
      "\(theory.generativeExponent.map { "\($0)" } ?? "–") (\(found["generative_exponent"] ?? ""))")
    line("growth rate μ", NumberText.short(theory.growthRate))
    line("critical learning rate γ_c", NumberText.short(theory.criticalLearningRate))
    line("best learning rate", NumberText.short(theory.optimalLearningRate))
    if let gain = theory.gainFromWidth, let largest = theory.largestGainFromWidth {
      line("gain from width", "\(NumberText.short(gain)) of at most \(NumberText.short(largest))")
    }
    if let plateau = theory.plateau {
      line("plateau of the excess risk", NumberText.short(plateau))
    }
    var rows: [[String]] = []
    for threshold in experiment.exitRule.thresholds {
      let key = "\(threshold)"
      func row(_ name: String, _ value: Double??) {
        guard let value = value ?? nil else { return }
        rows.append([
          name, NumberText.given(threshold), NumberText.short(value),
          NumberText.short(model.clock.samples(by: value)),
          NumberText.short(value * model.scaledSamples),
        ])
      }
      row("annealed", theory.annealedExitTime[key])
      row("quenched", theory.quenchedExitTime[key])
      row("linearised, this start", theory.linearisedExitTime?[key])
    }
    guard !rows.isEmpty else {
      return add("No exit time: \(exitTimeReason(theory, model)).", isApart: true)
    }
    add(
      Table(
        header: ["exit time", "T", "τ", "samples", "samples/(d log d)"], rows: rows,
        right: [1, 2, 3, 4], labels: 2))
  }
}

/// Says why the closed forms give no exit time.
func exitTimeReason(_ theory: TheorySummary, _ model: Model) -> String {
  guard model.clock.isUniform else { return "the formulas hold for one learning rate" }
  guard let rate = theory.growthRate else {
    return
      "the formulas hold for phase retrieval on the sphere with a fixed second layer, without look-ahead and repetitions"
  }
  if rate <= 0 {
    let reason = EscapeTheory(model: model).reasonForNoGrowth.map { ", since \($0)" } ?? ""
    return "the growth rate is \(NumberText.short(rate)), at or below 0" + reason
  }
  return
    "the formulas hold for one teacher unit and a second layer of ones, above d = 2p/(T(p + 1))"
}
