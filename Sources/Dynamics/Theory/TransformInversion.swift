import Foundation
import GSL

/// A complex number; plain, since the loops that use it are the law's cost.
typealias ComplexPair = (real: Double, imaginary: Double)

/// Takes a law back from its transform φ(iω) = E e^{−iωY} of a time Y ≥ 0.
///
/// Survival and density are S(t) = Re ∫ (1 − φ)/(iω) e^{iωt} dω/π and f(t) = Re ∫ φ e^{iωt} dω/π over ω > 0.
/// The half-line is cut into panels, each as narrow as sixteen Legendre polynomials resolve φ on it; a
/// polynomial times e^{iωt} has its integral in spherical Bessel functions (Filon's rule), so that one
/// set of φ gives all times, whatever scales the law has. Beyond the last panel φ is gone and
/// (1 − φ)/(iω) has a sine integral. Cost: sixteen φ a panel, some 50 panels; 1 µs a panel and
/// time. Source: Bakhvalov and Vasil'eva (1968) for Legendre polynomials in Filon's rule.
struct TransformInversion {
  /// Number of φ evaluated.
  let evaluations: Int
  /// Bounds what panels leave out of S.
  let omittedError: Double
  /// Bounds what the error of φ does to S.
  let gridError: Double
  private let panels: [Panel]
  private let end: Double

  private struct Panel {
    let middle: Double
    let half: Double
    /// Coefficients of (1 − φ)/(iω) and of φ, times 2 i^k.
    let survival: [ComplexPair]
    let density: [ComplexPair]
  }

  private static let order = 16
  private static let rule = LegendreRule(order: order)

  /// Evaluates φ where it must; `transform` gives it with an estimate of its error at ω = `frequency`.
  ///
  /// `scale` is about the spread of Y. Throws what `transform` throws, and `LawUnavailable` where
  /// `limit` evaluations are not enough.
  init(
    scale: Double, tolerance: Double = 1e-10, limit: Int = 6000,
    _ transform: (Double) throws -> (value: ComplexPair, error: Double)
  ) throws {
    var panels: [Panel] = []
    var (evaluations, omitted, gridError) = (0, 0.0, 0.0)
    let rule = TransformInversion.rule
    let count = TransformInversion.order
    var waiting: [(from: Double, to: Double)] = [(0, 1 / scale)]
    var end = 0.0
    while let next = waiting.popLast() {
      let (middle, half) = (0.5 * (next.from + next.to), 0.5 * (next.to - next.from))
      var (phi, kernel): ([ComplexPair], [ComplexPair]) = ([], [])
      var (size, errors) = (0.0, 0.0)
      for (node, weight) in zip(rule.nodes, rule.weights) {
        let frequency = middle + half * node
        let (value, error) = try transform(frequency)
        phi.append(value)
        // (1 − φ)/(iω).
        kernel.append((-value.imaginary / frequency, -(1 - value.real) / frequency))
        size = max(size, (value.real * value.real + value.imaginary * value.imaginary).squareRoot())
        errors += weight * half * error / (.pi * frequency)
      }
      evaluations += count
      guard evaluations <= limit else {
        throw LawUnavailable("the law has features too sharp for \(limit) frequencies")
      }
      let (survival, density) = (rule.coefficients(kernel), rule.coefficients(phi))
      let tail = rule.tail(survival) * 2 * half / .pi
      if tail > tolerance, half > 1e-12 * middle {
        waiting.append((middle, next.to))
        waiting.append((next.from, middle))
        continue
      }
      omitted += tail
      gridError += errors
      panels.append(
        Panel(
          middle: middle, half: half, survival: rule.turned(survival),
          density: rule.turned(density)))
      end = next.to
      // What is left of φ falls at least as e^(−√ω).
      if waiting.isEmpty, size > tolerance { waiting.append((next.to, 2 * next.to)) }
    }
    (self.panels, self.end, self.evaluations) = (panels, end, evaluations)
    (omittedError, self.gridError) = (omitted + tolerance, gridError)
  }

  /// P(Y > `time`) and the density of Y there, for `time` ≥ 0.
  func value(at time: Double) throws -> (survival: Double, density: Double) {
    var (survival, density) = (0.5 - sineIntegral(end * time) / .pi, 0.0)
    try withUnsafeTemporaryAllocation(of: Double.self, capacity: TransformInversion.order) {
      bessel in
      for panel in panels {
        try sphericalBessel(panel.half * time, into: bessel)
        var (s, f): (ComplexPair, ComplexPair) = ((0, 0), (0, 0))
        for k in 0..<TransformInversion.order {
          let j = bessel[k]
          s.real += j * panel.survival[k].real
          s.imaginary += j * panel.survival[k].imaginary
          f.real += j * panel.density[k].real
          f.imaginary += j * panel.density[k].imaginary
        }
        let (turn, lift) = (cos(panel.middle * time), sin(panel.middle * time))
        survival += panel.half / .pi * (turn * s.real - lift * s.imaginary)
        density += panel.half / .pi * (turn * f.real - lift * f.imaginary)
      }
    }
    return (survival, density)
  }
}

/// The Gauss–Legendre rule of n nodes, with the transform to n coefficients.
private struct LegendreRule {
  let nodes: [Double]
  let weights: [Double]
  /// P_k at every node times (2k + 1)/2 and the node's weight.
  private let projection: [[Double]]

  init(order: Int) {
    var (nodes, weights): ([Double], [Double]) = ([], [])
    for i in 0..<order {
      // Newton's method from the asymptotic root.
      var x = -cos(.pi * (Double(i) + 0.75) / (Double(order) + 0.5))
      var slope = 1.0
      for _ in 0..<100 {
        let values = LegendreRule.polynomials(x, order + 1)
        slope = Double(order) * (x * values[order] - values[order - 1]) / (x * x - 1)
        let change = values[order] / slope
        x -= change
        if abs(change) < 1e-16 { break }
      }
      nodes.append(x)
      weights.append(2 / ((1 - x * x) * slope * slope))
    }
    (self.nodes, self.weights) = (nodes, weights)
    projection = (0..<order).map { k in
      zip(nodes, weights).map { x, weight in
        0.5 * Double(2 * k + 1) * weight * LegendreRule.polynomials(x, k + 1)[k]
      }
    }
  }

  private static func polynomials(_ x: Double, _ count: Int) -> [Double] {
    var values = [1.0, x]
    for n in 1..<max(count, 2) {
      let up = (Double(2 * n + 1) * x * values[n] - Double(n) * values[n - 1]) / Double(n + 1)
      values.append(up)
    }
    return values
  }

  func coefficients(_ values: [ComplexPair]) -> [ComplexPair] {
    projection.map { row in
      var sum: ComplexPair = (0, 0)
      for (factor, value) in zip(row, values) {
        sum.real += factor * value.real
        sum.imaginary += factor * value.imaginary
      }
      return sum
    }
  }

  /// The size of the last coefficients, as an estimate of what is missing.
  func tail(_ coefficients: [ComplexPair]) -> Double {
    coefficients.suffix(3).map { ($0.real * $0.real + $0.imaginary * $0.imaginary).squareRoot() }
      .max() ?? 0
  }

  /// Times 2 i^k.
  func turned(_ coefficients: [ComplexPair]) -> [ComplexPair] {
    coefficients.enumerated().map { k, value in
      switch k % 4 {
      case 0: return (2 * value.real, 2 * value.imaginary)
      case 1: return (-2 * value.imaginary, 2 * value.real)
      case 2: return (-2 * value.real, -2 * value.imaginary)
      default: return (2 * value.imaginary, -2 * value.real)
      }
    }
  }
}
