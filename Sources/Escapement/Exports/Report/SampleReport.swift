import Foundation
import Statistics

extension SampleComparison {
  /// Makes the figure of both Kaplan–Meier curves; nil for a document without curves.
  func figures() throws -> Figures? {
    guard let samples else { return nil }
    var figures = Figures()
    figures.add { () throws(NothingToDraw) in try survivalFigure(samples) }
    return figures
  }

  private func survivalFigure(_ samples: [Sample]) throws(NothingToDraw) -> Figure? {
    let end = samples.compactMap { $0.survival.last?.first }.max() ?? 0
    guard (1e-150...1e150).contains(end) else {
      throw NothingToDraw(
        name: "survival", reason: "times up to \(NumberText.short(end)), beyond its axis")
    }
    // The line types of the exact chain and of the SDE, told apart in grey as well.
    let lineTypes = [1, 3]
    let bands = samples.indices.flatMap { FigureStyle.band($0, lineTypes[$0 % 2]) }
    let lines = samples.indices.map {
      "data index \($0) using 1:2 with lines linetype \(lineTypes[$0 % 2]) "
        + "title \(gnuplotText(samples[$0].name))"
    }
    return Figure(
      name: "survival",
      caption: "Probability not to have exited by a time. Kaplan–Meier estimates, in which what is "
        + "censored counts until its time, with pointwise 95% bands.",
      title: "Probability not to have exited",
      parameters: parameterLines(
        samples.map { "\($0.name): \($0.exited) of \($0.replicas) exited" }),
      blocks: samples.map {
        FigureBlock(
          heading: "\($0.name): time, survival, lower and upper end of the 95% band",
          rows: $0.survival)
      },
      commands: """
        set xrange [0:\(end)]
        set xlabel 'time'
        set ylabel 'probability not to have exited'
        set yrange [0:1.02]
        plot \((bands + lines).joined(separator: ", \\\n  "))
        """)
  }

  /// What the ratio of means proves, for a page.
  fileprivate var verdict: [String: String] {
    let names = ["the first", "the second"]
    guard let ratio = meanRatio else {
      return [
        "kind": "undetermined", "head": "No verdict on the means.",
        "text": "There is none, since \(VerdictWords.noRatio(noRatioReason)).",
      ]
    }
    let margin = NumberText.givenPercent(ratio.margin)
    let head: String
    switch ratio.verdict {
    case .equivalent: head = "The means are the same within \(margin)."
    case .different: head = "The means differ by more than \(margin)."
    case .undetermined:
      head =
        VerdictWords.obstacle(ratio, names: names).map { "Not decided at \(margin): \($0)." }
        ?? "Not decided: these samples do not tell whether the means are within \(margin)."
    }
    var text =
      "The mean of the first over that of the second is \(NumberText.short(ratio.estimate))"
    if let interval = ratio.interval { text += " (95%: \(NumberText.interval(interval)))" }
    if let words = VerdictWords.restriction(ratio, names: names, symbol: "") {
      text += ", \(words)"
    }
    if let factor = ratio.replicasFactor, factor > 1 {
      text += "; about \(NumberText.rounded(factor)) times the replicas would decide"
    }
    return ["kind": ratio.verdict.rawValue, "head": head, "text": text + "."]
  }
}

/// Writes the comparison of two samples as one HTML page that needs no network.
func reportHTML(
  _ comparison: SampleComparison, pictures: [(figure: Figure, svg: String)], missing: [String]
) throws -> Data {
  let samples = comparison.samples ?? []
  let page = ReportPage(
    title: "Are two samples of exit times of one law?",
    setting: samples.map { "\($0.name): \($0.exited) of \($0.replicas) exited" }
      .joined(separator: "; ") + ".",
    verdicts: [comparison.verdict], pictures: pictures, missing: missing,
    caveats: ["Whether a time is censored must not depend on when the exit would have been."],
    provenance: [["name": "program", "value": "Escapement \(escapementVersion)"]],
    version: escapementVersion,
    experiment: samples.map(\.name).joined(separator: "\n"))
  let tests = zip(TestBattery.titles, comparison.tests.inOrder).map { test, result in
    [
      "name": test.title, "statistic": NumberText.short(result?.statistic),
      "p": result?.pValueText ?? "–",
      "reason": comparison.testsUnavailable[test.name] ?? "",
    ]
  }
  let distance = comparison.wasserstein
  var words = NumberText.short(distance.estimate)
  if let interval = distance.interval {
    words += " (95%: \(NumberText.interval([interval.lowerBound, interval.upperBound])))"
  }
  return try page.html(PackageResources.sample_mustache, ["tests": tests, "distance": words])
}
