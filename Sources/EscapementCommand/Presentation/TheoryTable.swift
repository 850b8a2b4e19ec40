import Escapement
import Foundation
import TextTable

/// Writes the closed forms for a person: rates first, then exit times by threshold.
func theoryTable(_ theory: TheorySummary, _ experiment: Experiment) -> String {
  let model = experiment.model
  let found = theory.exponentsFound
  var lines = [
    "information exponent        \(theory.informationExponent), leap \(theory.leap) "
      + "(\(found["information_exponent"] ?? ""))",
    "generative exponent         \(theory.generativeExponent.map { "\($0)" } ?? "–") "
      + "(\(found["generative_exponent"] ?? ""))",
    "growth rate μ               \(NumberText.short(theory.growthRate))",
    "critical learning rate γ_c  \(NumberText.short(theory.criticalLearningRate))",
    "best learning rate          \(NumberText.short(theory.optimalLearningRate))",
  ]
  if let gain = theory.gainFromWidth, let largest = theory.largestGainFromWidth {
    lines.append(
      "gain from width             \(NumberText.short(gain)) of at most \(NumberText.short(largest))"
    )
  }
  if let plateau = theory.plateau {
    lines.append("plateau of the excess risk  \(NumberText.short(plateau))")
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
  var text = lines.joined(separator: "\n") + "\n"
  if rows.isEmpty {
    text += "\nNo exit time: \(exitTimeReason(theory, model)).\n"
  } else {
    text +=
      "\n"
      + textTable(
        ["exit time", "T", "τ", "samples", "samples/(d log d)"], rows,
        rightAligned: [1, 2, 3, 4])
  }
  return text
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

/// Lays rows out in columns under a header.
func textTable(_ header: [String], _ rows: [[String]], rightAligned: Set<Int>) -> String {
  let table = TextTable<[String]> { row in
    header.indices.map { index in
      Column(
        title: header[index], value: row[index],
        align: rightAligned.contains(index) ? .right : .left)
    }
  }
  return table.string(for: rows, style: Style.simple) ?? ""
}
