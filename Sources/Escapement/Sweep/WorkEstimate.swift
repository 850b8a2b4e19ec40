import Dynamics
import Foundation

extension Experiment {
  /// Estimates the work of a dynamics in seconds of one core, for progress and plans only.
  ///
  /// Steps to the highest threshold by the closed form where there is one, else to half of the
  /// horizon, times what a step was measured to cost with AVX-512, within a factor of two or so.
  public func estimatedSeconds(_ kind: DynamicsKind) -> Double {
    let p = Double(model.width + model.teacherUnits - 1)
    let replicas = Double(replicaCount(kind))
    let seconds: Double
    switch kind {
    case .ode: seconds = 1e-4 * (1 + p * p / 20)
    case .sde:
      let step = p == 1 ? 4e-9 : 3e-7 + 5e-9 * p * p * p
      seconds = estimatedExitTime / timeStep * step
    case .chain: seconds = estimatedSteps * (7e-9 * p + 0.45e-9 * p * p)
    case .sgd:
      let normal = precision == .single ? 0.6e-9 : 1.2e-9
      seconds = estimatedSteps * Double(model.dimension) * (normal + 0.2e-9 * p)
    }
    return replicas * seconds
  }

  /// The work of all dynamics, in seconds of one core.
  public var estimatedSeconds: Double { dynamics.reduce(0) { $0 + estimatedSeconds($1) } }

  /// The steps of SGD to the highest threshold.
  private var estimatedSteps: Double { estimatedExitTime / model.timePerStep }

  private var estimatedExitTime: Double {
    let threshold = exitRule.thresholds.last ?? 0.5
    let formula = EscapeTheory(model: model).annealedExitTime(threshold: threshold)
    // The formulas start from a typical start; the mean over starts is longer.
    return min(formula.map { $0 + 0.5 } ?? exitRule.horizon / 2, exitRule.horizon)
  }
}
