import GSL

/// Follows the SDE for p = k = 1, on the polynomials of ``ScalarDiffusion``.
final class ScalarPath: DiffusionPath {
  private(set) var risk = 0.0
  private(set) var riskVariance = 0.0
  /// The overlap m.
  private(set) var overlap = 0.0

  var overlaps: [Double] { [overlap, 1] }

  private let diffusion: ScalarDiffusion
  private let scheme: DiffusionScheme
  private let overlapRisk: OverlapRisk

  init(engine: DiffusionLimit, diffusion: ScalarDiffusion) {
    self.diffusion = diffusion
    scheme = engine.scheme
    overlapRisk = OverlapRisk(model: engine.model)
  }

  func place(_ frame: StudentFrame) {
    overlap = frame.teacherOverlaps[0]
    risk = overlapRisk.value(overlap)
  }

  func advance(_ duration: Double, _ stream: RandomStream) {
    let m = overlap
    let variance = diffusion.variance(m)
    let noise = (variance * duration).squareRoot() * stream.gaussian()
    let drift = diffusion.drift(m)
    var next = m + drift * duration + noise
    switch scheme {
    case .eulerMaruyama: break
    case .driftHeun: next = m + 0.5 * (drift + diffusion.drift(next)) * duration + noise
    case .driftRungeKutta:
      let second = diffusion.drift(m + 0.5 * duration * drift)
      let third = diffusion.drift(m + noise + 0.5 * duration * second)
      let fourth = diffusion.drift(m + noise + duration * third)
      next = m + (drift + 2 * (second + third) + fourth) / 6 * duration + noise
    }
    overlap = min(max(next, -1), 1)
    risk = overlapRisk.value(overlap)
    // The slope midway turns the step's Δm into its ΔR exactly.
    let slope = overlapRisk.slope * (m + overlap)
    riskVariance = slope * slope * variance
  }
}
