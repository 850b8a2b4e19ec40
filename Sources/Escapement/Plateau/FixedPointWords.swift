import Dynamics

extension FixedPoint {
  /// What was found, in words.
  func words(_ theory: EscapeTheory) -> String {
    switch outcome {
    case .diverged(let time):
      return "diverges: the ODE leaves the finite numbers at τ = \(NumberText.short(time)), "
        + "no fixed point is reached"
    case .moving(let time):
      return "no fixed point: the overlaps still move at τ = \(NumberText.short(time))"
    case .found: break
    }
    guard let stability, let largest = eigenvalues.first?.real else {
      return "a fixed point at the edge of what overlaps can be: its stability is not determined"
    }
    var text: String
    switch stability {
    case .stable:
      text =
        "stable: no eigenvalue has a real part above \(NumberText.short(largest)), so that the slowest "
        + "way back takes τ = \(NumberText.short(-1 / largest))"
    case .marginal:
      let rest = eigenvalues.map(\.real).first {
        $0 < -FixedPoint.zeroShare * abs(eigenvalues.last?.real ?? 1)
      }
      text =
        "marginal: \(zeroModes) of \(eigenvalues.count) eigenvalues are 0, "
        + (theory.model.teacherUnits > 1
          ? "rotations of the students that do not change the risk, "
          : "exchanges between students that do not change the risk, ")
        + "the others have real parts up to \(NumberText.short(rest))"
    case .unstable:
      text =
        "unstable: \(growingModes) of \(eigenvalues.count) eigenvalues have real parts above 0, "
        + "up to \(NumberText.short(largest))"
    }
    if theory.isKnown, theory.growthRate <= 0, let critical = theory.criticalLearningRate {
      text +=
        "; the learning rate is above the critical \(NumberText.short(critical)), "
        + "and the plateau of the start is never left"
    }
    return text
  }
}
