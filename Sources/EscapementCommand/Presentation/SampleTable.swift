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

extension Page {
  /// Adds the comparison of two files: what it proves of the means, then the tests.
  mutating func add(
    _ comparison: SampleComparison, _ first: ExitSample, _ second: ExitSample
  ) {
    add(
      judgement(
        of: comparison.meanRatio, comparison.noRatioReason, ["the first", "the second"], symbol: "")
    )
    let rows = comparison.tests.named.map { test in
      [test.title, NumberText.short(test.result?.statistic), test.result?.pValueText ?? "–"]
    }
    let censored = first.censored + second.censored
    add(
      Table(header: ["test", "statistic", "p-value"], rows: rows, right: [1, 2]),
      title: "Is it one law?".bold + " \(first.count) against \(second.count) replicas"
        + (censored > 0 ? ", \(censored) of them censored" : ""))
    for failure in comparison.tests.failures { add(failure) }
    if let end = comparison.restrictedTo {
      add("all but log-rank, and the distance, look at times up to \(NumberText.short(end))")
    }
    var distance = "Wasserstein distance \(NumberText.short(comparison.wasserstein.estimate))"
    if let interval = comparison.wasserstein.interval {
      let bounds = [interval.lowerBound, interval.upperBound]
      distance += " (95%: \(NumberText.interval(bounds)))"
    }
    add(distance)
  }
}
