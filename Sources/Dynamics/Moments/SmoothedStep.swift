import Foundation

/// Writes erf, tanh, sigmoid, softplus and ReLU as steps or ramps that Gaussian noise smooths.
///
/// σ(x) = offset + amplitude · Σ_i w_i E[s(x + κ_i n)], n ~ N(0, 1), with s the sign or the ramp max(·, 0). For
/// ReLU κ = 0, for erf(x/√2) κ = 1. A logistic variable has the law of 2Kn with K that of Kolmogorov, so that
/// tanh x = E sgn(x + Kn), sigmoid x = ½ + ½E sgn(x + 2Kn) and softplus x = E max(x + 2Kn, 0); the mean over
/// K is a trapezoidal sum over log K, within 2e-12 for all x. Moments of two such fields are then sums of the
/// arcsine and arc-cosine forms, whatever the fields' norms.
/// Sources: Andrews and Mallows (1974), J. R. Stat. Soc. B 36, 99; Cho and Saul (2009) for ramps.
struct SmoothedStep: Sendable {
  /// Whether s is the ramp rather than the sign.
  let isRamp: Bool
  let offset: Double
  let amplitude: Double
  /// κ_i² of the smoothing noise.
  let variances: [Double]
  /// w_i, of sum 1.
  let weights: [Double]
  /// The width in x over which the step or the ramp turns, 0 for a kink.
  let breadth: Double

  /// The form of an activation; nil for polynomials.
  init?(_ activation: Activation) {
    let logistic: Double
    switch activation {
    case .square, .hermite, .polynomial: return nil
    case .relu:
      (isRamp, offset, amplitude, variances, weights) = (true, 0, 1, [0], [1])
      breadth = 0
      return
    case .erf:
      (isRamp, offset, amplitude, variances, weights) = (false, 0, 1, [1], [1])
      breadth = 1
      return
    case .tanh: (isRamp, offset, amplitude, logistic) = (false, 0, 1, 1)
    case .sigmoid: (isRamp, offset, amplitude, logistic) = (false, 0.5, 0.5, 2)
    case .softplus: (isRamp, offset, amplitude, logistic) = (true, 0, 1, 2)
    }
    breadth = logistic
    variances = SmoothedStep.kolmogorov.map { logistic * logistic * $0.square }
    weights = SmoothedStep.kolmogorov.map(\.weight)
  }

  /// Values of K² and their weights.
  private static let kolmogorov: [(square: Double, weight: Double)] = {
    let step = 0.15
    let points = (-20...12).map { exp(step * Double($0)) }
    let weights = points.map { step * $0 * kolmogorovDensity($0) }
    let total = weights.reduce(0, +)
    return zip(points, weights).filter { $1 > 1e-15 }.map { ($0 * $0, $1 / total) }
  }()

  /// E[σ(λ)] for a field of standard deviation `norm`.
  func mean(norm: Double) -> Double {
    guard isRamp else { return offset }
    var sum = 0.0
    for (variance, weight) in zip(variances, weights) {
      sum += weight * (norm * norm + variance).squareRoot()
    }
    return offset + amplitude * sum / (2 * Double.pi).squareRoot()
  }

  /// Writes the coefficients h_n of σ(s z) = Σ_n h_n He_n(z)/√n! for n < `count`, s = `norm`.
  ///
  /// Those of the step of s z + κn are those of a step along a direction of correlation ρ = s/√(s² + κ²) with
  /// z, times ρⁿ.
  func fill(_ output: UnsafeMutablePointer<Double>, count: Int, norm s: Double) {
    for n in 0..<count { output[n] = 0 }
    for (variance, weight) in zip(variances, weights) {
      let length = (s * s + variance).squareRoot()
      let rho = length > 0 ? s / length : 0
      let share = amplitude * weight
      // The first term of the parity, its degree, and what a step of two degrees multiplies.
      var term: Double
      var n: Int
      if isRamp {
        output[0] += share * length / (2 * Double.pi).squareRoot()
        if count > 1 { output[1] += share * 0.5 * s }
        (term, n) = (share * length * rho * rho / (4 * Double.pi).squareRoot(), 2)
      } else {
        (term, n) = (share * rho * (2 / Double.pi).squareRoot(), 1)
      }
      while n < count {
        output[n] += term
        let order = Double(n)
        let factor = isRamp ? order - 1 : order
        term *= -rho * rho * factor / ((order + 1) * (order + 2)).squareRoot()
        n += 2
      }
    }
    if count > 0 { output[0] += offset }
  }
}

/// The density of Kolmogorov's distribution, by the series that converges at once on either side of 1.
private func kolmogorovDensity(_ x: Double) -> Double {
  var sum = 0.0
  if x < 1 {
    for k in 0..<12 {
      let odd = Double(2 * k + 1) * Double.pi
      let rate = odd * odd / 8
      sum += exp(-rate / (x * x)) * (2 * rate / (x * x) - 1) / (x * x)
    }
    return (2 * Double.pi).squareRoot() * sum
  }
  for k in 1..<12 {
    let square = Double(k * k)
    sum += (k % 2 == 1 ? 1 : -1) * square * exp(-2 * square * x * x)
  }
  return 8 * x * sum
}

/// Evaluates E[σ(u)ψ(v)] of two smoothed steps or ramps of Gaussian fields, at any norms and correlation.
///
/// With ρ the correlation of the fields with their smoothing noise: (2/π) arcsin ρ for two signs,
/// (s_us_v/2π)[√(1 − ρ²) + ρ(π − arccos ρ)] for two ramps and s_vρ/√(2π) for a sign and a ramp. Within 4e-12 of
/// the largest value; some 440 arcsines for tanh on both sides.
final class SmoothedPair: Sendable {
  private let first: SmoothedStep
  private let second: SmoothedStep

  /// Whether both activations are.
  var isBounded: Bool { !first.isRamp && !second.isRamp }

  /// Nil unless both activations are smoothed steps or ramps.
  init?(_ first: Activation, _ second: Activation) {
    guard let first = SmoothedStep(first), let second = SmoothedStep(second) else { return nil }
    (self.first, self.second) = (first, second)
  }

  /// Whether 64 terms of the series in Hermite polynomials are within 1e-8.
  ///
  /// Its terms fall as exp(−(π/2)√(2n)(b_u/s_u + b_v/s_v)) ρⁿ with b the breadths.
  @inline(__always)
  func isServedBySeries(_ firstNorm: Double, _ secondNorm: Double, _ rho: Double) -> Bool {
    guard firstNorm <= HermiteTable.largestNorm, secondNorm <= HermiteTable.largestNorm else {
      return false
    }
    return abs(rho) < 0.7 || first.breadth / firstNorm + second.breadth / secondNorm >= 1.6
  }

  /// E[σ(u)ψ(v)] for fields of these standard deviations and correlation.
  func value(_ firstNorm: Double, _ secondNorm: Double, _ rho: Double) -> Double {
    let overlap = firstNorm * secondNorm * rho
    var sum = 0.0
    for (x, share) in zip(first.variances, first.weights) {
      let square = firstNorm * firstNorm + x
      var inner = 0.0
      if first.isRamp != second.isRamp {
        // The ramp's own smoothing does not matter: half of its field is odd.
        let scale =
          first.isRamp
          ? signRampScale(second, secondNorm) : 1 / (2 * Double.pi * square).squareRoot()
        inner = overlap * scale
      } else {
        for (y, weight) in zip(second.variances, second.weights) {
          let product = (square * (secondNorm * secondNorm + y)).squareRoot()
          let cosine = product > 0 ? min(max(overlap / product, -1), 1) : 0
          inner +=
            weight * (first.isRamp ? ramps(product, cosine) : 2 / Double.pi * asin(cosine))
        }
      }
      sum += share * inner
      if first.isRamp && !second.isRamp { return finish(inner, firstNorm, secondNorm) }
    }
    return finish(sum, firstNorm, secondNorm)
  }

  /// Adds what the offsets bring to the moment of the bare steps.
  @inline(__always)
  private func finish(_ bare: Double, _ firstNorm: Double, _ secondNorm: Double) -> Double {
    let product = first.amplitude * second.amplitude * bare
    if first.offset == 0 && second.offset == 0 { return product }
    let (x, y) = (first.mean(norm: firstNorm), second.mean(norm: secondNorm))
    return product + first.offset * y + second.offset * x - first.offset * second.offset
  }

  /// Σ_i w_i/√(2π(s² + κ_i²)) of the signs.
  private func signRampScale(_ sign: SmoothedStep, _ norm: Double) -> Double {
    var sum = 0.0
    for (variance, weight) in zip(sign.variances, sign.weights) {
      sum += weight / (2 * Double.pi * (norm * norm + variance)).squareRoot()
    }
    return sum
  }

  @inline(__always)
  private func ramps(_ product: Double, _ cosine: Double) -> Double {
    let root = (1 - cosine * cosine).squareRoot()
    return product * (root + cosine * (Double.pi - acos(cosine))) / (2 * Double.pi)
  }
}
