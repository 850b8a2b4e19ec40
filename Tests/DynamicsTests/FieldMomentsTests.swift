import GSL
import Testing

@testable import Dynamics

/// The case p = 3, k = 2 with an unequal second layer, at overlaps with nothing special.
func unequalModel(dimension: Int = 1000) throws -> Model {
  try Model(
    dimension: dimension, width: 3, teacherUnits: 2, learningRate: 0.3, labelNoise: 0.2,
    secondLayer: [1, -0.6, 1.7])
}

let unequalGram: [[Double]] = [
  [1, 0.2, -0.3, 0.35, -0.1],
  [0.2, 1, 0.15, -0.25, 0.4],
  [-0.3, 0.15, 1, 0.1, 0.3],
  [0.35, -0.25, 0.1, 1, 0],
  [-0.1, 0.4, 0.3, 0, 1],
]

func frame(_ gram: [[Double]], _ model: Model) throws -> StudentFrame {
  guard case .fixed(let frame) = try Start.gram(gram, of: model) else { fatalError("fixed") }
  return frame
}

@Suite struct FieldMomentsTests {
  @Test func `risk of phase retrieval is 2(1 - m²)`() throws {
    let model = try Model(dimension: 100, learningRate: 0.1)
    let moments = FieldMoments(model: model)
    for m in [-0.9, 0, 0.3, 1.0] {
      moments.update([m, 1], order: .drift)
      #expect(abs(moments.risk - 2 * (1 - m * m)) < 1e-15)
    }
  }

  @Test func `drift for p = 1 is the logistic of theory`() throws {
    let (gamma, delta) = (0.07, 0.3)
    let model = try Model(dimension: 100, learningRate: gamma, labelNoise: delta)
    let moments = FieldMoments(model: model)
    for m in [-0.7, 0.01, 0.4, 0.95] {
      moments.update([m, 1], order: .drift)
      var drift = [0.0, 0.0]
      moments.drift(into: &drift)
      let expected = (4 - 24 * gamma) * m * (1 - m * m) - 2 * gamma * delta * m
      #expect(abs(drift[0] - expected) < 1e-14)
      #expect(drift[1] == 0)
    }
  }

  @Test func `variance rate for p = 1 at m = 0 is 48 + 4Δ`() throws {
    for delta in [0, 1e-4, 0.7] {
      let model = try Model(dimension: 100, learningRate: 0.1, labelNoise: delta)
      let moments = FieldMoments(model: model)
      moments.update([0, 1], order: .covariance)
      let covariance = IncrementCovariance(model: model)
      covariance.evaluate(moments)
      #expect(covariance.active == [0])
      #expect(abs(covariance.matrix[0] - (48 + 4 * delta)) < 1e-12)
    }
  }

  @Test func `finite-size drift for p = 1 is that of theory`() throws {
    let model = try Model(dimension: 1000, learningRate: 0.1, labelNoise: 0.1)
    let moments = FieldMoments(model: model)
    moments.update([0.4, 1], order: .covariance)
    var drift = [0.0, 0.0]
    moments.addFiniteSizeDrift(to: &drift)
    // −4.447498816/d by Gauss–Hermite quadrature of theory's expression, which is exact for it:
    // data/reference/finite_size_drift.py. (Theory's own −4.50/d is that number by Monte Carlo.)
    #expect(abs(drift[0] * 1000 + 4.447498816) < 1e-12)
    #expect(drift[1] == 0)
  }

  /// Drift and covariance against a Monte Carlo over the fields, by an independent evaluation of
  /// the increments; `sabotage` scales the label noise of the samples.
  private func largestDeviation(samples: Int, sabotage: Double) throws -> (
    drift: Double, covariance: Double
  ) {
    let model = try unequalModel()
    let (p, k) = (model.width, model.teacherUnits)
    let frame = try frame(unequalGram, model)
    let stream = try RandomStream(seed: 20_260_701, purpose: 9, replica: 0)
    let layout = model.layout
    let active = (0..<layout.count).filter { index in
      !(0..<p).contains { layout.studentOverlap($0, $0) == index }
    }
    let n = active.count
    var sum = [Double](repeating: 0, count: n)
    var products = [Double](repeating: 0, count: n * n)
    var squares = [Double](repeating: 0, count: n * n)
    let state = frame.overlaps
    var increment = [Double](repeating: 0, count: layout.count)
    var field = [Double](repeating: 0, count: p)
    let rate = model.learningRate / Double(p)
    for _ in 0..<samples {
      let g = (0..<(p + k)).map { _ in stream.gaussian() }
      var error = (sabotage * model.labelNoise).squareRoot() * stream.gaussian()
      for r in 0..<k { error += g[r] * g[r] / Double(k) }
      for j in 0..<p {
        var value = 0.0
        for r in 0..<k { value += frame.teacherOverlaps[j * k + r] * g[r] }
        for i in 0...j { value += frame.residual[j * p + i] * g[k + i] }
        field[j] = value
        error -= model.secondLayer[j] * value * value / Double(p)
      }
      func raw(_ j: Int, _ l: Int) -> Double {
        let (aj, al) = (model.secondLayer[j], model.secondLayer[l])
        return 2 * (aj + al) * error * field[j] * field[l]
          + 4 * rate * aj * al * error * error * field[j] * field[l]
      }
      for j in 0..<p {
        let own = raw(j, j)
        for r in 0..<k {
          let at = layout.teacherOverlap(j, r)
          increment[at] = 2 * model.secondLayer[j] * error * field[j] * g[r] - 0.5 * state[at] * own
        }
        for l in 0..<j {
          let at = layout.studentOverlap(j, l)
          increment[at] = raw(j, l) - 0.5 * state[at] * (own + raw(l, l))
        }
      }
      for a in 0..<n {
        let x = increment[active[a]]
        sum[a] += x
        for b in 0...a {
          let product = x * increment[active[b]]
          products[a * n + b] += product
          squares[a * n + b] += product * product
        }
      }
    }
    let moments = FieldMoments(model: model)
    moments.update(state, order: .covariance)
    var drift = [Double](repeating: 0, count: layout.count)
    moments.drift(into: &drift)
    let covariance = IncrementCovariance(model: model)
    covariance.evaluate(moments)
    var worst = (drift: 0.0, covariance: 0.0)
    let count = Double(samples)
    for a in 0..<n {
      let mean = sum[a] / count
      let deviation = (products[a * n + a] / count - mean * mean).squareRoot()
      let score = abs(mean - drift[active[a]]) / (deviation / count.squareRoot())
      worst.drift = max(worst.drift, score)
      for b in 0...a {
        let product = products[a * n + b] / count
        let spread = (squares[a * n + b] / count - product * product).squareRoot()
        let expected = covariance.matrix[a * n + b] + drift[active[a]] * drift[active[b]]
        worst.covariance = max(
          worst.covariance, abs(product - expected) / (spread / count.squareRoot()))
      }
    }
    return worst
  }

  // 9 drifts and 45 covariances: 1e-6 for all of them together is 5.8 standard errors each.
  @Test func `drift and covariance for p = 3, k = 2 agree with Monte Carlo over the fields`() throws
  {
    let worst = try largestDeviation(samples: 400_000, sabotage: 1)
    #expect(worst.drift < 5.8)
    #expect(worst.covariance < 5.8)
  }

  @Test func `a label noise four times too large is seen`() throws {
    let worst = try largestDeviation(samples: 400_000, sabotage: 4)
    #expect(max(worst.drift, worst.covariance) > 5.8)
  }

  @Test func `the polynomials for p = 1 equal the general closed forms`() throws {
    for finiteSize in [false, true] {
      let model = try Model(
        dimension: 200, learningRate: 0.13, labelNoise: 0.4, secondLayer: [0.8])
      let scalar = try ScalarDiffusion(model: model, finiteSizeDrift: finiteSize)
      let moments = FieldMoments(model: model)
      let covariance = IncrementCovariance(model: model)
      for m in [-1, -0.6, 0, 0.05, 0.33, 0.87, 1.0] {
        moments.update([m, 1], order: .covariance)
        var drift = [0.0, 0.0]
        moments.drift(into: &drift)
        if finiteSize { moments.addFiniteSizeDrift(to: &drift) }
        covariance.evaluate(moments)
        #expect(abs(scalar.drift(m) - drift[0]) < 1e-11)
        let expected = covariance.matrix[0] * scalar.noiseScale
        #expect(abs(scalar.variance(m) - expected) < 1e-11)
      }
    }
  }
}
