import Escapement
import Foundation
import Rainbow

extension Page {
  /// Adds a comparison: the verdicts in words, the exit times, then what only details have.
  mutating func add(_ comparison: Comparison, histogram: Bool) {
    let (experiment, summary) = (comparison.experiment, comparison.summary)
    let noise = summary.comparisons.noisePairs
    if !noise.isEmpty {
      addDetails { $0.add("Is the noise negligible?".bold) }
      for pair in noise { add(noiseLine(pair, isWhole: hasDetails), mark: "\(pair.mark.text)  ") }
    }
    let others = summary.comparisons.filter { pair in
      !noise.contains { $0.first == pair.first && $0.second == pair.second }
    }
    if hasDetails, !others.isEmpty {
      add("Do the descriptions agree?".bold, isApart: true)
      for pair in others { add(verdictLine(pair), mark: "\(pair.mark.text)  ") }
    } else if let table = agreementTable(others, experiment) {
      let margin = NumberText.givenPercent(experiment.margin)
      add(
        table,
        title: "Do they agree within \(margin)?".bold
          + " = yes, ≠ no, ? not decided; ratios of means (95%)", rank: noise.isEmpty ? 0 : 1)
    }
    if hasDetails {
      add(heading(comparison), isApart: true)
      for mark in experiment.exitRule.marks {
        let title = "Exit at \(mark.criterion.title(NumberText.given(mark.threshold)))".bold
        add(exitTable(comparison, [mark], hasFormulas: true), title: title)
      }
    } else {
      add(
        exitTable(comparison, experiment.exitRule.marks, hasFormulas: false),
        title: heading(comparison))
    }
    addDetails { page in
      for mark in experiment.exitRule.marks where histogram {
        guard let table = ExitHistogram.of(exitTimes(summary, at: mark)) else { continue }
        page.add(table, title: "Exit at \(mark.criterion.title(NumberText.given(mark.threshold)))")
      }
      if !summary.law.isEmpty {
        page.add(
          "Do replicas follow the SDE's law, known without Monte Carlo?".bold, isApart: true)
        for entry in summary.law {
          page.add(
            lawLine(entry, comparison), mark: "T = \(NumberText.given(entry.threshold))  ")
        }
      }
      page.add(timingLine(comparison), isApart: true)
      if experiment.dynamics.contains(.sde) { page.add(monitoringLine(experiment)) }
      if experiment.dynamics.contains(.sgd) && experiment.precision == .single {
        page.add("full SGD with its input made in single precision")
      }
    }
  }
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
  return model.title.bold
    + ", d = \(model.dimension), p = \(model.width), k = \(model.teacherUnits), "
    + "γ = \(NumberText.given(model.learningRate)), Δ = \(NumberText.given(model.labelNoise)), "
    + "\(start), seed \(experiment.streams.seed)"
}

private func exitTimes(_ summary: ComparisonSummary, at mark: ExitMark) -> [ExitTimeSummary] {
  summary.exitTimes.filter {
    $0.threshold == mark.threshold && $0.criterion == mark.criterion.name
  }
}

/// The exit times at some marks, a row a dynamics, and the formulas beside them.
private func exitTable(
  _ comparison: Comparison, _ marks: [ExitMark], hasFormulas: Bool
) -> Table {
  let (experiment, summary) = (comparison.experiment, comparison.summary)
  let (model, theory) = (experiment.model, summary.theory)
  var rows: [[String]] = []
  func scaled(_ value: Double?, _ error: Double?) -> String {
    let scale = model.scaledSamples
    guard let value else { return "–" }
    return NumberText.measured(value * scale, error.map { $0 * scale })
  }
  for mark in marks {
    let exit = WrittenMark(mark).text
    let entries = exitTimes(summary, at: mark)
    let range = Sparkline.range(entries)
    for entry in entries {
      let value = entry.mean ?? entry.restrictedMean
      let bound = entry.mean == nil ? "≥ " : ""
      func quantile(_ key: String) -> String { NumberText.short(entry.quantiles[key] ?? nil) }
      let isNumber = entry.replicas == 1
      rows.append([
        exit, title(entry.dynamics),
        value.map { bound + NumberText.measured($0, entry.standardError) } ?? "–",
        bound + scaled(value, entry.standardError), NumberText.short(entry.standardDeviation),
        isNumber ? "–" : "\(quantile("0.05")) … \(quantile("0.5")) … \(quantile("0.95"))",
        outcomes(entry), isNumber ? "" : Sparkline.of(entry.histogram, over: range),
      ])
    }
    guard hasFormulas, mark.criterion == .risk else { continue }
    let key = "\(mark.threshold)"
    let predictions: [(String, Double??)] = [
      ("formula, annealed", theory.annealedExitTime[key]),
      ("formula, quenched", experiment.isPaired ? theory.quenchedExitTime[key] : nil),
      ("formula, this start", theory.linearisedExitTime?[key]),
    ]
    for (name, prediction) in predictions {
      guard let value = prediction ?? nil else { continue }
      rows.append([exit, name, NumberText.short(value), scaled(value, nil), "", "", "", ""])
    }
  }
  let header = [
    "exit", "", "exit time τ", "samples/(d log d)", "s.d.", "5% … median … 95%", "exited",
    "histogram",
  ]
  guard marks.count > 1 || !hasFormulas else {
    // The title says which exit it is.
    return Table(
      header: Array(header.dropFirst()), rows: rows.map { Array($0.dropFirst()) },
      right: [1, 2, 3, 5], spare: [6, 4, 3, 2])
  }
  return Table(
    header: header, rows: rows, right: [2, 3, 4, 6], spare: [7, 5, 4, 3], labels: 2)
}

/// Which descriptions have the same mean, a row a pair and a column a mark; nil where none is told.
///
/// The ODE's are left out: whether the noise is negligible tells of them.
private func agreementTable(_ pairs: [PairComparison], _ experiment: Experiment) -> Table? {
  func isNoisy(_ name: String) -> Bool {
    DynamicsKind(rawValue: name).map { !$0.isDeterministic } ?? true
  }
  let shown = pairs.filter { isNoisy($0.first) && isNoisy($0.second) }
  var (names, marks) = ([String](), [String]())
  func name(_ pair: PairComparison) -> String { "\(title(pair.first)) / \(title(pair.second))" }
  for pair in shown {
    if !names.contains(name(pair)) { names.append(name(pair)) }
    if !marks.contains(pair.mark.text) { marks.append(pair.mark.text) }
  }
  guard !names.isEmpty else { return nil }
  let rows = names.map { row in
    [row]
      + marks.map { mark in
        shown.first { name($0) == row && $0.mark.text == mark }.map(agreement) ?? ""
      }
  }
  return Table(header: [""] + marks, rows: rows)
}

/// A sign for a verdict, and the ratio it is of.
private func agreement(_ pair: PairComparison) -> String {
  guard let ratio = pair.meanRatio else { return "–" }
  var text = NumberText.short(ratio.estimate)
  if let interval = ratio.interval { text += " (\(NumberText.interval(interval)))" }
  if let end = ratio.restrictedTo { text += " to τ \(NumberText.short(end))" }
  switch ratio.verdict {
  case .equivalent: return "= ".green + text
  case .different: return "≠ ".red + text
  case .undetermined: return "? ".yellow + text
  }
}

private func outcomes(_ entry: ExitTimeSummary) -> String {
  var text = "\(entry.exited)/\(entry.replicas)"
  if entry.censored > 0 { text += ", \(entry.censored) censored" }
  if entry.diverged > 0 { text += ", \(entry.diverged) diverged" }
  return text
}

private func title(_ name: String) -> String { DynamicsKind(rawValue: name)?.title ?? name }

/// Says what the noise does to the mean exit time, and whether that is within the margin.
///
/// The whole has the dimension from which it would be, and the spread of exit times.
private func noiseLine(_ pair: PairComparison, isWhole: Bool) -> String {
  guard let ratio = pair.meanRatio else {
    return "no answer, since \(VerdictWords.noRatio(pair.noRatioReason))".yellow
  }
  let margin = NumberText.givenPercent(ratio.margin)
  let shift = NumberText.shift(ratio.estimate, ratio.interval)
  var effect = "\(title(pair.first)) exits \(shift) than the ODE in the mean"
  let names = ["the " + title(pair.first), "the " + title(pair.second)]
  if let restriction = VerdictWords.restriction(ratio, names: names) {
    effect += ", " + restriction
  }
  let spread = isWhole ? spread(pair) : ""
  switch ratio.verdict {
  case .equivalent: return "negligible within \(margin): ".green + effect + spread
  case .different:
    let until = ratio.restrictedTo.map { " up to τ = \(NumberText.short($0))" } ?? ""
    return "not negligible at \(margin)\(until): ".red + effect
      + (isWhole ? remedy(pair, margin) : "") + spread
  case .undetermined:
    let missing = VerdictWords.obstacle(ratio, names: names).map { $0 + "; " } ?? ""
    return "not decided at \(margin): ".yellow + missing + effect + moreReplicas(ratio) + spread
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
  var line = "\(sides): \(answer)"
  if let test = pair.tests?.kolmogorovSmirnov { line += "; laws: KS \(test.pValueWords)" }
  for failure in pair.tests?.failures ?? [] { line += "; \(failure)" }
  return line
}

private func lawLine(_ entry: LawComparison, _ comparison: Comparison) -> String {
  let head = "\(title(entry.dynamics)): "
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
