import GSL

/// Finds where the risk and the levels of a flow cross lines within one adaptive step, turns included.
///
/// Everything is taken as a quantity that falls to its lines: number 0 is the risk, the others are the levels
/// with their sign turned. With values v and slopes s at both ends of a step of length h the cubic
/// v₀ + h s₀u + (3δ − 2h s₀ − h s₁)u² + (h s₀ + h s₁ − 2δ)u³, δ = v₁ − v₀, tells whether the quantity turns
/// inside and about how far it falls; a line that is not clearly below gets the least value itself, by
/// Brent's method on the slope of the solution. Cost a step: one evaluation of the derivatives and, but for
/// phase retrieval's risk, two of the values; nothing for one that is known to be monotone.
final class StepTurns {
  /// The quantities at the end of the last step.
  private(set) var values: [Double]

  private let flow: any DeterministicFlow
  private let isMonotone: Bool
  private var slopes: [Double]
  private var before: [Double]
  private var slopesBefore: [Double]
  private var rates: [Double]
  private var moved: [Double]
  private var span = 0.0...0.0
  private var solution: (Double) throws -> [Double] = { _ in [] }
  /// The least values inside the step, by quantity, once they have been sought.
  private var turns: [Int: [(time: Double, value: Double)]] = [:]

  /// How far below the cubic's least value, in depths of its dip, a line still calls for the true one.
  private static let margin = 2.0

  init(_ flow: any DeterministicFlow, levels: Int, isMonotone: Bool) {
    self.flow = flow
    self.isMonotone = isMonotone
    values = Array(repeating: 0, count: 1 + levels)
    (slopes, before, slopesBefore) = (values, values, values)
    rates = Array(repeating: 0, count: flow.stateLength)
    moved = rates
  }

  /// Takes the start.
  func begin(at state: [Double]) {
    write(state, into: &values)
    if !isMonotone { writeSlopes(state, into: &slopes) }
  }

  /// Takes the end of a step; `solution` gives the state at a time within it.
  func move(
    to state: [Double], during span: ClosedRange<Double>,
    solution: @escaping (Double) throws -> [Double]
  ) {
    (self.span, self.solution) = (span, solution)
    swap(&before, &values)
    write(state, into: &values)
    guard !isMonotone else { return }
    swap(&slopesBefore, &slopes)
    writeSlopes(state, into: &slopes)
    turns.removeAll(keepingCapacity: true)
  }

  /// The first time in the last step at which a quantity is at or below `line`, nil if there is none.
  func crossing(of index: Int, at line: Double) throws -> Double? {
    guard line > -.infinity, let end = try firstSeen(index, line) else { return nil }
    // The solution integrated anew may end a rounding above a line that the step's own end has reached.
    guard try value(index, at: end) <= line else { return end }
    return try findRoot(in: span.lowerBound...end, absoluteTolerance: 1e-12) { time in
      try value(index, at: time) - line
    }
  }

  /// A time at which the quantity is at or below the line, with none earlier beyond a turn.
  private func firstSeen(_ index: Int, _ line: Double) throws -> Double? {
    if !isMonotone, mayTurn(index, to: line) {
      for turn in try turns(of: index) where turn.value <= line { return turn.time }
    }
    return values[index] <= line ? span.upperBound : nil
  }

  private func mayTurn(_ index: Int, to line: Double) -> Bool {
    let least = cubicTurns(index).compactMap(\.least).min()
    guard let least else { return false }
    let depth = min(before[index], values[index]) - least
    return least - StepTurns.margin * max(depth, 0) <= line
  }

  /// The places u in (0, 1) where the cubic is stationary, with its value at a least one.
  private func cubicTurns(_ index: Int) -> [(place: Double, least: Double?)] {
    let h = span.upperBound - span.lowerBound
    let (start, end) = (h * slopesBefore[index], h * slopes[index])
    let rise = values[index] - before[index]
    let (square, cube) = (3 * rise - 2 * start - end, start + end - 2 * rise)
    // Roots of start + 2 square u + 3 cube u².
    let root = (square * square - 3 * cube * start).squareRoot()
    guard root > 0 else { return [] }
    let reach = -(square + (square < 0 ? -root : root))
    return [reach / (3 * cube), start / reach].filter { $0 > 0 && $0 < 1 }.sorted().map { u in
      let isLeast = square + 3 * cube * u > 0
      let value = before[index] + u * (start + u * (square + u * cube))
      return (u, isLeast ? value : nil)
    }
  }

  /// The least values inside the step, in order of time.
  private func turns(of index: Int) throws -> [(time: Double, value: Double)] {
    if let known = turns[index] { return known }
    let length = span.upperBound - span.lowerBound
    let places = cubicTurns(index).map { span.lowerBound + $0.place * length }
    var (time, slope) = (span.lowerBound, slopesBefore[index])
    var found: [(time: Double, value: Double)] = []
    for place in places + [span.upperBound] {
      let next = place < span.upperBound ? try self.slope(index, at: place) : slopes[index]
      if slope < 0 && next >= 0 {
        let turn = try findRoot(in: time...place, absoluteTolerance: 1e-12) {
          $0 == time ? slope : $0 == place ? next : try self.slope(index, at: $0)
        }
        found.append((turn, try value(index, at: turn)))
      }
      (time, slope) = (place, next)
    }
    turns[index] = found
    return found
  }

  private func value(_ index: Int, at time: Double) throws -> Double {
    var result = values
    write(try solution(time), into: &result)
    return result[index]
  }

  private func slope(_ index: Int, at time: Double) throws -> Double {
    var result = slopes
    writeSlopes(try solution(time), into: &result)
    return result[index]
  }

  private func write(_ state: [Double], into output: inout [Double]) {
    output[0] = flow.risk(of: state)
    guard output.count > 1 else { return }
    output.withUnsafeMutableBufferPointer { output in
      guard let levels = output.baseAddress.map({ $0 + 1 }) else { return }
      flow.writeLevels(of: state, into: levels)
      for index in 1..<output.count { output[index] = -output[index] }
    }
  }

  /// Writes dv/dτ, by central differences along the flow but for a risk whose gradient is known.
  private func writeSlopes(_ state: [Double], into output: inout [Double]) {
    flow.derivatives(of: state, into: &rates)
    let known = flow.riskRate(of: state, along: rates)
    if let known, output.count == 1 {
      output[0] = known
      return
    }
    let fastest = rates.reduce(0) { max($0, abs($1)) }
    guard fastest > 0, fastest.isFinite else {
      for index in output.indices { output[index] = 0 }
      return
    }
    let reach = 6e-6 / fastest
    for index in state.indices { moved[index] = state[index] + reach * rates[index] }
    write(moved, into: &output)
    for index in state.indices { moved[index] = state[index] - reach * rates[index] }
    var lower = output
    write(moved, into: &lower)
    for index in output.indices { output[index] = (output[index] - lower[index]) / (2 * reach) }
    if let known { output[0] = known }
  }
}
