import Foundation
import Testing

@testable import Dynamics

/// Names a dynamics with steps on a small model: each of the ways that steps are taken.
struct SteppedCase: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let model: @Sendable () throws -> Model
  var kind = DynamicsKind.chain
  var usesKernels = true
  var overlapThresholds: [Double] = []
  var horizon = 4.0
  var replicas = 20

  func engine() throws -> any ObservableEngine {
    let model = try model()
    let rule = try ExitRule(
      thresholds: [0.02, 0.3], overlapThresholds: overlapThresholds,
      teacherUnits: model.teacherUnits, horizon: horizon)
    return kind == .chain
      ? try ReducedChain(model: model, exitRule: rule, usesKernels: usesKernels)
      : try FullSGD(model: model, exitRule: rule, usesKernel: usesKernels)
  }

  private static func square(_ width: Int, teachers: Int = 1) -> @Sendable () throws -> Model {
    {
      try Model(
        dimension: 60, width: width, teacherUnits: teachers, learningRate: 0.1 * Double(width),
        labelNoise: 0.01)
    }
  }

  private static func network(_ constraint: Constraint) -> @Sendable () throws -> Model {
    {
      try Model(
        dimension: 40, width: 2, learningRate: 0.2, labelNoise: 0.01, secondLayerRate: 0.005,
        activation: .relu, target: .mean(.tanh), constraint: constraint)
    }
  }

  static let all = [
    SteppedCase(testDescription: "chain, lanes, p = 1", model: square(1)),
    SteppedCase(testDescription: "chain, lanes, p = 3", model: square(3)),
    SteppedCase(
      testDescription: "chain, one wide replica",
      model: { try Model(dimension: 90, width: 70, learningRate: 7) }, horizon: 2, replicas: 2),
    SteppedCase(
      testDescription: "chain, general, p = k = 2", model: square(2, teachers: 2), replicas: 5),
    SteppedCase(
      testDescription: "chain, general, p = 1", model: square(1), usesKernels: false, replicas: 5),
    SteppedCase(
      testDescription: "chain, overlaps watched", model: square(2), overlapThresholds: [0.5],
      replicas: 5),
    SteppedCase(
      testDescription: "chain, both layers", model: network(.spherical), replicas: 4),
    SteppedCase(
      testDescription: "chain that diverges",
      model: {
        try Model(dimension: 20, width: 1, learningRate: 0.6, labelNoise: 0.5, constraint: .free)
      }, replicas: 20),
    SteppedCase(testDescription: "sgd, kernel, p = 1", model: square(1), kind: .sgd, replicas: 5),
    SteppedCase(testDescription: "sgd, kernel, p = 3", model: square(3), kind: .sgd, replicas: 3),
    SteppedCase(
      testDescription: "sgd, general", model: square(2, teachers: 2), kind: .sgd, replicas: 3),
    SteppedCase(
      testDescription: "sgd, both layers, free", model: network(.free), kind: .sgd, replicas: 3),
  ]
}

/// Follows replicas and returns the risks, replicas first, not numbers after a divergence, with the ends.
private func risks(
  _ engine: some ObservableEngine, _ replicas: Int, at times: [Double], start: Start = .random,
  seed: UInt64 = 5
) throws -> (risks: [[Double]], ends: [PathEnd?]) {
  var risks = Array(
    repeating: Array(repeating: Double.nan, count: times.count), count: replicas)
  var ends = [PathEnd?](repeating: nil, count: replicas)
  try engine.observe(
    PathWork(
      ReplicaSource(queue: ReplicaQueue(0..<replicas), streams: StreamFamily(seed: seed)),
      start: start, times: times, end: { ends[$0] = $1 },
      observe: { risks[$0][$1] = $2.risk }))
  return (risks, ends)
}

@Suite struct PathObservationTests {
  @Test(arguments: SteppedCase.all)
  func `the exit read off a path step by step is the exit that is timed`(steps: SteppedCase) throws
  {
    let (engine, model) = (try steps.engine(), try steps.model())
    let last = try engine.exitRule.stepLimit(of: model)
    let paths = try risks(
      engine, steps.replicas, at: (0...last).map { Double($0) * model.clock.timePerStep })
    let records = try engine.run(
      0..<steps.replicas, start: .random, streams: StreamFamily(seed: 5))
    let marks = engine.exitRule.marks
    var exits = 0
    for replica in 0..<steps.replicas {
      let path = paths.risks[replica]
      let end = try #require(paths.ends[replica])
      for (index, mark) in marks.enumerated() where mark.criterion == .risk {
        let record = records[replica * marks.count + index]
        let step = path.firstIndex { $0 <= (1 - mark.threshold) * path[0] }
        switch record.outcome {
        case .exited:
          #expect(step == record.step, "replica \(replica) at \(mark.threshold)")
          exits += 1
        case .censored:
          #expect(step == nil && !end.hasDiverged && end.step == last)
        case .diverged:
          #expect(step == nil && end.hasDiverged)
          #expect(end.time == record.time && end.step == record.step)
          #expect(path.firstIndex(where: \.isNaN) == record.step)
          exits += 1
        }
      }
    }
    #expect(exits > 0)
  }

  @Test(arguments: SteppedCase.all)
  func `what is seen does not depend on when else one looks`(steps: SteppedCase) throws {
    let (engine, model) = (try steps.engine(), try steps.model())
    let last = try engine.exitRule.stepLimit(of: model)
    let all = try risks(
      engine, steps.replicas, at: (0...last).map { Double($0) * model.clock.timePerStep }
    ).risks
    // Between steps, several in one step, and none for long.
    let times = [0, 0.3, 0.7, 1.2, 1.4, 50.5, 51, Double(last)].map { $0 * model.clock.timePerStep }
    let some = try risks(engine, steps.replicas, at: times).risks
    for replica in 0..<steps.replicas {
      let expected = [0, 0, 0, 1, 1, 50, 51, last].map { all[replica][$0] }
      #expect(some[replica].map(\.bitPattern) == expected.map(\.bitPattern))
    }
  }

  @Test func `the ODE passes its exit at the time that is timed, and follows the closed form`()
    throws
  {
    let model = try Model(dimension: 3000, learningRate: 0.1, labelNoise: 1e-4)
    let start = try Start.overlaps([0.0184786795], of: model)
    let engine = try DeterministicLimit(
      model: model, exitRule: try ExitRule(thresholds: [0.01, 0.5], horizon: 50))
    let exits = try engine.run(0..<1, start: start, streams: StreamFamily(seed: 1)).map(\.time)
    // At the end the risk is the plateau's, γΔ/(1 − 6γ).
    let seen = try risks(engine, 1, at: [0] + exits + [50], start: start).risks[0]
    #expect(abs(seen[1] / (0.99 * seen[0]) - 1) < 1e-11)
    #expect(abs(seen[2] / (0.5 * seen[0]) - 1) < 1e-11)
    #expect(abs(seen[3] / (0.1 * 1e-4 / 0.4) - 1) < 1e-6)
  }

  @Test func `the ODE carries the second layer along`() throws {
    let model = try Model(
      dimension: 500, width: 2, learningRate: 0.2, secondLayerRate: 4e-4,
      normalisesSecondLayer: true)
    let engine = try DeterministicLimit(
      model: model, exitRule: try ExitRule(thresholds: [0.5], horizon: 5))
    var layers: [[Double]] = []
    try engine.observe(
      PathWork(
        ReplicaSource(queue: ReplicaQueue(0..<1), streams: StreamFamily(seed: 1)),
        start: .random, times: [0, 5],
        observe: {
          layers.append($2.state.secondLayer)
          #expect(abs($2.state.studentOverlaps[0] - 1) < 1e-12)
        }))
    #expect(layers[0] == [1, 1])
    #expect(layers[1] != [1, 1] && abs(layers[1][0] + layers[1][1] - 2) < 1e-9)
  }

  // The general path watched on its grid alone draws nothing but its steps.
  @Test(arguments: [1, 3])
  func `the SDE follows the path whose exits are timed on the grid`(width: Int) throws {
    let model = try Model(
      dimension: 100, width: width, learningRate: 0.1 * Double(width), labelNoise: 0.01)
    let step = 1.0 / 64
    let engine = try DiffusionLimit(
      model: model, exitRule: try ExitRule(thresholds: [0.02, 0.3], horizon: 5), timeStep: step,
      monitoring: .grid, usesKernels: false)
    let times = (0...320).map { Double($0) * step }
    let paths = try risks(engine, 20, at: times).risks
    let records = try engine.run(0..<20, start: .random, streams: StreamFamily(seed: 5))
    var exits = 0
    for replica in 0..<20 {
      for (index, threshold) in [0.02, 0.3].enumerated() {
        let record = records[2 * replica + index]
        let path = paths[replica]
        let first = path.firstIndex { $0 <= (1 - threshold) * path[0] }
        #expect(first.map { times[$0] } == (record.outcome == .exited ? record.time : nil))
        exits += record.outcome == .exited ? 1 : 0
      }
    }
    #expect(exits > 20)
  }

  @Test func `the SDE's steps end at the times that are looked at`() throws {
    let model = try Model(dimension: 100, learningRate: 0.1)
    let engine = try DiffusionLimit(
      model: model, exitRule: try ExitRule(thresholds: [0.5], horizon: 5), timeStep: 0.25)
    let seen = try risks(engine, 3, at: [0, 0.1, 0.3, 1]).risks
    for path in seen {
      #expect(path.allSatisfy { $0.isFinite && $0 > 0 && $0 <= 2 })
      #expect(Set(path).count == 4)
    }
  }

  @Test func `the state that is seen has the risk that is seen`() throws {
    for steps in SteppedCase.all where steps.testDescription != "chain that diverges" {
      let (engine, model) = (try steps.engine(), try steps.model())
      let risk = try NetworkRisk(model: model)
      try engine.observe(
        PathWork(
          ReplicaSource(queue: ReplicaQueue(0..<1), streams: StreamFamily(seed: 5)),
          start: .random, times: [0, 1, 2],
          observe: { _, _, point in
            let (p, state) = (model.width, point.state)
            let packed = (0..<p).flatMap { column in
              (column..<p).map { state.studentOverlaps[$0 * p + column] }
            }
            let expected = risk.value(
              axes: state.teacherOverlaps, gram: packed, secondLayer: state.secondLayer)
            #expect(abs(point.risk - expected) < 1e-12 * Double(p))
          }))
    }
  }
}
