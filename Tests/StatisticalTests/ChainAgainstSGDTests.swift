import Dynamics
import GSL
import Testing

/// The exact chain has the law of full SGD.
@Suite struct ChainAgainstSGDTests {
  struct Case: Sendable, CustomStringConvertible {
    let width: Int
    let dimension: Int
    let isRandom: Bool
    var description: String { "p = \(width), d = \(dimension), random starts \(isRandom)" }
  }

  static let cases = [(1, 50), (1, 200), (2, 100), (5, 60), (5, 300)].flatMap { width, dimension in
    [true, false].map { Case(width: width, dimension: dimension, isRandom: $0) }
  }

  /// The smallest KS p-value over two thresholds, with the chain at its own label noise.
  private func pValue(_ item: Case, chainNoise: Double, chainRate: Double = 0.1) async throws
    -> Double
  {
    let p = Double(item.width)
    let rule = try ExitRule(thresholds: [0.05, 0.5], horizon: 40)
    let model = try Model(
      dimension: item.dimension, width: item.width, learningRate: 0.1 * p, labelNoise: 0.1)
    let other = try Model(
      dimension: item.dimension, width: item.width, learningRate: chainRate * p,
      labelNoise: chainNoise)
    let overlaps = (0..<item.width).map { 0.15 - 0.05 * Double($0) }
    let start: Start = item.isRandom ? .random : try .overlaps(overlaps, of: model)
    let full = try await exitTimes(
      FullSGD(model: model, exitRule: rule), replicas: 3000, start: start, seed: 11)
    let chain = try await exitTimes(
      ReducedChain(model: other, exitRule: rule), replicas: 3000, start: start, seed: 12)
    return try zip(full, chain).map { try kolmogorovSmirnov($0, $1) }.min() ?? 0
  }

  // Two thresholds, each at half the rate.
  @Test(arguments: cases)
  func `exit times have one law`(item: Case) async throws {
    #expect(try await pValue(item, chainNoise: 0.1) > falseAlarmRate / 2)
  }

  @Test func `a label noise that is wrong is seen`() async throws {
    let item = Case(width: 2, dimension: 100, isRandom: false)
    #expect(try await pValue(item, chainNoise: 2) < falseAlarmRate / 2)
  }

  @Test func `a learning rate that is 20% wrong is seen`() async throws {
    let item = Case(width: 2, dimension: 100, isRandom: false)
    #expect(try await pValue(item, chainNoise: 0.1, chainRate: 0.12) < falseAlarmRate / 2)
  }

  /// At d = 12 a step is a sizeable part of the exit, so that a shift by one step is seen.
  private func stepLaw(_ shift: Double) async throws -> Double {
    let model = try Model(dimension: 12, width: 2, learningRate: 0.3, labelNoise: 0.1)
    let rule = try ExitRule(thresholds: [0.05], horizon: 40)
    let start = try Start.overlaps([0.3, 0.2], of: model)
    let full = try await exitTimes(
      FullSGD(model: model, exitRule: rule), replicas: 20_000, start: start, seed: 13)
    let chain = try await exitTimes(
      ReducedChain(model: model, exitRule: rule), replicas: 20_000, start: start, seed: 14)
    let shifted = chain[0].map { $0 + shift * model.timePerStep }
    return try kolmogorovSmirnov(full[0], shifted)
  }

  @Test func `steps are counted alike`() async throws {
    #expect(try await stepLaw(0) > falseAlarmRate)
  }

  @Test func `a count that is off by one is seen`() async throws {
    #expect(try await stepLaw(1) < falseAlarmRate)
  }

  @Test func `two teacher units and an unequal second layer have one law`() async throws {
    let model = try Model(
      dimension: 80, width: 3, teacherUnits: 2, learningRate: 0.25, labelNoise: 0.1,
      secondLayer: [1, 0.7, 1.3])
    let rule = try ExitRule(thresholds: [0.05, 0.3], horizon: 20)
    let full = try await exitTimes(
      FullSGD(model: model, exitRule: rule), replicas: 3000, start: .random, seed: 15)
    let chain = try await exitTimes(
      ReducedChain(model: model, exitRule: rule), replicas: 3000, start: .random, seed: 16)
    for (x, y) in zip(full, chain) {
      #expect(x.contains { $0.isFinite })
      #expect(try kolmogorovSmirnov(x, y) > falseAlarmRate / 2)
    }
  }

  @Test func `no coordinates beside the fields leave the law the same`() async throws {
    // d = p + k: |x|² has no degrees of freedom left outside the frame.
    let model = try Model(dimension: 3, width: 2, learningRate: 0.05, labelNoise: 0.1)
    let rule = try ExitRule(thresholds: [0.05, 0.3], horizon: 20)
    let start = try Start.overlaps([0.3, 0.2], of: model)
    let full = try await exitTimes(
      FullSGD(model: model, exitRule: rule), replicas: 5000, start: start, seed: 17)
    let chain = try await exitTimes(
      ReducedChain(model: model, exitRule: rule), replicas: 5000, start: start, seed: 18)
    for (x, y) in zip(full, chain) {
      #expect(try kolmogorovSmirnov(x, y) > falseAlarmRate / 2)
    }
  }
}

/// The chain's lanes have the law of its general path, on other random numbers.
@Suite struct LaneChainLawTests {
  private func pValue(_ laneNoise: Double) async throws -> Double {
    let rule = try ExitRule(thresholds: [0.05, 0.5], horizon: 40)
    func model(_ noise: Double) throws -> Model {
      try Model(dimension: 100, learningRate: 0.1, labelNoise: noise)
    }
    let start = try Start.overlaps([0.1], of: model(0.1))
    let general = try await exitTimes(
      ReducedChain(model: model(0.1), exitRule: rule, usesLanes: false), replicas: 20_000,
      start: start, seed: 51)
    let lanes = try await exitTimes(
      ReducedChain(model: model(laneNoise), exitRule: rule), replicas: 20_000, start: start,
      seed: 52)
    return try zip(general, lanes).map { try kolmogorovSmirnov($0, $1) }.min() ?? 0
  }

  @Test func `lanes and general path have one law`() async throws {
    #expect(try await pValue(0.1) > falseAlarmRate / 2)
  }

  @Test func `a label noise that is wrong is seen in 20000 replicas`() async throws {
    #expect(try await pValue(1) < falseAlarmRate / 2)
  }
}
