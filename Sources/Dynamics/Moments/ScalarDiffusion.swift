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
  /// γ/d, or γ/(Bd) for a batch, the factor of the variance rate.
  public let noiseScale: Double
  /// Coefficients of P and V in ascending powers of 1 − m², by which nothing cancels near m = 1.
  private let driftNearAlignment: [Double]
  private let varianceNearAlignment: [Double]

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
    func rates(at square: Double) -> (drift: Double, variance: Double) {
      let m = square.squareRoot()
      moments.update([m, 1], order: .covariance)
      var drift = [0.0, 0.0]
      moments.drift(into: &drift)
      if finiteSizeDrift { moments.addFiniteSizeDrift(to: &drift) }
      covariance.evaluate(moments)
      return (drift[0] / m, covariance.matrix[0])
    }
    /// The polynomials in x with the values `rates` at the nodes x.
    func interpolate(
      _ nodes: [Double], _ square: (Double) -> Double
    ) throws -> (drift: [Double], variance: [Double]) {
      let values = nodes.map { rates(at: square($0)) }
      try ParameterError.require(
        values.allSatisfy { $0.drift.isFinite && $0.variance.isFinite }, "learning-rate",
        "\(model.learningRate)",
        "a learning rate, label noise and second layer whose moments are finite numbers")
      let matrix = try Matrix(
        nodes.map { node in
          nodes.indices.dropFirst().reduce(into: [1.0]) { row, _ in
            row.append(row[row.count - 1] * node)
          }
        })
      return (try solve(matrix, values.map(\.drift)), try solve(matrix, values.map(\.variance)))
    }
    // Chebyshev points of (0, 1): well-conditioned for a degree this low.
    (driftCoefficients, varianceCoefficients) = try interpolate(
      [0.025, 0.21, 0.5, 0.79, 0.975]
    ) { $0 }
    // At perfect alignment both all but vanish: a node lies there.
    (driftNearAlignment, varianceNearAlignment) = try interpolate(
      [0, 0.15, 0.45, 0.75, 0.95]
    ) { 1 - $0 }
    noiseScale = model.sampleRate / Double(model.dimension)
  }

  /// Drift of m per unit τ.
  @inline(__always) public func drift(_ m: Double) -> Double {
    m * ScalarDiffusion.polynomial(driftCoefficients, m * m)
  }

  /// Variance of m per unit τ, (γ/d) V(m²), not below zero.
  @inline(__always) public func variance(_ m: Double) -> Double {
    noiseScale * max(0, ScalarDiffusion.polynomial(varianceCoefficients, m * m))
  }

  /// Drift and variance of m per unit τ at the overlap m = `overlap` with 1 − m² = `misalignment`.
  ///
  /// Accurate to about 1e-9 of their own size up to m = 1, where those in powers of m² cancel.
  func rates(
    overlap: Double, misalignment: Double
  ) -> (drift: Double, variance: Double) {
    (
      overlap * ScalarDiffusion.polynomial(driftNearAlignment, misalignment),
      noiseScale * ScalarDiffusion.polynomial(varianceNearAlignment, misalignment)
    )
  }

  @inline(__always)
  private static func polynomial(_ c: [Double], _ x: Double) -> Double {
    c.withUnsafeBufferPointer { c in
      let high = c[3] + x * c[4]
      return c[0] + x * (c[1] + x * (c[2] + x * high))
    }
  }
}
