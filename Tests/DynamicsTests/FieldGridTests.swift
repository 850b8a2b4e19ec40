import Foundation
import GSL
import Testing

@testable import Dynamics

/// A row of data/reference/field_moments.json, made by the script beside it.
struct MomentsReference: Decodable, Sendable, CustomStringConvertible {
  let student: String
  let target: String
  let gram: [[Double]]
  let width: Int
  let teacher_units: Int
  let second_layer: [Double]
  let learning_rate: Double
  let label_noise: Double
  let second_layer_pace: Double
  let constraint: String
  let drift: [Double]
  let covariance: [[Double]]
  let risk: Double
  /// What the script says of itself, relative to the largest numbers.
  let error: Double

  var fieldCount: Int { width + teacher_units }
  var norm: Double { gram[0][0].squareRoot() }
  var description: String {
    "\(student), \(target), \(constraint), p = \(width), k = \(teacher_units), \(gram[0])"
  }

  static let all: [MomentsReference] = {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let file = root.appendingPathComponent("data/reference/field_moments.json")
    return try! JSONDecoder().decode([MomentsReference].self, from: Data(contentsOf: file))
  }()

  private static func activation(_ name: String) -> Activation {
    switch name {
    case "hermite": return .hermite([0, 1, 0.4, -0.2])
    case "linear": return .hermite([0, 1])
    default: return Activation.named.first { $0.name == name } ?? .square
    }
  }

  func model() throws -> Model {
    let (p, n, dimension) = (width, fieldCount, 300)
    return try Model(
      dimension: dimension, width: p, teacherUnits: teacher_units, learningRate: learning_rate,
      labelNoise: label_noise, secondLayer: second_layer,
      secondLayerRate: second_layer_pace * learning_rate / Double(dimension),
      activation: Self.activation(student), target: .mean(Self.activation(target)),
      teacherGram: (p..<n).map { Array(gram[$0][p..<n]) },
      constraint: try #require(Constraint(rawValue: constraint)))
  }

  func state(_ model: Model) -> [Double] {
    let layout = model.layout
    var state = [Double](repeating: 0, count: layout.count)
    for j in 0..<width {
      for r in 0..<teacher_units { state[layout.teacherOverlap(j, r)] = gram[j][width + r] }
      for l in 0...j { state[layout.studentOverlap(j, l)] = gram[j][l] }
    }
    return state + second_layer
  }

  /// The largest distances of the ODE's drift, the SDE's drift and its covariance, relative to the largest number
  /// of each.
  func distances(from model: Model) throws -> (ode: Double, drift: Double, covariance: Double) {
    let state = state(model)
    let flow = try NetworkFlow(model: model)
    var derivatives = [Double](repeating: 0, count: flow.stateLength)
    flow.derivatives(of: state, into: &derivatives)
    let quadrature = try IncrementQuadrature(model: model)
    quadrature.evaluate(state, order: .covariance)
    let size = drift.map(abs).max() ?? 0
    let count = quadrature.count
    let largest = covariance.joined().map(abs).max() ?? 0
    var (ode, sde, noise) = (0.0, 0.0, 0.0)
    for s in 0..<count {
      ode = max(ode, abs(derivatives[s] - drift[s]) / size)
      sde = max(sde, abs(quadrature.drift[s] - drift[s]) / size)
      for t in 0...s {
        let found = quadrature.covariance[s * count + t]
        noise = max(noise, abs(found - covariance[s][t]) / largest)
      }
    }
    return (ode, sde, noise)
  }
}

/// Drift, noise and risk by quadrature cut along kinks and steep places, against an independent program.
@Suite struct FieldGridTests {
  private static let pairs = MomentsReference.all.filter { $0.fieldCount == 2 }
  private static let several = MomentsReference.all.filter { $0.fieldCount > 2 }
  private static let kinked = pairs.filter { $0.student == "relu" || $0.target == "relu" }

  @Test(arguments: kinked)
  func `one ReLU student or unit has the reference's drift and noise`(item: MomentsReference) throws
  {
    let found = try item.distances(from: item.model())
    #expect(item.error < 1e-9)
    // A smooth step beside a kink is graded, not cut: the noise, of the highest powers, loses a digit.
    let bound = item.student == "tanh" || item.target == "tanh" ? 1e-7 : 1e-8
    #expect(found.ode < 1e-8 && found.drift < 1e-8 && found.covariance < bound, "\(found)")
  }

  @Test func `ReLU drifts as the referee says, where nodes across the kink do not`() throws {
    let model = try Model(
      dimension: 300, learningRate: 0.8, labelNoise: 0.2, secondLayer: [1.3],
      secondLayerRate: 0.8 / 300, activation: .relu, constraint: .free)
    let flow = try NetworkFlow(model: model)
    var drift = [0.0, 0, 0]
    flow.derivatives(of: [0.05, 1, 1.3], into: &drift)
    #expect(abs(drift[0] - 0.30343) < 5e-6 && abs(drift[1] + 0.2101) < 5e-5, "\(drift)")
    #expect(try QuadratureMoments.errorEstimate(of: model) < 1e-9)
    #expect(try DiffusionLimit.quadratureError(of: model) < 1e-9)
    let blind = FieldGrid.Rule(axis: 128, edge: 0)
    let across = try QuadratureMoments(model: model, rule: blind)
    let output = FlowExpectations(model: model)
    across.evaluate(gram: [1, 0.05, 0.05, 1], secondLayer: [1.3], into: output)
    let error = abs(1.3 * output.first[1] / drift[0] - 1)
    #expect(error > 1e-3)
    // The estimate sees the kinks: it is not below the error that there is.
    #expect(try QuadratureMoments.errorEstimate(of: model, rule: blind) > error)
  }

  @Test(arguments: pairs.filter { $0.student != "relu" && $0.target != "relu" })
  func `smooth activations have the reference's drift and noise at any norm`(
    item: MomentsReference
  ) throws {
    let found = try item.distances(from: item.model())
    #expect(found.ode < 1e-7 && found.drift < 2e-6 && found.covariance < 2e-6, "\(found)")
  }

  @Test(arguments: several)
  func `several fields are within the error that is stated`(item: MomentsReference) throws {
    let model = try item.model()
    let found = try item.distances(from: model)
    let ode = try QuadratureMoments.errorEstimate(of: model)
    let sde = try IncrementQuadrature.errorEstimate(of: model)
    #expect(found.ode < max(ode, 1e-8 + item.error), "\(found), \(ode)")
    #expect(max(found.drift, found.covariance) < max(sde, 1e-8 + item.error), "\(found), \(sde)")
  }

  @Test func `a drift of another second layer is seen`() throws {
    let item = try #require(Self.kinked.first)
    let model = try item.model()
    let other = try Model(
      dimension: 300, learningRate: item.learning_rate, labelNoise: item.label_noise,
      secondLayer: [1.300001], secondLayerRate: model.secondLayerRate, activation: .relu,
      constraint: .free)
    var state = item.state(other)
    state[2] = 1.300001
    let flow = try NetworkFlow(model: other)
    var drift = [0.0, 0, 0]
    flow.derivatives(of: state, into: &drift)
    #expect(abs(drift[0] - item.drift[0]) > 1e-8)
  }

  @Test(arguments: MomentsReference.all)
  func `risk is the reference's at any norm`(item: MomentsReference) throws {
    let model = try item.model()
    let risk = try NetworkFlow(model: model).risk(of: item.state(model))
    #expect(abs(risk / item.risk - 1) < 5e-7 + item.error, "\(risk), \(item.risk)")
  }

  @Test func `the table of ReLU is good to ten digits, beside a smooth step to eight`() throws {
    for (target, bound) in [(Activation.relu, 1e-10), (.square, 1e-10), (.tanh, 1e-8)] {
      let model = try Model(
        dimension: 1000, learningRate: 0.5, labelNoise: 0.1, activation: .relu,
        target: .mean(target))
      let error = try DiffusionTable(model: model, finiteSizeDrift: true).error
      #expect(error < bound, "\(target)")
    }
  }

  @Test(arguments: 1...5)
  func `radial rules are exact for powers, odd ones included`(dimension: Int) throws {
    for count in [1, 3, 8, 24, 64] {
      let rule = try LineRule.radial(count, dimension: dimension)
      for power in stride(from: 0, to: min(2 * count, 30), by: 1) {
        let found = zip(rule.nodes, rule.weights).reduce(0) { $0 + $1.1 * pow($1.0, Double(power)) }
        // ∫ r^{q−1+n} exp(−r²/2) dr = 2^{(q+n)/2−1} Γ((q + n)/2).
        let half = 0.5 * Double(dimension + power)
        let expected = pow(2, half - 1) * tgamma(half) / pow(2 * Double.pi, 0.5 * Double(dimension))
        #expect(abs(found / expected - 1) < 1e-10, "\(count) nodes, r^\(power)")
      }
    }
  }

  @Test(arguments: [2, 3, 4])
  func `pieces of a sphere add up to its area, thin ones too`(dimension: Int) throws {
    var rule = try DirectionRule(edge: dimension == 4 ? 8 : 16)
    let area = 2 * pow(Double.pi, 0.5 * Double(dimension)) / tgamma(0.5 * Double(dimension))
    for share in [0.0, 0.3, 0.9, 1 - 1e-5, 1 - 1e-12] {
      // Triangular normals, each at `share` from the one before it.
      let planes = (0..<dimension).map { i -> DirectionRule.Plane in
        var normal = [Double](repeating: 0, count: dimension)
        normal[i] = i > 0 ? (1 - share * share).squareRoot() : 1
        if i > 0 { normal[i - 1] = share }
        return DirectionRule.Plane(normal: normal, layer: nil)
      }
      rule.cut(planes, dimension: dimension)
      let sum = rule.weights.reduce(0, +)
      #expect(abs(sum / area - 1) < (dimension == 4 ? 3e-5 : 1e-9), "\(share): \(sum / area - 1)")
    }
  }

  @Test func `a finite norm is no divergence`() throws {
    let model = try Model(
      dimension: 100, learningRate: 0.5, activation: .hermite([0, 1]),
      target: .mean(.hermite([0, 40])), constraint: .free)
    let chain = try NetworkChain(model: model)
    let stream = try RandomStream(seed: 3, purpose: 9, replica: 0)
    chain.place(Start.random.frame(of: model, from: stream))
    for _ in 0..<2000 { chain.step(stream) }
    let norm = chain.state.studentOverlaps[0].squareRoot()
    #expect(norm > 32 && chain.risk.isFinite)
    for activation in [Activation.tanh, .sigmoid, .softplus] {
      let model = try Model(
        dimension: 100, learningRate: 0.5, activation: activation, constraint: .free)
      let flow = try NetworkFlow(model: model)
      #expect(flow.risk(of: [500, 1e6, 1]).isFinite)
      #expect(!flow.risk(of: [.infinity, .infinity, 1]).isFinite)
    }
  }
}
