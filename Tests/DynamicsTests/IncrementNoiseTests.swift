import GSL
import Testing

@testable import Dynamics

/// The noise drawn in the error form's eigenbasis against the covariance it must have.
@Suite struct IncrementNoiseTests {
  struct Case: Sendable, CustomStringConvertible {
    let width: Int
    let teacherUnits: Int
    /// Whether the last student is the first one again, or the teacher for p = 1: Ω is singular.
    let isSingular: Bool
    /// Whether the teacher's units are correlated and of unequal length.
    var isCorrelated = false
    var description: String {
      "p = \(width), k = \(teacherUnits), singular: \(isSingular), correlated: \(isCorrelated)"
    }
  }

  static let cases: [Case] = (1...5).flatMap { p in
    (1...3).flatMap { k in
      [false, true].flatMap { isSingular in
        [false, true].map {
          Case(width: p, teacherUnits: k, isSingular: isSingular, isCorrelated: $0)
        }
      }
    }
  }

  private static let correlated: [[Double]] = [
    [1.2, 0.3, -0.2], [0.3, 0.9, 0.1], [-0.2, 0.1, 0.7],
  ]

  /// A model with unequal second layer and overlaps with nothing special.
  private func make(_ item: Case) throws -> (model: Model, state: [Double]) {
    let (p, k) = (item.width, item.teacherUnits)
    let model = try Model(
      dimension: 1000, width: p, teacherUnits: k, learningRate: 0.4, labelNoise: 0.3,
      secondLayer: (0..<p).map { 1 - 0.37 * Double($0) },
      teacherGram: item.isCorrelated
        ? (0..<k).map { Array(Self.correlated[$0].prefix(k)) } : nil)
    let stream = try RandomStream(seed: 77, purpose: 9, replica: 10 * p + k)
    var rows = (0..<p).map { _ in (0..<(p + k)).map { _ in stream.gaussian() } }
    if item.isSingular {
      rows[p - 1] = p > 1 ? rows[0] : [1] + Array(repeating: 0, count: p + k - 1)
    }
    rows = rows.map(unit)
    var state = item.isCorrelated ? [] : rows.flatMap { $0.prefix(k) }
    if let factor = model.teacherFactor {
      for row in rows {
        for r in 0..<k {
          state.append((0...r).reduce(0) { $0 + factor[r * k + $1] * row[$1] })
        }
      }
    }
    for j in 0..<p {
      for l in 0...j { state.append(zip(rows[j], rows[l]).reduce(0) { $0 + $1.0 * $1.1 }) }
    }
    return (model, state)
  }

  private func unit(_ row: [Double]) -> [Double] {
    let length = row.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return row.map { $0 / length }
  }

  /// The covariance of the increments, assembled from one unit normal after another.
  private func assembled(_ noise: IncrementNoise, _ layout: OverlapLayout) -> [[Double]] {
    var covariance = [[Double]](
      repeating: Array(repeating: 0, count: layout.count), count: layout.count)
    var normals = [Double](repeating: 0, count: noise.normalCount)
    var increments = [Double](repeating: 0, count: layout.count)
    for index in normals.indices {
      normals[index] = 1
      noise.increments(from: normals, into: &increments)
      normals[index] = 0
      for s in increments.indices {
        for t in increments.indices { covariance[s][t] += increments[s] * increments[t] }
      }
    }
    return covariance
  }

  @Test(arguments: cases)
  func `noise and its variance along a gradient have the covariance of the increments`(item: Case)
    throws
  {
    let (model, state) = try make(item)
    let moments = FieldMoments(model: model)
    moments.update(state, order: .covariance)
    let reference = IncrementCovariance(model: model)
    reference.evaluate(moments)
    let noise = try IncrementNoise(model: model)
    try noise.update(state)
    let found = assembled(noise, model.layout)
    let order = reference.order
    let largest = (0..<order).map { reference.matrix[$0 * (order + 1)] }.max() ?? 0
    #expect(largest > 0)
    for row in 0..<order {
      for column in 0...row {
        let expected = reference.matrix[row * order + column]
        let value = found[reference.active[row]][reference.active[column]]
        #expect(abs(value - expected) < 1e-12 * largest)
      }
    }
    var gradient = [Double](repeating: 0, count: model.layout.count)
    for row in 0..<order { gradient[reference.active[row]] = 1 / Double(row + 2) }
    var expected = 0.0
    for row in 0..<order {
      for column in 0..<order {
        let entry = reference.matrix[max(row, column) * order + min(row, column)]
        expected += entry / (Double(row + 2) * Double(column + 2))
      }
    }
    #expect(abs(noise.variance(along: gradient) - expected) < 1e-12 * largest)
  }

  @Test func `perfect alignment without label noise stands still`() throws {
    let model = try Model(dimension: 100, width: 3, learningRate: 0.1)
    let noise = try IncrementNoise(model: model)
    let state = [Double](repeating: 1, count: model.layout.count)
    try noise.update(state)
    for row in assembled(noise, model.layout) {
      for value in row { #expect(abs(value) < 1e-14) }
    }
  }

  @Test func `overlaps that are not numbers give noise that is not a number`() throws {
    let model = try Model(dimension: 100, width: 2, learningRate: 0.1)
    let noise = try IncrementNoise(model: model)
    try noise.update([0, .nan, 1, 0, 1])
    let normals = [Double](repeating: 1, count: noise.normalCount)
    var increments = [Double](repeating: 0, count: 5)
    noise.increments(from: normals, into: &increments)
    #expect(increments[0].isNaN)
  }

  /// Squares on correlated teacher units: closed forms against quadrature over the fields.
  @Test func `closed forms of a correlated teacher are its quadrature`() throws {
    let gram = Self.correlated.prefix(2).map { Array($0.prefix(2)) }
    let model = try Model(
      dimension: 500, teacherUnits: 2, learningRate: 0.4, labelNoise: 0.3, secondLayer: [1.2],
      teacherGram: gram)
    let start = try Start.overlaps([0.5, -0.3], of: model)
    let stream = try RandomStream(seed: 1, purpose: 9, replica: 0)
    let frame = start.frame(of: model, from: stream)
    let closed = try PhaseRetrievalCoefficients(model: model)
    let quadrature = try QuadratureCoefficients(model: model)
    let state = closed.state(of: frame)
    let general = quadrature.state(of: frame)
    #expect(general.dropLast() == state[...])
    closed.update(state, order: .covariance)
    quadrature.update(general, order: .covariance)
    try closed.updateNoise(state)
    quadrature.updateNoise(general)
    #expect(abs(closed.risk - quadrature.risk) < 1e-12)
    var (drift, other) = ([Double](repeating: 0, count: 3), [Double](repeating: 0, count: 4))
    closed.drift(into: &drift)
    closed.addFiniteSizeDrift(to: &drift)
    quadrature.drift(into: &other)
    quadrature.addFiniteSizeDrift(to: &other)
    for s in 0..<3 { #expect(abs(drift[s] - other[s]) < 1e-11) }
    for direction in [[1.0, 0, 0], [0.3, -0.7, 0]] {
      let own = closed.variance(along: direction)
      #expect(abs(own / quadrature.variance(along: direction + [0]) - 1) < 1e-11)
    }
    var (gradient, numeric) = (state, general)
    closed.takeMidwayGradient(&gradient, state)
    quadrature.takeMidwayGradient(&numeric, general)
    for s in 0..<2 { #expect(abs(gradient[s] - numeric[s]) < 1e-8) }
  }

  /// Five students on three correlated units, which no grid reaches: mean and covariance of the chain's steps.
  private func deviation(noise: Double) throws -> (mean: Double, variance: Double) {
    func model(_ noise: Double) throws -> Model {
      try Model(
        dimension: 1_000_000, width: 5, teacherUnits: 3, learningRate: 0.7, labelNoise: noise,
        secondLayer: [1, 0.8, -0.6, 1.3, 0.5], teacherGram: Self.correlated)
    }
    let (own, other) = (try model(0.3), try model(noise))
    #expect(DynamicsKind.sde.covers(own, try ExitRule(thresholds: [0.5], horizon: 1)))
    let layout = own.layout
    let stream = try RandomStream(seed: 78, purpose: 9, replica: 0)
    let rows = (0..<5).map { _ in unit((0..<8).map { _ in stream.gaussian() }) }
    var gram = [[Double]](repeating: Array(repeating: 0, count: 8), count: 8)
    let factor = try #require(own.teacherFactor)
    let teacher = (0..<3).map { r in
      (0..<8).map { $0 <= r ? factor[r * 3 + $0] : 0 }
    }
    let vectors = rows + teacher
    for i in 0..<8 {
      for j in 0..<8 { gram[i][j] = zip(vectors[i], vectors[j]).reduce(0) { $0 + $1.0 * $1.1 } }
    }
    let start = try frame(gram, own)
    let coefficients = try PhaseRetrievalCoefficients(model: other)
    let before = coefficients.state(of: start)
    coefficients.update(before, order: .covariance)
    try coefficients.updateNoise(before)
    var drift = [Double](repeating: 0, count: layout.count)
    coefficients.drift(into: &drift)
    let chain = try NetworkChain(model: own)
    let samples = 20_000
    var rates = [[Double]](repeating: [], count: layout.count)
    for _ in 0..<samples {
      chain.place(start)
      chain.step(stream)
      let state = chain.state
      for j in 0..<5 {
        for r in 0..<3 {
          let at = layout.teacherOverlap(j, r)
          rates[at].append((state.teacherOverlaps[3 * j + r] - before[at]) / own.clock.timePerStep)
        }
        for l in 0..<j {
          let at = layout.studentOverlap(j, l)
          rates[at].append((state.studentOverlaps[5 * j + l] - before[at]) / own.clock.timePerStep)
        }
      }
    }
    var (worst, spread) = (0.0, 0.0)
    for s in 0..<layout.count where !rates[s].isEmpty {
      let average = try mean(of: rates[s])
      let own = try variance(of: rates[s])
      worst = max(worst, abs(average - drift[s]) / (own / Double(samples)).squareRoot())
      let squares = rates[s].map { ($0 - average) * ($0 - average) }
      let error = (try variance(of: squares) / Double(samples)).squareRoot()
      var direction = [Double](repeating: 0, count: layout.count)
      direction[s] = 1
      let expected = coefficients.variance(along: direction)
      spread = max(spread, abs(try mean(of: squares) - expected) / error)
    }
    return (worst, spread)
  }

  // Twenty-five components: 5.6 standard errors are 1e-6 for all; squares have long tails.
  @Test func `five students on three correlated units move as the chain's steps`() throws {
    let deviation = try deviation(noise: 0.3)
    #expect(deviation.mean < 5.6 && deviation.variance < 6.2, "\(deviation)")
    let other = try self.deviation(noise: 1)
    #expect(other.variance > 6.2, "\(other)")
  }
}
