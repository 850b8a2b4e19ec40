import Foundation
import Statistics
import Testing

@Suite struct SampleSummaryTests {
  @Test(arguments: Reference.pairs) func agreesWithNumPy(pair: Reference.Pair) throws {
    for (sample, expected) in zip([pair.first, pair.second], pair.expected.summaries) {
      // Through JSON, so that names and nulls are those of the command's contract.
      let data = try JSONEncoder().encode(SampleSummary(sample))
      let summary = try JSONDecoder().decode(Reference.Summary.self, from: data)
      #expect(summary.replicas == expected.replicas && summary.exited == expected.exited)
      #expect(summary.censored == expected.censored && summary.horizon == expected.horizon)
      let numbers = [
        (summary.mean, expected.mean),
        (summary.restricted_mean, expected.restricted_mean),
        (summary.standard_error, expected.standard_error),
        (summary.standard_deviation, expected.standard_deviation),
      ]
      #expect(numbers.allSatisfy(agreeOrAbsent))
      #expect(Set(summary.quantiles.keys) == Set(expected.quantiles.keys))
      for (key, value) in expected.quantiles {
        #expect(agreeOrAbsent(summary.quantiles[key]!, value), "\(key)")
      }
    }
  }

  private func agreeOrAbsent(_ left: Double?, _ right: Double?) -> Bool {
    guard let left, let right else { return left == nil && right == nil }
    return agree(left, right, tolerance: 1e-12)
  }

  @Test func whatIsMissingIsNull() throws {
    let sample = try ExitSample(times: [3], isObserved: [false])
    let text = String(decoding: try JSONEncoder().encode(SampleSummary(sample)), as: UTF8.self)
    for name in ["mean", "standard_error", "standard_deviation", "0.5"] {
      #expect(text.contains("\"\(name)\":null"))
    }
    #expect(text.contains("\"restricted_mean\":3"))
  }

  @Test func oneReplicaHasNoSpread() throws {
    let summary = try SampleSummary(ExitSample([7]))
    #expect(summary.mean == 7 && summary.standardError == nil)
    #expect(summary.quantiles.allSatisfy { $0.value == 7 })
  }

  @Test func horizonMayCutAWholeSample() throws {
    let summary = try SampleSummary(ExitSample([1, 2, 9]), horizon: 3)
    #expect(summary.mean == 4 && summary.restrictedMean == 2)
    #expect(throws: StatisticsError.self) {
      try SampleSummary(ExitSample(times: [1, 4], isObserved: [true, false]), horizon: 5)
    }
  }
}
