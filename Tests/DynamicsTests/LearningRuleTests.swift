import Foundation
import GSL
import Testing

@testable import Dynamics

@Suite struct LearningRuleTests {
  private static let constraints = Constraint.allCases

  private func model(
    _ constraint: Constraint, width: Int = 3, _ rule: LearningRule = .oneSample
  ) throws -> Model {
    try Model(
      dimension: 40, width: width, teacherUnits: 2, learningRate: 0.8, labelNoise: 0.1,
      secondLayerRate: 0.01, activation: .tanh, target: .mean(.relu),
      teacherGram: [[1, 0.4], [0.4, 0.8]], constraint: constraint, rule: rule)
  }

  private func path(_ replica: any SteppedReplica, steps: Int = 200) throws -> [NetworkState] {
    let stream = try RandomStream(seed: 6, purpose: 9, replica: 1)
    replica.place(Start.random.frame(of: replica.model, from: stream))
    return (0..<steps).map { _ in
      replica.step(stream)
      return replica.point.state
    }
  }

  private func distance(_ first: [NetworkState], _ second: [NetworkState]) -> Double {
    func numbers(_ states: [NetworkState]) -> [Double] {
      states.flatMap { $0.teacherOverlaps + $0.studentOverlaps + $0.secondLayer }
    }
    return zip(numbers(first), numbers(second)).map { abs($0 - $1) }.max() ?? .infinity
  }

  // Both draw the same numbers in the same order; one carries a factor along, the other a frame.
  @Test(arguments: constraints, [0, 0.3])
  func `a batch of one in the widened frame is the step of one sample`(
    constraint: Constraint, lookAhead: Double
  ) throws {
    for loss in LearningRule.Loss.allCases {
      let model = try model(constraint, LearningRule(loss: loss, lookAhead: lookAhead))
      let single = try path(NetworkChain(model: model))
      let widened = try path(RepeatedChain(model: model, watchesRisk: true, levels: []))
      #expect(distance(single, widened) < 1e-10)
      #expect(distance(single, Array(single.dropFirst())) > 1e-3)
    }
  }

  @Test(arguments: constraints)
  func `for one student a batch of one by Bartlett's triangle is the step of one sample`(
    constraint: Constraint
  ) throws {
    let model = try model(constraint, width: 1)
    let single = try path(NetworkChain(model: model))
    let batch = try path(BatchChain(model: model, watchesRisk: true, levels: []))
    #expect(distance(single, batch) < 1e-10)
  }

  @Test func `the sphere's own gradient moves Q_jj by rounding alone`() throws {
    for rule in [
      LearningRule.oneSample, try LearningRule(batchSize: 3), try LearningRule(repetitions: 3),
    ] {
      let model = try model(.riemannian, rule)
      let chain = try path(plainChain(model))
      let full = try path(NetworkWeights(model: model))
      for state in chain + full {
        for j in 0..<3 { #expect(abs(state.studentOverlaps[4 * j] - 1) < 1e-12) }
      }
    }
  }

  @Test(arguments: [(1, 5), (3, 3), (3, 4), (4, 7), (5, 2)])
  func `columns are turned to a lower triangle with the same Gram matrix`(rows: Int, columns: Int)
    throws
  {
    let stream = try RandomStream(seed: 3, purpose: 9, replica: rows)
    let stride = columns + 1
    // The last two are hard: a row that is a triangle's already, and one of zeros.
    for kind in 0..<3 {
      var matrix = (0..<(rows * stride)).map { _ in stream.gaussian() }
      if kind > 0 { for i in 0..<stride { matrix[i] = kind == 1 && i == 0 ? -2 : 0 } }
      let before = gram(matrix, rows, columns, stride)
      matrix.withUnsafeMutableBufferPointer {
        lowerTriangle(of: $0.baseAddress!, rows: rows, columns: columns, stride: stride)
      }
      for (x, y) in zip(before, gram(matrix, rows, columns, stride)) { #expect(abs(x - y) < 1e-13) }
      for i in 0..<min(rows, columns) {
        #expect(matrix[i * stride + i] >= 0)
        for m in (i + 1)..<max(columns, i + 1) { #expect(matrix[i * stride + m] == 0) }
      }
    }
  }

  private func gram(_ matrix: [Double], _ rows: Int, _ columns: Int, _ stride: Int) -> [Double] {
    (0..<rows).flatMap { i in
      (0...i).map { j in
        (0..<columns).reduce(0) { $0 + matrix[i * stride + $1] * matrix[j * stride + $1] }
      }
    }
  }

  @Test func `values out of range are errors that name their key`() {
    func key(_ make: () throws -> LearningRule) -> String? {
      do {
        _ = try make()
        return nil
      } catch {
        return (error as? ParameterError)?.key
      }
    }
    #expect(key { try LearningRule(batchSize: 0) } == "batch-size")
    #expect(key { try LearningRule(batchSize: 1_000_000_001) } == "batch-size")
    #expect(key { try LearningRule(repetitions: 0) } == "repetitions")
    #expect(key { try LearningRule(lookAhead: .nan) } == "look-ahead")
    #expect(key { try LearningRule(lookAhead: .infinity) } == "look-ahead")
    #expect(key { try LearningRule(batchSize: 5, lookAhead: -1, repetitions: 3) } == nil)
  }

  @Test
  func `a batch that is repeated must fit in the dimensions off the frame, in the chain alone`()
    throws
  {
    let rule = try ExitRule(thresholds: [0.5], horizon: 1)
    func model(_ batch: Int, _ repetitions: Int) throws -> Model {
      try Model(
        dimension: 20, learningRate: 0.1,
        rule: LearningRule(batchSize: batch, repetitions: repetitions))
    }
    let error = #expect(throws: ParameterError.self) {
      try ReducedChain(model: model(19, 2), exitRule: rule)
    }
    #expect(error?.key == "batch-size")
    #expect(throws: Never.self) { try ReducedChain(model: model(18, 2), exitRule: rule) }
    #expect(throws: Never.self) { try ReducedChain(model: model(1000, 1), exitRule: rule) }
    #expect(throws: Never.self) { try FullSGD(model: model(19, 2), exitRule: rule) }
  }

  @Test func `students that start orthogonal have no overlap with the teacher, and their own law`()
    throws
  {
    let model = try model(.free)
    let start = try Start.orthogonal(of: model).scaled(to: 2, of: model)
    var squares = 0.0
    for replica in 0..<4000 {
      let stream = try RandomStream(seed: 9, purpose: 1, replica: replica)
      let frame = start.frame(of: model, from: stream)
      #expect(frame.teacherOverlaps.allSatisfy { $0 == 0 })
      let overlaps = NetworkState(model: model, state: frame.overlaps(of: model)).studentOverlaps
      for j in 0..<3 { #expect(abs(overlaps[4 * j] - 4) < 1e-12) }
      squares += overlaps[1] * overlaps[1] / 16
    }
    // q² ~ Beta(1/2, (n − 1)/2) in n = d − k = 38 dimensions: mean 1/n, variance 2(n − 1)/(n²(n + 2)).
    let n = 38.0
    let error = (2 * (n - 1) / (n * n * (n + 2)) / 4000).squareRoot()
    #expect(abs(squares / 4000 - 1 / n) < 4.892 * error)
    let warm = try Model(dimension: 40, width: 3, teacherUnits: 2, learningRate: 0.1)
    let stream = try RandomStream(seed: 9, purpose: 1, replica: 0)
    let frame = try Start.warm([0.3, 0.4], of: warm).frame(of: warm, from: stream)
    #expect(frame.teacherOverlaps == [0.3, 0.4, 0.3, 0.4, 0.3, 0.4])
    let own = NetworkState(model: warm, state: frame.overlaps(of: warm)).studentOverlaps
    for j in 0..<3 { #expect(abs(own[4 * j] - 1) < 1e-12) }
    // Beyond what the teacher gives them in common, 0.25, they are random among themselves.
    #expect(abs(own[1] - 0.25) > 1e-3 && abs(own[1] - own[2]) > 1e-3)
    let single = try self.model(.spherical, width: 1)
    #expect(try !Start.orthogonal(of: single).isRandom)
  }
}

/// The plain chain of a model's rule, as ``ReducedChain`` chooses it.
func plainChain(_ model: Model) throws -> any SteppedReplica {
  if model.rule.repetitions > 1 {
    return try RepeatedChain(model: model, watchesRisk: true, levels: [])
  }
  if model.rule.batchSize > 1 {
    return try BatchChain(model: model, watchesRisk: true, levels: [])
  }
  return try NetworkChain(model: model)
}
