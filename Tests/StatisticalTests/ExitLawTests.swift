import Dynamics
import Foundation
import GSL
import Statistics
import Testing

/// The law of the SDE's exit time by its transform.
@Suite struct ExitLawTests {
  private func diffusion(_ item: ExitMoments) throws -> (ScalarDiffusion, boundary: Double) {
    let model = try Model(
      dimension: item.dimension, learningRate: item.learning_rate, labelNoise: item.label_noise)
    return (
      try ScalarDiffusion(model: model, finiteSizeDrift: item.finite_size_drift),
      exitBoundary(threshold: item.threshold, overlap: item.start, model: model)
    )
  }

  private func law(_ item: ExitMoments, intervals: Int = 1000) throws -> ExitLaw {
    let (diffusion, boundary) = try diffusion(item)
    return try ExitLaw(
      diffusion: diffusion, start: item.start, boundary: boundary, intervals: intervals)
  }

  @Test func `moments equal those of an independent program`() throws {
    for item in ExitMoments.all {
      let law = try law(item)
      #expect(abs(law.mean / item.mean - 1) < 1e-7)
      #expect(abs(law.standardDeviation / item.standard_deviation - 1) < 1e-7)
      #expect(law.momentError < 1e-7)
    }
  }

  @Test func `the curve equals that of the time-stepped backward equation`() throws {
    for item in ExitMoments.all {
      let law = try law(item)
      let (diffusion, boundary) = try diffusion(item)
      let other = BackwardEquation(
        diffusion: diffusion, start: item.start, boundary: boundary, intervals: 400)
      let distance = zip(other.times, other.survival).map { abs(law.survival(at: $0) - $1) }.max()
      #expect(try #require(distance) < 2 * other.survivalError + law.survivalError)
      #expect(other.survivalError < 2e-3)
      #expect(law.survivalError < 1e-6)
    }
  }

  @Test func `quantiles invert the curve, and the density is its slope`() throws {
    let law = try law(ExitMoments.all[0])
    for probability in [1e-4, 0.05, 0.5, 0.95, 0.9999] {
      let time = try #require(law.quantile(probability))
      #expect(abs(law.survival(at: time) - (1 - probability)) < 1e-9)
    }
    var area = 0.0
    for i in law.times.indices.dropFirst() {
      area +=
        0.5 * (law.density[i] + law.density[i - 1]) * (law.times[i] - law.times[i - 1])
      if i % 100 == 0 { #expect(abs(1 - area - law.survival[i]) < 1e-4) }
    }
  }

  @Test func `refining the grid shows an order of four or more in the extrapolated mean`() throws {
    let item = try ExitMoments.of(dimension: 300, threshold: 0.5, finiteSizeDrift: true)
    let (diffusion, boundary) = try diffusion(item)
    let exact = try law(item).mean
    let errors = try [16, 32, 64].map { intervals in
      abs(
        try ExitLaw.unrefinedMoments(
          diffusion: diffusion, start: item.start, boundary: boundary, intervals: intervals
        ).mean - exact)
    }
    print("extrapolated mean, error on 32, 64, 128 intervals: \(errors)")
    // Two halvings at order four divide the error by 16².
    #expect(errors[0] > 256 * errors[2], "\(errors)")
  }

  /// The law at both ends by a program that solves the backward equation by another method.
  private struct Reference: Decodable, Sendable {
    let always: [Case]
    let watched: [Case]

    struct Case: Decodable, Sendable {
      let dimension: Int
      let learning_rate: Double
      let label_noise: Double
      let threshold: Double
      let start: Double?
      let watch_interval: Double?
      let mean: Double
      let standard_deviation: Double
      let times: [Double]
      let survival: [Double]

      func model() throws -> Model {
        try Model(dimension: dimension, learningRate: learning_rate, labelNoise: label_noise)
      }

      func law() throws -> ExitLaw {
        let model = try model()
        return try ExitLaw(
          model: model, start: try start.map { try .overlaps([$0], of: model) } ?? .random,
          threshold: threshold, finiteSizeDrift: true, watchInterval: watch_interval)
      }
    }

    static func read() throws -> Reference {
      let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
      return try JSONDecoder().decode(
        Reference.self,
        from: Data(contentsOf: root.appendingPathComponent("data/reference/exit_law.json")))
    }
  }

  @Test func `means and spreads up to both ends equal those of an independent program`() throws {
    let cases = try Reference.read().always
    #expect(cases.count == 65)
    for item in cases {
      let model = try item.model()
      let moments = try ExitLaw.moments(
        model: model, start: try item.start.map { try .overlaps([$0], of: model) } ?? .random,
        threshold: item.threshold, finiteSizeDrift: true)
      #expect(abs(moments.mean / item.mean - 1) < 1e-6, "\(item)")
      #expect(abs(moments.standardDeviation / item.standard_deviation - 1) < 1e-6, "\(item)")
    }
  }

  @Test func `survival up to both ends equals that of an independent program`() throws {
    for item in try Reference.read().always where !item.times.isEmpty {
      let law = try item.law()
      for (time, survival) in zip(item.times, item.survival) {
        #expect(abs(law.survival(at: time) - survival) < 1e-6, "\(item) at \(time)")
      }
    }
  }

  @Test func `watched at intervals, the law is the watched problem's within the error it claims`()
    throws
  {
    for item in try Reference.read().watched {
      let law: ExitLaw
      do {
        law = try item.law()
      } catch is LawUnavailable {
        // Steps as large as the way: refused.
        #expect(item.watch_interval == 0.0427)
        continue
      }
      #expect(abs(law.mean / item.mean - 1) < law.momentError + 1e-7, "\(item)")
      #expect(
        abs(law.standardDeviation / item.standard_deviation - 1) < law.momentError + 1e-7, "\(item)"
      )
      #expect(law.momentError < 4e-3)
      if item.watch_interval == 0.016 {
        // Sabotage: the shifted boundary without the delay h/4.
        let early = law.mean - 0.25 * 0.016
        #expect(abs(early / item.mean - 1) > 10 * law.momentError)
      }
      for (time, survival) in zip(item.times, item.survival) {
        #expect(abs(law.survival(at: time) - survival) < law.survivalError + 1e-7, "\(item)")
      }
    }
  }

  @Test func `a law beyond the plateau of label noise is refused with the reason`() throws {
    let model = try Model(dimension: 3000, learningRate: 0.1, labelNoise: 1e-4)
    #expect {
      _ = try ExitLaw(model: model, start: .random, threshold: 0.999_999, finiteSizeDrift: true)
    } throws: { error in
      "\(error)".contains("beyond the plateau")
    }
    // A path that starts at the teacher is not on a plateau.
    #expect(throws: LawUnavailable.self) {
      _ = try ExitLaw(
        model: model, start: .overlaps([1], of: model), threshold: 0.5, finiteSizeDrift: true)
    }
  }

  @Test(arguments: [(30, 0.5), (1000, 0.01), (1_000_000, 0.1)])
  func `random starts are the mean over fixed ones`(dimension: Int, threshold: Double) throws {
    let model = try Model(dimension: dimension, learningRate: 0.1, labelNoise: 0.01)
    let law = try ExitLaw(
      model: model, start: .random, threshold: threshold, finiteSizeDrift: true)
    // The trapezoidal rule over fixed starts, whose laws are solved one by one.
    let exponent = Double(dimension - 3) / 2
    let end = min(0.99, 8 / Double(dimension).squareRoot())
    let time = try #require(law.quantile(0.7))
    var (weights, mean, survival) = (0.0, 0.0, 0.0)
    for index in 0..<24 {
      let overlap = end * Double(index) / 24
      let weight = (index == 0 ? 0.5 : 1) * exp(exponent * log1p(-overlap * overlap))
      let fixed = try ExitLaw(
        model: model, start: .overlaps([overlap], of: model), threshold: threshold,
        finiteSizeDrift: true, intervals: 100)
      weights += weight
      mean += weight * fixed.mean
      survival += weight * fixed.survival(at: time)
    }
    (mean, survival) = (mean / weights, survival / weights)
    #expect(abs(law.mean / mean - 1) < 1e-4)
    #expect(abs(survival - 0.3) < 1e-4)
    #expect(law.survivalError < 1e-5)
    // Sabotage: a start of the wrong dimension.
    let wrong = try ExitLaw(
      diffusion: ScalarDiffusion(model: model, finiteSizeDrift: true),
      dimension: dimension * 11 / 10,
      boundary: { exitBoundary(threshold: threshold, overlap: $0, model: model) })
    #expect(abs(wrong.mean / mean - 1) > 1e-3)
  }

  @Test func `with hardly any noise the exit is that of the ODE`() throws {
    let model = try Model(dimension: 1_000_000, learningRate: 1e-4, labelNoise: 0)
    let law = try ExitLaw(
      model: model, start: .overlaps([0.01], of: model), threshold: 0.5, finiteSizeDrift: true)
    let ode = try #require(
      EscapeTheory(model: model).logisticExitTime(threshold: 0.5, overlap: 0.01))
    #expect(abs(law.mean / ode - 1) < 1e-4)
    #expect(law.standardDeviation < 2e-3 * ode)
    #expect(law.survivalError < 1e-3)
  }

  @Test func `the linearised law is that of log Gaussian`() throws {
    let model = try Model(dimension: 100_000_000, learningRate: 0.1, labelNoise: 1e-4)
    let law = try LinearisedExitLaw(model: model, start: .random, threshold: 0.01)
    // Var log|G| = π²/8, and E log|G| = −(γ + log 2)/2 with Euler's γ.
    #expect(abs(law.standardDeviation * law.growthRate / (.pi / 8.0.squareRoot()) - 1) < 1e-4)
    let gain = log(0.01) - 2 * log(law.spread) + 0.5772156649015329 + log(2)
    #expect(abs(law.mean / (gain / (2 * law.growthRate)) - 1) < 1e-5)
    #expect(abs(law.noiseShift - -0.286) < 5e-4)
    for probability in [0.01, 0.5, 0.99] {
      #expect(abs(law.survival(at: law.quantile(probability)) - (1 - probability)) < 1e-12)
    }
    // A start far from 0 with hardly any noise.
    let sharp = try LinearisedExitLaw(
      model: Model(dimension: 100_000_000, learningRate: 1e-6),
      start: .overlaps([0.001], of: model), threshold: 0.01)
    let wanted = log(0.99 + 0.01 * 1e6) / (2 * sharp.growthRate)
    #expect(abs(sharp.mean / wanted - 1) < 1e-6)
    let whole = try ExitLaw(model: model, start: .random, threshold: 0.01, finiteSizeDrift: true)
    let distance = whole.times.indices.map {
      abs(whole.survival[$0] - law.survival(at: whole.times[$0]))
    }.max()
    #expect(try #require(distance) < 3e-3)
  }

  private struct Watch: Sendable, CustomTestStringConvertible {
    let threshold: Double
    let isRandom: Bool
    var testDescription: String { "T = \(threshold), \(isRandom ? "random" : "fixed") start" }
  }

  @Test(arguments: [
    Watch(threshold: 0.01, isRandom: false), Watch(threshold: 0.5, isRandom: false),
    Watch(threshold: 0.01, isRandom: true), Watch(threshold: 0.5, isRandom: true),
  ])
  private func `replicas of the SDE have this law`(watch: Watch) async throws {
    let model = try Model(dimension: 3000, learningRate: 0.1, labelNoise: 1e-4)
    let start: Start = watch.isRandom ? .random : try .overlaps([0.0184786795], of: model)
    let law = try ExitLaw(
      model: model, start: start, threshold: watch.threshold, finiteSizeDrift: true)
    let engine = try DiffusionLimit(
      model: model, exitRule: ExitRule(thresholds: [watch.threshold], horizon: 60),
      timeStep: 1.0 / 512)
    let sample = try await exitTimes(engine, replicas: 100_000, start: start, seed: 61)
    func pValue(_ times: [Double]) throws -> Double {
      try OneSampleBattery(ExitSample(times)) { law.survival(at: $0) }.kolmogorovSmirnov.pValue
    }
    #expect(try pValue(sample[0]) > falseAlarmRate)
    // Sabotage: exits three per cent late.
    #expect(try pValue(sample[0].map { $0 * 1.03 }) < falseAlarmRate)
  }

  @Test(arguments: [(false, 0.01), (true, 0.5)])
  func `replicas of the chain have the law watched at its steps`(
    isRandom: Bool, threshold: Double
  ) async throws {
    let model = try Model(dimension: 1000, learningRate: 0.1, labelNoise: 1e-4)
    let start: Start = isRandom ? .random : try .overlaps([0.03], of: model)
    let engine = try ReducedChain(
      model: model, exitRule: ExitRule(thresholds: [threshold], horizon: 60))
    let sample = try await exitTimes(engine, replicas: 50_000, start: start, seed: 62)
    func pValue(_ interval: Double?, growth: Double = 1) throws -> Double {
      let law = try ExitLaw(
        model: model, start: start, threshold: threshold, finiteSizeDrift: true,
        watchInterval: interval)
      return try OneSampleBattery(ExitSample(sample[0]), lattice: model.clock.timePerStep) {
        law.survival(at: growth * $0)
      }.kolmogorovSmirnov.pValue
    }
    #expect(try pValue(model.clock.timePerStep) > falseAlarmRate)
    // Sabotage: a law four per cent early.
    #expect(try pValue(model.clock.timePerStep, growth: 1.04) < falseAlarmRate)
  }
}
