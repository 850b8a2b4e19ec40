import GSL
import Testing

@testable import Dynamics

/// The mean of one step of the exact chain against the drift with its finite-size term.
///
/// The first-order increments of each sample, whose mean is the drift γ/(p d) exactly, are
/// subtracted sample by sample: what is left has mean F/d² + O(1/d³) in units in which the
/// finite-size drift is F γ/(p d)/d, and little noise.
@Suite struct OneStepMeanTests {
  /// Returns (measured − predicted) remainder times d², and its standard error, per component.
  private func remainders(_ model: Model, _ start: StudentFrame, samples: Int) throws -> [(
    difference: Double, error: Double, predicted: Double
  )] {
    let (p, k) = (model.width, model.teacherUnits)
    let layout = model.layout
    let d = Double(model.dimension)
    let state = start.overlaps
    let rate = model.learningRate / Double(p)
    let chain = NetworkChain(model: model, law: SquareLaw(model: model))
    let stream = try RandomStream(seed: 77, purpose: 9, replica: model.dimension)
    let twin = try RandomStream(seed: 77, purpose: 9, replica: model.dimension)
    var sum = [Double](repeating: 0, count: layout.count)
    var squares = sum
    for _ in 0..<samples {
      chain.place(start)
      chain.step(stream)
      let after = chain.state.flat(layout)
      let g = (0..<(p + k)).map { _ in twin.gaussian() }
      var error = model.labelNoise == 0 ? 0 : model.labelNoise.squareRoot() * twin.gaussian()
      _ = twin.chiSquare(degreesOfFreedom: d - Double(p + k))
      for r in 0..<k { error += g[r] * g[r] / Double(k) }
      var field = [Double](repeating: 0, count: p)
      for j in 0..<p {
        for r in 0..<k { field[j] += start.teacherOverlaps[j * k + r] * g[r] }
        for i in 0...j { field[j] += start.residual[j * p + i] * g[k + i] }
        error -= model.secondLayer[j] * field[j] * field[j] / Double(p)
      }
      let u = (0..<p).map { 2 * rate * model.secondLayer[$0] * error * field[$0] }
      let q = (0..<p).map { 2 * u[$0] * field[$0] + u[$0] * u[$0] }
      func add(_ at: Int, _ first: Double) {
        let value = (after[at] - state[at] - first / d) * d * d
        sum[at] += value
        squares[at] += value * value
      }
      for j in 0..<p {
        for r in 0..<k {
          let at = layout.teacherOverlap(j, r)
          add(at, u[j] * g[r] - 0.5 * state[at] * q[j])
        }
        for l in 0..<j {
          let at = layout.studentOverlap(j, l)
          let push = u[j] * field[l] + u[l] * field[j] + u[j] * u[l]
          add(at, push - 0.5 * state[at] * (q[j] + q[l]))
        }
      }
    }
    let moments = FieldMoments(model: model)
    moments.update(state, order: .covariance)
    var finite = [Double](repeating: 0, count: layout.count)
    moments.addFiniteSizeDrift(to: &finite)
    let count = Double(samples)
    return (0..<layout.count).compactMap { at in
      guard squares[at] > 0 else { return nil }
      let mean = sum[at] / count
      let predicted = finite[at] * d * rate
      let variance = squares[at] / count - mean * mean
      return (mean - predicted, (variance / count).squareRoot(), predicted)
    }
  }

  @Test(arguments: [50, 200, 1000])
  func `p = 1 agrees to the next order`(dimension: Int) throws {
    let model = try Model(dimension: dimension, learningRate: 0.1, labelNoise: 0.1)
    let rows = try remainders(model, frame([[1, 0.4], [0.4, 1]], model), samples: 400_000)
    for row in rows {
      // 4.9 standard errors and a next order of at most 30 times 1/d.
      #expect(abs(row.difference) < 4.9 * row.error + 30 * abs(row.predicted) / Double(dimension))
      #expect(abs(row.predicted) > 4.9 * row.error)
    }
  }

  @Test(arguments: [50, 200, 1000])
  func `p = 3, k = 2 agrees to the next order`(dimension: Int) throws {
    let model = try unequalModel(dimension: dimension)
    let rows = try remainders(model, frame(unequalGram, model), samples: 400_000)
    let size = rows.map { abs($0.predicted) }.max() ?? 0
    for row in rows {
      #expect(abs(row.difference) < 5.2 * row.error + 30 * size / Double(dimension))
    }
  }
}

extension NetworkState {
  /// M and Q as a flat state.
  fileprivate func flat(_ layout: OverlapLayout) -> [Double] {
    let p = layout.width
    return teacherOverlaps + (0..<p).flatMap { j in (0...j).map { studentOverlaps[j * p + $0] } }
  }
}
