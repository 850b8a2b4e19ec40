import Dynamics
import Foundation
import Statistics

/// Writes a run as one HTML page that needs no network: verdict, figures, tables, provenance.
///
/// `pictures` are the figures as SVG, in order; `missing` says why others are not there.
public func reportHTML(
  _ run: Run, pictures: [(figure: Figure, svg: String)], missing: [String] = []
) throws -> Data {
  let report = RunReport(run: run)
  let page = ReportPage(
    title: report.title, setting: report.setting, verdicts: report.verdicts, pictures: pictures,
    missing: missing, caveats: report.caveats, provenance: run.summary.provenance.words,
    version: run.summary.provenance.version, experiment: run.experimentText)
  return try page.html(
    PackageResources.report_mustache,
    [
      "tables": report.tables,
      "hasComparisons": !run.summary.comparisons.isEmpty,
      "comparisons": report.comparisons,
      "theory": report.theory,
      "cost": report.cost,
    ])
}

/// Says in words what a run found.
struct RunReport {
  let run: Run

  private typealias Words = [String: String]
  private var model: Model { run.experiment.model }
  private var summary: ComparisonSummary { run.summary }

  var title: String {
    "How long does SGD stay on the plateau? d = \(model.dimension), p = \(model.width)"
  }

  var setting: String { run.experiment.settingWords(seed: summary.provenance.seed) }

  /// The claim that the noise is negligible, judged at each exit rule.
  var verdicts: [[String: String]] {
    summary.comparisons.noisePairs.compactMap { pair in
      pair.meanRatio.map { verdict(pair, $0) }
    }
  }

  private func verdict(_ pair: PairComparison, _ ratio: PairComparison.Ratio) -> Words {
    let margin = NumberText.givenPercent(ratio.margin)
    var text =
      "From the same starts the \(name(pair.first)) leaves the plateau "
      + "\(NumberText.shift(ratio.estimate, ratio.interval)) than the ODE in the mean, when "
      + pair.mark.sentence
    let names = [pair.first, pair.second].map { "the \(name($0))" }
    text += restriction(ratio, names).map { ", \($0)." } ?? "."
    text += VerdictWords.settling(ratio.replicasNeeded).map { " \($0)" } ?? ""
    let until = ratio.restrictedTo.map { " up to τ = \(NumberText.short($0))" } ?? ""
    let head: String
    switch ratio.verdict {
    case .equivalent: head = "the noise is negligible within \(margin)."
    case .different:
      head = "the noise is not negligible\(until): it shifts the exit by more than \(margin)."
    case .undetermined:
      head =
        VerdictWords.obstacle(ratio, names: names).map { "not decided at \(margin): \($0)." }
        ?? "not decided: this sample does not tell whether the shift is within \(margin)."
    }
    return [
      "kind": ratio.verdict.rawValue, "head": "\(pair.mark.text): \(head)", "text": text,
    ]
  }

  private func restriction(_ ratio: PairComparison.Ratio, _ names: [String]) -> String? {
    VerdictWords.restriction(ratio, names: names)
      ?? (ratio.isRestricted ? "up to the horizon" : nil)
  }

  /// A table of exit times for each exit rule.
  var tables: [[String: Any]] {
    run.rules.map { rule in
      let entries = summary.exitTimes.filter {
        $0.mark == rule.mark
      }
      let formulas = ExitFormulas(
        summary.theory, rule.mark, withQuenched: run.experiment.isPaired)
      let predictions = [
        ("annealed", formulas.annealed), ("quenched", formulas.quenched),
        ("this start", formulas.linearised),
      ].compactMap { title, value -> Words? in
        value.map {
          [
            "name": "formula, \(title)", "mean": NumberText.short($0), "samples": samples($0, nil),
            "deviation": "", "low": "", "median": "", "high": "", "exited": "",
          ]
        }
      }
      return ["rule": "Exit when \(rule.mark.sentence)", "rows": entries.map(row) + predictions]
    }
  }

  private func row(_ entry: ExitTimeSummary) -> Words {
    func quantile(_ key: String) -> String {
      entry.replicas == 1 ? "–" : NumberText.short(entry.quantiles[key] ?? nil)
    }
    let value = entry.mean ?? entry.restrictedMean
    let mark = entry.mean == nil ? "≥ " : ""
    var exited = "\(entry.exited)/\(entry.replicas)"
    if entry.censored > 0 { exited += ", \(entry.censored) censored" }
    if entry.diverged > 0 { exited += ", \(entry.diverged) diverged" }
    return [
      "name": name(entry.dynamics),
      "mean": value.map { mark + NumberText.measured($0, entry.standardError) } ?? "–",
      "samples": value.map { mark + samples($0, entry.standardError) } ?? "–",
      "deviation": NumberText.short(entry.standardDeviation),
      "low": quantile("0.05"), "median": quantile("0.5"), "high": quantile("0.95"),
      "exited": exited,
    ]
  }

  var comparisons: [[String: String]] {
    summary.comparisons.map { pair in
      let ratio = pair.meanRatio
      func judged(_ ratio: PairComparison.Ratio) -> String {
        let names = [pair.first, pair.second].map { "the \(self.name($0))" }
        let notes = [VerdictWords.obstacle(ratio, names: names), restriction(ratio, names)]
          .compactMap { $0 }
        return ([ratio.verdict.rawValue] + notes).joined(separator: "; ")
      }
      return [
        "sides": "\(name(pair.first)) / \(name(pair.second))",
        "rule": pair.mark.text,
        "ratio": NumberText.short(ratio?.estimate),
        "interval": ratio?.interval.map(NumberText.interval) ?? "–",
        "margin": ratio.map { NumberText.givenPercent($0.margin) } ?? "–",
        "needed": ratio?.replicasNeeded.map { NumberText.rounded(Double($0)) } ?? "–",
        "verdict": ratio.map(judged) ?? "none, \(VerdictWords.noRatio(pair.noRatioReason))",
        "ks": pair.tests?.kolmogorovSmirnov?.pValueText ?? "–",
        "logRank": pair.tests?.logRank?.pValueText ?? "–",
      ]
    }
  }

  var theory: [[String: String]] {
    let theory = summary.theory
    let values: [(String, Double?)] = [
      ("growth rate μ of the flow linearised on the plateau, per unit of τ", theory.growthRate),
      ("critical learning rate, above which nothing grows", theory.criticalLearningRate),
      ("learning rate with the fewest samples", theory.optimalLearningRate),
      ("gain in samples over p = 1, each at its best rate", theory.gainFromWidth),
      ("the largest such gain of any width", theory.largestGainFromWidth),
      ("excess risk at long times", theory.plateau),
    ]
    return values.compactMap { name, value in
      value.map { ["name": name, "value": NumberText.short($0)] }
    }
  }

  /// What a reader must know before believing the numbers.
  var caveats: [String] {
    var caveats = summary.warnings
    let (censored, diverged) = summary.exitTimes.reduce((0, 0)) {
      ($0.0 + $1.censored, $0.1 + $1.diverged)
    }
    let horizon = NumberText.given(run.experiment.exitRule.horizon)
    caveats.append(
      censored == 0
        ? "No replica was censored: all were followed until they exited or diverged."
        : "\(censored) exits were censored by the horizon τ = \(horizon). They are counted, never "
          + "dropped: survival curves and log-rank tests use them, and means are restricted to it.")
    if diverged > 0 {
      caveats.append("\(diverged) replicas left the finite numbers; they count as never exited.")
    }
    let small = summary.exitTimes.filter { $0.replicas > 1 && $0.replicas < 100 }
    for kind in Set(small.map(\.dynamics)).sorted() {
      caveats.append(
        "Fewer than 100 replicas of \(name(kind)): its intervals lean on a normal approximation.")
    }
    if run.dynamics.contains(.sde) { caveats.append(monitoringCaveat) }
    if run.rules.contains(where: { $0.criterion == ExitCriterion.risk.name && $0.threshold > 0.1 })
    {
      caveats.append(
        "Closed-form exit times extrapolate the linear growth on the plateau; beyond T of about 0.1 "
          + "they leave out that it slows down.")
    }
    return caveats + run.experiment.sharedCaveats
  }

  private var monitoringCaveat: String {
    let step = NumberText.short(run.experiment.timeStep)
    switch run.experiment.monitoring {
    case .continuous:
      return "The SDE is watched at all times: crossings between grid times are drawn from the "
        + "Brownian bridge, which leaves a bias of the order of its time step \(step). SGD and the "
        + "chain are seen once a sample."
    case .discrete:
      return
        "The SDE is watched at SGD's own times, by a shifted boundary, with a bias of the order "
        + "of its time step \(step)."
    case .grid:
      return
        "The SDE is watched at its grid times alone, which finds exits late by the order of the "
        + "square root of its time step \(step)."
    }
  }

  var cost: [[String: String]] {
    run.dynamics.compactMap { kind in
      summary.timing[kind.rawValue].map { timing in
        [
          "name": name(kind.rawValue), "steps": "\(timing.steps)",
          "seconds": NumberText.short(timing.seconds),
          "rate": NumberText.short(Double(timing.steps) / max(timing.seconds, 1e-9)),
        ]
      }
    }
  }

  private func name(_ dynamics: String) -> String {
    DynamicsKind(rawValue: dynamics)?.title ?? dynamics
  }

  private func samples(_ time: Double, _ error: Double?) -> String {
    let scale = model.scaledSamples
    return scale.isFinite ? NumberText.measured(time * scale, error.map { $0 * scale }) : "–"
  }
}
