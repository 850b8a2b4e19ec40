import Dynamics
import GSL
import Testing

/// Whatever the signs of the second layer, the vector kernels give the law of the general path.
@Suite struct SecondLayerSignTests {
  enum Weights: String, CaseIterable, Sendable {
    case negative, mixed, cancelling, withZeros, large

    func values(_ width: Int) -> [Double] {
      (0..<width).map { j in
        switch self {
        case .negative: return -1
        case .mixed: return j % 2 == 0 ? -1.5 : 0.5
        // Σ a = 0, but for an odd width.
        case .cancelling: return j % 2 == 0 ? 1 : -1
        case .withZeros: return [0, -1, 1][j % 3]
        case .large: return j % 2 == 0 ? -3 : 2
        }
      }
    }
  }

  struct Case: Sendable, CustomStringConvertible {
    let kind: DynamicsKind
    let width: Int
    var precision = InputPrecision.double
    var dimension = 40
    var replicas = 250
    var description: String { "\(kind), p = \(width), \(precision)" }
  }

  // The scalar chain and those of several and of many students, the scalar SDE and that of networks, full
  // SGD of one row and of several, in both precisions.
  static let cases = [
    Case(kind: .chain, width: 1), Case(kind: .chain, width: 2), Case(kind: .chain, width: 8),
    Case(kind: .chain, width: 17, replicas: 120),
    Case(kind: .chain, width: 40, dimension: 50, replicas: 60),
    Case(kind: .chain, width: 66, dimension: 80, replicas: 25), Case(kind: .sde, width: 1),
    Case(kind: .sde, width: 2), Case(kind: .sde, width: 8, replicas: 60),
    Case(kind: .sgd, width: 1), Case(kind: .sgd, width: 2), Case(kind: .sgd, width: 8),
    Case(kind: .sgd, width: 17, replicas: 100),
    Case(kind: .sgd, width: 1, precision: .single), Case(kind: .sgd, width: 8, precision: .single),
  ]

  private func times(
    _ item: Case, _ weights: [Double], usesKernels: Bool, rate: Double = 0.1, seed: UInt64
  ) async throws -> [[Double]] {
    let p = item.width
    let largest = weights.reduce(1) { max($0, abs($1)) }
    let model = try Model(
      dimension: item.dimension, width: p, learningRate: rate * Double(p) / (largest * largest),
      labelNoise: 0.1, secondLayer: weights)
    let rule = try ExitRule(thresholds: [0.005, 0.02, 0.1], horizon: 0.25)
    // Students that overlap, so that each kind of weights has a way for the risk to fall.
    let start = try Start.overlaps((0..<p).map { 0.5 / Double(1 + $0) }, of: model)
    let engine: any Engine
    switch item.kind {
    case .chain:
      engine = try ReducedChain(model: model, exitRule: rule, usesKernels: usesKernels)
    case .sgd:
      engine = try FullSGD(
        model: model, exitRule: rule, precision: usesKernels ? item.precision : .double,
        usesKernel: usesKernels)
    default:
      engine = try DiffusionLimit(
        model: model, exitRule: rule, timeStep: 1.0 / 64, usesKernels: usesKernels)
    }
    return try await exitTimes(engine, replicas: item.replicas, start: start, seed: seed)
  }

  @Test(arguments: cases, Weights.allCases)
  func `kernels have the general path's law`(item: Case, weights: Weights) async throws {
    let a = weights.values(item.width)
    let kernel = try await times(item, a, usesKernels: true, seed: 21)
    let general = try await times(item, a, usesKernels: false, seed: 22)
    for (first, second) in zip(kernel, general) {
      #expect(first.allSatisfy { $0 >= 0 })
      #expect(try kolmogorovSmirnov(first, second) > falseAlarmRate, "\(item), \(weights)")
    }
  }

  @Test func `a student of negative weight leaves at the general path's time in all dynamics`()
    async throws
  {
    var samples: [[Double]] = []
    for kind in [DynamicsKind.chain, .sgd, .sde] {
      let item = Case(kind: kind, width: 1, dimension: 200, replicas: 400)
      samples.append(try await times(item, [-1], usesKernels: true, seed: 23)[2])
    }
    #expect(samples.allSatisfy { $0.count(where: \.isFinite) > 300 && $0.allSatisfy { $0 > 0 } })
    for other in samples.dropFirst() {
      #expect(try kolmogorovSmirnov(samples[0], other) > falseAlarmRate)
    }
  }

  @Test func `at half the rate the laws differ`() async throws {
    let item = Case(kind: .chain, width: 2, replicas: 250)
    let a = Weights.negative.values(2)
    let kernel = try await times(item, a, usesKernels: true, seed: 21)
    let slower = try await times(item, a, usesKernels: false, rate: 0.4, seed: 22)
    let smallest = try zip(kernel, slower).map { try kolmogorovSmirnov($0, $1) }.min() ?? 1
    #expect(smallest < falseAlarmRate)
  }

  @Test func `a second layer of zeros never leaves`() async throws {
    for kind in [DynamicsKind.chain, .sgd, .sde] {
      for width in [1, 2] {
        let item = Case(kind: kind, width: width, replicas: 20)
        let times = try await times(
          item, Array(repeating: 0, count: width), usesKernels: true, seed: 24)
        #expect(times.joined().allSatisfy { !$0.isFinite }, "\(kind), p = \(width)")
      }
    }
  }
}
