import Foundation

/// Says that a law cannot be had to its tolerance, and why.
public struct LawUnavailable: Error, Hashable, Sendable, CustomStringConvertible {
  /// The reason, as the end of the sentence "not available, because …".
  public let reason: String

  /// Creates the statement.
  public init(_ reason: String) { self.reason = reason }

  /// Is the reason.
  public var description: String { reason }
}

/// Measures overlaps m ≥ 0 by a y that is linear near 0 and logarithmic towards both ends.
///
/// dm/dy = √(m² + c²)(1 − m²)/√(1 + c²), that is sinh y = √(1 + c²) m/(c √(1 − m²)); c is the overlap
/// below which steps are even. With D² = 1 + c² cosh² y: m = c sinh y/D and 1 − m² = (1 + c²)/D², so
/// that neither end loses digits.
struct PassageCoordinate {
  let scale: Double
  private let root: Double

  init(scale: Double) {
    self.scale = scale
    root = (1 + scale * scale).squareRoot()
  }

  /// y at the overlap m with 1 − m² = `misalignment`.
  func position(overlap: Double, misalignment: Double) -> Double {
    asinh(root * overlap / (scale * misalignment.squareRoot()))
  }

  /// What lies at y: m, 1 − m², dm/dy and d log(dm/dy)/dy.
  func place(_ position: Double) -> PassagePlace {
    let (s, c) = (sinh(position), cosh(position))
    let square = 1 + scale * scale * c * c
    let length = square.squareRoot()
    return PassagePlace(
      overlap: scale * s / length, misalignment: root * root / square,
      slope: scale * root * root * c / (square * length),
      bend: tanh(position) - 3 * scale * scale * c * s / square)
  }

  /// The distance in y from `start` to where m² has risen by `rise`, to its own precision.
  func gap(from start: PassagePlace, rise: Double) -> Double {
    let misalignment = start.misalignment - rise
    guard misalignment > 0 else { return .infinity }
    let square = start.overlap * start.overlap
    let end = (square + rise).squareRoot()
    let sum =
      end * (square + scale * scale).squareRoot()
      + start.overlap * (square + rise + scale * scale).squareRoot()
    return asinh(root * rise / ((start.misalignment * misalignment).squareRoot() * sum))
  }
}

/// An overlap m with 1 − m², and the coordinate's derivatives there.
struct PassagePlace {
  let overlap: Double
  let misalignment: Double
  let slope: Double
  let bend: Double

  /// log(1 − m²), good at both ends.
  var logMisalignment: Double {
    overlap < 0.5 ? log1p(-overlap * overlap) : log(misalignment)
  }
}

/// Solves for the time that |m| takes to pass from 0 to every overlap at once, for p = k = 1.
///
/// A path from m₀ to η passes every overlap between, and starts anew there: with T(m) the time of
/// the first passage from 0 to m, E e^{−sT(m)} = 1/u_s(m), and the passage from m₀ to η has the
/// transform u_s(m₀)/u_s(η). Here u = u_s is the even solution of ½ v u'' + b u' = s u, u(0) = 1
/// (the backward Fokker–Planck equation, transformed in time).
///
/// In the y of ``PassageCoordinate``, W = d(log u)/dy obeys W' = P s − Q W − W², P = 2g²/v,
/// Q = 2gb/v − (log g)', g = dm/dy, W(0) = 0. The trapezoidal rule solves it step by step as a
/// quadratic equation: no step is too long for the growth, however weak the noise, and the error is of
/// second order in the spacing of y. Cost: O(n) for each s. Source: Darling and Siegert (1953).
struct PassageGrid {
  /// The places at y_i = i h, i = 0 … n.
  let places: [PassagePlace]
  /// The spacing h of y.
  let spacing: Double
  let source: [Double]
  let pull: [Double]

  /// Lays `intervals` from 0 to y = `end`.
  ///
  /// Throws `LawUnavailable` where the variance rate vanishes on the way.
  init(
    _ diffusion: ScalarDiffusion, _ coordinate: PassageCoordinate, end: Double, intervals: Int
  ) throws {
    spacing = end / Double(intervals)
    var (places, source, pull) = ([PassagePlace](), [Double](), [Double]())
    for i in 0...intervals {
      let place = coordinate.place(Double(i) * spacing)
      let (drift, variance) = diffusion.rates(
        overlap: place.overlap, misalignment: place.misalignment)
      guard variance > 0 else {
        throw LawUnavailable("the noise vanishes at the overlap \(place.overlap) on the way")
      }
      places.append(place)
      source.append(2 * place.slope * place.slope / variance)
      pull.append(2 * place.slope * drift / variance - place.bend)
    }
    (self.places, self.source, self.pull) = (places, source, pull)
  }

  /// Returns mean and variance of the passage on every route.
  ///
  /// The expansion W = s α − s² β + … gives α' = P − Qα and β' = α² − Qβ; the mean is ∫ α and the
  /// variance 2 ∫ β.
  func moments(_ routes: [PassageRoute]) -> [(mean: Double, variance: Double)] {
    let half = 0.5 * spacing
    let count = places.count
    var (first, second) = (Slopes(count: count), Slopes(count: count))
    first.changes[0] = source[0]
    for i in 1..<count {
      let damping = 1 + half * pull[i]
      let a = (first.values[i - 1] + half * (first.changes[i - 1] + source[i])) / damping
      first.append(a, source[i] - pull[i] * a, at: i, spacing)
      let b = (second.values[i - 1] + half * (second.changes[i - 1] + a * a)) / damping
      second.append(b, a * a - pull[i] * b, at: i, spacing)
    }
    return routes.map { (first.integral(on: $0), 2 * second.integral(on: $0)) }
  }

  /// Fills `real` and `imaginary` with log u_s at s = i·`frequency`: its slope W and the integral of it.
  func logarithm(frequency: Double, real: inout Slopes, imaginary: inout Slopes) {
    let half = 0.5 * spacing
    var (x, y) = (0.0, 0.0)
    var (changeX, changeY) = (0.0, source[0] * frequency)
    // W rises from 0 to √(P s) within 1/√|P s|: where that is less than a step, the rule would never forget
    // the jump, and no path from so far exits within 1/|s|.
    if spacing * spacing * changeY > 1 {
      x = (0.5 * changeY).squareRoot()
      (y, changeY) = (x, 0)
    }
    real.append(x, changeX, at: 0, spacing)
    imaginary.append(y, changeY, at: 0, spacing)
    for i in 1..<source.count {
      let drive = source[i] * frequency
      // half W² + (1 + half Q) W = known, by the root that goes to the known side as half → 0.
      let (knownX, knownY) = (x + half * changeX, y + half * (changeY + drive))
      let linear = 1 + half * pull[i]
      let a = linear * linear + 4 * half * knownX
      let b = 4 * half * knownY
      let length = (a * a + b * b).squareRoot()
      var (rootX, rootY) = ((0.5 * (length + abs(a))).squareRoot(), 0.0)
      if rootX > 0 { rootY = 0.5 * b / rootX }
      if a < 0 { (rootX, rootY) = (abs(rootY), b < 0 ? -rootX : rootX) }
      let below = linear + rootX
      let scale = 2 / (below * below + rootY * rootY)
      x = scale * (knownX * below + knownY * rootY)
      y = scale * (knownY * below - knownX * rootY)
      changeX = -(x * (pull[i] + x) - y * y)
      changeY = drive - y * (pull[i] + 2 * x)
      real.append(x, changeX, at: i, spacing)
      imaginary.append(y, changeY, at: i, spacing)
    }
  }
}

/// A function of y by its values and slopes at the nodes, with the integral from 0.
struct Slopes {
  var values: [Double]
  var changes: [Double]
  /// The integral over the cell that ends at a node, and that from 0.
  private var cells: [Double]
  private var integrals: [Double]

  init(count: Int) {
    values = [Double](repeating: 0, count: count)
    (changes, cells, integrals) = (values, values, values)
  }

  /// Sets node i; the integral to it is that of the cubic through values and slopes.
  @inline(__always)
  mutating func append(_ value: Double, _ change: Double, at i: Int, _ spacing: Double) {
    values[i] = value
    changes[i] = change
    guard i > 0 else { return }
    cells[i] =
      0.5 * spacing * (values[i - 1] + value)
      + spacing * spacing / 12 * (changes[i - 1] - change)
    integrals[i] = integrals[i - 1] + cells[i]
  }

  /// The integral over a route.
  func integral(on route: PassageRoute) -> Double {
    var sum = route.first.integral(values, changes)
    guard let last = route.last else { return sum }
    let begin = route.first.index + 1
    if last.index - begin < 24 {
      // A difference of large integrals would lose what a short way is.
      for i in stride(from: begin + 1, through: last.index, by: 1) { sum += cells[i] }
    } else {
      sum += integrals[last.index] - integrals[begin]
    }
    return sum + last.integral(values, changes)
  }
}

/// The way from a start to its boundary over the cells of a grid.
struct PassageRoute {
  let first: Piece
  let last: Piece?

  /// From y = `start` over `gap`, in cells of length `spacing`, of which there are `cells`.
  init(from start: Double, over gap: Double, spacing: Double, cells: Int) {
    func cell(_ position: Double) -> Int { min(max(Int(position), 0), cells - 1) }
    let (position, length) = (start / spacing, gap / spacing)
    let index = cell(position)
    let offset = position - Double(index)
    guard offset + length > 1, index + 1 < cells else {
      first = Piece(index, from: offset, over: length, spacing)
      last = nil
      return
    }
    first = Piece(index, from: offset, over: 1 - offset, spacing)
    let end = max(cell(position + length), index + 1)
    last = Piece(end, from: 0, over: position + length - Double(end), spacing)
  }

  /// A part of one cell, with the weights of the integral of the cubic Hermite interpolant over it.
  struct Piece {
    let index: Int
    private let left: Double
    private let right: Double
    private let leftSlope: Double
    private let rightSlope: Double

    init(_ index: Int, from offset: Double, over length: Double, _ spacing: Double) {
      self.index = index
      var (left, right, leftSlope, rightSlope) = (0.0, 0.0, 0.0, 0.0)
      // Two Gaussian points are exact for a cubic.
      for point in [0.5 - 0.5 / 3.0.squareRoot(), 0.5 + 0.5 / 3.0.squareRoot()] {
        let t = offset + point * length
        let weight = 0.5 * length * spacing
        let (near, far) = ((1 - t) * (1 - t), t * t)
        left += weight * (1 + 2 * t) * near
        right += weight * far * (3 - 2 * t)
        leftSlope += weight * spacing * t * near
        rightSlope += weight * spacing * far * (t - 1)
      }
      (self.left, self.right) = (left, right)
      (self.leftSlope, self.rightSlope) = (leftSlope, rightSlope)
    }

    func integral(_ values: [Double], _ changes: [Double]) -> Double {
      left * values[index] + right * values[index + 1]
        + leftSlope * changes[index] + rightSlope * changes[index + 1]
    }
  }
}
