import Dynamics
import GSL
import Testing

/// By every rule of learning the exact chain has the law of full SGD, which takes its steps on the weights themselves.
@Suite struct LearningRuleLawTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var dimension = 40
    var width = 1
    var teacherUnits = 1
    var learningRate = 0.4
    var activation = Activation.square
    var target: Target? = nil
    var constraint = Constraint.spherical
    var secondLayerRate = 0.0
    var normalisesSecondLayer = false
    var batchSize = 1
    var loss = LearningRule.Loss.square
    var lookAhead = 0.0
    var repetitions = 1
    var steps = 30

    func model() throws -> Model {
      try Model(
        dimension: dimension, width: width, teacherUnits: teacherUnits,
        learningRate: learningRate, labelNoise: 0.1,
        secondLayer: (0..<width).map { 1.2 - 0.4 * Double($0) }.balanced,
        secondLayerRate: secondLayerRate, normalisesSecondLayer: normalisesSecondLayer,
        activation: activation, target: target, constraint: constraint,
        rule: LearningRule(
          batchSize: batchSize, loss: loss, lookAhead: lookAhead, repetitions: repetitions))
    }

    func engine(_ kind: DynamicsKind) throws -> any ObservableEngine {
      let rule = try ExitRule(thresholds: [0.5], teacherUnits: teacherUnits, horizon: 100)
      return kind == .chain
        ? try ReducedChain(model: model(), exitRule: rule)
        : try FullSGD(model: model(), exitRule: rule)
    }
  }

  private static let cubic = Target.mean(.hermite([0, 0, 0, 1]))

  static let cases = [
    Case(testDescription: "a batch", batchSize: 4),
    Case(
      testDescription: "a batch larger than the width, free, p = 3, k = 2", dimension: 50, width: 3,
      teacherUnits: 2, learningRate: 4, activation: .erf, constraint: .free, batchSize: 7),
    Case(
      testDescription: "a batch smaller than the width, one dimension off the frame", dimension: 5,
      width: 3, learningRate: 1, activation: .tanh, batchSize: 2),
    Case(
      testDescription: "a batch of half the dimension, correlation loss", width: 2, learningRate: 4,
      activation: .erf, batchSize: 20, loss: .correlation),
    Case(
      testDescription: "a batch, the second layer trained, Lagrange", dimension: 150, width: 2,
      learningRate: 6, activation: .erf, constraint: .lagrange, secondLayerRate: 0.05,
      batchSize: 3),
    Case(
      testDescription: "correlation loss, ReLU on He₃", width: 2, learningRate: 1,
      activation: .relu, target: cubic, loss: .correlation),
    Case(
      testDescription: "correlation loss, free, the second layer trained", width: 2,
      learningRate: 3, activation: .erf, constraint: .free, secondLayerRate: 0.05,
      loss: .correlation),
    Case(
      testDescription: "look-ahead, correlation loss, ReLU on He₃", learningRate: 1,
      activation: .relu, target: cubic, loss: .correlation, lookAhead: 0.3),
    Case(
      testDescription: "look-ahead backwards, a batch, k = 2", dimension: 60, width: 2,
      teacherUnits: 2, learningRate: 6, activation: .tanh, target: .mean(.square), batchSize: 3,
      lookAhead: -0.4),
    Case(
      testDescription: "look-ahead, the second layer trained and normalised, p = 3", width: 3,
      learningRate: 4, activation: .erf, secondLayerRate: 0.05, normalisesSecondLayer: true,
      lookAhead: 0.5),
    Case(testDescription: "look-ahead on squares", learningRate: 0.2, lookAhead: 0.1),
    Case(testDescription: "repetitions", learningRate: 0.2, repetitions: 2),
    Case(
      testDescription: "repetitions of a batch, p = k = 2", dimension: 60, width: 2,
      teacherUnits: 2, learningRate: 8, activation: .erf, target: .mean(.square), batchSize: 4,
      repetitions: 3),
    Case(
      testDescription: "repetitions, batch, look-ahead, correlation, both layers, Lagrange",
      width: 2, learningRate: 4, activation: .erf, target: cubic, constraint: .lagrange,
      secondLayerRate: 0.02, batchSize: 3, loss: .correlation, lookAhead: 0.3, repetitions: 2),
    Case(
      testDescription: "the sphere's own gradient", width: 2, learningRate: 3, activation: .erf,
      constraint: .riemannian),
    Case(
      testDescription: "the sphere's own gradient, repetitions of a batch, p = 3", width: 3,
      learningRate: 12, activation: .erf, target: .mean(.square), constraint: .riemannian,
      batchSize: 3, repetitions: 2),
  ]

  /// The smallest KS p-value over M, Q and a at half of the steps and at the last, times how many there are.
  private func pValue(_ full: Case, against chain: Case, replicas: Int = 3000) async throws
    -> Double
  {
    let first = try await states(full.engine(.sgd), full.steps, replicas, seed: 41)
    let second = try await states(chain.engine(.chain), full.steps, replicas, seed: 42)
    // What stands still, such as Q_jj on the sphere, is no sample.
    let moving = first.indices.filter { Set(first[$0].prefix(20)).count > 10 }
    #expect(moving.count >= 2)
    let smallest = try moving.map { try kolmogorovSmirnov(first[$0], second[$0]) }.min() ?? 0
    return smallest * Double(moving.count)
  }

  @Test(arguments: cases)
  func `overlaps and second layer have one law`(item: Case) async throws {
    #expect(try await pValue(item, against: item) > falseAlarmRate)
  }

  // MARK: What must be seen

  // Free norms grow by the square of what a step moves, which is where both faults are.
  @Test func `a batch that is off by one is seen`() async throws {
    let item = Case(
      testDescription: "", learningRate: 4, activation: .erf, constraint: .free, batchSize: 4)
    var other = item
    other.batchSize += 1
    #expect(try await pValue(item, against: item) > falseAlarmRate)
    #expect(try await pValue(item, against: other) < falseAlarmRate)
  }

  @Test func `a repetition with a fresh sample is seen`() async throws {
    let item = Case(
      testDescription: "", learningRate: 3, activation: .erf, constraint: .free, repetitions: 2)
    var other = item
    other.repetitions = 1
    #expect(try await pValue(item, against: item) > falseAlarmRate)
    #expect(try await pValue(item, against: other) < falseAlarmRate)
  }

  @Test(arguments: ScalarTwin.Fault.allCases)
  func `a chain of one overlap agrees, and each fault in it is seen`(fault: ScalarTwin.Fault)
    async throws
  {
    for (batch, lookAhead) in fault == .unmovedError ? [(1, 0.15)] : [(4, 0.0), (1, 0.15)] {
      let item = Case(
        testDescription: "", dimension: 20, learningRate: lookAhead == 0 ? 1 : 0.3,
        batchSize: batch, lookAhead: lookAhead, steps: 20)
      let twin = ScalarTwin(
        dimension: 20, rate: item.learningRate, noise: 0.1, weight: 1, batch: batch,
        lookAhead: lookAhead, fault: fault)
      let start = try Start.overlaps([0.4], of: item.model())
      let full = try await states(item.engine(.sgd), item.steps, 3000, seed: 43, start: start)
      let own = try (0..<3000).map { try twin.overlap(from: 0.4, steps: item.steps, replica: $0) }
      // Columns are M and Q at half of the steps, then at the last.
      let value = try kolmogorovSmirnov(full[3], own)
      switch fault {
      case .none: #expect(value > falseAlarmRate / 2)
      case .fixedNorm, .unmovedError: #expect(value < falseAlarmRate, "\(value), B = \(batch)")
      }
    }
  }

  /// Follows replicas on two tasks and returns M, Q and a of each at half of the steps and at the last.
  private func states(
    _ engine: any ObservableEngine, _ steps: Int, _ replicas: Int, seed: UInt64,
    start: Start = .random
  ) async throws -> [[Double]] {
    let step = try #require(engine as? any HasModel).model.clock.timePerStep
    let times = [Double(steps / 2) * step, Double(steps) * step]
    let parts = [0..<(replicas / 2), (replicas / 2)..<replicas]
    let rows = try await withThrowingTaskGroup(of: [[Double]].self) { group in
      for part in parts {
        group.addTask {
          var rows = [[Double]](repeating: [], count: part.count)
          try engine.observe(
            PathWork(
              ReplicaSource(queue: ReplicaQueue(part), streams: StreamFamily(seed: seed)),
              start: start, times: times, end: { #expect(!$1.hasDiverged) }
            ) { replica, _, point in
              let state = point.state
              rows[replica - part.lowerBound] +=
                state.teacherOverlaps + state.studentOverlaps + state.secondLayer
            })
          return rows
        }
      }
      return try await group.reduce(into: []) { $0 += $1 }
    }
    return rows[0].indices.map { column in rows.map { $0[column] } }
  }
}

extension [Double] {
  /// The numbers scaled to a mean of one.
  fileprivate var balanced: [Double] {
    let scale = Double(count) / reduce(0, +)
    return map { $0 * scale }
  }
}

private protocol HasModel {
  var model: Model { get }
}
extension ReducedChain: HasModel {}
extension FullSGD: HasModel {}

/// The exact chain of one student of squares on the sphere, one teacher unit, written out by itself, with faults.
struct ScalarTwin: Sendable {
  enum Fault: CaseIterable {
    case none
    /// |x|² replaced by d, and in a batch the products of two samples by 0.
    case fixedNorm
    /// The error of a look-ahead taken where it was.
    case unmovedError
  }

  let dimension: Int
  let rate: Double
  let noise: Double
  let weight: Double
  let batch: Int
  let lookAhead: Double
  let fault: Fault

  /// m after some steps; Q = 1.
  func overlap(from start: Double, steps: Int, replica: Int) throws -> Double {
    let stream = try RandomStream(seed: 77, purpose: 9, replica: replica)
    let d = Double(dimension)
    var m = start
    for _ in 0..<steps {
      // Σ_b of u λ⋆, u λ, u g₂ and, off the plane, u².
      var (along, own, across, square) = (0.0, 0.0, 0.0, 0.0)
      for _ in 0..<batch {
        let (teacher, other) = (stream.gaussian(), stream.gaussian())
        let field = m * teacher + (1 - m * m).squareRoot() * other
        let label = teacher * teacher + noise.squareRoot() * stream.gaussian()
        var push = 2 * weight * field * (label - weight * field * field)
        if lookAhead != 0 {
          let rest = stream.chiSquare(degreesOfFreedom: d - 2)
          let norm = fault == .fixedNorm ? d : teacher * teacher + other * other + rest
          let moved = field + lookAhead * push * norm / d
          let point = fault == .unmovedError ? field : moved
          push = 2 * weight * moved * (label - weight * point * point)
          let u = rate * push
          square += u * u * (norm - teacher * teacher - other * other)
        }
        let u = rate * push / Double(batch)
        along += u * teacher
        across += u * other
        own += u * field
        if lookAhead == 0 { square += u * u }
      }
      let squares = square
      if lookAhead == 0 {
        square *= stream.chiSquare(degreesOfFreedom: d - 2)
      }
      // The sum over pairs of samples, x_b·x_b' by its parts.
      var pairs = along * along + across * across + square
      if lookAhead == 0 && fault == .fixedNorm { pairs = squares * d }
      let norm = 1 + 2 * own / d + pairs / (d * d)
      m = (m + along / d) / norm.squareRoot()
    }
    return m
  }
}
