import Foundation

/// Expands an activation of a Gaussian field in normalised Hermite polynomials.
///
/// σ(s z) = Σ_n h_n(s) He_n(z)/√n! for z ~ N(0, 1), where s is the field's standard deviation, so
/// that E[σ(u)ψ(v)] = Σ_n h_n(s_u) k_n(s_v) ρⁿ for fields of correlation ρ. Polynomials: exact and
/// finite. ReLU and erf: closed forms, 128 terms. tanh, sigmoid, softplus: trapezoidal sums up to a norm of 32
/// and ``SmoothedStep`` beyond, 64 terms; what is left out of E[σσ] is of the order exp(−π√(2 · 64)/s) ρ⁶⁴ for
/// tanh, so that ``SmoothedPair`` takes its place where s is large.
struct HermiteSpectrum {
  /// The number of terms.
  let count: Int
  private let activation: Activation
  private let function: ActivationFunction
  private let smoothed: SmoothedStep?
  /// For polynomials: h_n = Σ_m matrix[n][m] s^m.
  private let matrix: [[Double]]

  init(_ activation: Activation) {
    self.activation = activation
    function = ActivationFunction(activation)
    smoothed = SmoothedStep(activation)
    switch activation {
    case .relu, .erf: count = 128
    case .tanh, .sigmoid, .softplus: count = 64
    case .square, .hermite, .polynomial: count = (activation.degree ?? 0) + 1
    }
    guard let monomials = activation.monomials else {
      matrix = []
      return
    }
    // z^m = Σ_j m!/(2^j j! (m − 2j)!) He_{m−2j}(z).
    let size = count
    matrix = (0..<size).map { n in
      (0..<size).map { m in
        guard m >= n, (m - n) % 2 == 0 else { return 0 }
        let j = (m - n) / 2
        var ways = factorial(m) / factorial(n)
        for i in 1..<(j + 1) { ways /= 2 * Double(i) }
        return monomials[m] * ways * factorial(n).squareRoot()
      }
    }
  }

  /// h_n(s) for all n.
  func coefficients(norm: Double) -> [Double] {
    var result = [Double](repeating: 0, count: count)
    result.withUnsafeMutableBufferPointer { fill($0.baseAddress!, norm: norm) }
    return result
  }

  /// For polynomials the coefficients of e_n, h_n(s) = sⁿ e_n(s²), the constant first; none for others.
  var shapes: [[Double]] {
    matrix.indices.map { n in stride(from: n, to: count, by: 2).map { matrix[n][$0] } }
  }

  /// Writes h_n(s) for all n, or of polynomials, ReLU and erf for n < `limit` alone.
  func fill(_ output: UnsafeMutablePointer<Double>, norm s: Double, limit: Int = .max) {
    let limit = min(limit, count)
    switch activation {
    case .square, .hermite, .polynomial:
      for n in 0..<limit {
        var sum = 0.0
        for coefficient in matrix[n].reversed() { sum = sum * s + coefficient }
        output[n] = sum
      }
    case .relu:
      // E[relu He_n] = He_{n−2}(0) φ(0), by parts.
      output[0] = s / (2 * Double.pi).squareRoot()
      output[1] = 0.5 * s
      var atZero = s / (2 * Double.pi).squareRoot()
      for n in 2..<max(limit, 2) {
        let m = Double(n - 2)
        if n % 2 == 1 {
          output[n] = 0
          continue
        }
        if n > 2 { atZero *= -((m - 1) / m).squareRoot() }
        output[n] = atZero / (Double(n) * Double(n - 1)).squareRoot()
      }
    case .erf:
      // E[σ(sz) He_n] = s E[σ'(sz) He_{n−1}], a Gaussian moment of variance v = 1/(1 + s²).
      let v = 1 / (1 + s * s)
      var moment = s * (2 * v / Double.pi).squareRoot()
      for n in 0..<limit {
        if n % 2 == 0 {
          output[n] = 0
          continue
        }
        let m = Double(n - 1)
        if n > 1 { moment *= -s * s * v * ((m - 1) / m).squareRoot() }
        output[n] = moment / Double(n).squareRoot()
      }
    case .tanh, .sigmoid, .softplus:
      // Beyond, the grid is too coarse for the step.
      guard s <= HermiteTable.largestNorm else {
        smoothed?.fill(output, count: count, norm: s)
        return
      }
      for n in 0..<count { output[n] = 0 }
      let roots = (0...count).map { Double($0).squareRoot() }
      trapezoid { z, density in
        let value = function.value(s * z) * density
        var (previous, current) = (0.0, density)
        for n in 0..<count {
          output[n] += value * current
          let next = (z * current - roots[n] * previous) / roots[n + 1]
          (previous, current) = (current, next)
        }
      }
    }
  }

  /// Sums over a grid in z; hands out z and the square root of its share of the normal density.
  ///
  /// The nearest pole of these activations is iπ/(2s), so that the error is exp(−π²/(s h)).
  private func trapezoid(_ body: (Double, Double) -> Void) {
    let (step, half) = (0.01, 2200)
    let scale = (step / (2 * Double.pi).squareRoot()).squareRoot()
    for i in -half...half {
      let z = step * Double(i)
      body(z, scale * exp(-0.25 * z * z))
    }
  }
}

/// n! for n ≤ 18, exactly.
func factorial(_ n: Int) -> Double {
  (1..<(n + 1)).reduce(1) { $0 * Double($1) }
}

/// Interpolates the Hermite spectrum of tanh, sigmoid and softplus in the field's norm.
///
/// Cubic in t = s/(1 + s) on a grid of 1/600, built once (0.2 s): within 1e-9 of the largest
/// coefficient for s up to `largestNorm`. E[σ(sz)²], for which the series is too short at large norms, is
/// tabulated beside it from ``SmoothedPair``.
final class HermiteTable: Sendable {
  let count: Int
  private let rows: [Double]
  private let squares: [Double]
  private let isBounded: Bool
  private static let cells = 600
  /// The largest norm |w_j|/√d of a table; beyond it closed forms are evaluated each time.
  static let largestNorm = 32.0

  // Made by whoever needs one first, once a process: half a second and more.
  private static let tanh = HermiteTable(of: .tanh)
  private static let sigmoid = HermiteTable(of: .sigmoid)
  private static let softplus = HermiteTable(of: .softplus)

  /// The table of an activation, with E[σ(sz)²]; nil where coefficients cost next to nothing.
  static func shared(_ activation: Activation) -> HermiteTable? {
    switch activation {
    case .tanh: return tanh
    case .sigmoid: return sigmoid
    case .softplus: return softplus
    case .square, .relu, .erf, .hermite, .polynomial: return nil
    }
  }

  private convenience init(of activation: Activation) {
    self.init(HermiteSpectrum(activation), pair: SmoothedPair(activation, activation))
  }

  private init(_ spectrum: HermiteSpectrum, pair: SmoothedPair?) {
    count = spectrum.count
    let last = HermiteTable.largestNorm / (1 + HermiteTable.largestNorm)
    let needed = Int((last * Double(HermiteTable.cells)).rounded(.up)) + 2
    var (rows, squares): ([Double], [Double]) = ([], [])
    for i in 0...min(needed, HermiteTable.cells - 1) {
      let t = Double(i) / Double(HermiteTable.cells)
      let norm = t / (1 - t)
      rows += spectrum.coefficients(norm: norm)
      // For softplus in units of 1 + s², so that there, too, the values are bounded.
      if let pair {
        squares.append(pair.value(norm, norm, 1) / (pair.isBounded ? 1 : 1 + norm * norm))
      }
    }
    (self.rows, self.squares, isBounded) = (rows, squares, pair?.isBounded ?? true)
  }

  /// E[σ(sz)²]; nil where it was not tabulated.
  func square(norm s: Double) -> Double? {
    guard !squares.isEmpty, s <= HermiteTable.largestNorm else { return nil }
    let (cell, (a, b, c, d)) = place(s)
    let outer = a * squares[cell - 1] + d * squares[cell + 2]
    let value = outer + b * squares[cell] + c * squares[cell + 1]
    return isBounded ? value : (1 + s * s) * value
  }

  /// The cell that holds a norm, and Lagrange's weights of the four points about it.
  @inline(__always)
  private func place(_ s: Double) -> (Int, (Double, Double, Double, Double)) {
    let position = s / (1 + s) * Double(HermiteTable.cells)
    let last = rows.count / count - 3
    let cell = min(max(Int(position), 1), last)
    let x = position - Double(cell)
    let (a, b) = (-x * (x - 1) * (x - 2) / 6, (x + 1) * (x - 1) * (x - 2) / 2)
    let (c, d) = (-x * (x + 1) * (x - 2) / 2, x * (x + 1) * (x - 1) / 6)
    return (cell, (a, b, c, d))
  }

  func fill(_ output: UnsafeMutablePointer<Double>, norm s: Double) {
    let (cell, (a, b, c, d)) = place(s)
    rows.withUnsafeBufferPointer { rows in
      let row = rows.baseAddress! + cell * count
      for n in 0..<count {
        let outer = a * row[n - count] + d * row[n + 2 * count]
        output[n] = outer + b * row[n] + c * row[n + count]
      }
    }
  }
}
