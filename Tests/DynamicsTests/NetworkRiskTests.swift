import Foundation
import GSL
import Testing

@testable import Dynamics

/// A row of data/reference/network_risk.json, made by the script beside it.
struct RiskReference: Decodable, Sendable, CustomStringConvertible {
  struct Term: Decodable, Sendable {
    let coefficient: Double
    let degrees: [Int]
  }
  let student: String
  let target: String
  let terms: [Term]
  let gram: [[Double]]
  let constraint: String
  let second_layer: [Double]
  let risk: Double

  var description: String { "\(student), \(target), \(constraint)" }

  static let all: [RiskReference] = {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let file = root.appendingPathComponent("data/reference/network_risk.json")
    return try! JSONDecoder().decode([RiskReference].self, from: Data(contentsOf: file))
  }()

  private static func activation(_ name: String) -> Activation {
    Activation.named.first { $0.name == name } ?? .hermite([0.3, 1, 0, -0.4])
  }

  func model() throws -> Model {
    try Model(
      dimension: 100, width: 2, teacherUnits: 2, learningRate: 0.1, secondLayer: second_layer,
      activation: RiskReference.activation(student),
      target: terms.isEmpty
        ? .mean(RiskReference.activation(target))
        : .hermiteTerms(
          terms.map { HermiteTerm(coefficient: $0.coefficient, degrees: $0.degrees) }),
      teacherGram: [[gram[2][2], gram[2][3]], [gram[3][2], gram[3][3]]],
      constraint: try #require(Constraint(rawValue: constraint)))
  }
}

@Suite struct NetworkRiskTests {
  @Test(arguments: RiskReference.all)
  func `risk is the reference's`(item: RiskReference) throws {
    let model = try item.model()
    let chain = try NetworkChain(model: model)
    chain.place(try frame(item.gram, model))
    #expect(abs(chain.risk - item.risk) < 5e-9)
    let weights = try NetworkWeights(model: model)
    weights.place(try frame(item.gram, model))
    #expect(abs(weights.risk - item.risk) < 5e-9)
    if try NetworkChainLanes.covers(model) {
      let lanes = try NetworkChainLanes(
        model: model, watchesRisk: true, seed: 1, instructions: .best)
      for lane in 0..<16 { lanes.park(lane) }
      lanes.place(3, replica: 0, frame: try frame(item.gram, model))
      #expect(abs(lanes.risk(3) - chain.risk) < 1e-13 * max(1, abs(chain.risk)))
    }
    let state = chain.state
    for j in 0..<2 {
      for r in 0..<2 {
        #expect(abs(state.teacherOverlaps[2 * j + r] - item.gram[j][2 + r]) < 1e-14)
        #expect(abs(state.studentOverlaps[2 * j + r] - item.gram[j][r]) < 1e-14)
      }
    }
  }

  @Test func `kernels know the risk of most references`() throws {
    let covered = try RiskReference.all.filter { try NetworkChainLanes.covers($0.model()) }
    #expect(2 * covered.count > RiskReference.all.count)
    #expect(covered.contains { $0.constraint == "free" })
  }

  @Test func `squares written as a polynomial have the closed form's risk`() throws {
    let square = try unequalModel()
    let model = try Model(
      dimension: 1000, width: 3, teacherUnits: 2, learningRate: 0.3, labelNoise: 0.2,
      secondLayer: square.secondLayer, activation: .polynomial([0, 0, 1]))
    let start = try frame(unequalGram, square)
    let moments = FieldMoments(model: square)
    moments.update(start.overlaps, order: .drift)
    let chain = try NetworkChain(model: model)
    chain.place(start)
    #expect(abs(chain.risk - moments.risk) < 1e-12)
  }

  /// The general chain and that of phase retrieval draw the same numbers in the same order.
  @Test func `the general chain takes the steps of phase retrieval`() throws {
    let square = try unequalModel(dimension: 60)
    let start = try frame(unequalGram, square)
    let known = NetworkChain(model: square, law: SquareLaw(model: square))
    let general = try NetworkChain(model: square)
    let streams = try (0..<2).map { _ in try RandomStream(seed: 5, purpose: 9, replica: 1) }
    known.place(start)
    general.place(start)
    for _ in 0..<300 {
      known.step(streams[0])
      general.step(streams[1])
    }
    for (x, y) in zip(known.state.teacherOverlaps, general.state.teacherOverlaps) {
      #expect(abs(x - y) < 1e-10)
    }
    #expect(abs(known.risk - general.risk) < 1e-10)
    #expect(abs(known.risk - 1) > 1e-3)
  }

  @Test(arguments: [Constraint.free, .lagrange, .spherical])
  func `student overlaps carried along are those of the frame`(constraint: Constraint) throws {
    let model = try Model(
      dimension: 40, width: 3, teacherUnits: 2, learningRate: 0.3, labelNoise: 0.1,
      secondLayerRate: 0.01, activation: .tanh, target: .mean(.relu),
      teacherGram: [[1, 0.4], [0.4, 0.8]], constraint: constraint)
    let stream = try RandomStream(seed: 6, purpose: 9, replica: 1)
    let chain = try NetworkChain(model: model)
    chain.place(Start.random.frame(of: model, from: stream))
    // Q is carried along for 4000 steps, and then compared with what the frame has.
    for _ in 0..<4000 { chain.step(stream) }
    let carried = chain.state
    let fresh = chain.refreshedState()
    for (x, y) in zip(carried.studentOverlaps, fresh.studentOverlaps) {
      #expect(abs(x - y) < 1e-11)
    }
    #expect(carried.teacherOverlaps.contains { abs($0) > 0.05 })
    if constraint == .lagrange { #expect(carried.studentOverlaps[0] > 1.0001) }
    #expect(carried.secondLayer != model.secondLayer)
  }
}
