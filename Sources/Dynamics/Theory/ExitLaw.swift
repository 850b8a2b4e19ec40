import ComplexModule
import Foundation

/// Solves for the law of the SDE's exit time for p = k = 1, without Monte Carlo error.
///
/// The exit time from m₀ is the first passage of |m| through the boundary η(m₀); |m| is reflected
/// at 0 by symmetry and absorbed at η. ``PassageGrid`` gives its transform φ(s) = u_s(m₀)/u_s(η)
/// and its moments. A random start m₀, the overlap of two independent uniform directions in d
/// dimensions, has the density ∝ (1 − m²)^((d−3)/2), and its law is the mean over m₀ by the
/// trapezoidal rule on the same grid, which converges faster than any power. The density follows
/// from φ(iω) by a Fourier series on the period P from 12 standard deviations below the mean, or 0,
/// to 24 above, f(τ) = (1/P)[1 + 2 Σ_k Re φ(iω_k) e^{iω_k τ}], ω_k = 2πk/P, and the survival term by
/// term.
///
/// Grids of n/2, n and 2n intervals; Richardson's extrapolation leaves an error of fourth order, which
/// the last two extrapolations estimate. Cost: O(n) a frequency, some 0.1 s at n = 1000 (more where
/// the boundary is so near that the law has sharp features). Sources: Darling and Siegert
/// (1953); Abate and Whitt (1992) for Fourier series of laws.
public struct ExitLaw: Sendable {
  /// Mean exit time.
  public let mean: Double
  /// Standard deviation of the exit time.
  public let standardDeviation: Double
  /// Estimated relative error of mean and standard deviation: the change by the last extrapolation.
  public let momentError: Double
  /// Times τ at which the curves are given, ascending and quadratically spaced; none exits before.
  public let times: [Double]
  /// P(exit time > τ) at `times`.
  public let survival: [Double]
  /// Density of the exit time at `times`.
  public let density: [Double]
  /// Estimated largest error of `survival`: grids, frequencies left out, and the period.
  public let survivalError: Double
  /// Number of frequencies taken.
  public let frequencies: Int

  /// Solves from the overlap `start` to the boundary |m| = `boundary`.
  ///
  /// `intervals` n ≥ 8. Throws `ParameterError` unless 0 ≤ |start| < boundary ≤ 1 and the variance
  /// rate is above 0 on the way.
  public init(
    diffusion: ScalarDiffusion, start: Double, boundary: Double, intervals: Int = 1000
  ) throws {
    try self.init(ExitLaw.levels(diffusion, start: start, boundary: boundary, intervals))
  }

  /// Solves for random starts in `dimension` d ≥ 3, from m₀ to the boundary |m| = `boundary`(m₀).
  ///
  /// `intervals` n ≥ 8. Throws `ParameterError` unless `boundary` is increasing, above the start and at
  /// most 1, and the variance rate is above 0 on the way.
  public init(
    diffusion: ScalarDiffusion, dimension: Int, boundary: (Double) -> Double,
    intervals: Int = 1000
  ) throws {
    try self.init(
      ExitLaw.levels(diffusion, dimension: dimension, boundary: boundary, intervals))
  }

  static func levels(
    _ diffusion: ScalarDiffusion, start: Double, boundary: Double, _ intervals: Int
  ) throws -> [PassageLevel] {
    let start = abs(start)
    try ParameterError.require(
      start < boundary && boundary <= 1, "start", "\(start) and a boundary of \(boundary)",
      "an overlap below the boundary, which is at most 1")
    return try grids(diffusion, end: boundary, intervals).map { grid in
      PassageLevel(grid, [(start, boundary, 1)])
    }
  }

  static func levels(
    _ diffusion: ScalarDiffusion, dimension: Int, boundary: (Double) -> Double, _ intervals: Int
  ) throws -> [PassageLevel] {
    try ParameterError.require(
      dimension >= 3, "dimension", "\(dimension)", "at least 3 for the law of random starts")
    // Beyond this overlap lies less than e^(−37) of the starts, or next to nothing at small d.
    let exponent = 0.5 * Double(dimension - 3)
    let largest = exponent > 0 ? min(-expm1(-37 / exponent), 1 - 1e-8).squareRoot() : 1 - 1e-8
    let end = boundary(largest)
    try ParameterError.require(
      largest < end && end <= 1, "thresholds", "a boundary of \(end) for a start at \(largest)",
      "a boundary above the start and at most 1")
    return try grids(diffusion, end: end, intervals).map { grid in
      let starts = grid.overlaps.indices.filter { grid.overlaps[$0] <= largest }
      var weights = starts.map { i in
        let square = grid.overlaps[i] * grid.overlaps[i]
        return (i == 0 ? 0.5 : 1) * grid.slopes[i] * exp(exponent * log1p(-square))
      }
      let sum = weights.reduce(0, +)
      weights = weights.map { $0 / sum }
      let cases = zip(starts, weights).map { (grid.overlaps[$0], boundary(grid.overlaps[$0]), $1) }
      return PassageLevel(grid, cases)
    }
  }

  private static func grids(
    _ diffusion: ScalarDiffusion, end: Double, _ intervals: Int
  ) throws -> [PassageGrid] {
    try ParameterError.require(intervals >= 8, "intervals", "\(intervals)", "at least 8")
    return try [intervals / 2, intervals / 2 * 2, intervals / 2 * 4].map {
      try PassageGrid(diffusion, end: end, intervals: $0)
    }
  }

  /// Mean and standard deviation of an exit time, with the estimated relative error of both.
  public typealias Moments = (mean: Double, standardDeviation: Double, error: Double)

  static func moments(_ levels: [PassageLevel]) throws -> Moments {
    let values = levels.map { $0.moments() }
    let (first, second) = (extrapolate(values[0], values[1]), extrapolate(values[1], values[2]))
    let deviation = max(0, second.variance).squareRoot()
    try ParameterError.require(
      second.mean.isFinite && second.mean > 0 && deviation.isFinite && deviation > 0, "start",
      "an exit time without mean and variance", "a learning rate at which the plateau is left")
    let error = max(
      abs(first.mean / second.mean - 1), abs(max(0, first.variance).squareRoot() / deviation - 1))
    return (second.mean, deviation, error)
  }

  init(_ levels: [PassageLevel]) throws {
    (mean, standardDeviation, momentError) = try ExitLaw.moments(levels)
    // The left tail is thinner than Gaussian, the right one exponential.
    let start = max(0, mean - 12 * standardDeviation)
    let period = mean + 24 * standardDeviation - start
    let series = FourierSeries(levels, start: start, period: period)
    frequencies = series.coefficients.count
    // The mean of the periodic law falls short by the period for all that lies beyond it.
    let beyond = abs(series.mean - mean) / period
    survivalError = series.gridError + series.omittedError + beyond

    let count = 2000
    var (times, survival, density) = ([start], [1.0], [max(0, series.value(at: 0).density)])
    for i in 1...count {
      let root = Double(i) / Double(count)
      let value = series.value(at: period * root * root)
      times.append(start + period * root * root)
      // Rounding must not let the curve rise.
      survival.append(min(max(1 - value.cumulative, 0), survival[i - 1]))
      density.append(max(0, value.density))
      if survival[i] < 1e-10 { break }
    }
    (self.times, self.survival, self.density) = (times, survival, density)
  }

  /// P(exit time > `time`) by cubic interpolation; 0 beyond the end of the curve.
  public func survival(at time: Double) -> Double {
    guard time > times[0], let last = times.last else { return 1 }
    guard time < last else { return 0 }
    return interpolated(piece(of: time), time)
  }

  /// The time by which a fraction `probability` of the paths has exited; nil beyond the curve.
  public func quantile(_ probability: Double) -> Double? {
    let level = 1 - probability
    guard let index = survival.firstIndex(where: { $0 <= level }), index > 0 else { return nil }
    var (lower, upper) = (times[index - 1], times[index])
    for _ in 0..<60 {
      let middle = 0.5 * (lower + upper)
      if interpolated(index - 1, middle) > level { lower = middle } else { upper = middle }
    }
    return 0.5 * (lower + upper)
  }

  private func piece(of time: Double) -> Int {
    // Times are quadratically spaced: t_i − t_0 = (t_1 − t_0) i².
    let guess = Int(((time - times[0]) / (times[1] - times[0])).squareRoot())
    return min(max(guess, 0), times.count - 2)
  }

  /// The cubic with the values and slopes at both ends, kept between the values.
  private func interpolated(_ index: Int, _ time: Double) -> Double {
    let width = times[index + 1] - times[index]
    let t = (time - times[index]) / width
    let (left, right) = (survival[index], survival[index + 1])
    let bend =
      t * (1 - t) * width * (t * density[index + 1] - (1 - t) * density[index])
    let value = left * (1 - t) * (1 - t) * (1 + 2 * t) + right * t * t * (3 - 2 * t) + bend
    return min(max(value, right), left)
  }
}

typealias LawMoments = (mean: Double, variance: Double)

/// Removes the error of second order from values on a grid and on one twice as fine.
private func extrapolate(_ coarse: LawMoments, _ fine: LawMoments) -> LawMoments {
  (mean: (4 * fine.mean - coarse.mean) / 3, variance: (4 * fine.variance - coarse.variance) / 3)
}

/// A grid with the starts on it, their boundaries and weights.
final class PassageLevel {
  private let grid: PassageGrid
  private let starts: [PassageGrid.Place]
  private let boundaries: [PassageGrid.Place]
  private let weights: [Double]
  private var values: [Complex<Double>]
  private var slopes: [Complex<Double>]

  init(_ grid: PassageGrid, _ starts: [(overlap: Double, boundary: Double, weight: Double)]) {
    self.grid = grid
    self.starts = starts.map { grid.place($0.overlap) }
    boundaries = starts.map { grid.place($0.boundary) }
    weights = starts.map(\.weight)
    values = [Complex<Double>](repeating: 0, count: grid.overlaps.count)
    slopes = values
  }

  /// The variance is the mean of variances plus the variance of means.
  func moments() -> LawMoments {
    let moments = grid.moments()
    var (mean, square, variance) = (0.0, 0.0, 0.0)
    for i in weights.indices {
      func passed(_ values: [Double], _ slopes: [Double]) -> Double {
        boundaries[i].value(values, slopes) - starts[i].value(values, slopes)
      }
      let time = passed(moments.mean, moments.meanSlope)
      mean += weights[i] * time
      square += weights[i] * time * time
      variance += weights[i] * passed(moments.variance, moments.varianceSlope)
    }
    return (mean, variance + square - mean * mean)
  }

  /// E e^{−iωτ}.
  func transform(_ frequency: Double) -> Complex<Double> {
    grid.logarithm(Complex(0, frequency), into: &values, slopes: &slopes)
    var sum = Complex<Double>.zero
    for i in weights.indices {
      let exponent = starts[i].value(values, slopes) - boundaries[i].value(values, slopes)
      sum += Complex(weights[i]) * Complex.exp(exponent)
    }
    return sum
  }
}

/// The density and distribution function of a positive time from its transform.
private struct FourierSeries {
  let coefficients: [Complex<Double>]
  let gridError: Double
  let omittedError: Double
  private let start: Double
  private let period: Double
  private let atZero: Double

  init(
    _ levels: [PassageLevel], start: Double, period: Double, smallest: Double = 1e-9,
    largestCount: Int = 4096
  ) {
    var coefficients: [Complex<Double>] = []
    var gridError = 0.0
    var omitted = Double.infinity
    while omitted > smallest, coefficients.count < largestCount {
      for _ in 0..<8 {
        let frequency = 2 * .pi * Double(coefficients.count + 1) / period
        let values = levels.map { $0.transform(frequency) }
        let first = Complex(1.0 / 3) * (Complex(4) * values[1] - values[0])
        let second = Complex(1.0 / 3) * (Complex(4) * values[2] - values[1])
        coefficients.append(second * Complex(length: 1, phase: frequency * start))
        gridError += 2 * (second - first).length / (.pi * Double(coefficients.count))
      }
      omitted = FourierSeries.omitted(coefficients)
    }
    self.coefficients = coefficients
    self.gridError = gridError
    self.start = start
    self.period = period
    omittedError = omitted
    atZero = coefficients.enumerated().reduce(0) { sum, item in
      sum + item.element.imaginary / Double(item.offset + 1)
    }
  }

  /// Bounds 2 Σ |φ_k|/(πk) over what was left out, if φ falls on as in the last half.
  private static func omitted(_ coefficients: [Complex<Double>]) -> Double {
    let last = coefficients.count
    let (middle, end) = (coefficients[last / 2].length, coefficients[last - 1].length)
    let decay = end > 0 ? log(middle / end) / Double(last - 1 - last / 2) : 1
    return 2 * end / (.pi * Double(last) * max(decay, 0.1 / Double(last)))
  }

  /// The mean of the law wrapped to one period.
  var mean: Double { start + period / 2 + period * atZero / .pi }

  /// Distribution function and density at a time in [0, `period`] after the start.
  func value(at time: Double) -> (cumulative: Double, density: Double) {
    let turn = Complex(length: 1, phase: 2 * .pi * time / period)
    var rotation = Complex<Double>.one
    var (cumulative, density) = (0.0, 0.0)
    for (index, value) in coefficients.enumerated() {
      rotation *= turn
      let term = value * rotation
      density += term.real
      cumulative += term.imaginary / Double(index + 1)
    }
    return (time / period + (cumulative - atZero) / .pi, (1 + 2 * density) / period)
  }
}
