import Dynamics
import Foundation

/// Solves for the law of the SDE's exit time for p = k = 1 by another method than ``ExitLaw``.
///
/// The survival probability S(τ, m) of a path that starts at m obeys the backward equation
/// ∂S/∂τ = ½ v S'' + b S' on [0, η], S(0, m) = 1, S(τ, η) = 0 (absorbed) and S'(τ, 0) = 0, since 0
/// reflects by symmetry; b and v are drift and variance rate of ``ScalarDiffusion``, and η is the
/// boundary of the threshold on |m|. The moments solve L u₁ = −1 and L u₂ = −2u₁.
///
/// Second-order central differences on n intervals; Crank–Nicolson in time after four backward Euler
/// steps that smooth the jump at the boundary (Rannacher 1984). Two grids, n and 2n with half the
/// time step, give the solution by Richardson extrapolation and the error from their difference.
/// Cost: O(n²) for the survival curve, about 0.2 s; O(n) for the moments.
/// Source: Gardiner (2009), Stochastic Methods, section 5.5.
struct BackwardEquation {
  /// Mean exit time.
  let mean: Double
  /// Standard deviation of the exit time.
  let standardDeviation: Double
  /// Estimated relative error of mean and standard deviation: the difference that the last
  /// extrapolation made, times its order's factor.
  let momentError: Double
  /// Times τ at which `survival` is given, ascending from 0.
  let times: [Double]
  /// P(exit time > τ) at `times`.
  let survival: [Double]
  /// Estimated largest error of `survival`.
  let survivalError: Double

  /// Solves from the overlap `start` to the boundary |m| = `boundary`.
  ///
  /// `intervals` n ≥ 8 of the coarser grid.
  init(
    diffusion: ScalarDiffusion, start: Double, boundary: Double, intervals: Int = 1000
  ) {
    let start = abs(start)
    let coarse = BackwardGrid(diffusion, boundary: boundary, intervals: intervals)
    let fine = BackwardGrid(diffusion, boundary: boundary, intervals: 2 * intervals)
    let finest = BackwardGrid(diffusion, boundary: boundary, intervals: 4 * intervals)
    let moments = [coarse, fine, finest].map { $0.moments(start) }
    // Richardson's extrapolation of second-order values: (4 fine − coarse)/3.
    let first = extrapolate(moments[0], moments[1])
    let second = extrapolate(moments[1], moments[2])
    mean = second.mean
    standardDeviation = second.deviation
    momentError = max(
      abs(second.mean / first.mean - 1), abs(second.deviation / first.deviation - 1))
    // The tail falls no slower than the spread says; time steps resolve the rise as well.
    let step = min(mean, standardDeviation) / 200
    let slow = coarse.survival(start, step: step, stride: 1)
    let fast = fine.survival(start, step: step / 2, stride: 2)
    let count = min(slow.count, fast.count)
    times = (0..<count).map { Double($0) * step }
    survival = (0..<count).map { min(max((4 * fast[$0] - slow[$0]) / 3, 0), 1) }
    survivalError = (0..<count).map { abs(fast[$0] - slow[$0]) / 3 }.max() ?? 0
  }

  /// P(exit time > `time`), linear between the points of the curve; 0 beyond its end.
  func survival(at time: Double) -> Double {
    guard time > 0, let last = times.last else { return 1 }
    guard time < last else { return 0 }
    let position = time / times[1]
    let index = min(Int(position), times.count - 2)
    let share = position - Double(index)
    return survival[index] + share * (survival[index + 1] - survival[index])
  }
}

private typealias Moments = (mean: Double, deviation: Double)

private func extrapolate(_ coarse: Moments, _ fine: Moments) -> Moments {
  (
    (4 * fine.mean - coarse.mean) / 3, (4 * fine.deviation - coarse.deviation) / 3
  )
}

/// The generator L = ½ v ∂² + b ∂ in central differences on m_i = i h, i = 0 … n − 1.
private struct BackwardGrid {
  private let spacing: Double
  private var lower: [Double] = []
  private var diagonal: [Double] = []
  private var upper: [Double] = []

  init(_ diffusion: ScalarDiffusion, boundary: Double, intervals: Int) {
    spacing = boundary / Double(intervals)
    for i in 0..<intervals {
      let m = Double(i) * spacing
      let variance = diffusion.variance(m)
      let second = 0.5 * variance / (spacing * spacing)
      let first = 0.5 * diffusion.drift(m) / spacing
      lower.append(i == 0 ? 0 : second - first)
      diagonal.append(-2 * second)
      // At 0 the mirror image stands in for the missing neighbour, and the drift vanishes.
      upper.append(i == 0 ? 2 * second : second + first)
    }
  }

  /// Mean and standard deviation of the exit time from `start`.
  func moments(_ start: Double) -> Moments {
    let solver = Tridiagonal(lower, diagonal, upper)
    let first = solver.solve([Double](repeating: -1, count: diagonal.count))
    let second = solver.solve(first.map { -2 * $0 })
    let mean = value(first, at: start)
    return (mean, max(0, value(second, at: start) - mean * mean).squareRoot())
  }

  /// The survival from `start` at every `stride`-th time step, until it is below 1e-10.
  func survival(_ start: Double, step: Double, stride: Int) -> [Double] {
    func implicit(_ weight: Double) -> Tridiagonal {
      Tridiagonal(
        lower.map { -weight * $0 }, diagonal.map { 1 - weight * $0 }, upper.map { -weight * $0 })
    }
    let half = implicit(0.5 * step)
    var state = [Double](repeating: 1, count: diagonal.count)
    var curve = [1.0]
    var count = 0
    while curve.last! > 1e-10 && curve.count < 100_000 {
      if count < 2 {
        // Two steps as four backward Euler steps of half the length, whose matrix is the same.
        state = half.solve(half.solve(state))
      } else {
        state = half.solve(explicit(state, 0.5 * step))
      }
      count += 1
      if count % stride == 0 { curve.append(value(state, at: start)) }
    }
    return curve
  }

  private func explicit(_ state: [Double], _ weight: Double) -> [Double] {
    let last = state.count - 1
    return state.indices.map { i in
      let below = i > 0 ? lower[i] * state[i - 1] : 0
      let above = i < last ? upper[i] * state[i + 1] : 0
      return state[i] + weight * (below + diagonal[i] * state[i] + above)
    }
  }

  /// Cubic interpolation, mirrored at 0 and vanishing at the boundary.
  private func value(_ state: [Double], at m: Double) -> Double {
    func node(_ i: Int) -> Double { abs(i) < state.count ? state[abs(i)] : 0 }
    let position = m / spacing
    let index = min(Int(position), max(state.count - 2, 0))
    let t = position - Double(index)
    let (a, b, c, d) = (node(index - 1), node(index), node(index + 1), node(index + 2))
    let outer = -t * (t - 1) * (t - 2) / 6 * a + (t + 1) * t * (t - 1) / 6 * d
    let inner = (t + 1) * (t - 1) * (t - 2) / 2 * b - (t + 1) * t * (t - 2) / 2 * c
    return outer + inner
  }
}

/// A tridiagonal matrix, factored once by Thomas' elimination; O(n) a solution.
private struct Tridiagonal {
  private let lower: [Double]
  private let pivots: [Double]
  private let ratios: [Double]

  init(_ lower: [Double], _ diagonal: [Double], _ upper: [Double]) {
    self.lower = lower
    var pivots = diagonal
    var ratios = [Double](repeating: 0, count: diagonal.count)
    for i in diagonal.indices {
      if i > 0 { pivots[i] -= lower[i] * ratios[i - 1] }
      ratios[i] = upper[i] / pivots[i]
    }
    self.pivots = pivots
    self.ratios = ratios
  }

  func solve(_ right: [Double]) -> [Double] {
    var x = right
    x[0] /= pivots[0]
    for i in 1..<x.count { x[i] = (x[i] - lower[i] * x[i - 1]) / pivots[i] }
    for i in stride(from: x.count - 2, through: 0, by: -1) { x[i] -= ratios[i] * x[i + 1] }
    return x
  }
}
