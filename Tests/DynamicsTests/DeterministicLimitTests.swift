import GSL
import Testing

@testable import Dynamics

@Suite struct DeterministicLimitTests {
  private func exits(
    _ model: Model, _ start: Start, thresholds: [Double], horizon: Double = 50,
    stepper: ODEStepper = .rungeKuttaPrinceDormand
  ) throws -> [ExitRecord] {
    let engine = try DeterministicLimit(
      model: model, exitRule: try ExitRule(thresholds: thresholds, horizon: horizon),
      stepper: stepper)
    return try engine.run(0..<1, start: start, streams: StreamFamily(seed: 0))
  }

  @Test(arguments: [(0.1, 1e-4), (0.02, 0), (0.12, 0.5)])
  func `exit times equal the logistic closed form`(learningRate: Double, labelNoise: Double) throws
  {
    let model = try Model(dimension: 3000, learningRate: learningRate, labelNoise: labelNoise)
    let thresholds = [0.01, 0.1, 0.5, 0.8]
    for overlap in [0.0184786795, -0.0184786795, 0.2] {
      let records = try exits(
        model, .overlaps([overlap], of: model), thresholds: thresholds)
      for (record, threshold) in zip(records, thresholds) {
        let expected = try #require(
          EscapeTheory(model: model).logisticExitTime(threshold: threshold, overlap: overlap))
        #expect(record.outcome == .exited)
        #expect(abs(record.time / expected - 1) < 1e-9)
      }
    }
  }

  // Theory, section 4: 1.0689 and 2.4946 to its four decimals.
  @Test func `the case of theory exits at the quoted times`() throws {
    let model = try Model(dimension: 3000, learningRate: 0.1, labelNoise: 1e-4)
    let records = try exits(
      model, .overlaps([0.0184786795], of: model), thresholds: [0.01, 0.5])
    #expect(abs(records[0].time - 1.0689) < 5.1e-5)
    #expect(abs(records[1].time - 2.4946) < 5.1e-5)
  }

  @Test func `every GSL stepper finds the same exit`() throws {
    let model = try Model(dimension: 3000, learningRate: 0.1, labelNoise: 1e-4)
    let start = try Start.overlaps([0.2], of: model)
    let expected = try #require(
      EscapeTheory(model: model).logisticExitTime(threshold: 0.5, overlap: 0.2))
    for stepper in ODEStepper.all where !["rk2", "rk1imp", "rk2imp"].contains(stepper.name) {
      let records = try exits(model, start, thresholds: [0.5], stepper: stepper)
      #expect(abs(records[0].time / expected - 1) < 1e-7, "\(stepper.name)")
    }
  }

  @Test func `above the critical rate every threshold is censored at the horizon`() throws {
    let model = try Model(dimension: 3000, learningRate: 0.2)
    #expect(EscapeTheory(model: model).growthRate < 0)
    let records = try exits(
      model, .overlaps([0.1], of: model), thresholds: [0.01, 0.5], horizon: 7)
    #expect(records == Array(repeating: ExitRecord(outcome: .censored, time: 7), count: 2))
  }

  @Test func `a network that blows up in finite time is diverged`() throws {
    // Without a constraint and at three times the rate that is bounded.
    let model = try Model(
      dimension: 1000, width: 2, learningRate: 4, labelNoise: 1e-4, constraint: .free)
    let records = try exits(
      model, .overlaps([0.03, 0.001], of: model), thresholds: [0.9], horizon: 60)
    #expect(records[0].outcome == .diverged)
    #expect(records[0].time > 0 && records[0].time < 1)
  }

  @Test func `a normalised second layer keeps its sum over long times`() throws {
    // Rounding would grow by e each unit of τ on the plateau if the flow only knew that Σ a is p.
    let model = try Model(
      dimension: 1000, width: 2, learningRate: 0.2, labelNoise: 1e-4, secondLayer: [1.96, 0.04],
      secondLayerRate: 0.0002, normalisesSecondLayer: true)
    let flow = try NetworkFlow(model: model)
    let stream = try RandomStream(seed: 1, purpose: 0, replica: 0)
    var state = flow.state(
      of: try Start.overlaps([-0.0016, 0.05], of: model).frame(of: model, from: stream))
    let evolution = try ODEEvolution(
      dimension: flow.stateLength, absoluteTolerance: 1e-14, relativeTolerance: 1e-12,
      initialStep: 1e-4
    ) { _, state, derivatives in flow.derivatives(of: state, into: derivatives) }
    var time = 0.0
    while time < 60 { try evolution.advance(time: &time, towards: 60, state: &state) }
    let sum = state[model.layout.count] + state[model.layout.count + 1]
    #expect(abs(sum - 2) < 1e-10)
  }

  @Test func `students that start alike stay alike for p = 4`() throws {
    let model = try Model(dimension: 3000, width: 2, learningRate: 0.2)
    let gram = [[1, 1, 0.1], [1, 1, 0.1], [0.1, 0.1, 1]]
    let wide = try exits(model, .gram(gram, of: model), thresholds: [0.3])
    // Two equal students with rate γ/p are one student with that rate and twice the time.
    let single = try Model(dimension: 3000, width: 1, learningRate: 0.1)
    let narrow = try exits(single, .overlaps([0.1], of: single), thresholds: [0.3])
    #expect(abs(wide[0].time - narrow[0].time) < 1e-9)
  }
}
