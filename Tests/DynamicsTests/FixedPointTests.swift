import Foundation
import GSL
import Testing

@testable import Dynamics

/// A row of data/reference/plateau.json, made by the script beside it.
private struct PlateauReference: Decodable {
  let width: Int
  let learning_rate: Double
  let label_noise: Double
  let overlap: Double
  let excess_risk: Double

  static func all() throws -> [PlateauReference] {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let file = root.appendingPathComponent("data/reference/plateau.json")
    return try JSONDecoder().decode([PlateauReference].self, from: Data(contentsOf: file))
  }
}

@Suite struct FixedPointTests {
  private func point(_ model: Model, replica: Int = 0) throws -> FixedPoint {
    let stream = try StreamFamily(seed: 5).stream(for: .start, replica: replica)
    return try FixedPoint(model: model, start: Start.random.frame(of: model, from: stream))
  }

  @Test(arguments: [1e-4, 1e-2, 1], [0.02, 0.1, 0.15])
  func `one student rests at the risk of the formula`(noise: Double, rate: Double) throws {
    let model = try Model(dimension: 1000, learningRate: rate, labelNoise: noise)
    let point = try point(model)
    let expected = rate * noise / (1 - 6 * rate)
    #expect(abs(try #require(point.excessRisk) / expected - 1) < 1e-6)
    #expect(point.outcome == .found && point.stability == .stable)
    // dm/dτ = αm(1 − m²) − βm has the slope −2(α − β) there.
    let (alpha, beta) = (4 - 24 * rate, 2 * rate * noise)
    #expect(abs(point.eigenvalues[0].real + 2 * (alpha - beta)) < 1e-6)
    #expect(EscapeTheory(model: model).plateau == expected)
  }

  @Test func `several students rest where an independent program says`() throws {
    let references = try PlateauReference.all()
    #expect(Set(references.map(\.width)).count >= 4)
    for reference in references {
      let model = try Model(
        dimension: 1000, width: reference.width, learningRate: reference.learning_rate,
        labelNoise: reference.label_noise)
      let point = try point(model)
      #expect(point.outcome == .found && point.stability == .stable, "\(reference)")
      #expect(
        abs(try #require(point.excessRisk) / reference.excess_risk - 1) < 1e-6, "\(reference)")
      for overlap in point.teacherOverlaps {
        #expect(abs(abs(overlap) - reference.overlap) < 1e-8)
      }
    }
  }

  @Test func `the plateau of the start is unstable below the critical rate alone`() throws {
    func rest(_ rate: Double) throws -> FixedPoint {
      let model = try Model(dimension: 1000, learningRate: rate, labelNoise: 0.5)
      let start = try Start.overlaps([0], of: model)
      guard case .fixed(let frame) = start else { throw CancellationError() }
      return try FixedPoint(model: model, start: frame)
    }
    let below = try rest(0.1)
    #expect(abs(try #require(below.excessRisk) - 2) < 1e-14)
    #expect(below.time == 0 && below.stability == .unstable)
    let growth = EscapeTheory(
      model: try Model(dimension: 1000, learningRate: 0.1, labelNoise: 0.5)
    ).growthRate
    #expect(abs(below.eigenvalues[0].real - growth) < 1e-8)
    #expect(try rest(0.2).stability == .stable)
    // Between the critical rate 0.16 and 1/6 as well.
    let above = try Model(dimension: 1000, learningRate: 0.163, labelNoise: 0.5)
    let point = try point(above)
    #expect(abs(try #require(point.excessRisk) - 2) < 1e-6)
    #expect(EscapeTheory(model: above).plateau == nil)
  }

  @Test func `a teacher of two units has a rotation that costs nothing`() throws {
    let model = try Model(
      dimension: 1000, width: 2, teacherUnits: 2, learningRate: 0.1, labelNoise: 0.1)
    let point = try point(model)
    #expect(point.stability == .marginal && point.zeroModes == 1)
    #expect(point.residual < 1e-12)
    let other = try self.point(model, replica: 1)
    #expect(abs(try #require(point.excessRisk) / #require(other.excessRisk) - 1) < 1e-8)
    #expect(abs(point.teacherOverlaps[0] - other.teacherOverlaps[0]) > 1e-3)
  }

  @Test func `without a constraint the norm blows up above a rate of one sixth`() throws {
    func rest(_ rate: Double) throws -> FixedPoint {
      try point(Model(dimension: 1000, learningRate: rate, constraint: .free))
    }
    let below = try rest(0.1)
    #expect(below.outcome == .found && below.stability == .stable)
    #expect(abs(try #require(below.excessRisk)) < 1e-9)
    // λ² + (20 − 48γ)λ + 96(1 − 6γ) = 0.
    let (half, product) = (10 - 24 * 0.1, 96 * (1 - 0.6))
    let expected = -half + (half * half - product).squareRoot()
    #expect(abs(below.eigenvalues[0].real - expected) < 1e-5)
    let above = try rest(0.3)
    guard case .diverged = above.outcome else {
      Issue.record("found \(above.outcome)")
      return
    }
    #expect(above.excessRisk == nil && above.stability == nil)
  }

  @Test func `drift by quadrature has its fixed point too`() throws {
    let square = try Model(dimension: 1000, learningRate: 0.1, labelNoise: 0.2)
    let polynomial = try Model(
      dimension: 1000, learningRate: 0.1, labelNoise: 0.2, activation: .polynomial([0, 0, 1]))
    let (closed, grid) = (try point(square), try point(polynomial))
    #expect(
      abs(try #require(closed.excessRisk) - #require(grid.excessRisk)) < 1e-9)
    #expect(abs(closed.eigenvalues[0].real - grid.eigenvalues[0].real) < 1e-6)
    let wide = try Model(dimension: 1000, width: 9, learningRate: 0.1, activation: .tanh)
    #expect(throws: ParameterError.self) { try point(wide) }
  }
}
