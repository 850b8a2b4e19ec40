import Foundation
import GSL
import Testing

@testable import Dynamics

/// A row of data/reference/product_targets.json, made by the script beside it.
struct ProductReference: Decodable, Sendable, CustomStringConvertible {
  struct Term: Decodable, Sendable {
    let coefficient: Double
    let factors: [String]
  }
  let student: String
  let terms: [Term]
  let overlaps: [[Double]]
  let gram: Double
  let second_layer: [Double]
  let risk: Double

  var description: String { "\(student) on \(terms.map(\.factors))" }

  static let all: [ProductReference] = {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let file = root.appendingPathComponent("data/reference/product_targets.json")
    return try! JSONDecoder().decode([ProductReference].self, from: Data(contentsOf: file))
  }()

  private func factor(_ name: String) throws -> TargetFactor {
    try #require(TargetFactor.named.first { $0.name == name })
  }

  func model() throws -> Model {
    let degree = Int(student.dropFirst(2)).map { Activation.hermiteTerm($0) }
    return try Model(
      dimension: 100, width: 2, teacherUnits: overlaps[0].count, learningRate: 0.1,
      secondLayer: second_layer,
      activation: try degree ?? #require(Activation.named.first { $0.name == student }),
      target: .products(
        try terms.map {
          ProductTerm(coefficient: $0.coefficient, factors: try $0.factors.map(factor))
        }))
  }
}

@Suite struct ProductTargetTests {
  @Test(arguments: ProductReference.all)
  func `risk is the reference's`(item: ProductReference) throws {
    let model = try item.model()
    let k = model.teacherUnits
    var gram = item.overlaps.enumerated().map { j, row in
      (0..<2).map { $0 == j ? 1 : item.gram } + row
    }
    for r in 0..<k { gram.append(item.overlaps.map { $0[r] } + (0..<k).map { $0 == r ? 1 : 0 }) }
    let chain = try NetworkChain(model: model)
    chain.place(try frame(gram, model))
    // A ReLU student's series on products with kinks ends after 128 terms.
    #expect(abs(chain.risk - item.risk) < 2e-9 * max(1, item.risk))
  }

  private func target(_ terms: [(Double, [TargetFactor])]) -> Target {
    .products(terms.map { ProductTerm(coefficient: $0.0, factors: $0.1) })
  }

  private func model(_ target: Target, units: Int, _ activation: Activation = .erf, width: Int = 1)
    throws -> Model
  {
    try Model(
      dimension: 100, width: width, teacherUnits: units, learningRate: 0.1, activation: activation,
      target: target)
  }

  @Test func `polynomials as products are the same Hermite terms`() throws {
    let products = target([(2, [.hermite(2), .identity]), (0.5, [.activation(.square)])])
    let terms = Target.hermiteTerms([
      HermiteTerm(coefficient: 2, degrees: [2, 1]), HermiteTerm(coefficient: 0.5, degrees: [2, 0]),
      HermiteTerm(coefficient: 0.5, degrees: [0, 0]),
    ])
    let (first, second) = (try model(products, units: 2), try model(terms, units: 2))
    #expect(try first.informationExponent() == second.informationExponent())
    #expect(try first.leap() == second.leap())
    let (f, g) = (TargetFunction(model: first), TargetFunction(model: second))
    for point in [[0.3, -1.2], [-2, 0.7]] { #expect(abs(f.value(point) - g.value(point)) < 1e-13) }
    var gram = [[1, 0.4, -0.2], [0.4, 1, 0], [-0.2, 0, 1]]
    let (x, y) = (try NetworkChain(model: first), try NetworkChain(model: second))
    x.place(try frame(gram, first))
    y.place(try frame(gram, second))
    #expect(abs(x.risk - y.risk) < 1e-13)
    gram[0][1] = 0
  }

  @Test func `the drift of He₃ on a sign is exact with its nodes cut at the jump`() throws {
    let model = try model(target([(1, [.sign])]), units: 1, .hermiteTerm(3))
    let flow = QuadratureMoments.self
    let moments = try flow.init(model: model)
    let output = FlowExpectations(model: model)
    for m in [0.0, 0.05, 0.6] {
      // Without the student's own share, which the correlation loss leaves out.
      let rule = try LearningRule(loss: .correlation)
      let alone = try Model(
        dimension: 100, learningRate: 0.1, activation: .hermiteTerm(3),
        target: target([(1, [.sign])]), rule: rule)
      let pushes = try QuadratureMoments(model: alone)
      let gram = [1, m, m, 1]
      pushes.evaluate(gram: gram, secondLayer: [1], into: output)
      // E[sign(u)(3v² − 3)u] = 3m²√(2/π).
      #expect(abs(output.first[1] - 3 * m * m * (2 / Double.pi).squareRoot()) < 1e-12)
      let across = try QuadratureMoments(model: alone, rule: FieldGrid.Rule(axis: 32, edge: 0))
      across.evaluate(gram: gram, secondLayer: [1], into: output)
      #expect(m == 0 || abs(output.first[1] - 3 * m * m * (2 / Double.pi).squareRoot()) > 1e-6)
      moments.evaluate(gram: gram, secondLayer: [1], into: output)
      #expect(output.first[1].isFinite)
    }
  }

  static let exponents: [(String, Target, Int, Int, Int, Int?)] = {
    func products(_ terms: [(Double, [TargetFactor])]) -> Target {
      .products(terms.map { ProductTerm(coefficient: $0.0, factors: $0.1) })
    }
    let sign = [TargetFactor.sign, .sign, .sign]
    return [
      ("He₃", .mean(.hermiteTerm(3)), 1, 3, 3, 1), ("He₄", .mean(.hermiteTerm(4)), 1, 4, 4, 2),
      ("squares of three units", .mean(.square), 3, 2, 2, 2),
      ("tanh", .mean(.tanh), 1, 1, 1, 1), ("sign", products([(1, [.sign])]), 1, 1, 1, 1),
      ("|x|", products([(1, [.absolute])]), 1, 2, 2, 2),
      ("three signs", products([(1, sign)]), 3, 3, 3, 3),
      (
        "a product of three fields", products([(1, [.identity, .identity, .identity])]), 3, 3, 3, 2
      ),
      ("a staircase", products([(5, sign), (1, [.hermite(4)])]), 3, 3, 3, 2),
      ("a step and a product", products([(1, [.identity]), (1, [.step, .identity])]), 2, 1, 1, 1),
      (
        "terms that cancel", products([(1, [.sign]), (-1, [.sign]), (1, [.one, .hermite(2)])]), 2,
        2, 2,
        2
      ),
      (
        "four signs", products([(1, [.sign, .sign, .sign, .sign])]), 4, 4, 4, nil
      ),
    ]
  }()

  @Test func `exponents are those of theory`() throws {
    for (name, target, units, information, leap, generative) in ProductTargetTests.exponents {
      let model = try model(target, units: units)
      #expect(try model.informationExponent() == information, "\(name)")
      #expect(try model.leap() == leap, "\(name)")
      let found = try model.generativeExponent()
      #expect(found.value == generative, "\(name): \(found.how)")
    }
  }

  @Test func `targets that cannot be are refused with the key`() throws {
    func refusal(_ body: () throws -> Model) -> String? {
      do { _ = try body() } catch { return (error as? ParameterError)?.key }
      return nil
    }
    #expect(refusal { try model(target([(1, [.sign, .sign])]), units: 1) } == "target")
    #expect(refusal { try model(target([]), units: 1) } == "target")
    #expect(refusal { try model(target([(.nan, [.sign])]), units: 1) } == "target")
    #expect(refusal { try model(target([(1, [.one, .hermite(0)])]), units: 2) } == "target")
    #expect(refusal { try model(target([(1, [.hermite(9)])]), units: 1) } == "target")
    #expect(
      refusal { try model(target([(1, [.hermite(8), .hermite(8), .hermite(1)])]), units: 3) }
        == "target")
    #expect(
      refusal {
        try Model(
          dimension: 100, teacherUnits: 2, learningRate: 0.1,
          target: target([(1, [.sign, .sign])]),
          teacherGram: [[1, 0.3], [0.3, 1]])
      } == "teacher-gram")
  }

  @Test func `the ODE and the SDE refuse jumps that they cannot cut along`() throws {
    let signs = Array(repeating: TargetFactor.sign, count: 5)
    let model = try model(target([(1, signs)]), units: 5, .hermiteTerm(2))
    let rule = try ExitRule(thresholds: [0.1], horizon: 1)
    for kind in [DynamicsKind.ode, .sde] { #expect(!kind.covers(model, rule)) }
    #expect(throws: Never.self) { try ReducedChain(model: model, exitRule: rule) }
    let three = try self.model(target([(1, [.sign, .sign])]), units: 2, .hermiteTerm(2))
    #expect(DynamicsKind.ode.covers(three, rule))
  }
}
