import GSL
import Testing

@testable import Dynamics

/// Drift, finite-size drift and noise by quadrature against closed forms and against steps of the chain.
@Suite struct IncrementQuadratureTests {
  @Test func `squares by quadrature are the closed forms to 1e-12`() throws {
    let model = try unequalModel()
    let overlaps = try frame(unequalGram, model).overlaps
    let (moments, covariance) = (FieldMoments(model: model), IncrementCovariance(model: model))
    moments.update(overlaps, order: .covariance)
    covariance.evaluate(moments)
    let quadrature = try IncrementQuadrature(model: model)
    quadrature.evaluate(overlaps + model.secondLayer, order: .covariance)
    let count = overlaps.count
    var drift = [Double](repeating: 0, count: count)
    var finite = drift
    moments.drift(into: &drift)
    moments.addFiniteSizeDrift(to: &finite)
    func agree(_ x: Double, _ y: Double, _ size: Double) {
      #expect(abs(x - y) < 1e-12 * size)
    }
    let largest = (0..<covariance.order).map { covariance.matrix[$0 * (covariance.order + 1)] }
    let scale = try #require(largest.max())
    for s in 0..<count {
      agree(quadrature.drift[s], drift[s], drift.map(abs).max() ?? 0)
      agree(quadrature.finiteSizeDrift[s], finite[s], finite.map(abs).max() ?? 0)
    }
    for (row, s) in covariance.active.enumerated() {
      for column in 0...row {
        agree(
          quadrature.covariance[s * quadrature.count + covariance.active[column]],
          covariance.matrix[row * covariance.order + column], scale)
      }
    }
    // What the sphere and a fixed second layer hold still has no noise.
    for s in 0..<quadrature.count where !covariance.active.contains(s) {
      #expect(quadrature.covariance[s * quadrature.count + s] == 0)
    }
  }

  @Test func `the table of squares is the polynomials of phase retrieval to 1e-12`() throws {
    let square = try Model(dimension: 100, learningRate: 0.1, labelNoise: 0.2)
    let polynomial = try Model(
      dimension: 100, learningRate: 0.1, labelNoise: 0.2, activation: .polynomial([0, 0, 1]))
    let table = try DiffusionTable(model: polynomial, finiteSizeDrift: true)
    let exact = try ScalarDiffusion(model: square, finiteSizeDrift: true)
    let risk = OverlapRisk(model: square)
    #expect(table.error < 1e-12)
    for i in -10...10 {
      let m = Double(i) / 10
      #expect(abs(table.drift(m) - exact.drift(m)) < 1e-11)
      #expect(abs(table.variance(m) - exact.variance(m)) < 1e-11)
      #expect(abs(table.risk(m) - risk.value(m)) < 1e-12)
      let chord = risk.slope * (2 * m + 0.01)
      #expect(i == 10 || abs(table.riskSlope(from: m, to: m + 0.01) - chord) < 1e-9)
    }
  }

  @Test(arguments: [Activation.erf, .tanh, .sigmoid])
  func `tables of smooth activations are good to eight digits`(activation: Activation) throws {
    let model = try Model(
      dimension: 1000, learningRate: 0.5, labelNoise: 0.1, activation: activation)
    #expect(try DiffusionTable(model: model, finiteSizeDrift: true).error < 1e-8)
    #expect(try IncrementQuadrature.errorEstimate(of: model) < 1e-6)
    let quadrature = try IncrementQuadrature(model: model)
    let flow = try NetworkFlow(model: model)
    var derivatives = [0.0, 0, 0]
    flow.derivatives(of: [0.4, 1, 1], into: &derivatives)
    quadrature.evaluate([0.4, 1, 1], order: .drift)
    #expect(abs(quadrature.drift[0] - derivatives[0]) < 1e-6 * abs(derivatives[0]))
  }

  private static let correlated: [[Double]] = [[1.2, 0.3], [0.3, 0.9]]
  private static let gram: [[Double]] = [
    [1.7, 0.35, -0.1], [0.35, 1.2, 0.3], [-0.1, 0.3, 0.9],
  ]

  private func model(_ item: Int, dimension: Int, noise: Double = 0.2) throws -> Model {
    let (activation, constraint): (Activation, Constraint) = [
      (.tanh, .free), (.erf, .lagrange), (.polynomial([0, 0.5, 1]), .free), (.square, .lagrange),
    ][item]
    return try Model(
      dimension: dimension, teacherUnits: 2, learningRate: 0.4, labelNoise: noise,
      secondLayer: [1.3], secondLayerRate: item == 0 ? 0.8 / Double(dimension) : 0,
      activation: activation, teacherGram: Self.correlated, constraint: constraint)
  }

  /// The largest distance, in standard errors, of means and covariances of the chain's steps from those of
  /// `other` by quadrature.
  private func deviation(
    _ model: Model, of other: Model, samples: Int, finiteSize: Bool
  ) throws -> (mean: Double, covariance: Double) {
    let quadrature = try IncrementQuadrature(model: other)
    let count = quadrature.count
    let start = try frame(Self.gram, model)
    let before = try NetworkFlow(model: model).state(of: start)
    quadrature.evaluate(before, order: .covariance)
    let chain = try NetworkChain(model: model)
    let stream = try RandomStream(seed: 43, purpose: 9, replica: 0)
    var rates = [[Double]](repeating: [], count: count)
    for _ in 0..<samples {
      chain.place(start)
      chain.step(stream)
      let state = chain.state
      let after = state.teacherOverlaps + state.studentOverlaps + state.secondLayer
      for s in 0..<count { rates[s].append((after[s] - before[s]) / model.clock.timePerStep) }
    }
    let means = try rates.map { try mean(of: $0) }
    var (worstMean, worstCovariance) = (0.0, 0.0)
    for s in 0..<count {
      let spread = try variance(of: rates[s])
      guard spread > 0 else { continue }
      let expected = quadrature.drift[s] + (finiteSize ? quadrature.finiteSizeDrift[s] : 0)
      worstMean = max(
        worstMean, abs(means[s] - expected) / (spread / Double(samples)).squareRoot())
      for t in 0...s {
        // Per unit τ the noise of one step is C over the step's length.
        let products = zip(rates[s], rates[t]).map {
          ($0 - means[s]) * ($1 - means[t]) * model.clock.timePerStep
        }
        let error = (try variance(of: products) / Double(samples)).squareRoot()
        guard error > 0 else { continue }
        let covariance = quadrature.covariance[s * count + t] * model.clock.timePerStep
        worstCovariance = max(
          worstCovariance, abs(try mean(of: products) - covariance) / error)
      }
    }
    return (worstMean, worstCovariance)
  }

  // Ten covariances at most: 5.3 standard errors are 1e-6 for all of them. Their products have long tails,
  // hence the half more.
  @Test(arguments: 0..<4)
  func `covariance and drift are those of the chain's steps`(item: Int) throws {
    let model = try model(item, dimension: 1_000_000)
    let deviation = try deviation(model, of: model, samples: 40_000, finiteSize: false)
    #expect(deviation.mean < 5.8 && deviation.covariance < 5.8, "\(deviation)")
  }

  @Test func `covariance of other label noise is seen`() throws {
    let model = try model(1, dimension: 1_000_000)
    let other = try self.model(1, dimension: 1_000_000, noise: 0.26)
    let deviation = try deviation(model, of: other, samples: 40_000, finiteSize: false)
    #expect(deviation.covariance > 5.8, "\(deviation)")
  }

  // Without a normalisation the mean of a step ends with the order 1/d².
  @Test(arguments: [2, 3])
  func `at d = 6 the mean step has the finite-size drift, to all orders`(item: Int) throws {
    let model = try model(item, dimension: 6)
    let exact = try deviation(model, of: model, samples: 200_000, finiteSize: true)
    #expect(exact.mean < 5.3, "\(exact)")
    let limit = try deviation(model, of: model, samples: 200_000, finiteSize: false)
    #expect(limit.mean > 5.3, "\(limit)")
  }

  @Test func `beyond the nodes' bound the SDE is refused, by key`() throws {
    let rule = try ExitRule(thresholds: [0.5], horizon: 1)
    let wide = try Model(dimension: 100, width: 5, learningRate: 0.1, activation: .tanh)
    let error = #expect(throws: ParameterError.self) {
      try DiffusionLimit(model: wide, exitRule: rule, timeStep: 0.1)
    }
    #expect(error?.key == "width")
    #expect(!DynamicsKind.sde.covers(wide, rule))
    let narrow = try Model(dimension: 100, width: 2, learningRate: 0.1, activation: .tanh)
    #expect(DynamicsKind.sde.covers(narrow, rule))
    #expect(!DiffusionLimit.isQuick(narrow))
    let overlaps = try ExitRule(thresholds: [], overlapThresholds: [0.5], horizon: 1)
    #expect(DynamicsKind.sde.covers(narrow, overlaps))
  }
}
