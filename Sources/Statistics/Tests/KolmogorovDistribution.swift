import Foundation
import GSL

/// Evaluates the law of the largest distance between an empirical distribution function of n
/// values and the continuous one that they were drawn from.
enum KolmogorovDistribution {
  /// Returns the probability that the distance of `count` values reaches `distance`.
  ///
  /// Accuracy: about 1e-13 up to 140 values; beyond them ten digits in the tail and five or more
  /// in the body. Cost: O(`count`) in the tail, at most O(`count` log `count`) else.
  /// Source: Simard and L'Ecuyer, "Computing the two-sided Kolmogorov–Smirnov distribution"
  /// (2011), whose choice between methods is kept.
  static func survival(_ distance: Double, count: Int) throws -> Double {
    let n = Double(count)
    let scaled = n * distance
    if scaled <= 0.5 { return 1 }
    if distance >= 1 { return 0 }
    let square = scaled * distance
    if count > 140, square >= 370 { return 0 }
    // Both one-sided distances cannot be this large at once, or hardly ever.
    if distance >= 0.5 || square >= (count <= 140 ? 4 : 2.2) {
      return min(2 * oneSidedSurvival(distance, count: count), 1)
    }
    let useDurbin = count <= 140 || (count <= 100_000 && scaled * distance.squareRoot() <= 1.4)
    let cumulative =
      try useDurbin
      ? durbinCumulative(distance, count: count) : pelzGoodCumulative(distance, count: count)
    return min(max(1 - cumulative, 0), 1)
  }

  /// Returns the probability that the one-sided distance reaches `distance` in (0, 1).
  ///
  /// d Σ_j C(n, j) (d + j/n)^(j−1) (1 − d − j/n)^(n−j), each term written as a binomial
  /// probability at p = d + j/n. Source: Birnbaum and Tingey (1951); the form of the binomial,
  /// which loses no digits for large n, is Loader's (2000).
  static func oneSidedSurvival(_ distance: Double, count: Int) -> Double {
    let n = Double(count)
    let shift = n * distance
    let atEnd = stirlingRemainder(n)
    var sum = exp(n * log1p(-distance))
    for j in 1..<max(count, 2) {
      let below = Double(j)
      let above = n - below
      guard above > shift else { break }
      let deviance = -below * log1p(shift / below) - above * log1p(-shift / above)
      let remainders = atEnd - stirlingRemainder(below) - stirlingRemainder(above)
      let spread = (n / (2 * .pi * below * above)).squareRoot()
      sum += shift / (shift + below) * spread * exp(remainders - deviance)
    }
    return min(sum, 1)
  }

  /// Returns log n! − log(√(2πn) (n/e)^n) for a positive integer `n`.
  private static func stirlingRemainder(_ n: Double) -> Double {
    if n < 16 { return smallRemainders[Int(n)] }
    let inverse = 1 / (n * n)
    let tail = 1 / 1260.0 - inverse * (1 / 1680.0 - inverse / 1188)
    return (1 / 12.0 - inverse * (1 / 360.0 - inverse * tail)) / n
  }

  private static let smallRemainders: [Double] =
    [0]
    + (1..<16).map { n in
      let n = Double(n)
      return logGamma(n + 1) - (n + 0.5) * log(n) + n - 0.5 * log(2 * .pi)
    }

  /// Returns the distribution function at `distance` from the power of a matrix of order 2k − 1
  /// with k = ⌈n · distance⌉.
  ///
  /// Source: Durbin (1968) as in Marsaglia, Tsang and Wang, "Evaluating Kolmogorov's
  /// distribution" (2003).
  private static func durbinCumulative(_ distance: Double, count: Int) throws -> Double {
    let scaled = Double(count) * distance
    let k = Int(scaled.rounded(.up))
    let order = 2 * k - 1
    let h = Double(k) - scaled
    var inverseFactorials = [1.0]
    for i in 1...order {
      inverseFactorials.append(inverseFactorials[i - 1] / Double(i))
    }
    var base = Matrix(rows: order, columns: order, repeating: 0)
    for i in 0..<order {
      for j in 0...min(i + 1, order - 1) {
        var entry = 1.0
        if j == 0 { entry -= pow(h, Double(i + 1)) }
        if i == order - 1 { entry -= pow(h, Double(order - j)) }
        if j == 0, i == order - 1, h > 0.5 { entry += pow(2 * h - 1, Double(order)) }
        base[i, j] = entry * inverseFactorials[i - j + 1]
      }
    }
    // Powers of 2 taken out of the matrices keep them in range.
    var power = ScaledMatrix(matrix: .identity(order), exponent: 0)
    var square = ScaledMatrix(matrix: base, exponent: 0)
    var remaining = count
    while true {
      if remaining & 1 == 1 { power = try power * square }
      remaining >>= 1
      if remaining == 0 { break }
      square = try square * square
    }
    var value = power.matrix[k - 1, k - 1]
    var exponent = power.exponent
    for i in 1...count {
      value *= Double(i) / Double(count)
      if value < 0x1p-500 {
        value *= 0x1p500
        exponent -= 500
      }
    }
    return scalbn(value, exponent)
  }

  private struct ScaledMatrix {
    var matrix: Matrix
    var exponent: Int

    static func * (left: ScaledMatrix, right: ScaledMatrix) throws -> ScaledMatrix {
      var product = try left.matrix * right.matrix
      var exponent = left.exponent + right.exponent
      let centre = product[product.rows / 2, product.rows / 2]
      if centre > 0x1p400 {
        for i in 0..<product.rows {
          for j in 0..<product.columns { product[i, j] *= 0x1p-400 }
        }
        exponent += 400
      }
      return ScaledMatrix(matrix: product, exponent: exponent)
    }
  }

  /// Returns the distribution function at `distance` as a series in n^(−1/2) up to n^(−3/2).
  ///
  /// Source: Pelz and Good (1976), with the theta functions turned to converge for small
  /// distances as in Simard and L'Ecuyer (2011), equations 11–14.
  private static func pelzGoodCumulative(_ distance: Double, count: Int) -> Double {
    let n = Double(count)
    let z = n.squareRoot() * distance
    let z2 = z * z
    let z4 = z2 * z2
    let z6 = z4 * z2
    var order0 = 0.0
    var order1 = 0.0
    var order2 = 0.0
    var order3 = 0.0
    for k in 0..<20 {
      let half = Double.pi * (Double(k) + 0.5)
      let u = half * half
      let weight = exp(-u / (2 * z2))
      order0 += weight
      order1 += (u - z2) * weight
      let second = 6 * z6 + 2 * z4 + u * (2 * z4 - 5 * z2 + u * (1 - 2 * z2))
      order2 += second * weight
      let cubic = 212 * z4 - 60 * z2 + u * (5 - 30 * z2)
      let third = u * (135 * z4 - 96 * z6 + u * cubic) - 30 * z6 - 90 * z6 * z2
      order3 += third * weight
    }
    var extra2 = 0.0
    var extra3 = 0.0
    for k in 1..<20 {
      let u = Double.pi * Double.pi * Double(k * k)
      let weight = exp(-u / (2 * z2))
      extra2 += u * weight
      extra3 += u * (3 * z2 - u) * weight
    }
    let terms = [
      order0 / z,
      order1 / (6 * z4),
      order2 / (72 * z6 * z) - extra2 / (36 * z2 * z),
      order3 / (6480 * z6 * z4) + extra3 / (216 * z6),
    ]
    let sum =
      terms[0] + (terms[1] + (terms[2] + terms[3] / n.squareRoot()) / n.squareRoot())
      / n.squareRoot()
    return (2 * Double.pi).squareRoot() * sum
  }
}
