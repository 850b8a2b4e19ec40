import Testing

@testable import Dynamics

@Suite struct ExitWatchTests {
  @Test func `records come by unit, then by risk, whatever the order of crossings`() throws {
    let rule = try ExitRule(
      thresholds: [0.5, 0.1], overlapThresholds: [0.3, 0.6], teacherUnits: 2, horizon: 9)
    #expect(
      rule.marks.map(\.criterion.name)
        == ["overlap-1", "overlap-1", "overlap-2", "overlap-2", "risk", "risk"])
    #expect(rule.marks.map(\.threshold) == [0.3, 0.6, 0.3, 0.6, 0.1, 0.5])
    var watch = ExitWatch(rule: rule, initialRisk: 2)
    watch.observe(1.9, at: 1, step: 1)
    watch.observe(levels: [0.1, 0.7], at: 2, step: 2)
    watch.observe(1.8, at: 3, step: 3)
    watch.observe(levels: [0.3, 0.7], at: 4, step: 4)
    let records = watch.finish(.censored, at: 9, step: 90)
    #expect(records.map(\.step) == [4, 90, 2, 2, 3, 90])
    #expect(records.map(\.outcome.name).filter { $0 == "exited" }.count == 4)
    #expect(!watch.isDone)
  }

  /// |m| ≥ η and its risk are one event for one student and one unit.
  @Test func `overlaps of one student are watched by the risk`() throws {
    let model = try Model(dimension: 100, learningRate: 0.1)
    let rule = try ExitRule(thresholds: [0.1], overlapThresholds: [0.5, 0.2], horizon: 9)
    var watch = rule.watch(of: model, initialRisk: 2 * (1 - 0.01))
    // T = 0.1 is at m² = 0.109, between 0.2² and 0.5².
    for (step, m) in [0.15, 0.21, 0.32, 0.34, 0.49, 0.51].enumerated() {
      watch.observe(2 * (1 - m * m), at: Double(step), step: step)
    }
    #expect(watch.isDone)
    #expect(watch.finish(.censored, at: 9).map(\.step) == [1, 5, 3])
  }

  @Test func `the subspace comes last, by lines of its own`() throws {
    let rule = try ExitRule(
      thresholds: [0.1], overlapThresholds: [0.3], subspaceThresholds: [0.8, 0.4],
      teacherUnits: 2, horizon: 9)
    #expect(
      rule.marks.map(\.criterion.name)
        == ["overlap-1", "overlap-2", "risk", "subspace", "subspace"])
    #expect(rule.marks.map(\.threshold) == [0.3, 0.3, 0.1, 0.4, 0.8])
    #expect(rule.levels.map(\.name) == ["overlap-1", "overlap-2", "subspace"])
    var watch = ExitWatch(rule: rule, initialRisk: 2)
    watch.observe(levels: [0.1, 0.4, 0.41], at: 2, step: 2)
    watch.observe(levels: [0.5, 0.4, 0.9], at: 3, step: 3)
    #expect(watch.finish(.censored, at: 9, step: 90).map(\.step) == [3, 2, 90, 2, 3])
  }

  @Test func `more than the students can span is refused`() throws {
    let model = try Model(dimension: 100, teacherUnits: 2, learningRate: 0.1)
    let rule = try ExitRule(thresholds: [], subspaceThresholds: [0.5], teacherUnits: 2, horizon: 1)
    for body in [
      { _ = try ReducedChain(model: model, exitRule: rule) },
      { _ = try DeterministicLimit(model: model, exitRule: rule) },
      { _ = try DiffusionLimit(model: model, exitRule: rule, timeStep: 0.1) },
    ] as [() throws -> Void] {
      let error = #expect(throws: ParameterError.self) { try body() }
      #expect(error?.key == "subspace-thresholds")
    }
  }

  @Test func `a rule made for another number of units is refused`() throws {
    let model = try Model(dimension: 100, teacherUnits: 2, learningRate: 0.1)
    let rule = try ExitRule(thresholds: [], overlapThresholds: [0.5], horizon: 1)
    #expect(throws: ParameterError.self) { try ReducedChain(model: model, exitRule: rule) }
    #expect(throws: ParameterError.self) { try FullSGD(model: model, exitRule: rule) }
  }

  @Test func `an empty rule and levels out of range are refused`() {
    #expect(throws: ParameterError.self) { try ExitRule(thresholds: [], horizon: 1) }
    #expect(throws: ParameterError.self) {
      try ExitRule(thresholds: [], overlapThresholds: [1], horizon: 1)
    }
  }
}
