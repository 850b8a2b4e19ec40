import Dynamics
import GSL
import Testing

/// Under a rate that falls, ODE and SDE are what the exact chain is near.
@Suite struct ScheduleTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let schedule: @Sendable () throws -> LearningRateSchedule
    var activation = Activation.square
    var secondLayerRate = 0.0
    var layerSchedule: LearningRateSchedule? = nil
  }

  static let cases = [
    Case(testDescription: "1/(1 + ν/ν₀)") {
      try LearningRateSchedule(decay: .power(1, after: 3000))
    },
    Case(testDescription: "a jump") {
      try LearningRateSchedule(decay: .table([(0, 0.1), (400, 0.02)]))
    },
    Case(testDescription: "a warm-up, then a root") {
      try LearningRateSchedule(warmUp: 800, decay: .power(0.5, after: 300))
    },
  ]

  private func model(_ item: Case, dimension: Int, isConstant: Bool = false) throws -> Model {
    try Model(
      dimension: dimension, learningRate: 0.1, labelNoise: 0.5,
      secondLayerRate: item.secondLayerRate, activation: item.activation,
      learningRateSchedule: isConstant ? nil : try item.schedule(),
      secondLayerRateSchedule: isConstant ? nil : item.layerSchedule)
  }

  private static let rule = try! ExitRule(thresholds: [0.3], horizon: 8)

  private func diffusion(_ item: Case, isConstant: Bool = false) async throws -> [Double] {
    try await exitTimes(
      DiffusionLimit(
        model: model(item, dimension: 150, isConstant: isConstant), exitRule: Self.rule,
        timeStep: 1.0 / 256, monitoring: .discrete),
      replicas: 1500, start: .random, seed: 61)[0]
  }

  /// (mean of x)/(mean of y) − 1 and its error, of what is seen by the horizon.
  private func shift(_ x: [Double], _ y: [Double]) throws -> (ratio: Double, error: Double) {
    let (x, y) = (x.map { min($0, 8) }, y.map { min($0, 8) })
    let (first, second) = (try mean(of: x), try mean(of: y))
    let error = (try variance(of: x) + variance(of: y)) / 1500
    return (first / second - 1, error.squareRoot() / second)
  }

  @Test(arguments: cases)
  func `the SDE has the chain's law at a rate that changes`(item: Case) async throws {
    let chain = try await exitTimes(
      ReducedChain(model: model(item, dimension: 150), exitRule: Self.rule), replicas: 1500,
      start: .random, seed: 61)[0]
    let found = try await diffusion(item)
    let (p, shift) = (try kolmogorovSmirnov(found, chain), try shift(found, chain))
    print("\(item.testDescription): p = \(p), ratio − 1 = \(shift.ratio) ± \(shift.error)")
    #expect(p > falseAlarmRate)
    #expect(abs(shift.ratio) < falseAlarmDeviation * shift.error + 0.01)
    // Sabotage: an SDE that keeps the first rate.
    let other = try await diffusion(item, isConstant: true)
    #expect(try kolmogorovSmirnov(other, chain) < falseAlarmRate)
  }

  static let flows = [
    Case(testDescription: "squares") {
      try LearningRateSchedule(decay: .power(1, after: 20_000))
    },
    Case(
      testDescription: "erf, both layers",
      schedule: { try LearningRateSchedule(decay: .table([(0, 0.1), (3000, 1)])) },
      activation: .erf, secondLayerRate: 2e-5),
    Case(
      testDescription: "erf, the second layer's rate jumps alone",
      schedule: { try LearningRateSchedule() }, activation: .erf, secondLayerRate: 2e-5,
      layerSchedule: try! LearningRateSchedule(decay: .table([(3000, 4e-4)]))),
    Case(
      testDescription: "erf, the first layer's rate falls and the second's does not",
      schedule: { try LearningRateSchedule(decay: .power(1, after: 4000)) }, activation: .erf,
      secondLayerRate: 1e-4, layerSchedule: try! LearningRateSchedule()),
  ]

  @Test(arguments: flows)
  func `the chain's mean path is the ODE's at a rate that changes`(item: Case) async throws {
    let times = [0.1, 0.3, 0.6, 1]
    func path(_ engine: some ObservableEngine, _ start: Start, replicas: Int) throws -> [[Double]] {
      var risks = Array(
        repeating: Array(repeating: 0.0, count: replicas), count: times.count)
      try engine.observe(
        PathWork(
          ReplicaSource(queue: ReplicaQueue(0..<replicas), streams: StreamFamily(seed: 63)),
          start: start, times: times
        ) { replica, time, point in risks[time][replica] = point.risk })
      return risks
    }
    let rule = try ExitRule(thresholds: [0.9], horizon: 2)
    let model = try model(item, dimension: 2000)
    let start = try Start.overlaps([0.3], of: model)
    let chain = try path(ReducedChain(model: model, exitRule: rule), start, replicas: 30)
    let ode = try path(DeterministicLimit(model: model, exitRule: rule), start, replicas: 1)
    let constant = try path(
      DeterministicLimit(
        model: self.model(item, dimension: 2000, isConstant: true), exitRule: rule), start,
      replicas: 1)
    var largest = 0.0
    for time in times.indices {
      let average = try mean(of: chain[time])
      let error = (try variance(of: chain[time]) / 30).squareRoot()
      let allowed = falseAlarmDeviation * error + 0.01 * average
      #expect(abs(ode[time][0] - average) < allowed, "τ = \(times[time])")
      largest = max(largest, abs(constant[time][0] - average) / allowed)
    }
    // Sabotage: the ODE of the first rate.
    print("\(item.testDescription): the ODE of one rate is off by \(largest) of what is allowed")
    #expect(largest > 1)
  }
}
