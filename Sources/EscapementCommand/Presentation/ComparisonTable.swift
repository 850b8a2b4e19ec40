import Escapement
import Foundation
import Rainbow

extension DynamicsKind {
  /// What a person calls it.
  var title: String {
    switch self {
    case .ode: return "ODE"
    case .sde: return "SDE"
    case .chain: return "exact chain"
    case .sgd: return "full SGD"
    }
  }
}

/// Writes a comparison for a person: the experiment, the exit times, the verdicts in words.
func comparisonTable(_ comparison: Comparison, histogram: Bool) -> String {
  let (experiment, summary) = (comparison.experiment, comparison.summary)
  var text = heading(comparison) + "\n\n"
  for mark in experiment.exitRule.marks {
    text += "Exit at \(markTitle(mark))".bold + "\n"
    text += exitTable(comparison, mark) + "\n"
    if histogram { text += ExitHistogram.of(exitTimes(summary, at: mark)) + "\n" }
  }
  // Of the two that follow SGD's law, the chain has the more replicas.
  let truth = summary.comparisons.contains { $0.first == "chain" } ? "chain" : "sgd"
  func isNoise(_ pair: PairComparison) -> Bool { pair.first == truth && pair.second == "ode" }
  let noise = summary.comparisons.filter(isNoise)
  if !noise.isEmpty {
    text += "Is the noise negligible?".bold + "\n"
    for pair in noise { text += noiseLine(pair) + "\n" }
    text += "\n"
  }
  let others = summary.comparisons.filter { !isNoise($0) }
  if !others.isEmpty {
    text += "Do the descriptions agree?".bold + "\n"
    for pair in others { text += verdictLine(pair) + "\n" }
  }
  if !summary.law.isEmpty {
    text += "\n" + "Do replicas follow the SDE's law, known without Monte Carlo?".bold + "\n"
    for entry in summary.law { text += lawLine(entry) + "\n" }
  }
  text += "\n" + timingLine(comparison) + "\n"
  if experiment.dynamics.contains(.sde) { text += monitoringLine(experiment) + "\n" }
  if experiment.dynamics.contains(.sgd) && experiment.precision == .single {
    text += "full SGD with its input made in single precision\n"
  }
  return text
}

/// Says at which times the SDE was watched.
private func monitoringLine(_ experiment: Experiment) -> String {
  let step = NumberText.short(experiment.timeStep)
  switch experiment.monitoring {
  case .continuous: return "SDE with step \(step), watched at all times"
  case .discrete: return "SDE with step \(step), watched at SGD's times (discrete)"
  case .grid: return "SDE with step \(step), watched on its grid alone"
  }
}

private func heading(_ comparison: Comparison) -> String {
  let experiment = comparison.experiment
  let model = experiment.model
  let start = experiment.isPaired ? "random starts" : "one fixed start"
  let theory = comparison.summary.theory
  return model.title.bold
    + ", d = \(model.dimension), p = \(model.width), k = \(model.teacherUnits), "
    + "γ = \(model.learningRate), Δ = \(model.labelNoise), \(start), "
    + "information exponent \(theory.informationExponent), leap \(theory.leap), "
    + "seed \(experiment.streams.seed)"
}

private func exitTimes(_ summary: ComparisonSummary, at mark: ExitMark) -> [ExitTimeSummary] {
  summary.exitTimes.filter {
    $0.threshold == mark.threshold && $0.criterion == mark.criterion.name
  }
}

private func exitTable(_ comparison: Comparison, _ mark: ExitMark) -> String {
  let (experiment, summary) = (comparison.experiment, comparison.summary)
  let (model, theory) = (experiment.model, summary.theory)
  var rows: [[String]] = []
  let threshold = mark.threshold
  let entries = exitTimes(summary, at: mark)
  let range = Sparkline.range(entries)
  func scaled(_ value: Double?, _ error: Double?) -> String {
    let scale = model.scaledSamples
    guard let value else { return "–" }
    return NumberText.measured(value * scale, error.map { $0 * scale })
  }
  for entry in entries {
    let kind = DynamicsKind(rawValue: entry.dynamics)
    let value = entry.mean ?? entry.restrictedMean
    let isRestricted = entry.mean == nil
    func quantile(_ key: String) -> String { NumberText.short(entry.quantiles[key] ?? nil) }
    let isNumber = entry.replicas == 1
    rows.append([
      kind?.title ?? entry.dynamics,
      (isRestricted ? "≥ " : "") + NumberText.measured(value ?? 0, entry.standardError),
      (isRestricted ? "≥ " : "") + scaled(value, entry.standardError),
      NumberText.short(entry.standardDeviation),
      isNumber ? "–" : "\(quantile("0.05")) … \(quantile("0.5")) … \(quantile("0.95"))",
      outcomes(entry),
      isNumber ? "" : Sparkline.of(entry.histogram, over: range),
    ])
  }
  let key = "\(threshold)"
  let predictions: [(String, Double??)] = [
    ("formula, annealed", theory.annealedExitTime[key]),
    ("formula, quenched", experiment.isPaired ? theory.quenchedExitTime[key] : nil),
    ("formula, this start", theory.linearisedExitTime?[key]),
  ]
  for (name, prediction) in predictions where mark.criterion == .risk {
    guard let value = prediction ?? nil else { continue }
    rows.append([name, NumberText.short(value), scaled(value, nil), "", "", "", ""])
  }
  return textTable(
    ["", "exit time τ", "samples/(d log d)", "s.d.", "5% … median … 95%", "exited", "histogram"],
    rows,
    rightAligned: [1, 2, 3, 5])
}

/// Says what a mark stands for.
private func markTitle(_ mark: ExitMark) -> String {
  switch mark.criterion {
  case .risk: return "T = \(mark.threshold) of the initial risk"
  case .overlap(let unit): return "overlap η = \(mark.threshold) with teacher unit \(unit + 1)"
  case .subspace: return "S = \(mark.threshold) of the teacher's subspace"
  }
}

private func markName(_ pair: PairComparison) -> String {
  PointResult.Mark(criterion: pair.criterion, threshold: pair.threshold).text
}

private func outcomes(_ entry: ExitTimeSummary) -> String {
  var text = "\(entry.exited)/\(entry.replicas)"
  if entry.censored > 0 { text += ", \(entry.censored) censored" }
  if entry.diverged > 0 { text += ", \(entry.diverged) diverged" }
  return text
}

private func title(_ name: String) -> String { DynamicsKind(rawValue: name)?.title ?? name }

/// Says what the noise does to the mean exit time, and whether that is within the margin.
private func noiseLine(_ pair: PairComparison) -> String {
  let head = "\(markName(pair))  "
  guard let ratio = pair.meanRatio else {
    return head + "no answer, since a side has no exit by the horizon".yellow
  }
  let margin = "\(NumberText.short(100 * ratio.margin))%"
  func percent(_ value: Double) -> String { String(format: "%+.1f%%", 100 * (value - 1)) }
  let shift = String(format: "%.1f%%", abs(100 * (ratio.estimate - 1)))
  let side = ratio.estimate < 1 ? "earlier" : "later"
  var effect = "\(title(pair.first)) exits \(shift) \(side) than the ODE in the mean"
  if let interval = ratio.interval {
    effect += " (95%: \(percent(interval[0])) … \(percent(interval[1])))"
  }
  if ratio.isRestricted { effect += ", restricted to the horizon" }
  switch ratio.verdict {
  case .equivalent:
    return head + "negligible within \(margin): ".green + effect + spread(pair)
  case .different:
    return head + "not negligible at \(margin): ".red + effect + remedy(pair, margin) + spread(pair)
  case .undetermined:
    return head + "not decided at \(margin): ".yellow + effect + moreReplicas(ratio) + spread(pair)
  }
}

/// Says from which dimension on the noise would be negligible.
private func remedy(_ pair: PairComparison, _ margin: String) -> String {
  guard let from = pair.negligibleFrom else { return "" }
  func power(_ value: Double?) -> String { value.map { String(format: "%.1e", $0) } ?? "beyond" }
  let source = from.method == "law" ? "by the SDE's law" : "if the shift stays"
  return "; it would be from about d = \(power(from.dimension)) on \(source), an extrapolation "
    + "(measured shift: \(power(from.interval[0])) … \(power(from.interval[1])))"
}

/// Says how much exit times spread where the ODE has one: a statement apart from the mean's.
private func spread(_ pair: PairComparison) -> String {
  guard let spread = pair.relativeSpread, let estimate = spread.estimate else { return "" }
  var text = String(
    format: "; its exit times spread by %.0f%% of the ODE's one time", 100 * estimate)
  if let interval = spread.interval {
    text += String(
      format: " (s.d., 95%%: %.0f%% … %.0f%%)", 100 * interval.lowerBound,
      100 * interval.upperBound)
  }
  return text
}

private func verdictLine(_ pair: PairComparison) -> String {
  let sides = "\(title(pair.first)) against \(title(pair.second))"
  var line = "\(markName(pair))  \(sides): \(judgement(of: pair.meanRatio))"
  if let test = pair.tests?.kolmogorovSmirnov {
    let value = test.pValue
    line += "; laws: KS p \(value > 0 ? "= " + NumberText.short(value) : "< 1e-300")"
  }
  return line
}

private func lawLine(_ entry: LawComparison) -> String {
  guard let value = entry.tests?.kolmogorovSmirnov.pValue, let mean = entry.mean else {
    return "T = \(entry.threshold)  \(title(entry.dynamics)): "
      + "law not available at this threshold, because \(entry.notAvailable ?? "it was not tested")"
  }
  let agrees = value > 0.01
  let answer =
    agrees ? "no difference found".green : "another law".red
  var line = "T = \(entry.threshold)  \(title(entry.dynamics)): \(answer), "
  line += "KS p \(value > 0 ? "= " + NumberText.short(value) : "< 1e-300")"
  if let distance = entry.largestDistance?.interval {
    line += ", largest distance at most \(NumberText.short(distance.upperBound)) (95%)"
  }
  if let ratio = entry.meanRatio {
    let estimate = NumberText.short(ratio.estimate)
    line += ", mean \(estimate) of the law's \(NumberText.short(mean))"
  }
  if let error = entry.error?.survival, error > 1e-5 {
    line += String(format: ", less the law's own error of %.0e", error)
  }
  return line + (entry.monitoring == "discrete" ? ", watched at SGD's steps" : "")
}

/// Says what a ratio of means proves about its margin.
func judgement(of ratio: PairComparison.Ratio?) -> String {
  guard let ratio else { return "no verdict, since a side has no exit by the horizon".yellow }
  let margin = "\(NumberText.short(100 * ratio.margin))%"
  var numbers = "mean ratio \(NumberText.short(ratio.estimate))"
  if let interval = ratio.interval { numbers += " (95%: \(NumberText.interval(interval)))" }
  if ratio.isRestricted { numbers += ", restricted to the horizon" }
  let verdict: String
  switch ratio.verdict {
  case .equivalent: verdict = "the same within \(margin)".green
  case .different: verdict = "different by more than \(margin)".red
  case .undetermined: verdict = "not decided at \(margin)".yellow
  }
  return verdict + ", " + numbers + moreReplicas(ratio)
}

/// Says how many times the replicas would settle an undetermined verdict.
private func moreReplicas(_ ratio: PairComparison.Ratio) -> String {
  guard let factor = ratio.replicasFactor else { return "" }
  return factor > 1 ? ", would take about \(NumberText.rounded(factor)) times the replicas" : ""
}

private func timingLine(_ comparison: Comparison) -> String {
  comparison.runs.map { run in
    let rate = Double(run.steps) / max(run.seconds, 1e-9)
    return "\(run.kind.title) \(NumberText.short(run.seconds)) s "
      + "(\(NumberText.short(rate)) steps/s)"
  }.joined(separator: ", ")
}
