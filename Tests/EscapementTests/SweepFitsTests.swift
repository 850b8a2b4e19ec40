import Foundation
import Statistics
import Testing

@testable import Escapement

/// Fits made-up results whose law is known.
@Suite struct SweepFitsTests {
  private func exits(_ dynamics: String, _ experiment: Experiment, samples: Double, error: Double)
    -> ExitTimeSummary
  {
    let step = experiment.model.clock.timePerStep
    return ExitTimeSummary(
      dynamics: dynamics, criterion: "risk", threshold: 0.5, monitoring: "discrete",
      replicas: 100, exited: 100, censored: 0, diverged: 0, mean: samples * step,
      restrictedMean: nil, standardError: error * step, standardDeviation: 10 * error * step,
      quantiles: [:], kaplanMeier: nil, meanSamples: samples, meanSamplesError: error)
  }

  private func pair(
    _ means: PairMeans?, _ first: String = "chain", equivalence: Double? = nil,
    difference: Double? = nil, verdict: Verdict? = nil
  ) -> PairComparison {
    // What the pair says by itself, as its p-values have it.
    let own: Verdict =
      equivalence ?? 1 <= 0.05 ? .equivalent : difference ?? 1 <= 0.05 ? .different : .undetermined
    return PairComparison(
      first: first, second: "ode", threshold: 0.5, paired: true, seen: [1, 1],
      meanRatio: PairComparison.Ratio(
        estimate: means.map { $0.first / $0.second } ?? 1, margin: 0.05, verdict: verdict ?? own,
        seen: [1, 1]),
      meanDifference: PairComparison.Difference(isRestricted: false),
      evidence: PairEvidence(
        equivalencePValue: equivalence, differencePValue: difference, means: means))
  }

  private func result(
    _ point: SweepPoint, _ exits: [ExitTimeSummary], _ pairs: [PairComparison] = []
  ) throws -> PointResult {
    let experiment = point.experiment
    return PointResult(
      version: "0", commit: nil, experiment: experiment.yaml,
      theory: try TheorySummary(
        model: experiment.model, start: experiment.start, thresholds: [0.5]),
      exits: exits, pairs: pairs, warnings: [])
  }

  private func points(_ yaml: String) throws -> [SweepPoint] {
    try SweepGrid(yaml: "thresholds: [0.5]\ndynamics: [chain, ode]\n" + yaml, name: "").points()
  }

  private func fits(
    _ points: [SweepPoint], _ make: (SweepPoint) throws -> PointResult
  ) throws -> SweepFits { try SweepFits(points: points, results: points.map(make)) }

  @Test func `samples that follow the law give its coefficients, a fit for each width`() throws {
    let points = try points(
      "learning-rate-over-width: 0.1\nsweep: {width: [1, 2], dimension: [1e3, 3e3, 1e4, 1e5]}")
    let fits = try fits(points) { point in
      let model = point.experiment.model
      let (d, p) = (Double(model.dimension), Double(model.width))
      return try result(
        point,
        [exits("chain", point.experiment, samples: p * d * (3 * log(d) - 7), error: 0.1 * d)])
    }
    #expect(fits.samples.count == 2)
    for (fit, p) in zip(fits.samples, [1.0, 2]) {
      #expect(abs(fit.fit.terms[0].estimate - 3 * p) < 1e-9)
      #expect(abs(fit.fit.terms[1].estimate + 7 * p) < 1e-8)
      #expect(fit.fit.chiSquare < 1e-10)
      #expect(fit.fit.degreesOfFreedom == 2)
      // One term alone cannot do it, and says so.
      #expect(try #require(fit.singleTerm.pValue) < 1e-6)
      let interval = fit.fit.terms[0].interval
      #expect(interval[0] < 3 * p && interval[1] > 3 * p)
    }
    // Width 1: μ = 1.6, c = 1/(2·1.6·0.1).
    #expect(try abs(#require(fits.samples[0].predictedPrefactor) - 3.125) < 1e-12)
    #expect(fits.noiseShift.isEmpty)
    #expect(fits.widthGain.isEmpty)
  }

  /// y = (log d + 2)/(2μ), x = y − 0.3 + 20/d with μ = 1.6.
  private func shifted(_ dimensions: String, error: Double = 1e-3) throws -> SweepFits {
    let points = try points("learning-rate: 0.1\nsweep: {dimension: \(dimensions)}")
    return try fits(points) { point in
      let d = Double(point.experiment.model.dimension)
      let y = (log(d) + 2) / 3.2
      let means = PairMeans(
        first: y - 0.3 + 20 / d, second: y, firstVariance: 100 * error * error,
        secondVariance: 100 * error * error, covariance: 99.5 * error * error)
      return try result(point, [], [pair(means)])
    }
  }

  @Test func `the shift and the dimension at which a margin begins are found`() throws {
    let fits = try shifted("[300, 1000, 3000, 10000]")
    let fit = try #require(fits.noiseShift.first)
    #expect(fits.noiseShift.count == 1)
    #expect(abs(fit.fit.terms[0].estimate + 0.3) < 1e-10)
    #expect(abs(fit.fit.terms[1].estimate - 20) < 1e-6)
    // The error of a paired difference: √(100 + 100 − 2·99.5) times `error`.
    #expect(abs(fit.values[0].standardError - 1e-3) < 1e-9)
    #expect(try abs(#require(fit.linearised) + log(1 + 4.8 / 3.2) / 3.2) < 1e-12)
    // 0.3 − 20/d = δ (log d + 2)/3.2, solved by bisection.
    func root(_ margin: Double) -> Double {
      var (low, high): (Double, Double) = (log(300.0), 300)
      for _ in 0..<200 {
        let middle = (low + high) / 2
        let shift = 0.3 - 20 * exp(-middle)
        if shift > margin * (middle + 2) / 3.2 {
          low = middle
        } else {
          high = middle
        }
      }
      return low / log(10.0)
    }
    for (margin, status) in [
      (0.01, MarginDimension.Status.extrapolated), (0.05, .extrapolated), (0.1, .inside),
    ] {
      let found = try #require(fit.margins.first { $0.margin == margin })
      #expect(found.status == status)
      let place = try #require(found.decimalLogarithm)
      #expect(abs(place - root(margin)) < 1e-6, "\(margin)")
      let ends = found.interval.map { $0 ?? .nan }
      #expect(ends[0] < place && place < ends[1], "\(margin)")
      if place < 300 { #expect(abs(log10(try #require(found.dimension)) - place) < 1e-9) }
    }
    let wide = try #require(fit.margins.first { $0.margin == 0.2 })
    #expect(wide.status == .everywhere)
    #expect(wide.dimension == nil)
  }

  @Test func `larger errors widen the interval of a margin`() throws {
    func width(_ error: Double) throws -> Double {
      let fit = try #require(
        try shifted("[300, 1000, 3000, 10000]", error: error).noiseShift.first)
      let interval = try #require(fit.margins.first { $0.margin == 0.05 }).interval
      return try #require(interval[1]) - #require(interval[0])
    }
    let (narrow, wide) = (try width(1e-3), try width(3e-3))
    #expect(abs(wide / narrow - 3) < 0.1)
  }

  @Test func `a start that is given has a shift but no margins`() throws {
    let points = try points(
      "learning-rate: 0.1\nstart: 'overlaps:0.02'\nsweep: {dimension: [1000, 3000]}")
    let means = PairMeans(
      first: 2.1, second: 2, firstVariance: 1e-4, secondVariance: 0, covariance: 0)
    let fits = try fits(points) { try result($0, [], [pair(means)]) }
    #expect(try abs(#require(fits.noiseShift.first).fit.terms[0].estimate - 0.1) < 1e-12)
    #expect(fits.noiseShift[0].margins.isEmpty)
  }

  /// 1/ν is a parabola in γ with its top at 1/4 p, and widths differ by a factor.
  @Test func `the gain is found between the rates of the grid`() throws {
    let points = try points(
      "dimension: 1000\nsweep: {width: [1, 2, 4], learning-rate-over-width: [0.15, 0.23, 0.35, 0.4]}"
    )
    let fits = try fits(points) { point in
      let model = point.experiment.model
      let rate = model.learningRate / Double(model.width)
      let speed = rate * (0.5 - rate) * Double(model.width).squareRoot() / 1e3
      return try result(
        point, [exits("chain", point.experiment, samples: 1 / speed, error: 0.01 / speed)])
    }
    let gain = try #require(fits.widthGain.first)
    #expect(fits.widthGain.count == 1)
    #expect(gain.widths.map(\.width) == [1, 2, 4])
    for (best, expected) in zip(gain.widths, [1, 2.0.squareRoot(), 2]) {
      #expect(abs(best.gain - expected) < 1e-9)
      #expect(abs(best.learningRate / Double(best.width) - 0.25) < 1e-9)
      #expect(!best.isAtEdge)
      #expect(best.rates == 4)
      if let interval = best.interval {
        #expect(interval[0] < expected && expected < interval[1])
        #expect(interval[1] / interval[0] < 1.06)
      }
    }
    #expect(gain.widths[0].interval == nil)
    #expect(try abs(#require(gain.largestPredictedGain) - 6) < 1e-12)
    #expect(try abs(#require(gain.widths[1].predictedGain) - 12.0 / 5) < 1e-12)
  }

  @Test func `a best rate at the edge of the grid is marked`() throws {
    let points = try points("dimension: 1000\nsweep: {width: [1, 2], learning-rate: [0.05, 0.1]}")
    let fits = try fits(points) { point in
      try result(
        point,
        [
          exits(
            "chain", point.experiment, samples: 100 / point.experiment.model.learningRate, error: 1)
        ])
    }
    #expect(try #require(fits.widthGain.first).widths.allSatisfy(\.isAtEdge))
    #expect(fits.widthGain[0].widths.allSatisfy { $0.learningRate == 0.1 })
  }

  @Test func `headline claims are adjusted by Holm, the map by Benjamini and Hochberg`() throws {
    let points = try points("learning-rate: 0.1\nsweep: {dimension: [50, 60, 70]}")
    let values: [(Double, Double)] = [(0.9, 0.01), (0.03, 0.8), (0.5, 0.04)]
    let results = try zip(points, values).map { point, values in
      let chain = pair(nil, equivalence: values.0, difference: values.1)
      return try result(point, [], [chain, pair(nil, "sde", equivalence: 0.001, difference: 1)])
    }
    let table = SweepSummary.verdictTable(points, try VerdictMap(points, results))
    func column(_ name: String, headline: Bool) -> [DataValue] {
      table.rows.filter { $0["headline"] == .flag(headline) }.map { $0[name] }
    }
    func number(_ cell: DataValue) -> Double {
      if case .number(let value) = cell { return value }
      return .nan
    }
    let holm = column("difference_holm", headline: true).map(number)
    for (found, expected) in zip(holm, [0.03, 0.8, 0.08]) { #expect(abs(found - expected) < 1e-12) }
    #expect(
      column("headline_verdict", headline: true)
        == [.word("different"), .word("undetermined"), .word("undetermined")])
    // Six p-values of equivalence: 0.001 three times, then 0.03, 0.5, 0.9.
    let rates = column("equivalence_benjamini_hochberg", headline: true).map(number)
    for (found, expected) in zip(rates, [0.9, 0.045, 0.6]) {
      #expect(abs(found - expected) < 1e-12)
    }
    #expect(column("map_verdict", headline: false).allSatisfy { $0 == .word("equivalent") })
    #expect(column("equivalence_holm", headline: false).allSatisfy { $0 == .none })
  }

  @Test func `an adjusted verdict claims nothing that its pair by itself does not`() throws {
    let points = try points("learning-rate: 0.1\nsweep: {dimension: [50, 60, 70]}")
    // The second is withheld for another reason than its p-value, as for what censoring hides.
    let verdicts: [Verdict?] = [nil, .undetermined, nil]
    let results = try zip(points, verdicts).map { point, verdict in
      try result(point, [], [pair(nil, equivalence: 0.02, difference: 1, verdict: verdict)])
    }
    let table = SweepSummary.verdictTable(points, try VerdictMap(points, results))
    func column(_ name: String) -> [DataValue] { table.rows.map { $0[name] } }
    #expect(
      column("map_verdict") == [.word("equivalent"), .word("undetermined"), .word("equivalent")])
    #expect(column("headline_verdict")[1] == .word("undetermined"))
    // It counts as a p-value of 1: 0.02 · 3/2, not 0.02.
    #expect(column("equivalence_benjamini_hochberg")[0] == .number(0.03))
    #expect(column("equivalence_benjamini_hochberg")[1] == .number(1))
  }

  @Test func `a table quotes what CSV wants in quotes`() {
    let rows = [("x, \"y\"", Double.nan, 3), ("plain", 0.1, nil)]
    let columns: [Column<(String, Double, Int?)>] = [
      Column("a", "words") { $0.0 }, Column("b", "numbers") { $0.1 },
      Column("c", "counts") { $0.2 },
    ]
    let table = DataTable(
      "table", along: [(.numbers(.time, [0.5, 2]), [0, 1])], columns, rows)
    #expect(
      String(decoding: table.csv, as: UTF8.self)
        == "time,a,b,c\n0.5,\"x, \"\"y\"\"\",,3\n2.0,plain,0.1,\n")
  }
}
