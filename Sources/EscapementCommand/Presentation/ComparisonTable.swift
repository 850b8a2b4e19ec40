import Escapement
import Foundation
import Rainbow

/// Writes a comparison for a person: the experiment, the exit times, the verdicts in words.
func comparisonTable(_ comparison: Comparison, histogram: Bool) -> String {
  let (experiment, summary) = (comparison.experiment, comparison.summary)
  var text = heading(comparison) + "\n\n"
  for mark in experiment.exitRule.marks {
    text += "Exit at \(mark.criterion.title(NumberText.given(mark.threshold)))".bold + "\n"
    text += exitTable(comparison, mark) + "\n"
    if histogram { text += ExitHistogram.of(exitTimes(summary, at: mark)) + "\n" }
  }
  let noise = summary.comparisons.noisePairs
  if !noise.isEmpty {
    text += "Is the noise negligible?".bold + "\n"
    for pair in noise { text += noiseLine(pair) + "\n" }
    text += "\n"
  }
  let others = summary.comparisons.filter { pair in
    !noise.contains { $0.first == pair.first && $0.second == pair.second }
  }
  if !others.isEmpty {
    text += "Do the descriptions agree?".bold + "\n"
    for pair in others { text += verdictLine(pair) + "\n" }
  }
  if !summary.law.isEmpty {
    text += "\n" + "Do replicas follow the SDE's law, known without Monte Carlo?".bold + "\n"
    for entry in summary.law { text += lawLine(entry, comparison) + "\n" }
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
    + "γ = \(NumberText.given(model.learningRate)), Δ = \(NumberText.given(model.labelNoise)), "
    + "\(start), "
    + "information exponent \(theory.informationExponent), leap \(theory.leap), "
    + (theory.generativeExponent.map { "generative exponent \($0), " } ?? "")
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
      value.map {
        (isRestricted ? "≥ " : "") + NumberText.measured($0, entry.standardError)
      } ?? "–",
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

private func outcomes(_ entry: ExitTimeSummary) -> String {
  var text = "\(entry.exited)/\(entry.replicas)"
  if entry.censored > 0 { text += ", \(entry.censored) censored" }
  if entry.diverged > 0 { text += ", \(entry.diverged) diverged" }
  return text
}

private func title(_ name: String) -> String { DynamicsKind(rawValue: name)?.title ?? name }

/// Says what the noise does to the mean exit time, and whether that is within the margin.
private func noiseLine(_ pair: PairComparison) -> String {
  let head = "\(pair.mark.text)  "
  guard let ratio = pair.meanRatio else {
    return head + "no answer, since \(VerdictWords.noRatio(pair.noRatioReason))".yellow
  }
  let margin = NumberText.givenPercent(ratio.margin)
  let shift = NumberText.shift(ratio.estimate, ratio.interval)
  var effect = "\(title(pair.first)) exits \(shift) than the ODE in the mean"
  let names = ["the " + title(pair.first), "the " + title(pair.second)]
  if let restriction = VerdictWords.restriction(ratio, names: names) {
    effect += ", " + restriction
  }
  switch ratio.verdict {
  case .equivalent:
    return head + "negligible within \(margin): ".green + effect + spread(pair)
  case .different:
    let until = ratio.restrictedTo.map { " up to τ = \(NumberText.short($0))" } ?? ""
    return head + "not negligible at \(margin)\(until): ".red + effect + remedy(pair, margin)
      + spread(pair)
  case .undetermined:
    let missing = VerdictWords.obstacle(ratio, names: names).map { $0 + "; " } ?? ""
    return head + "not decided at \(margin): ".yellow + missing + effect + moreReplicas(ratio)
      + spread(pair)
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
  let percent = NumberText.roughPercent
  var text = "; its exit times spread by \(percent(estimate)) of the ODE's one time"
  if let interval = spread.interval {
    text += " (s.d., 95%: \(percent(interval.lowerBound)) … \(percent(interval.upperBound)))"
  }
  return text
}

private func verdictLine(_ pair: PairComparison) -> String {
  let sides = "\(title(pair.first)) against \(title(pair.second))"
  let names = ["the " + title(pair.first), "the " + title(pair.second)]
  let answer = judgement(of: pair.meanRatio, pair.noRatioReason, names)
  var line = "\(pair.mark.text)  \(sides): \(answer)"
  if let test = pair.tests?.kolmogorovSmirnov { line += "; laws: KS \(test.pValueWords)" }
  for failure in pair.tests?.failures ?? [] { line += "; \(failure)" }
  return line
}

private func lawLine(_ entry: LawComparison, _ comparison: Comparison) -> String {
  let head = "T = \(NumberText.given(entry.threshold))  \(title(entry.dynamics)): "
  guard let value = entry.tests?.kolmogorovSmirnov.pValue, let mean = entry.mean else {
    return head
      + "law not available at this threshold, because \(entry.notAvailable ?? "it was not tested")"
  }
  let isWhole = comparison.summary.exitTimes.contains {
    $0.dynamics == entry.dynamics && $0.threshold == entry.threshold
      && $0.criterion == ExitCriterion.risk.name
      && $0.exited == $0.replicas
  }
  let end = NumberText.short(comparison.experiment.exitRule.horizon)
  let agrees = value > 0.01
  let answer =
    agrees ? "no difference found".green : "another law".red
  let until = isWhole ? "" : " up to τ = \(end)"
  var line = "\(head)\(answer)\(until), "
  line += "KS p \(value >= 1e-300 ? "= " : "")\(NumberText.pValue(value))"
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
func judgement(
  of ratio: PairComparison.Ratio?, _ missing: PairComparison.NoRatioReason?, _ names: [String],
  symbol: String = "τ = "
) -> String {
  guard let ratio else {
    return "no verdict, since \(VerdictWords.noRatio(missing))".yellow
  }
  let margin = NumberText.givenPercent(ratio.margin)
  var numbers = "mean ratio \(NumberText.short(ratio.estimate))"
  if let interval = ratio.interval { numbers += " (95%: \(NumberText.interval(interval)))" }
  if let restriction = VerdictWords.restriction(ratio, names: names, symbol: symbol) {
    numbers += ", " + restriction
  }
  let verdict: String
  switch ratio.verdict {
  case .equivalent: verdict = "the same within \(margin)".green
  case .different:
    let until = ratio.restrictedTo.map { " up to \(symbol)\(NumberText.short($0))" } ?? ""
    verdict = "different by more than \(margin)\(until)".red
  case .undetermined:
    let missing = VerdictWords.obstacle(ratio, names: names).map { ": " + $0 } ?? ""
    verdict = "not decided at \(margin)\(missing)".yellow
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
