import Foundation
import GSL
import Testing

@testable import Dynamics

/// Steps, samples, rates and times go together by one clock.
@Suite struct LearningClockTests {
  static let schedules: [LearningRateSchedule] = [
    schedule(.power(0.5, after: 3000)), schedule(.power(1, after: 50)),
    schedule(.power(2, after: 700)), schedule(.power(0.3, after: 0.01)),
    schedule(.power(10, after: 1e9)), schedule(.power(1 + 1e-9, after: 20)),
    schedule(.none, warmUp: 100), schedule(.power(0.5, after: 40), warmUp: 30),
    schedule(.table([(0, 0.2), (17, 0.4), (900, 0.03)])), schedule(.table([(64, 0.1)])),
  ]

  private static func schedule(
    _ decay: LearningRateSchedule.Decay, warmUp: Int = 0
  ) -> LearningRateSchedule {
    // Written down here, and good.
    try! LearningRateSchedule(warmUp: warmUp, decay: decay)
  }

  private static func model(
    _ schedule: LearningRateSchedule?, rule: LearningRule = .oneSample
  ) throws -> Model {
    try Model(
      dimension: 400, width: 2, learningRate: 0.2, rule: rule, learningRateSchedule: schedule)
  }

  /// The rate as the schedule's definition has it.
  private static func rate(_ schedule: LearningRateSchedule, _ step: Int) -> Double {
    let (warmUp, after) = (max(schedule.warmUp, 0), step - schedule.warmUp)
    if step < warmUp { return 0.2 * (Double(step + 1) / Double(warmUp)) }
    switch schedule.decay {
    case .none: return 0.2
    case .power(let power, let scale): return 0.2 * pow(1 + Double(after) / scale, -power)
    case .table(let entries): return entries.last { $0.step <= step }?.rate ?? 0.2
    }
  }

  @Test(arguments: schedules)
  func `a step's time is the sum of the rates before it`(schedule: LearningRateSchedule) throws {
    let clock = try Self.model(schedule).clock
    #expect(!clock.isUniform)
    var (sum, rest) = (0.0, 0.0)
    for step in 0...20_000 {
      let rate = Self.rate(schedule, step)
      #expect(abs(clock.learningRate(ofStep: step) / rate - 1) < 1e-13)
      if step < 200 || step % 997 == 0 {
        let time = sum / 800
        #expect(abs(clock.time(ofStep: step) - time) <= 1e-13 * time, "step \(step)")
        #expect(clock.steps(by: clock.time(ofStep: step)) == Double(step))
        #expect(clock.steps(by: time + 0.5 * rate / 800) == Double(step))
        #expect(clock.stepEnd(from: clock.time(ofStep: step)) == clock.time(ofStep: step))
        #expect(clock.stepEnd(from: time + 0.5 * rate / 800) == clock.time(ofStep: step + 1))
        let samples = clock.samples(by: time + 0.25 * rate / 800)
        #expect(abs(samples - Double(step) - 0.25) < 1e-6)
      }
      // Kahan's sum, so that the reference is the better of the two.
      let (term, before) = (rate - rest, sum)
      sum += term
      rest = (sum - before) - term
    }
  }

  @Test(arguments: schedules)
  func `the rate in time is that of the step under way`(schedule: LearningRateSchedule) throws {
    let clock = try Self.model(schedule).clock
    // The first steps of a warm-up change by more than a tenth each.
    for step in [schedule.warmUp > 0 ? 10 : 0, 12, 16, 17, 99, 100, 500, 5000] {
      let rate = Self.rate(schedule, step)
      let middle = clock.time(ofStep: step) + 0.5 * rate / 800
      // Where a step is not small beside ν₀ rates in time mean little.
      guard case .power(_, let after) = schedule.decay, after < 10 else {
        #expect(abs(clock.learningRate(at: middle) / rate - 1) < 2e-3, "step \(step)")
        continue
      }
    }
  }

  @Test(arguments: schedules)
  func `the mean rate over a time is that of its steps`(schedule: LearningRateSchedule) throws {
    if case .power(_, let after) = schedule.decay, after < 10 { return }
    let clock = try Self.model(schedule).clock
    for (first, last) in [(0, 40), (10, 20), (60, 70), (890, 910), (5000, 5100)] {
      let rates = (first..<last).map { Self.rate(schedule, $0) }
      // Each counts for its time, which is in proportion to it.
      let expected = rates.reduce(0) { $0 + $1 * $1 } / rates.reduce(0, +)
      let found = clock.meanLearningRate(
        from: clock.time(ofStep: first), to: clock.time(ofStep: last))
      let drop = (rates.max() ?? 0) / (rates.min() ?? 0)
      // A table's steps have one rate each; elsewhere the middle stands for all.
      let tolerance = if case .table = schedule.decay { 1e-12 } else { 0.1 * (drop - 1) + 1e-3 }
      #expect(abs(found / expected - 1) < tolerance, "\(first) to \(last)")
    }
  }

  @Test func `time that steps never reach holds no number of them`() throws {
    let clock = try Self.model(Self.schedule(.power(3, after: 100))).clock
    // Σ (1 + n/100)^−3 is 50.5 and a little.
    #expect(clock.steps(by: 50 * 0.2 / 800).isFinite)
    #expect(clock.steps(by: 51 * 0.2 / 800) == .infinity)
    #expect(clock.samples(by: 51 * 0.2 / 800) == .infinity)
    let rule = try ExitRule(thresholds: [0.5], horizon: 51 * 0.2 / 800)
    let error = #expect(throws: ParameterError.self) {
      try ReducedChain(model: Self.model(Self.schedule(.power(3, after: 100))), exitRule: rule)
    }
    #expect(error?.key == "horizon")
  }

  @Test func `one rate is proportion, whatever says so`() throws {
    let plain = try Self.model(nil)
    for schedule in [
      Self.schedule(.none), Self.schedule(.none, warmUp: 1), Self.schedule(.power(0, after: 7)),
      Self.schedule(.table([(0, 0.2)])), Self.schedule(.table([(3, 0.2), (9, 0.2)])),
    ] { #expect(try Self.model(schedule) == plain) }
    #expect(plain.clock.isUniform && plain.clock.time(ofStep: 3) == 3 * (0.2 / 800))
    let batch = try Self.model(nil, rule: LearningRule(batchSize: 12, repetitions: 3)).clock
    #expect(batch.samples(by: batch.time(ofStep: 10)) == 40)
    #expect(batch.time(ofSamples: 40) == batch.time(ofStep: 10))
    #expect(batch.timePerSample == batch.timePerStep / 4)
  }

  static let bad: [(@Sendable () throws -> LearningRateSchedule, String)] = [
    ({ try LearningRateSchedule(decay: .power(.nan, after: 3)) }, "power of nan"),
    ({ try LearningRateSchedule(decay: .power(-1, after: 3)) }, "power of -1"),
    ({ try LearningRateSchedule(decay: .power(11, after: 3)) }, "power of 11"),
    ({ try LearningRateSchedule(decay: .power(1, after: 0)) }, "after 0"),
    ({ try LearningRateSchedule(decay: .power(1, after: .infinity)) }, "after inf"),
    ({ try LearningRateSchedule(warmUp: -1) }, "warm-up of -1"),
    ({ try LearningRateSchedule(decay: .table([])) }, "no steps"),
    ({ try LearningRateSchedule(decay: .table([(-1, 0.1)])) }, "step -1"),
    ({ try LearningRateSchedule(decay: .table([(5, 0.1), (5, 0.2)])) }, "step 5 after 5"),
    ({ try LearningRateSchedule(decay: .table([(0, 0.1), (5, .nan)])) }, "rate of nan"),
    ({ try LearningRateSchedule(decay: .table([(0, 0)])) }, "rate of 0"),
    ({ try LearningRateSchedule(warmUp: 9, decay: .table([(0, 0.1)])) }, "steps and a warm-up"),
  ]

  @Test(arguments: bad.indices) func `what is no schedule is refused by its key`(index: Int) {
    let (make, found) = Self.bad[index]
    let error = #expect(throws: ParameterError.self) { _ = try make() }
    #expect(error?.key == "learning-rate-schedule")
    #expect(error?.found.contains(found) == true, "\(error?.found ?? "")")
  }

  @Test func `what needs one rate refuses a schedule`() throws {
    let model = try Model(
      dimension: 400, learningRate: 0.2, learningRateSchedule: Self.schedule(.power(1, after: 50)))
    let theory = EscapeTheory(model: model)
    #expect(!theory.isKnown && theory.criticalLearningRate == nil && theory.plateau == nil)
    #expect(theory.growthRate == 0 && theory.annealedExitTime(threshold: 0.5) == nil)
    for refuse in [
      { try FixedPoint.requireCovered(model) }, { try model.requireEscapeTheory("it") },
      { _ = try ChainAverages(model: model, burnIn: 1, window: 1) },
    ] as [() throws -> Void] {
      let error = #expect(throws: ParameterError.self) { try refuse() }
      #expect(error?.key == "learning-rate-schedule")
    }
  }
}

/// The state of a replica in memory.
private final class Bytes: StateTransfer {
  private var bytes: [UInt8] = []
  private var place = 0
  private let reads: Bool

  init(reads: Bool, _ other: Bytes? = nil) {
    self.reads = reads
    bytes = other?.bytes ?? []
  }

  func pass(_ part: UnsafeMutableRawBufferPointer) throws {
    if reads {
      bytes.append(contentsOf: part)
    } else {
      guard place + part.count <= bytes.count else { throw StateError.tooShort }
      part.copyBytes(from: bytes[place..<(place + part.count)])
      place += part.count
    }
  }
}

/// A table that jumps is runs joined, bit for bit.
@Suite struct JoinedScheduleTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var rule = LearningRule.oneSample
    let make: @Sendable (Model) throws -> any SteppedReplica
  }

  static let cases: [Case] = [
    Case(testDescription: "chain") { try NetworkChain(model: $0) },
    Case(testDescription: "weights") { try NetworkWeights(model: $0) },
    Case(testDescription: "chain of batches", rule: try! LearningRule(batchSize: 3)) {
      try plainChain($0)
    },
    Case(
      testDescription: "chain that repeats", rule: try! LearningRule(batchSize: 2, repetitions: 3)
    ) { try plainChain($0) },
    Case(testDescription: "weights of batches", rule: try! LearningRule(batchSize: 3)) {
      try NetworkWeights(model: $0)
    },
  ]

  private func model(
    _ item: Case, _ share: Double, _ schedule: LearningRateSchedule? = nil
  ) throws -> Model {
    try Model(
      dimension: 40, width: 2, learningRate: 0.4 * share, labelNoise: 0.1,
      secondLayerRate: 0.01 * share, activation: .erf, target: .mean(.tanh), rule: item.rule,
      learningRateSchedule: schedule)
  }

  /// Risks along a run that jumps after 30 steps, and along two runs of which the second starts there.
  private func risks(_ item: Case, jump: Int, table: [(step: Int, rate: Double)]) throws -> (
    one: [Double], joined: [Double]
  ) {
    let schedule = try LearningRateSchedule(decay: .table(table))
    let start = try Start.overlaps([0.3, 0.1], of: model(item, 1))
    guard case .fixed(let frame) = start else { return ([], []) }
    func stream() throws -> RandomStream {
      try StreamFamily(seed: 9).stream(for: .chain, replica: 3)
    }
    let one = try item.make(model(item, 1, schedule))
    let first = try item.make(model(item, 1))
    let second = try item.make(model(item, 0.25))
    for replica in [one, first, second] { replica.place(frame) }
    let (own, other) = (try stream(), try stream())
    var risks: [(Double, Double)] = []
    for _ in 0..<jump {
      one.step(own)
      first.step(other)
      risks.append((one.point.risk, first.point.risk))
    }
    let bytes = Bytes(reads: true)
    try first.pass(through: bytes)
    try second.pass(through: Bytes(reads: false, bytes))
    for _ in 0..<50 {
      one.step(own)
      second.step(other)
      risks.append((one.point.risk, second.point.risk))
    }
    return (risks.map(\.0), risks.map(\.1))
  }

  @Test(arguments: cases)
  func `a table that jumps is two runs joined`(item: Case) throws {
    let (one, joined) = try risks(item, jump: 30, table: [(0, 0.4), (30, 0.1)])
    #expect(one.count == 80 && one == joined)
    #expect(Set(one).count == 80)
    // Sabotage: a step late.
    let (late, same) = try risks(item, jump: 30, table: [(0, 0.4), (31, 0.1)])
    #expect(late != same && late[..<30] == same[..<30])
  }

  @Test(arguments: cases)
  func `a state under a schedule goes on where it was`(item: Case) throws {
    let schedule = try LearningRateSchedule(warmUp: 20, decay: .power(1, after: 10))
    let model = try model(item, 1, schedule)
    guard case .fixed(let frame) = try Start.overlaps([0.3, 0.1], of: model) else { return }
    let stream = try StreamFamily(seed: 9).stream(for: .chain, replica: 3)
    let (first, second) = (try item.make(model), try item.make(model))
    for replica in [first, second] { replica.place(frame) }
    for _ in 0..<25 { first.step(stream) }
    let (state, numbers) = (Bytes(reads: true), Bytes(reads: true))
    try first.pass(through: state)
    try stream.withState { try numbers.pass($0) }
    let ends = try [first, second].map { replica in
      try replica.pass(through: Bytes(reads: false, state))
      try stream.withState { try Bytes(reads: false, numbers).pass($0) }
      for _ in 0..<10 { replica.step(stream) }
      return replica.point.risk
    }
    #expect(ends[0] == ends[1])
  }
}
