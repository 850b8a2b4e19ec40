import Dynamics
import GSL
import Testing

/// Beyond phase retrieval, too, the vector kernels give the law of the general path.
@Suite struct NetworkKernelLawTests {
  struct Case: Sendable, CustomStringConvertible {
    let kind: DynamicsKind
    let activation: Activation
    var width = 2
    var units = 1
    var target: Target? = nil
    var constraint = Constraint.spherical
    var rule = LearningRule.oneSample
    var secondLayerRate = 0.0
    var precision = InputPrecision.double
    var description: String {
      "\(kind), \(activation.name), p = \(width), k = \(units), \(constraint), \(precision)"
    }
  }

  static let cases: [Case] = [
    Case(kind: .chain, activation: .square, width: 4, units: 2),
    Case(kind: .chain, activation: .erf, units: 2),
    Case(kind: .chain, activation: .erf, units: 2, constraint: .free),
    Case(kind: .chain, activation: .relu, width: 4, constraint: .lagrange),
    Case(kind: .chain, activation: .relu, width: 3, units: 2, secondLayerRate: 0.02),
    Case(
      kind: .chain, activation: .tanh, width: 1,
      target: .hermiteTerms([HermiteTerm(coefficient: 1, degrees: [3])])),
    Case(kind: .chain, activation: .sigmoid, constraint: .riemannian),
    Case(
      kind: .chain, activation: .softplus, rule: try! LearningRule(lookAhead: 0.2)),
    Case(
      kind: .chain, activation: .hermite([0, 1, 0.5]), constraint: .free,
      rule: try! LearningRule(loss: .correlation)),
    Case(kind: .sgd, activation: .square, width: 4, units: 2),
    Case(kind: .sgd, activation: .erf, precision: .single),
    Case(kind: .sgd, activation: .relu, width: 3, constraint: .lagrange, secondLayerRate: 0.02),
    Case(
      kind: .sgd, activation: .tanh, constraint: .riemannian,
      rule: try! LearningRule(batchSize: 3, lookAhead: 0.2)),
    Case(
      kind: .sgd, activation: .erf, constraint: .free,
      rule: try! LearningRule(batchSize: 2, repetitions: 3)),
  ]

  private func times(
    _ item: Case, usesKernels: Bool, rate: Double = 0.4, seed: UInt64
  ) async throws -> [[Double]] {
    let model = try Model(
      dimension: 50, width: item.width, teacherUnits: item.units, learningRate: rate,
      labelNoise: 0.05, secondLayerRate: item.secondLayerRate, activation: item.activation,
      target: item.target, constraint: item.constraint, rule: item.rule)
    let rule = try ExitRule(thresholds: [0.02, 0.1, 0.3], horizon: 3)
    let engine: any Engine =
      item.kind == .chain
      ? try ReducedChain(model: model, exitRule: rule, usesKernels: usesKernels)
      : try FullSGD(
        model: model, exitRule: rule, precision: usesKernels ? item.precision : .double,
        usesKernel: usesKernels)
    return try await exitTimes(engine, replicas: 800, start: .random, seed: seed)
  }

  @Test(arguments: cases) func `kernels have the general path's law`(item: Case) async throws {
    let kernel = try await times(item, usesKernels: true, seed: 41)
    let general = try await times(item, usesKernels: false, seed: 42)
    #expect(kernel.contains { $0.count(where: \.isFinite) > 100 })
    for (first, second) in zip(kernel, general) {
      #expect(try kolmogorovSmirnov(first, second) > falseAlarmRate / 3)
    }
  }

  @Test(arguments: [0, 1, 9, 10]) func `twice the rate is seen`(index: Int)
    async throws
  {
    let item = Self.cases[index]
    let kernel = try await times(item, usesKernels: true, seed: 41)
    let other = try await times(item, usesKernels: false, rate: 0.8, seed: 42)
    let smallest = try zip(kernel, other).map { try kolmogorovSmirnov($0, $1) }.min() ?? 1
    #expect(smallest < falseAlarmRate / 3)
  }
}
