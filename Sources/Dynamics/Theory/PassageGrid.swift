import ComplexModule
import Foundation

/// Solves for the time that |m| takes to pass from 0 to every overlap at once, for p = k = 1.
///
/// A path from m₀ to η passes every overlap between, and starts anew there: with T(m) the time of
/// the first passage from 0 to m, E e^{−sT(m)} = 1/u_s(m), and the passage from m₀ to η has the
/// transform u_s(m₀)/u_s(η). Here u = u_s is the even solution of ½ v u'' + b u' = s u, u(0) = 1
/// (the backward Fokker–Planck equation, transformed in time).
///
/// In m = c sinh y, where c is the overlap at which noise and growth balance, W = d(log u)/dy obeys
/// W' = P s − Q W − W², P = 2g²/v, Q = 2gb/v − tanh y, g = c cosh y, W(0) = 0. The trapezoidal rule
/// solves it step by step as a quadratic equation: no step is too long for the growth, however
/// weak the noise, and the error is of second order in the spacing of y. Cost: O(n) for each s.
/// Source: Darling and Siegert (1953).
struct PassageGrid {
  /// The overlaps m_i = c sinh(i h), i = 0 … n.
  let overlaps: [Double]
  /// dm/dy there.
  let slopes: [Double]
  /// The spacing h of y.
  let spacing: Double
  private let scale: Double
  private let source: [Double]
  private let pull: [Double]

  /// Lays `intervals` from 0 to the overlap `end`.
  ///
  /// Throws `ParameterError` when the variance rate vanishes on the way.
  init(_ diffusion: ScalarDiffusion, end: Double, intervals: Int) throws {
    let growth = abs(diffusion.driftCoefficients[0])
    scale = min((diffusion.variance(0) / (2 * growth)).squareRoot(), end)
    try ParameterError.require(
      scale > 0, "label-noise", "a variance rate of 0 at the overlap 0",
      "noise on the way to the boundary")
    spacing = asinh(end / scale) / Double(intervals)
    var (overlaps, slopes, source, pull) = ([Double](), [Double](), [Double](), [Double]())
    for i in 0...intervals {
      let y = Double(i) * spacing
      let (m, slope) = (scale * sinh(y), scale * cosh(y))
      let variance = diffusion.variance(m)
      try ParameterError.require(
        variance > 0, "label-noise", "a variance rate of 0 at the overlap \(m)",
        "noise on the way to the boundary")
      overlaps.append(m)
      slopes.append(slope)
      source.append(2 * slope * slope / variance)
      pull.append(2 * slope * diffusion.drift(m) / variance - tanh(y))
    }
    (self.overlaps, self.slopes, self.source, self.pull) = (overlaps, slopes, source, pull)
  }

  /// Returns log u_s at every overlap and its slope W in y, for Re s ≥ 0.
  func logarithm(
    _ s: Complex<Double>, into values: inout [Complex<Double>], slopes: inout [Complex<Double>]
  ) {
    let half = 0.5 * spacing
    var (value, slope) = (Complex<Double>.zero, Complex<Double>.zero)
    var change = Complex(source[0]) * s
    values[0] = value
    slopes[0] = slope
    for i in 1..<overlaps.count {
      // half W² + (1 + half Q) W = known, by the root that goes to the known side as half → 0.
      let drive = Complex(source[i] * s.real, source[i] * s.imaginary)
      let known = slope + Complex(half) * (change + drive)
      let linear = Complex(1 + half * pull[i])
      let root = Complex.sqrt(linear * linear + Complex(4 * half) * known)
      let next = Complex(2) * known / (linear + root)
      change = drive - next * (Complex(pull[i]) + next)
      value += Complex(half) * (slope + next)
      slope = next
      values[i] = value
      slopes[i] = slope
    }
  }

  /// Returns mean and variance of the time from 0 to every overlap, with their slopes in y.
  ///
  /// The expansion W = s α − s² β + … gives α' = P − Qα and β' = α² − Qβ; the mean is ∫ α and the
  /// variance 2 ∫ β.
  func moments() -> PassageMoments {
    let half = 0.5 * spacing
    var result = PassageMoments(count: overlaps.count)
    var (first, second) = (0.0, 0.0)
    var (firstChange, secondChange) = (source[0], 0.0)
    for i in 1..<overlaps.count {
      let damping = 1 + half * pull[i]
      let nextFirst = (first + half * (firstChange + source[i])) / damping
      let nextSecond = (second + half * (secondChange + nextFirst * nextFirst)) / damping
      firstChange = source[i] - pull[i] * nextFirst
      secondChange = nextFirst * nextFirst - pull[i] * nextSecond
      result.mean[i] = result.mean[i - 1] + half * (first + nextFirst)
      result.variance[i] = result.variance[i - 1] + spacing * (second + nextSecond)
      (first, second) = (nextFirst, nextSecond)
      result.meanSlope[i] = first
      result.varianceSlope[i] = 2 * second
    }
    return result
  }

  /// Where an overlap lies between the grid's, with the weights of cubic Hermite interpolation.
  func place(_ overlap: Double) -> Place {
    let position = asinh(overlap / scale) / spacing
    let index = min(max(Int(position), 0), overlaps.count - 2)
    let t = position - Double(index)
    let (near, far) = ((1 - t) * (1 - t), t * t)
    return Place(
      index: index, left: (1 + 2 * t) * near, right: far * (3 - 2 * t),
      leftSlope: spacing * t * near, rightSlope: spacing * far * (t - 1))
  }

  struct Place {
    fileprivate let index: Int
    fileprivate let left: Double
    fileprivate let right: Double
    fileprivate let leftSlope: Double
    fileprivate let rightSlope: Double

    func value(_ values: [Double], _ slopes: [Double]) -> Double {
      left * values[index] + right * values[index + 1]
        + leftSlope * slopes[index] + rightSlope * slopes[index + 1]
    }

    func value(_ values: [Complex<Double>], _ slopes: [Complex<Double>]) -> Complex<Double> {
      let ends = Complex(left) * values[index] + Complex(right) * values[index + 1]
      let bends = Complex(leftSlope) * slopes[index] + Complex(rightSlope) * slopes[index + 1]
      return ends + bends
    }
  }
}

/// Holds mean and variance of the passage from 0 to every overlap of a grid.
struct PassageMoments {
  var mean: [Double]
  var meanSlope: [Double]
  var variance: [Double]
  var varianceSlope: [Double]

  init(count: Int) {
    mean = [Double](repeating: 0, count: count)
    (meanSlope, variance, varianceSlope) = (mean, mean, mean)
  }
}
