import Foundation

/// Solves for the law of the SDE's exit time for p = k = 1, without Monte Carlo error.
///
/// The exit time from m₀ is the first passage of |m| through the boundary η(m₀); |m| is reflected
/// at 0 by symmetry and absorbed at η. ``PassageGrid`` gives its transform φ(s) = u_s(m₀)/u_s(η)
/// and its moments. A random start m₀, the overlap of two independent uniform directions in d
/// dimensions, has the density ∝ (1 − m²)^((d−3)/2), and its law is the mean over m₀ by the
/// trapezoidal rule on the same grid, which converges faster than any power. ``TransformInversion`` takes
/// survival and density from φ(iω).
///
/// Grids of n/2, n and 2n intervals; Romberg's extrapolation leaves an error of sixth order, which the
/// change from the fourth bounds. n is doubled until the moments stand to 1e-9. A law whose estimated error is
/// above ``tolerance`` is refused. Cost: some 0.1 s. Source: Darling and Siegert (1953).
public struct ExitLaw: Sendable {
  /// The largest estimated error of a law that is given: relative for moments, absolute for the survival.
  public static let tolerance = 1e-6
  /// The largest of a law that is watched at intervals.
  public static let watchTolerance = 0.01

  /// Mean exit time.
  public let mean: Double
  /// Standard deviation of the exit time.
  public let standardDeviation: Double
  /// Estimated relative error of mean and standard deviation.
  public let momentError: Double
  /// Times τ at which the curves are given, ascending, dense where the law is sharp; none exits before.
  public let times: [Double]
  /// P(exit time > τ) at `times`.
  ///
  /// Watched at intervals h, it is exact at the multiples of h and goes smoothly between.
  public let survival: [Double]
  /// Density of the exit time at `times`.
  public let density: [Double]
  /// Estimated largest error of `survival`: grids, frequencies, curve, and the time between looks.
  public let survivalError: Double
  /// Number of frequencies taken.
  public let frequencies: Int

  /// Solves from the overlap `start` to the boundary |m| = `boundary`.
  ///
  /// `intervals` n ≥ 8 is the first grid's. Throws `ParameterError` unless 0 ≤ |start| < boundary ≤ 1, and
  /// `LawUnavailable` where the law cannot be had to ``tolerance``.
  public init(
    diffusion: ScalarDiffusion, start: Double, boundary: Double, intervals: Int = 250
  ) throws {
    let start = abs(start)
    try ParameterError.require(
      start < boundary && boundary <= 1, "start", "\(start) and a boundary of \(boundary)",
      "an overlap below the boundary, which is at most 1")
    try self.init(
      PassageProblem(diffusion, overlap: start, watchInterval: 0) { place in
        (boundary - place.overlap) * (boundary + place.overlap)
      }, intervals)
  }

  /// Solves for random starts in `dimension` d ≥ 3, from m₀ to the boundary |m| = `boundary`(m₀).
  ///
  /// `intervals` n ≥ 8 is the first grid's. Throws `ParameterError` for the dimension, `LawUnavailable` unless
  /// `boundary` is increasing, above the start and at most 1, and where the law cannot be had to ``tolerance``.
  public init(
    diffusion: ScalarDiffusion, dimension: Int, boundary: @escaping (Double) -> Double,
    intervals: Int = 250
  ) throws {
    try self.init(
      PassageProblem(
        diffusion, dimension: dimension, nearest: boundary(0), watchInterval: 0
      ) { place in
        let end = boundary(place.overlap)
        return (end - place.overlap) * (end + place.overlap)
      }, intervals)
  }

  /// Mean and standard deviation of an exit time, with the estimated relative error of both.
  public typealias Moments = (mean: Double, standardDeviation: Double, error: Double)

  static func moments(_ problem: PassageProblem, _ intervals: Int) throws -> Moments {
    let moments = try Refinement(problem, intervals).moments
    try ExitLaw.require(moments.error <= tolerance, "mean and spread", moments.error)
    return moments
  }

  /// Mean and standard deviation from the grids of n/2, n and 2n `intervals` as they are.
  package static func unrefinedMoments(
    diffusion: ScalarDiffusion, start: Double, boundary: Double, intervals: Int
  ) throws -> Moments {
    let problem = try PassageProblem(diffusion, overlap: start, watchInterval: 0) { place in
      (boundary - place.overlap) * (boundary + place.overlap)
    }
    return try Refinement(problem, intervals, goal: .infinity).moments
  }

  init(_ problem: PassageProblem, _ intervals: Int) throws {
    let refinement = try Refinement(problem, intervals)
    let (mean, deviation, error) = refinement.moments
    try ExitLaw.require(error <= ExitLaw.tolerance, "mean and spread", error)
    // The left tail is thinner than Gaussian: nothing exits before.
    let origin = max(0, mean - 12 * deviation)
    var inversion = try refinement.inversion(origin)
    // Frequencies may ask for finer grids than moments do.
    while inversion.gridError > 0.3 * ExitLaw.tolerance, try refinement.refine() {
      inversion = try refinement.inversion(origin)
    }
    let curve = try LawCurve(
      inversion, reach: mean - origin + 12 * deviation, tolerance: 1e-7)
    let watch = problem.watchInterval
    let watchError = try WatchError(
      problem, spread: min(mean, deviation), peak: curve.density.max() ?? 0)
    let numerical = inversion.gridError + inversion.omittedError + curve.error
    try ExitLaw.require(numerical <= ExitLaw.tolerance, "survival", numerical)
    try ExitLaw.require(
      max(watchError.moments, watchError.survival) <= ExitLaw.watchTolerance,
      "law watched at intervals of \(watch)", max(watchError.moments, watchError.survival))
    // A path seen every h exits h/4 after its passage to the shifted boundary in the mean, and P(N ≤ n) is the
    // smooth law's at (n + ½)h, the middle between two looks.
    self.mean = mean + 0.25 * watch
    standardDeviation = deviation
    momentError = error + watchError.moments
    times = curve.times.map { max(0, origin + $0 - 0.25 * watch) }
    (survival, density) = (curve.survival, curve.density)
    survivalError = min(1, numerical + watchError.survival)
    frequencies = inversion.evaluations
  }

  private static func require(_ condition: Bool, _ what: String, _ error: Double) throws {
    guard condition else {
      let size = error.isFinite ? String(format: "%.0e", error) : "beyond all numbers"
      throw LawUnavailable("the estimated error of the \(what) is \(size)")
    }
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

  /// The last time that is at most `time`, by bisection.
  private func piece(of time: Double) -> Int {
    var (lower, upper) = (0, times.count - 1)
    while upper - lower > 1 {
      let middle = (lower + upper) / 2
      if times[middle] <= time { lower = middle } else { upper = middle }
    }
    return lower
  }

  /// The cubic with the values and slopes at both ends, kept between the values.
  private func interpolated(_ index: Int, _ time: Double) -> Double {
    let value = hermite(
      (times[index], survival[index], density[index]),
      (times[index + 1], survival[index + 1], density[index + 1]), at: time)
    return min(max(value, survival[index + 1]), survival[index])
  }
}

/// A point of a curve of survival, whose slope is −`density`.
private typealias CurvePoint = (time: Double, survival: Double, density: Double)

private func hermite(_ left: CurvePoint, _ right: CurvePoint, at time: Double) -> Double {
  let width = right.time - left.time
  guard width > 0 else { return left.survival }
  let t = (time - left.time) / width
  let bend = t * (1 - t) * width * (t * right.density - (1 - t) * left.density)
  return left.survival * (1 - t) * (1 - t) * (1 + 2 * t) + right.survival * t * t * (3 - 2 * t)
    + bend
}

/// Draws the curve of survival at points dense enough for cubic interpolation between.
private struct LawCurve {
  let times: [Double]
  let survival: [Double]
  let density: [Double]
  let error: Double

  init(_ inversion: TransformInversion, reach: Double, tolerance: Double) throws {
    func point(_ time: Double) throws -> CurvePoint {
      let value = try inversion.value(at: time)
      return (time, value.survival, max(0, value.density))
    }
    var points: [CurvePoint] = [(0, 1, 0)]
    /// Adds all points after `left` up to `right`.
    func draw(_ left: CurvePoint, _ right: CurvePoint, _ depth: Int) throws {
      let middle = try point(0.5 * (left.time + right.time))
      let miss = abs(hermite(left, right, at: middle.time) - middle.survival)
      // Between two points the curve falls: where they are that near, nothing is left to draw.
      if miss > tolerance && left.survival - right.survival > tolerance && depth < 60 {
        try draw(left, middle, depth + 1)
        try draw(middle, right, depth + 1)
      } else {
        points.append(middle)
        points.append(right)
      }
    }
    var end = try point(reach)
    try draw(points[0], end, 0)
    // The tail may be far slower than the spread says.
    for _ in 0..<200 where end.survival > 1e-10 {
      let next = try point(1.5 * end.time)
      guard next.survival < end.survival else { break }
      try draw(end, next, 0)
      end = next
    }
    times = points.map(\.time)
    density = points.map(\.density)
    // Rounding must not let the curve rise.
    var last = 1.0
    survival = points.map { point in
      last = min(max(point.survival, 0), last)
      return last
    }
    // Halving a piece divides its error by sixteen; beyond the curve survival counts as 0.
    error = tolerance + last
  }
}

/// Refines grids until the moments stand.
private final class Refinement {
  private(set) var moments: ExitLaw.Moments = (0, 0, .infinity)
  private let problem: PassageProblem
  private var levels: [PassageLevel]
  private var values: [PassageLevel.Moments]
  private var finest: Int

  /// Doubles `intervals` until the moments stand to `goal`.
  init(_ problem: PassageProblem, _ intervals: Int, goal: Double = 1e-9) throws {
    try ParameterError.require(intervals >= 8, "intervals", "\(intervals)", "at least 8")
    self.problem = problem
    finest = intervals / 2 * 4
    levels = try [finest / 4, finest / 2, finest].map {
      try PassageLevel(problem, intervals: $0)
    }
    values = levels.map { $0.moments() }
    moments = Refinement.extrapolated(values)
    while !(moments.error <= goal), try refine() {}
    guard let last = values.last, last.mean.isFinite, last.variance.isFinite else {
      throw LawUnavailable(
        "the boundary lies so far beyond the plateau that the mean exit time or its spread is beyond "
          + "all numbers")
    }
    guard moments.mean > 0, moments.standardDeviation > 0 else {
      throw LawUnavailable("mean and spread of the exit time are lost to rounding")
    }
    // A mean that the rarest starts rule is nobody's.
    moments.error += 100 * last.rarest
  }

  /// Doubles the grids once; false where they are as fine as they get.
  func refine() throws -> Bool {
    guard finest < 32_000 else { return false }
    finest *= 2
    let level = try PassageLevel(problem, intervals: finest)
    levels = [levels[1], levels[2], level]
    values = [values[1], values[2], level.moments()]
    moments = Refinement.extrapolated(values)
    return true
  }

  /// Survival and density of the time less `origin`.
  func inversion(_ origin: Double) throws -> TransformInversion {
    try TransformInversion(scale: moments.mean - origin + moments.standardDeviation) {
      transform($0, origin: origin)
    }
  }

  /// E e^{−iωτ} of the time less `origin`, with an estimate of its error.
  private func transform(
    _ frequency: Double, origin: Double
  ) -> (value: ComplexPair, error: Double) {
    let values = levels.map { $0.transform(frequency, origin: origin) }
    let (x, ex) = Refinement.romberg(values.map(\.real))
    let (y, ey) = Refinement.romberg(values.map(\.imaginary))
    return ((x, y), (ex * ex + ey * ey).squareRoot())
  }

  private static func extrapolated(
    _ values: [PassageLevel.Moments]
  ) -> ExitLaw.Moments {
    let (mean, meanError) = romberg(values.map(\.mean))
    let (variance, varianceError) = romberg(values.map(\.variance))
    let error = max(abs(meanError / mean), 0.5 * abs(varianceError / variance))
    return (mean, max(0, variance).squareRoot(), error)
  }

  /// Removes the errors of second and fourth order; the change by the latter is the estimate.
  private static func romberg(_ values: [Double]) -> (value: Double, error: Double) {
    let coarse = values[1] + (values[1] - values[0]) / 3
    let fine = values[2] + (values[2] - values[1]) / 3
    let change = (fine - coarse) / 15
    return (fine + change, abs(change))
  }
}
