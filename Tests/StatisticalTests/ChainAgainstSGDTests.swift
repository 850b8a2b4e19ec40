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
    let shifted = chain[0].map { $0 + shift * model.clock.timePerStep }
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

/// The vector kernels have the law of the general paths, on other random numbers.
@Suite struct KernelLawTests {
  private let rule: ExitRule

  init() throws { rule = try ExitRule(thresholds: [0.05, 0.5], horizon: 40) }

  private func model(_ width: Int, noise: Double = 0.1) throws -> Model {
    try Model(
      dimension: 60, width: width, learningRate: 0.1 * Double(width), labelNoise: noise,
      secondLayer: (0..<width).map { 1 - 0.02 * Double($0) })
  }

  private func chain(_ width: Int, noise: Double, lanes: Bool, seed: UInt64) async throws
    -> [[Double]]
  {
    let overlaps = (0..<width).map { 0.15 / Double(1 + $0) }
    return try await exitTimes(
      ReducedChain(model: model(width, noise: noise), exitRule: rule, usesKernels: lanes),
      replicas: width > 10 ? 2000 : 10_000, start: .overlaps(overlaps, of: model(width)),
      seed: seed)
  }

  private func sgd(_ width: Int, noise: Double, kernel: Bool, seed: UInt64) async throws
    -> [[Double]]
  {
    let overlaps = (0..<width).map { 0.15 / Double(1 + $0) }
    return try await exitTimes(
      FullSGD(model: model(width, noise: noise), exitRule: rule, usesKernel: kernel),
      replicas: 4000, start: .overlaps(overlaps, of: model(width)), seed: seed)
  }

  private func pValue(_ first: [[Double]], _ second: [[Double]]) throws -> Double {
    try zip(first, second).map { try kolmogorovSmirnov($0, $1) }.min() ?? 0
  }

  @Test(arguments: [1, 2, 5, 20])
  func `kernels and general path of the chain have one law`(width: Int) async throws {
    let lanes = try await chain(width, noise: 0.1, lanes: true, seed: 51)
    let general = try await chain(width, noise: 0.1, lanes: false, seed: 52)
    #expect(try pValue(lanes, general) > falseAlarmRate / 2)
  }

  @Test(arguments: [1, 2, 5])
  func `kernel and general path of full SGD have one law`(width: Int) async throws {
    let kernel = try await sgd(width, noise: 0.1, kernel: true, seed: 53)
    let general = try await sgd(width, noise: 0.1, kernel: false, seed: 54)
    #expect(try pValue(kernel, general) > falseAlarmRate / 2)
  }

  @Test(arguments: [1, 2])
  func `a label noise that is wrong is seen`(width: Int) async throws {
    let lanes = try await chain(width, noise: 2, lanes: true, seed: 55)
    let general = try await chain(width, noise: 0.1, lanes: false, seed: 56)
    #expect(try pValue(lanes, general) < falseAlarmRate / 2)
    let kernel = try await sgd(width, noise: 2, kernel: true, seed: 57)
    let weights = try await sgd(width, noise: 0.1, kernel: false, seed: 58)
    #expect(try pValue(kernel, weights) < falseAlarmRate / 2)
  }
}

/// Full SGD whose input is made in single precision has the law of the rest.
///
/// `make single-precision` asks the same of a million replicas.
@Suite struct SinglePrecisionLawTests {
  /// The smaller p-value of two thresholds, against double precision or the exact chain.
  private func pValue(
    _ width: Int, noise: Double = 0.1, rate: Double = 0.1, againstChain: Bool
  ) async throws -> Double {
    let rule = try ExitRule(thresholds: [0.05, 0.5], horizon: 40)
    func model(_ noise: Double, _ rate: Double) throws -> Model {
      try Model(
        dimension: 60, width: width, learningRate: rate * Double(width), labelNoise: noise)
    }
    let right = try model(0.1, 0.1)
    let start = try Start.overlaps((0..<width).map { 0.15 / Double(1 + $0) }, of: right)
    let other: any Engine =
      againstChain
      ? try ReducedChain(model: right, exitRule: rule)
      : try FullSGD(model: right, exitRule: rule)
    let single = try await exitTimes(
      FullSGD(model: model(noise, rate), exitRule: rule, precision: .single), replicas: 6000,
      start: start, seed: 61)
    let expected = try await exitTimes(
      other, replicas: againstChain ? 20_000 : 6000, start: start, seed: 62)
    return try zip(single, expected).map { try kolmogorovSmirnov($0, $1) }.min() ?? 0
  }

  @Test(arguments: [1, 2, 5], [false, true])
  func `exit times have one law`(width: Int, againstChain: Bool) async throws {
    #expect(try await pValue(width, againstChain: againstChain) > falseAlarmRate / 2)
  }

  @Test(arguments: [1, 2])
  func `a learning rate that is 10% wrong is seen`(width: Int) async throws {
    #expect(try await pValue(width, rate: 0.11, againstChain: true) < falseAlarmRate / 2)
  }

  @Test(arguments: [1, 2])
  func `a label noise that is wrong is seen`(width: Int) async throws {
    #expect(try await pValue(width, noise: 2, againstChain: false) < falseAlarmRate / 2)
  }
}
