import GSL
import Testing

@testable import Dynamics

/// Exits of the ODE where the risk or a level turns inside an adaptive step.
@Suite struct StepTurnsTests {
  /// A flow that knows its solution: states are times, the risk and a level are what is given.
  private final class Clockwork: DeterministicFlow {
    let stateLength = 1
    let height: (Double) -> Double
    init(_ height: @escaping (Double) -> Double) { self.height = height }
    func state(of frame: StudentFrame) -> [Double] { [0] }
    func derivatives(of state: UnsafePointer<Double>, into output: UnsafeMutablePointer<Double>) {
      output[0] = 1
    }
    func risk(of state: UnsafePointer<Double>) -> Double { height(state[0]) }
    func writeLevels(of state: UnsafePointer<Double>, into output: UnsafeMutablePointer<Double>) {
      output[0] = 1 - height(state[0])
    }
  }

  /// The crossings of lines in one step from `start` to `end`, by the risk and by the level.
  private func crossings(
    _ height: @escaping (Double) -> Double, _ start: Double, _ end: Double, _ lines: [Double],
    isMonotone: Bool = false
  ) throws -> [[Double?]] {
    let turns = StepTurns(Clockwork(height), levels: 1, isMonotone: isMonotone)
    turns.begin(at: [start])
    turns.move(to: [end], during: start...end) { [$0] }
    return try [0, 1].map { index in
      try lines.map { try turns.crossing(of: index, at: index == 0 ? $0 : $0 - 1) }
    }
  }

  @Test func `a dip between two steps is crossed on its way down`() throws {
    // Least at 0.6, where it is 0.2.
    for times in try crossings(
      { 0.2 + ($0 - 0.6) * ($0 - 0.6) }, 0, 1, [0.45, 0.3, 0.2001, 0.1999])
    {
      for (found, line) in zip(times, [0.45, 0.3, 0.2001]) {
        #expect(abs(try #require(found) - (0.6 - (line - 0.2).squareRoot())) < 1e-9)
      }
      #expect(times[3] == nil)
    }
    let blind = try crossings(
      { 0.2 + ($0 - 0.6) * ($0 - 0.6) }, 0, 1, [0.3], isMonotone: true)
    #expect(blind[0] == [nil])
  }

  @Test func `a dip before a fall counts first, and a hump hides nothing`() throws {
    // Falls, rises and falls again: least at 0.2 within, lower at the end.
    let height = { (t: Double) in 1 - 3.2 * t * (t - 0.5) * (t - 0.5) - 0.3 * t }
    for times in try crossings(height, 0, 1, [0.94, 0.6]) {
      let first = try #require(times[0]), second = try #require(times[1])
      #expect(abs(height(first) - 0.94) < 1e-9 && first < 0.2)
      #expect(abs(height(second) - 0.6) < 1e-9 && second > 0.5)
    }
  }

  @Test func `the issue's replica leaves every threshold that its trajectory falls below`() throws {
    let model = try Model(
      dimension: 100, width: 2, learningRate: 0.2, secondLayerRate: 0.01,
      normalisesSecondLayer: true)
    let thresholds = [0.7276, 0.72767, 0.72768]
    let engine = try DeterministicLimit(
      model: model, exitRule: try ExitRule(thresholds: thresholds, horizon: 60))
    let streams = StreamFamily(seed: 1)
    let records = try engine.run(3..<4, start: .random, streams: streams)
    let times = (0...4000).map { 10.8 + 0.0001 * Double($0) }
    var risks = [Double](repeating: .nan, count: times.count)
    let start = Start.random.frame(of: model, from: try streams.stream(for: .start, replica: 3))
    let flow = try NetworkFlow(model: model)
    let initial = flow.risk(of: flow.state(of: start))
    try engine.observe(
      PathWork(
        ReplicaSource(queue: ReplicaQueue(3..<4), streams: streams), start: .random,
        times: times, observe: { risks[$1] = $2.risk }))
    for (record, threshold) in zip(records, thresholds) {
      let line = (1 - threshold) * initial
      guard let first = risks.firstIndex(where: { $0 <= line }) else {
        // The dip is not that deep: whatever there is comes later.
        #expect(record.outcome != .exited || record.time > times[times.count - 1])
        continue
      }
      #expect(record.outcome == .exited)
      #expect(record.time <= times[first] + 1e-9 && record.time > times[first] - 0.00011)
    }
    #expect(abs(records[0].time - 10.844) < 0.001 && abs(records[1].time - 10.849) < 0.001)
  }
}
