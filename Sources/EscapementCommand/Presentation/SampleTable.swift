import Escapement
import Foundation
import Rainbow

/// Writes the comparison of two files for a person.
func sampleTable(_ comparison: SampleComparison, _ first: ExitSample, _ second: ExitSample)
  -> String
{
  let tests: [(String, TestResult?)] = [
    ("Kolmogorov–Smirnov", comparison.tests.kolmogorovSmirnov),
    ("Anderson–Darling", comparison.tests.andersonDarling),
    ("Cramér–von Mises", comparison.tests.cramerVonMises),
    ("energy distance", comparison.tests.energy),
    ("log-rank", comparison.tests.logRank),
  ]
  let rows = tests.map { name, result in
    [name, NumberText.short(result?.statistic), result?.pValueText ?? "–"]
  }
  var text = "Is it one law?".bold + " \(first.count) against \(second.count) replicas"
  let censored = first.censored + second.censored
  text += censored > 0 ? ", \(censored) of them censored\n" : "\n"
  text += textTable(["test", "statistic", "p-value"], rows, rightAligned: [1, 2]) + "\n"
  for (name, reason) in comparison.tests.unavailable.sorted(by: { $0.key < $1.key }) {
    text += "\(name) is not available, because \(reason)\n"
  }
  if let end = comparison.restrictedTo {
    text += "all but log-rank, and the distance, look at times up to \(NumberText.short(end))\n"
  }
  var distance = "Wasserstein distance \(NumberText.short(comparison.wasserstein.estimate))"
  if let interval = comparison.wasserstein.interval {
    let bounds = [interval.lowerBound, interval.upperBound]
    distance += " (95%: \(NumberText.interval(bounds)))"
  }
  text +=
    distance + "\n"
    + judgement(
      of: comparison.meanRatio, comparison.noRatioReason, ["the first", "the second"], symbol: "")
    + "\n"
  return text
}
