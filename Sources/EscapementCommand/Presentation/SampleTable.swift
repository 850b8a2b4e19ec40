import Escapement
import Foundation
import Rainbow

extension TestBattery {
  /// The tests, each with its key in JSON and its name for people.
  fileprivate var named: [(key: String, title: String, result: TestResult?)] {
    zip(TestBattery.titles, inOrder).map { test, result in
      (test.name, test.name == "energy" ? "energy distance" : test.title, result)
    }
  }

  /// A line for each test that failed, with the reason.
  var failures: [String] {
    named.compactMap { test in
      unavailable[test.key].map { "\(test.title) is not available, because \($0)" }
    }
  }
}

/// Writes the comparison of two files for a person.
func sampleTable(_ comparison: SampleComparison, _ first: ExitSample, _ second: ExitSample)
  -> String
{
  let rows = comparison.tests.named.map { test in
    [test.title, NumberText.short(test.result?.statistic), test.result?.pValueText ?? "–"]
  }
  var text = "Is it one law?".bold + " \(first.count) against \(second.count) replicas"
  let censored = first.censored + second.censored
  text += censored > 0 ? ", \(censored) of them censored\n" : "\n"
  text += textTable(["test", "statistic", "p-value"], rows, rightAligned: [1, 2]) + "\n"
  for failure in comparison.tests.failures { text += failure + "\n" }
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
