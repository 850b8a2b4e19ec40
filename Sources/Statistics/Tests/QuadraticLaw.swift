import Foundation
import GSL

/// Evaluates the limit laws of the Cramér–von Mises and Anderson–Darling statistics: sums
/// Σ_j χ²_j/λ_j of independent squares of normal numbers.
///
/// With D(y) = Π_j (1 − y/λ_j) the probability above x is
/// (1/π) Σ_j (−1)^(j−1) ∫ e^(−xy/2) / (y √|D(y)|) dy over y from λ_(2j−1) to λ_2j.
/// All terms fall fast, so that the far tail keeps its digits. Source: Smirnov (1936);
/// Durbin, "Distribution theory for tests based on the sample distribution function" (1973).
enum QuadraticLaw {
  /// Returns the probability above `x` of the limit of the Cramér–von Mises statistic.
  ///
  /// λ_j = (πj)² and D(y) = sin √y/√y. Accuracy: about 1e-12, relative to the answer from
  /// x = 0.1 on.
  static func cramerVonMisesSurvival(_ x: Double) throws -> Double {
    // Below this the distribution function is smaller than 1e-17.
    if x < 0.003 { return 1 }
    let first = Double.pi * .pi
    return try survival(x, first) { index, fraction in
      let root = Double.pi * (Double(2 * index - 1) + fraction)
      return 2 * .pi * exp(-x * (root * root - first) / 2) / root.squareRoot()
    }
  }

  /// Returns the probability above `x` of the limit of the Anderson–Darling statistic.
  ///
  /// λ_j = j(j + 1) and D(y) = −cos(π√(1 + 4y)/2)/(πy). Accuracy: about 1e-12, relative to the
  /// answer from x = 0.5 on.
  static func andersonDarlingSurvival(_ x: Double) throws -> Double {
    // Below this the distribution function is smaller than 1e-15.
    if x < 0.03 { return 1 }
    return try survival(x, 2) { index, fraction in
      let root = Double(4 * index - 1) + 2 * fraction
      let y = (root * root - 1) / 4
      return root * (.pi / y).squareRoot() * exp(-x * (y - 2) / 2)
    }
  }

  /// Sums (−1)^(j−1)/π ∫₀¹ `weight`(j, σ)/√(sin πσ) dσ over j ≥ 1, times e^(−xλ₁/2), which
  /// `weight` leaves out to stay in range.
  private static func survival(
    _ x: Double, _ firstEigenvalue: Double, weight: (Int, Double) -> Double
  ) throws -> Double {
    let scale = exp(-x * firstEigenvalue / 2)
    if scale == 0 { return 0 }
    var sum = 0.0
    for index in 1...200 {
      // σ = sin²(θ/2) takes the roots of the sine away at both ends.
      let term = try integrate(
        from: 0, to: .pi, absoluteTolerance: max(1e-14 * sum, 1e-200), relativeTolerance: 1e-12
      ) { angle in
        let (sine, cosine) = (sin(angle / 2), cos(angle / 2))
        let nearer = min(sine * sine, cosine * cosine)
        return weight(index, sine * sine) * sine * cosine / sin(.pi * nearer).squareRoot()
      }.value
      sum += index % 2 == 1 ? term : -term
      if term <= 1e-16 * sum { break }
    }
    return min(max(scale * sum / .pi, 0), 1)
  }

  /// Returns the probability above `x` of Σ_j μ_j χ²_j with finitely many `eigenvalues` μ_j > 0,
  /// in descending order, no two alike.
  ///
  /// λ_j = 1/μ_j; with an odd number of them the last interval has no end, and a single one gives
  /// erfc √(x/(2μ)), the law of χ². Accuracy: about 1e-10.
  /// Cost: some 50 evaluations of the product of all 1 − μ_j y on each interval that counts.
  static func survival(_ x: Double, eigenvalues: [Double]) throws -> Double {
    guard let largest = eigenvalues.first, x > 0 else { return 1 }
    if eigenvalues.count == 1 { return erfc((x / (2 * largest)).squareRoot()) }
    let scale = exp(-x / (2 * largest))
    if scale == 0 { return 0 }
    func weight(_ y: Double, without ends: Range<Int>) -> Double {
      var product = 1.0
      for index in eigenvalues.indices where !ends.contains(index) {
        product *= 1 - eigenvalues[index] * y
      }
      return exp(-x * (y - 1 / largest) / 2) / (y * abs(product).squareRoot())
    }
    var (sum, sign) = (0.0, 1.0)
    /// Integrates over pieces: the first holds a peak that is narrow where eigenvalues are far apart.
    func integral(_ ends: [Double], _ value: (Double) -> Double) throws -> Double {
      try zip(ends, ends.dropFirst()).reduce(0) { total, piece in
        try total
          + integrate(
            from: piece.0, to: piece.1, absoluteTolerance: max(1e-13 * (sum + total), 1e-200),
            relativeTolerance: 1e-10, value
          ).value
      }
    }
    for start in stride(from: 0, to: eigenvalues.count, by: 2) {
      let low = 1 / eigenvalues[start]
      let high = start + 1 < eigenvalues.count ? 1 / eigenvalues[start + 1] : .infinity
      let term: Double
      if x * (high - low) < 144 {
        // y = λ + (λ' − λ) sin²(θ/2) takes the roots of both ends away.
        let peak = 2 * asin(min(low / (high - low), 1).squareRoot())
        term = try integral(peak < 3 ? [0, peak, .pi] : [0, .pi]) { angle in
          let sine = sin(angle / 2)
          let y = low + (high - low) * sine * sine
          return (low * high).squareRoot() * weight(y, without: start..<start + 2)
        }
      } else {
        // y = λ + w²/x: in w the integrand is a Gaussian times what varies slowly, so that nothing is
        // left beyond 12, whatever the size of the eigenvalues and wherever the next one lies.
        let peak = (x * low).squareRoot()
        term = try integral(peak < 11 ? [0, peak, 12] : [0, 12]) { root in
          2 * (low / x).squareRoot() * weight(low + root * root / x, without: start..<start + 1)
        }
      }
      sum += sign * term
      sign = -sign
      if term <= 1e-15 * sum { break }
    }
    return min(max(scale * sum / .pi, 0), 1)
  }
}
