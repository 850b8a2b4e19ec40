import Foundation
import GSL
import Testing

@testable import Dynamics

/// The limits d → ∞ of the rules of learning, and their terms of relative order B/d.
@Suite struct RuleLimitTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var width = 1
    var activation = Activation.square
    var target: Target? = nil
    var constraint = Constraint.spherical
    var loss = LearningRule.Loss.square
    var lookAhead = 0.0
    var repetitions = 1
    var secondLayerRate = 0.0
    var rate = 0.1

    func model(dimension: Int, batch: Int, noise: Double = 0.1) throws -> Model {
      try Model(
        dimension: dimension, width: width, learningRate: rate * Double(batch),
        labelNoise: noise, secondLayer: (0..<width).map { 1.2 - 0.4 * Double($0) },
        secondLayerRate: secondLayerRate, activation: activation, target: target,
        constraint: constraint,
        rule: LearningRule(
          batchSize: batch, loss: loss, lookAhead: lookAhead, repetitions: repetitions))
    }

    func frame(of model: Model) throws -> StudentFrame {
      let gram =
        width == 1 ? [[1, 0.5], [0.5, 1]] : [[1, 0.2, 0.5], [0.2, 1, -0.3], [0.5, -0.3, 1]]
      guard case .fixed(let frame) = try Start.gram(gram, of: model) else { fatalError("fixed") }
      return frame
    }
  }

  /// Means of M, Q and a over one step of the chain, per unit τ, with their errors.
  private func measured(_ model: Model, _ frame: StudentFrame, steps: Int) throws -> [(
    mean: Double, error: Double
  )] {
    let chain = try plainChain(model)
    let stream = try RandomStream(seed: 91, purpose: 4, replica: model.rule.batchSize)
    let start = frame.overlaps(of: model) + model.secondLayer
    var (sums, squares) = (start.map { _ in 0.0 }, start.map { _ in 0.0 })
    let time = model.clock.timePerStep
    for _ in 0..<steps {
      chain.place(frame)
      chain.step(stream)
      let state = chain.point.state
      for (i, value) in (flat(state, model) + state.secondLayer).enumerated() {
        let change = (value - start[i]) / time
        sums[i] += change
        squares[i] += change * change
      }
    }
    return zip(sums, squares).map { sum, square in
      let mean = sum / Double(steps)
      return (mean, (max(square / Double(steps) - mean * mean, 0) / Double(steps)).squareRoot())
    }
  }

  private func flat(_ state: NetworkState, _ model: Model) -> [Double] {
    var values = [Double](repeating: 0, count: model.layout.count)
    let (p, k) = (model.width, model.teacherUnits)
    for j in 0..<p {
      for r in 0..<k {
        values[model.layout.teacherOverlap(j, r)] = state.teacherOverlaps[j * k + r]
      }
      for l in 0...j {
        values[model.layout.studentOverlap(j, l)] = state.studentOverlaps[j * p + l]
      }
    }
    return values
  }

  /// Drift and finite-size drift by quadrature.
  private func predicted(_ model: Model, _ frame: StudentFrame) throws -> (
    drift: [Double], finite: [Double]
  ) {
    let quadrature = try IncrementQuadrature(model: model)
    quadrature.evaluate(frame.overlaps(of: model) + model.secondLayer, order: .covariance)
    let all = 0..<quadrature.count
    return (all.map { quadrature.drift[$0] }, all.map { quadrature.finiteSizeDrift[$0] })
  }

  static let batches: [Case] = [
    Case(testDescription: "squares, spherical"),
    Case(testDescription: "squares, Riemannian, p = 2", width: 2, constraint: .riemannian),
    Case(testDescription: "correlation loss, spherical, p = 2", width: 2, loss: .correlation),
    Case(
      testDescription: "erf, free, trained second layer", activation: .erf, constraint: .free,
      secondLayerRate: 0.02),
    Case(
      testDescription: "erf, Lagrange, p = 2", width: 2, activation: .erf, constraint: .lagrange),
  ]

  /// The largest distance of one step's mean from `share` of the finite-size drift beside the drift, in the
  /// allowance of 4.9 errors and the next order.
  private func distance(_ item: Case, share: Double) throws -> Double {
    let model = try item.model(dimension: 80, batch: 40)
    let frame = try item.frame(of: model)
    let (drift, finite) = try predicted(model, frame)
    let largest = drift.map { abs($0) }.max() ?? 0
    var result = 0.0
    for (i, row) in try measured(model, frame, steps: 60_000).enumerated() where row.error > 0 {
      let distance = abs(row.mean - drift[i] - share * finite[i])
      result = max(result, distance / (4.9 * row.error + 0.01 * largest))
    }
    return result
  }

  @Test(arguments: batches)
  func `one step over half the dimension has the drift and its terms of order B over d`(
    item: Case
  ) throws {
    #expect(try distance(item, share: 1) < 1)
  }

  @Test(arguments: batches)
  func `without the terms of order B over d one step is seen to differ`(item: Case) throws {
    #expect(try distance(item, share: 0) > 1)
  }

  @Test
  func
    `closed forms are the quadrature's for batches, the correlation loss and the Riemannian sphere`()
    throws
  {
    for constraint in [Constraint.spherical, .riemannian] {
      for loss in LearningRule.Loss.allCases {
        let item = Case(testDescription: "", width: 2, constraint: constraint, loss: loss)
        let model = try item.model(dimension: 200, batch: 8)
        let frame = try item.frame(of: model)
        let state = frame.overlaps(of: model)
        let quadrature = try IncrementQuadrature(model: model)
        quadrature.evaluate(state + model.secondLayer, order: .covariance)
        let moments = FieldMoments(model: model)
        moments.update(state, order: .covariance)
        var (drift, finite) = (state.map { _ in 0.0 }, state.map { _ in 0.0 })
        moments.drift(into: &drift)
        moments.addFiniteSizeDrift(to: &finite)
        let covariance = IncrementCovariance(model: model)
        covariance.evaluate(moments)
        for i in state.indices {
          #expect(abs(drift[i] - quadrature.drift[i]) < 1e-11)
          #expect(abs(finite[i] - quadrature.finiteSizeDrift[i]) < 1e-11)
        }
        for (row, s) in covariance.active.enumerated() {
          for (column, t) in covariance.active.enumerated().prefix(row + 1) {
            let value = covariance.matrix[row * covariance.order + column]
            #expect(abs(value - quadrature.covariance[s * quadrature.count + t]) < 1e-9)
          }
        }
        let risk = try NetworkFlow(model: model).risk(of: state + model.secondLayer)
        #expect(abs(moments.risk - risk) < 1e-13)
      }
    }
  }

  static let moved: [Case] = [
    Case(testDescription: "look-ahead on squares", lookAhead: 0.1),
    Case(
      testDescription: "look-ahead backwards, erf, p = 2", width: 2, activation: .erf,
      lookAhead: -0.3),
    Case(
      testDescription: "look-ahead, ReLU on He₃, correlation loss", activation: .relu,
      target: .mean(.hermiteTerm(3)), loss: .correlation, lookAhead: 0.1),
    Case(
      // Bounded pushes: by repetitions a polynomial's mean is ruled by draws that are never seen.
      testDescription: "repetitions, erf", activation: .erf, repetitions: 3, rate: 0.5),
    Case(
      testDescription: "repetitions and look-ahead, tanh, free", activation: .tanh,
      constraint: .free, lookAhead: 0.2, repetitions: 2),
  ]

  /// The drift at moved fields against a mean over fields drawn at random, in its errors.
  private func deviation(_ item: Case, lookAhead: Double? = nil) throws -> Double {
    let model = try item.model(dimension: 1000, batch: 2, noise: 0.1)
    let frame = try item.frame(of: model)
    let state = frame.overlaps(of: model) + model.secondLayer
    let flow = try NetworkFlow(model: model)
    var rates = state
    flow.derivatives(of: state, into: &rates)
    let (p, stream) = (model.width, try RandomStream(seed: 5, purpose: 5, replica: 0))
    let function = ActivationFunction(model.activation)
    let target = TargetFunction(model: model)
    let (reach, move) = (lookAhead ?? model.rule.lookAhead, model.learningRate / Double(2 * p))
    let rate = model.sampleRate / Double(p)
    var (sum, square) = (0.0, 0.0)
    let count = 400_000
    for _ in 0..<count {
      let teacher = stream.gaussian()
      let own = (0..<p).map { _ in stream.gaussian() }
      let label = target.value([teacher]) + 0.1.squareRoot() * stream.gaussian()
      let start = (0..<p).map { j in
        (0...j).reduce(frame.teacherOverlaps[j] * teacher) {
          $0 + frame.residual[j * p + $1] * own[$1]
        }
      }
      func push(_ fields: [Double]) -> [Double] {
        let values = fields.map { function.value($0) }
        let output = zip(values, model.secondLayer).reduce(0) { $0 + $1.0 * $1.1 } / Double(p)
        let error = model.rule.loss == .square ? label - output : label
        return fields.indices.map {
          model.secondLayer[$0] * error * function.valueAndSlope(fields[$0]).slope
        }
      }
      var (fields, mean) = (start, [Double](repeating: 0, count: p))
      for _ in 0..<model.rule.repetitions {
        let ahead = push(fields)
        let v = reach == 0 ? ahead : push(zip(fields, ahead).map { $0 + reach * $1 })
        for j in 0..<p {
          mean[j] += v[j] / Double(model.rule.repetitions)
          fields[j] += move * v[j]
        }
      }
      // dM of the first student on the sphere, or free.
      let u = mean[0]
      let radial = model.constraint == .free ? 0 : u * start[0] + 0.5 * rate * u * u
      let value = u * teacher - radial * frame.teacherOverlaps[0]
      sum += value
      square += value * value
    }
    let mean = sum / Double(count)
    let error = ((square / Double(count) - mean * mean) / Double(count)).squareRoot()
    return (mean - rates[0]) / error
  }

  @Test(arguments: moved)
  func `the drift at moved fields is the mean over drawn fields`(item: Case) throws {
    #expect(abs(try deviation(item)) < 4.9)
  }

  @Test func `a drift without the look-ahead is seen`() throws {
    #expect(abs(try deviation(RuleLimitTests.moved[0], lookAhead: 0)) > 4.9)
  }

  @Test
  func `growth and critical rate of a batch are those of one sample at a rate B times as small`()
    throws
  {
    let one = EscapeTheory(
      model: try Model(dimension: 1000, width: 3, learningRate: 0.2, labelNoise: 0.1))
    let batch = EscapeTheory(
      model: try Model(
        dimension: 1000, width: 3, learningRate: 3.2, labelNoise: 0.1,
        rule: LearningRule(batchSize: 16)))
    #expect(abs(one.growthRate - batch.growthRate) < 1e-14)
    #expect(
      abs(
        16 * (try #require(one.criticalLearningRate)) - (try #require(batch.criticalLearningRate)))
        < 1e-13)
  }

  @Test(arguments: LearningRule.Loss.allCases)
  func `the growth rate is the slope of the drift near the start`(loss: LearningRule.Loss) throws {
    let model = try Model(
      dimension: 1000, width: 2, learningRate: 0.8, labelNoise: 0.3,
      rule: LearningRule(batchSize: 4, loss: loss))
    let flow = try NetworkFlow(model: model)
    let state = [1e-6, 0, 1, 0, 1, 1, 1]
    var rates = state
    flow.derivatives(of: state, into: &rates)
    #expect(abs(rates[0] / 1e-6 - EscapeTheory(model: model).growthRate) < 1e-9)
  }

  @Test func `the exit law of a batch is that of one sample at a rate B times as small`() throws {
    func moments(_ batch: Int, finiteSizeDrift: Bool) throws -> ExitLaw.Moments {
      let model = try Model(
        dimension: 1000, learningRate: 0.05 * Double(batch), rule: LearningRule(batchSize: batch))
      return try ExitLaw.moments(
        model: model, start: .random, threshold: 0.5, finiteSizeDrift: finiteSizeDrift)
    }
    let (one, batch) = (
      try moments(1, finiteSizeDrift: false), try moments(16, finiteSizeDrift: false)
    )
    #expect(abs(one.mean / batch.mean - 1) < 1e-9)
    // The terms of order B/d make a difference, of that order.
    let shift =
      try moments(16, finiteSizeDrift: true).mean / moments(1, finiteSizeDrift: true).mean - 1
    #expect(abs(shift) > 1e-4 && abs(shift) < 16e-3)
  }
}
