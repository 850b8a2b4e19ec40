import Foundation
import GSL

/// Gives the exit-time law of the linearised SDE for p = k = 1, the law of log|Gaussian|.
///
/// Near m = 0 the SDE is linear, m(τ) = e^{μτ} M with M = m₀ + N(0, κ/d) once the noise has built up,
/// κ = γs²/(2μ), s² = 48 + 4Δ for phase retrieval. The exit, where the risk has fallen by the fraction
/// T from its value at M, is at τ = log[1 − T + T/M²]/(2μ). A random start has m₀ ~ N(0, 1/d), so that
/// the noise multiplies M² by 1 + κ: it moves log|M|, and with it the exit time, by the constant
/// −log(1 + κ)/(2μ) whatever d is. Good for small T and large d; compare with ``ExitLaw``.
/// Source: Arnaboldi et al. (2023), arXiv 2305.18502, section on the exit time.
public struct LinearisedExitLaw: Sendable {
  /// Growth rate μ > 0 of the overlap.
  public let growthRate: Double
  /// κ, the variance that the noise adds over the variance 1/d of a random start.
  public let noiseShare: Double
  /// Mean of M: 0 for random starts.
  public let center: Double
  /// Standard deviation of M.
  public let spread: Double
  /// Mean exit time.
  public let mean: Double
  /// Standard deviation of the exit time.
  public let standardDeviation: Double
  /// Estimated relative error of the two, of the quadrature alone.
  public let momentError: Double
  private let threshold: Double

  /// Linearises a model's SDE at m = 0.
  ///
  /// Throws `ParameterError` for p or k other than 1 and where nothing grows, `GSLError` when a
  /// quadrature fails.
  public init(model: Model, start: Start, threshold: Double) throws {
    try model.requireEscapeTheory("the linearised exit law")
    let diffusion = try ScalarDiffusion(model: model, finiteSizeDrift: false)
    let rate = diffusion.driftCoefficients[0]
    try ParameterError.require(
      rate > 0, "learning-rate", "\(model.learningRate) with a growth rate of \(rate)",
      "a learning rate at which overlaps grow")
    let dimension = Double(model.dimension)
    let share = model.sampleRate * diffusion.varianceCoefficients[0] / (2 * rate)
    var center = 0.0
    var variance = share / dimension
    switch start {
    case .random: variance += 1 / dimension
    case .randomOfNorm, .warm:
      throw ParameterError(
        key: "start",
        found: "random students of another norm or with a given part along the teacher",
        expected: "given overlaps or random students on the sphere for the exit law")
    case .fixed(let frame): center = abs(frame.teacherOverlaps[0])
    }
    let spread = variance.squareRoot()
    /// `scale` is about the size of the moment, by which a quadrature may be wrong 1e-10 times.
    func moment(_ power: Int, around origin: Double, scale: Double) throws -> (
      value: Double, errorEstimate: Double
    ) {
      // M = ±e^y: the exit time is smooth in y, and the mass beyond these ends negligible.
      let ends = [
        log(spread) - 40, log(max(center - 10 * spread, 1e-3 * spread)),
        log(max(center, spread)), log(center + 40 * spread),
      ]
      var sum = (value: 0.0, errorEstimate: 0.0)
      for (lower, upper) in zip(ends, ends.dropFirst()) {
        let piece = try integrate(
          from: lower, to: upper, absoluteTolerance: 1e-10 * scale, relativeTolerance: 1e-10
        ) { y in
          let size = exp(y)
          let density =
            NormalDistribution.density((size - center) / spread)
            + NormalDistribution.density((size + center) / spread)
          let time = max(0, log1p(threshold * (exp(-2 * y) - 1)) / (2 * rate))
          return pow(time - origin, Double(power)) * density * size / spread
        }
        sum.value += piece.value
        sum.errorEstimate += piece.errorEstimate
      }
      return sum
    }
    let typical = log1p(threshold / (center * center + variance)) / (2 * rate)
    let (first, firstError) = try moment(1, around: 0, scale: typical)
    let (second, secondError) = try moment(2, around: first, scale: typical * typical)
    (growthRate, noiseShare, self.center, self.spread) = (rate, share, center, spread)
    (mean, standardDeviation, self.threshold) = (first, second.squareRoot(), threshold)
    momentError = max(firstError / first, secondError / (2 * second))
  }

  /// P(exit time > `time`) = P(|M| < √(T/(e^{2μτ} − 1 + T))).
  public func survival(at time: Double) -> Double {
    guard time >= 0 else { return 1 }
    let size = (threshold / (expm1(2 * growthRate * time) + threshold)).squareRoot()
    return NormalDistribution.cumulative((size - center) / spread)
      - NormalDistribution.cumulative((-size - center) / spread)
  }

  /// The time by which a fraction `probability` in (0, 1) has exited.
  public func quantile(_ probability: Double) -> Double {
    let level = 1 - probability
    guard survival(at: 0) > level else { return 0 }
    var (lower, upper) = (0.0, 1.0)
    while survival(at: upper) > level { upper *= 2 }
    for _ in 0..<200 where lower < upper {
      let middle = 0.5 * (lower + upper)
      if survival(at: middle) > level { lower = middle } else { upper = middle }
    }
    return 0.5 * (lower + upper)
  }

  /// The shift of the mean exit time that the noise causes from random starts, −log(1 + κ)/(2μ).
  public var noiseShift: Double { -log1p(noiseShare) / (2 * growthRate) }
}
