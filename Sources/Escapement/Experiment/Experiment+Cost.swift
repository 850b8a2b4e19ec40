import Dynamics

extension Experiment {
  /// Says what the dynamics that go by quadrature will cost, a sentence each; none where all are quick.
  ///
  /// One evaluation is timed; the ODE's adaptive steps are taken at 100 evaluations per unit τ. Throws
  /// `ParameterError` where quadrature does not reach.
  public func costNotes() throws -> [String] {
    var notes: [String] = []
    func note(_ kind: DynamicsKind, _ cost: QuadratureCost, _ evaluations: Double) {
      let paths = Double(replicaCount(kind))
      let work = evaluations * cost.seconds * paths / Double(min(threads, replicaCount(kind)))
      guard work >= 1 else { return }
      notes.append(
        "the \(kind.rawValue.uppercased()) goes by quadrature: \(cost.nodes) nodes and "
          + "\(NumberText.short(1000 * cost.seconds)) ms an evaluation, up to about "
          + "\(NumberText.short(evaluations)) of them a replica: \(NumberText.duration(work)) or less for "
          + "\(Int(paths)) replicas on \(threads) threads")
    }
    if dynamics.contains(.ode), let cost = try QuadratureCost.ofDeterministicLimit(model) {
      note(.ode, cost, 100 * exitRule.horizon)
    }
    if dynamics.contains(.sde), let cost = try QuadratureCost.ofDiffusion(model) {
      let perStep: Double
      switch scheme {
      case .eulerMaruyama: perStep = 1
      case .driftHeun: perStep = 2
      case .driftRungeKutta: perStep = 4
      }
      note(.sde, cost, perStep * exitRule.horizon / timeStep)
    }
    return notes
  }
}
