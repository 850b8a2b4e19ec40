import Foundation

/// Poses the passage of |m| from its starts to their boundaries, on grids as fine as wanted.
struct PassageProblem {
  /// A start in y, how far its boundary lies, and its weight.
  typealias Departure = (position: Double, gap: Double, weight: Double)

  let diffusion: ScalarDiffusion
  let coordinate: PassageCoordinate
  /// The farthest boundary in y.
  let end: Double
  /// The time h between looks at the risk; 0 for all the time.
  let watchInterval: Double
  /// log w, by which starts are weighted per unit y; nil for one start.
  private let logDensity: ((PassagePlace) -> Double)?
  private let rise: (PassagePlace) -> Double
  private let start: Double
  private let highest: Double

  /// From one start; `rise` is by how much m² must rise from a place to its boundary.
  init(
    _ diffusion: ScalarDiffusion, overlap: Double, watchInterval: Double,
    rise: @escaping (PassagePlace) -> Double
  ) throws {
    let m = abs(overlap)
    guard m < 1 else { throw LawUnavailable("the start lies at perfect alignment") }
    let coordinate = PassageCoordinate(scale: PassageProblem.noiseScale(diffusion))
    let misalignment = (1 - m) * (1 + m)
    let start = coordinate.position(overlap: m, misalignment: misalignment)
    // The place as given, which its position knows but to rounding.
    let place = PassagePlace(overlap: m, misalignment: misalignment, slope: 1, bend: 0)
    let gap = try PassageProblem.gap(diffusion, coordinate, place, start, watchInterval, rise)
    (self.diffusion, self.coordinate, self.start) = (diffusion, coordinate, start)
    (self.watchInterval, self.rise) = (watchInterval, { _ in rise(place) })
    (highest, logDensity) = (0, nil)
    fixed = (start, gap, 1)
    end = start + gap
  }

  private let fixed: Departure?

  /// From random starts of density ∝ (1 − m²)^((d − 3)/2), d = `dimension`.
  ///
  /// `nearest` > 0 is the overlap below which boundaries vary evenly with the start.
  init(
    _ diffusion: ScalarDiffusion, dimension: Int, nearest: Double, watchInterval: Double,
    rise: @escaping (PassagePlace) -> Double
  ) throws {
    try ParameterError.require(
      dimension >= 3, "dimension", "\(dimension)", "at least 3 for the law of random starts")
    let coordinate = PassageCoordinate(
      scale: min(PassageProblem.noiseScale(diffusion), nearest))
    let exponent = 0.5 * Double(dimension - 3)
    func logDensity(_ place: PassagePlace) -> Double {
      log(place.slope) + exponent * place.logMisalignment
    }
    // Beyond lies less than e^(−37) of the starts.
    var (highest, largest) = (0.0, -Double.infinity)
    while true {
      let value = logDensity(coordinate.place(highest))
      largest = max(largest, value)
      if value < largest - 37 { break }
      highest += 0.125
    }
    (self.diffusion, self.coordinate, self.highest) = (diffusion, coordinate, highest)
    (self.watchInterval, self.rise, start, self.logDensity) = (watchInterval, rise, 0, logDensity)
    fixed = nil
    let place = coordinate.place(highest)
    end =
      try highest
      + PassageProblem.gap(diffusion, coordinate, place, highest, watchInterval, rise)
  }

  /// Lays a grid of `intervals` to the end.
  func grid(_ intervals: Int) throws -> PassageGrid {
    try PassageGrid(diffusion, coordinate, end: end, intervals: intervals)
  }

  /// The starts on a grid: for random ones the trapezoidal rule, which converges faster than any power.
  func starts(on grid: PassageGrid) throws -> [Departure] {
    if let fixed { return [fixed] }
    guard let logDensity else { return [] }
    let count = min(Int(highest / grid.spacing), grid.places.count - 2)
    let densities = (0...count).map { logDensity(grid.places[$0]) }
    let largest = densities.max() ?? 0
    let weights = densities.enumerated().map { ($0 == 0 ? 0.5 : 1) * exp($1 - largest) }
    let sum = weights.reduce(0, +)
    return try weights.indices.map { i in
      let position = Double(i) * grid.spacing
      let gap = try PassageProblem.gap(
        diffusion, coordinate, grid.places[i], position, watchInterval, rise)
      return (position, gap, weights[i] / sum)
    }
  }

  /// The overlap at which noise and growth balance, by which steps near 0 are measured.
  private static func noiseScale(_ diffusion: ScalarDiffusion) -> Double {
    let growth = abs(diffusion.driftCoefficients[0])
    let scale = (diffusion.variance(0) / (2 * growth)).squareRoot()
    return scale.isFinite && scale > 0 ? min(scale, 1) : 1
  }

  /// The distance in y to the boundary, which stands higher where the risk is watched at intervals.
  private static func gap(
    _ diffusion: ScalarDiffusion, _ coordinate: PassageCoordinate, _ place: PassagePlace,
    _ position: Double, _ watchInterval: Double, _ rise: (PassagePlace) -> Double
  ) throws -> Double {
    let rise = rise(place)
    guard rise > 0 else { throw LawUnavailable("a start lies at the boundary or beyond") }
    let gap = coordinate.gap(from: place, rise: rise)
    guard gap.isFinite else {
      throw LawUnavailable("the threshold is not reached at any overlap below 1")
    }
    guard watchInterval > 0 else { return gap }
    return try gap
      + WatchedBoundary(diffusion, coordinate, interval: watchInterval).shift(
        from: position + gap)
  }
}

/// Says where a boundary stands for a path that is seen at multiples of h only.
///
/// In x = ∫ dm/√v the noise is even, and a path seen every h overshoots a boundary by R with mean
/// ρ√h + ah/4 and variance h/4, a its drift there, ρ = −ζ(½)/√(2π) = 0.5826. The transform is
/// u_s(m₀)/E u_s(η + R), and by ½u'' + au' = su that is the passage to x + ρ√h and a time h/4 more, up to
/// h^(3/2) and a share e^(−√(2π) z) of starts z = (x_η − x₀)/√h from the boundary. The boundary alone
/// is the correction of Broadie, Glasserman and Kou (1997) and Gobet and Menozzi (2010).
struct WatchedBoundary {
  private let diffusion: ScalarDiffusion
  private let coordinate: PassageCoordinate
  private let root: Double

  init(_ diffusion: ScalarDiffusion, _ coordinate: PassageCoordinate, interval: Double) {
    (self.diffusion, self.coordinate) = (diffusion, coordinate)
    root = interval.squareRoot()
  }

  /// By how much y is higher ρ√h farther in x.
  func shift(from position: Double) throws -> Double {
    let steps = 4
    let step = 0.582_597_157_939_010_6 * root / Double(steps)
    var shift = 0.0
    for _ in 0..<steps {
      let k1 = rate(position + shift)
      let k2 = rate(position + shift + 0.5 * step * k1)
      let k3 = rate(position + shift + 0.5 * step * k2)
      let k4 = rate(position + shift + step * k3)
      shift += step / 6 * (k1 + 2 * (k2 + k3) + k4)
    }
    guard shift.isFinite, shift < 3 else {
      throw LawUnavailable(
        "a step of noise between two looks at the risk is as large as what is left to the boundary")
    }
    return shift
  }

  /// dy/dx.
  private func rate(_ position: Double) -> Double {
    let place = coordinate.place(min(position, 300))
    let variance = diffusion.rates(
      overlap: place.overlap, misalignment: place.misalignment
    ).variance
    return max(variance, 0).squareRoot() / place.slope
  }
}

/// Estimates what the shifted boundary lacks of a law that is watched at intervals h.
///
/// With r = a√h the drift of a look in standard deviations and z = (x_η − x₀)/√h, the time lacks
/// at most h (0.06 |r| + ½ e^(−√(2π) z)) in the mean, more where the drift leads away from the boundary, and
/// the survival what that time does to it and 0.03/z³: bounds of the errors against the watched problem itself,
/// solved from look to look, at z from 0.6 to 2000 and r from −0.5 to 6 (data/reference/exit_law.py).
struct WatchError {
  /// Relative error of mean and standard deviation.
  let moments: Double
  /// Largest error of the survival.
  let survival: Double

  /// `spread` is the smaller of mean and standard deviation, `peak` the law's largest density.
  init(_ problem: PassageProblem, spread: Double, peak: Double) throws {
    guard problem.watchInterval > 0 else {
      (moments, survival) = (0, 0)
      return
    }
    let root = problem.watchInterval.squareRoot()
    var (delay, early) = (0.0, 0.0)
    for (position, gap, weight) in try problem.starts(on: problem.grid(256)) {
      let boundary = position + gap
      let distance = problem.evenDistance(from: max(position, boundary - 1), to: boundary) / root
      let z = max(distance - 0.5826, 0)
      let r = problem.evenDrift(at: boundary) * root
      let share = r < 0 ? 0.3 * -r - 0.6 * r * r * r : 0.06 * r
      delay += weight * (share + 0.5 * exp(-2.5066 * z))
      early += weight * min(1, 0.03 / (z * z * z))
    }
    moments = problem.watchInterval * delay / spread
    survival = min(1, early + 2 * problem.watchInterval * delay * peak)
  }
}

extension PassageProblem {
  /// The distance in x = ∫ dm/√v, by Simpson's rule on eight pieces.
  fileprivate func evenDistance(from start: Double, to end: Double) -> Double {
    let step = (end - start) / 16
    return (0...16).reduce(0) { sum, i in
      let place = coordinate.place(start + Double(i) * step)
      let weight = i == 0 || i == 16 ? 1.0 : i % 2 == 1 ? 4 : 2
      return sum + weight * step / 3 * place.slope / spread(place)
    }
  }

  /// The drift of x, b/√v − ½ d√v/dm.
  fileprivate func evenDrift(at position: Double) -> Double {
    let (place, near) = (coordinate.place(position), 1e-4)
    let drift = diffusion.rates(overlap: place.overlap, misalignment: place.misalignment).drift
    let change =
      spread(coordinate.place(position + near)) - spread(coordinate.place(position - near))
    return drift / spread(place) - 0.25 * change / (near * place.slope)
  }

  /// √v.
  private func spread(_ place: PassagePlace) -> Double {
    max(
      diffusion.rates(overlap: place.overlap, misalignment: place.misalignment).variance, 0
    ).squareRoot()
  }
}

/// A grid with the starts on it and their weights.
final class PassageLevel {
  private let grid: PassageGrid
  private let routes: [PassageRoute]
  private let weights: [Double]
  private var real: Slopes
  private var imaginary: Slopes

  init(_ problem: PassageProblem, intervals: Int) throws {
    grid = try problem.grid(intervals)
    let spacing = grid.spacing
    let starts = try problem.starts(on: grid)
    routes = starts.map {
      PassageRoute(from: $0.position, over: $0.gap, spacing: spacing, cells: intervals)
    }
    weights = starts.map(\.weight)
    real = Slopes(count: intervals + 1)
    imaginary = real
  }

  typealias Moments = (mean: Double, variance: Double, rarest: Double)

  /// Mean and variance of the exit time, and the share of the rarest start in either.
  ///
  /// The variance is the mean of variances plus the variance of means.
  func moments() -> Moments {
    let passages = grid.moments(routes)
    var mean = 0.0
    for (weight, passage) in zip(weights, passages) { mean += weight * passage.mean }
    func part(_ i: Int) -> Double {
      let gap = passages[i].mean - mean
      return weights[i] * (passages[i].variance + gap * gap)
    }
    let variance = weights.indices.reduce(0) { $0 + part($1) }
    let last = weights.count - 1
    let rarest =
      last == 0 ? 0 : max(weights[last] * passages[last].mean / mean, part(last) / variance)
    return (mean, variance, rarest)
  }

  /// E e^{−iωτ} of the time τ less `origin`.
  func transform(_ frequency: Double, origin: Double) -> (real: Double, imaginary: Double) {
    grid.logarithm(frequency: frequency, real: &real, imaginary: &imaginary)
    var (x, y) = (0.0, 0.0)
    for i in weights.indices {
      let length = weights[i] * exp(-real.integral(on: routes[i]))
      // What has decayed needs no phase.
      guard length > 1e-18 else { continue }
      let phase = frequency * origin - imaginary.integral(on: routes[i])
      x += length * cos(phase)
      y += length * sin(phase)
    }
    return (x, y)
  }
}
