import GSL

/// Reduces drift and diffusion to polynomials of the overlap m, for p = k = 1 on the sphere.
///
/// Both are polynomials by the closed forms of ``FieldMoments``: the drift is m P(m²) with P of
/// degree 3, the variance rate V(m²) of degree 4 (each power of Ω is linear in m, and a four-field
/// moment of order n has n + 2 of them). The coefficients are taken from those closed forms by
/// interpolation, so that there is one definition of the dynamics. Accurate to about 1e-13 of the
/// largest value. dm = m P(m²) dτ + √(γ/d V(m²)) dB.
public struct ScalarDiffusion: Sendable {
  /// Coefficients of P in ascending powers of m².
  public let driftCoefficients: [Double]
  /// Coefficients of V in ascending powers of m².
  public let varianceCoefficients: [Double]
  /// γ/d, the factor of the variance rate.
  public let noiseScale: Double

  /// Interpolates drift and variance of a model with p = k = 1.
  ///
  /// `finiteSizeDrift` adds the terms of relative order 1/d. Throws `ParameterError` for another
  /// width or number of teacher units and for moments beyond all numbers, `GSLError` when the linear
  /// system fails.
  public init(model: Model, finiteSizeDrift: Bool) throws {
    try ParameterError.require(model.width == 1, "width", "\(model.width)", "1")
    try ParameterError.require(
      model.teacherUnits == 1, "teacher-units", "\(model.teacherUnits)", "1")
    let moments = FieldMoments(model: model)
    let covariance = IncrementCovariance(model: model)
    // Chebyshev points of (0, 1): well-conditioned for a degree this low.
    let nodes = [0.025, 0.21, 0.5, 0.79, 0.975]
    var (rates, variances, rows): ([Double], [Double], [[Double]]) = ([], [], [])
    for square in nodes {
      let m = square.squareRoot()
      moments.update([m, 1], order: .covariance)
      var drift = [0.0, 0.0]
      moments.drift(into: &drift)
      if finiteSizeDrift { moments.addFiniteSizeDrift(to: &drift) }
      covariance.evaluate(moments)
      rates.append(drift[0] / m)
      variances.append(covariance.matrix[0])
      var powers = [1.0]
      for _ in 1..<nodes.count { powers.append(powers[powers.count - 1] * square) }
      rows.append(powers)
    }
    try ParameterError.require(
      (rates + variances).allSatisfy(\.isFinite), "learning-rate", "\(model.learningRate)",
      "a learning rate, label noise and second layer whose moments are finite numbers")
    let matrix = try Matrix(rows)
    driftCoefficients = try solve(matrix, rates)
    varianceCoefficients = try solve(matrix, variances)
    noiseScale = model.learningRate / Double(model.dimension)
  }

  /// Drift of m per unit τ.
  @inline(__always) public func drift(_ m: Double) -> Double {
    m * ScalarDiffusion.polynomial(driftCoefficients, m * m)
  }

  /// Variance of m per unit τ, (γ/d) V(m²), not below zero.
  @inline(__always) public func variance(_ m: Double) -> Double {
    noiseScale * max(0, ScalarDiffusion.polynomial(varianceCoefficients, m * m))
  }

  @inline(__always)
  private static func polynomial(_ c: [Double], _ x: Double) -> Double {
    c.withUnsafeBufferPointer { c in
      let high = c[3] + x * c[4]
      return c[0] + x * (c[1] + x * (c[2] + x * high))
    }
  }
}
