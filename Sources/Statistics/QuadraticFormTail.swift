import Foundation
import GSL

/// Evaluates tails of Q = Σ_j λ_j χ²_j, the limits of quadratic statistics.
///
/// With D(u) = Π_j (1 − 2 u λ_j) and its zeros u₁ < u₂ < …, Smirnov (1937) has
///   P(Q > x) = (1/π) Σ_k (−1)^{k−1} ∫_{u_{2k−1}}^{u_{2k}} e^{−xu} / (u √(−D(u))) du.
/// In both laws here −D is a cosine of θ ∈ (−π/2, π/2) times a power; θ = (π/2) sin φ then makes
/// the integrand smooth up to its ends. All small p-values keep their relative accuracy, 1e-10.
enum QuadraticFormTail {
  /// Returns the tail of Cramér and von Mises' law, λ_j = 1/(πj)².
  static func cramerVonMises(_ x: Double) throws -> Double {
    // P(Q < 0.01) is below 1e-5 of an ulp.
    guard x > 0.005 else { return 1 }
    return try alternatingSum { k, sine in
      // D(u) = sin(v)/v with v = √(2u).
      let v = (2 * k - 0.5 + 0.5 * sine) * .pi
      return .pi * exp(-x * v * v / 2) / v.squareRoot()
    }
  }

  /// Returns the tail of Anderson and Darling's law, λ_j = 1/(j(j + 1)).
  static func andersonDarling(_ x: Double) throws -> Double {
    guard x > 0.02 else { return 1 }
    return try alternatingSum { k, sine in
      // D(u) = −cos(πs/2)/(2πu) with s = √(1 + 8u).
      let s = 4 * k + sine
      let u = (s * s - 1) / 8
      return exp(-x * u) * (2 * .pi / u).squareRoot() * s / 4
    }
  }

  private static func alternatingSum(
    _ factor: (_ k: Double, _ sine: Double) -> Double
  ) throws -> Double {
    var (sum, sign) = (0.0, 1.0)
    for k in 1...100 {
      // The factor falls with the sine; where its largest value vanishes, so does the rest.
      let largest = factor(Double(k), -1)
      guard largest > 1e-18 * sum, largest > 0 else { break }
      let term = try integrate(
        from: -.pi / 2, to: .pi / 2, absoluteTolerance: 0, relativeTolerance: 1e-11
      ) { phi in
        let sine = sin(phi)
        return factor(Double(k), sine) * cos(phi) / cos(.pi / 2 * sine).squareRoot()
      }
      sum += sign * term.value
      sign = -sign
    }
    return min(max(sum / .pi, 0), 1)
  }
}
