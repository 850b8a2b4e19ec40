import GSL

/// Follows the SDE for p = k = 1, where the overlap m is the whole state.
final class ScalarPath<Dynamics: ScalarDynamics>: OverlapDiffusionPath {
  private(set) var risk = 0.0
  private(set) var bridge = BridgeEnds(from: 0, to: 0, variance: 0)
  /// The overlap m.
  private(set) var overlap = 0.0

  var overlaps: [Double] { [overlap, 1] }

  let model: Model
  let levels: PathLevels?

  private let dynamics: Dynamics
  private let scheme: DiffusionScheme
  private var start = [0.0, 1]
  private var end = [0.0, 1]

  init(_ dynamics: Dynamics, engine: DiffusionLimit) {
    self.dynamics = dynamics
    model = engine.model
    scheme = engine.scheme
    levels = engine.pathLevels(stateLength: 2)
  }

  /// Where the risk is least at m = 0 it is |m| that falls to a line, and a step past 0 has met them all.
  func bridgeLevel(_ boundary: Double) -> Double {
    dynamics.rising?.overlap(at: boundary) ?? boundary
  }

  func place(_ frame: StudentFrame) {
    overlap = frame.teacherOverlaps[0]
    risk = dynamics.risk(overlap)
    end[0] = overlap
    levels?.place(end)
  }

  func advance(_ duration: Double, _ stream: RandomStream) {
    let (m, riskBefore) = (overlap, risk)
    let variance = dynamics.variance(m)
    let noise = (variance * duration).squareRoot() * stream.gaussian()
    let drift = dynamics.drift(m)
    var next = m + drift * duration + noise
    switch scheme {
    case .eulerMaruyama: break
    case .driftHeun: next = m + 0.5 * (drift + dynamics.drift(next)) * duration + noise
    case .driftRungeKutta:
      let second = dynamics.drift(m + 0.5 * duration * drift)
      let third = dynamics.drift(m + noise + 0.5 * duration * second)
      let fourth = dynamics.drift(m + noise + duration * third)
      next = m + (drift + 2 * (second + third) + fourth) / 6 * duration + noise
    }
    overlap = min(max(next, -1), 1)
    risk = dynamics.risk(overlap)
    let slope = dynamics.riskSlope(from: m, to: overlap)
    bridge =
      dynamics.rising == nil
      ? BridgeEnds(from: riskBefore, to: risk, variance: slope * slope * variance)
      : BridgeEnds(from: abs(m), to: m < 0 ? -overlap : overlap, variance: variance)
    guard let levels else { return }
    start[0] = m
    end[0] = overlap
    levels.advance(from: start, to: end) { $0[0] * $0[0] * variance }
  }
}

/// What a path of the overlap alone needs: dm = drift(m) dτ + √variance(m) dB, and the risk R(m).
protocol ScalarDynamics: Sendable {
  /// Drift of m per unit τ.
  func drift(_ m: Double) -> Double
  /// Variance of m per unit τ.
  func variance(_ m: Double) -> Double
  /// The excess risk.
  func risk(_ m: Double) -> Double
  /// The slope of the risk that stands for a step.
  func riskSlope(from before: Double, to after: Double) -> Double
  /// The risk where it rises with |m|; nil elsewhere.
  var rising: OverlapRisk? { get }
}

extension ScalarDynamics {
  var rising: OverlapRisk? { nil }
}

/// Phase retrieval on the polynomials of ``ScalarDiffusion``, where R = c + s m².
struct PolynomialDynamics: ScalarDynamics {
  let diffusion: ScalarDiffusion
  let overlapRisk: OverlapRisk

  init(_ diffusion: ScalarDiffusion, model: Model) {
    self.diffusion = diffusion
    overlapRisk = OverlapRisk(model: model)
  }

  func drift(_ m: Double) -> Double { diffusion.drift(m) }

  func variance(_ m: Double) -> Double { diffusion.variance(m) }

  func risk(_ m: Double) -> Double { overlapRisk.value(m) }

  var rising: OverlapRisk? { overlapRisk.slope > 0 ? overlapRisk : nil }

  /// The slope midway turns the step's Δm into its ΔR exactly.
  func riskSlope(from before: Double, to after: Double) -> Double {
    overlapRisk.slope * (before + after)
  }
}
