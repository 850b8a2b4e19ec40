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
    var description: String { "p = \(width), k = \(teacherUnits), singular: \(isSingular)" }
  }

  static let cases: [Case] = (1...5).flatMap { p in
    (1...3).flatMap { k in
      [false, true].map { Case(width: p, teacherUnits: k, isSingular: $0) }
    }
  }

  /// A model with unequal second layer and overlaps with nothing special.
  private func make(_ item: Case) throws -> (model: Model, state: [Double]) {
    let (p, k) = (item.width, item.teacherUnits)
    let model = try Model(
      dimension: 1000, width: p, teacherUnits: k, learningRate: 0.4, labelNoise: 0.3,
      secondLayer: (0..<p).map { 1 - 0.37 * Double($0) })
    let stream = try RandomStream(seed: 77, purpose: 9, replica: 10 * p + k)
    var rows = (0..<p).map { _ in (0..<(p + k)).map { _ in stream.gaussian() } }
    if item.isSingular {
      rows[p - 1] = p > 1 ? rows[0] : [1] + Array(repeating: 0, count: p + k - 1)
    }
    rows = rows.map(unit)
    var state = rows.flatMap { $0.prefix(k) }
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
}
