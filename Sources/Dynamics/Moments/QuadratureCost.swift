/// Says what one evaluation by quadrature costs, timed once on this machine.
public struct QuadratureCost: Sendable {
  /// Nodes an evaluation visits.
  public let nodes: Int
  /// Seconds an evaluation takes.
  public let seconds: Double

  /// The drift of the ODE; nil where it is a closed form.
  ///
  /// Throws `ParameterError` where quadrature does not reach.
  public static func ofDeterministicLimit(_ model: Model) throws -> QuadratureCost? {
    guard !NetworkFlow.isClosed(model) else { return nil }
    let flow = try NetworkFlow(model: model)
    let state = model.ordinaryState
    var derivatives = state
    let nodes = FieldGrid.nodeCount(
      model, nodesPerAxis: try QuadratureMoments.nodesPerAxis(for: model))
    return QuadratureCost(nodes: Int(nodes)) { flow.derivatives(of: state, into: &derivatives) }
  }

  /// Drift and noise of the SDE; nil where they are closed forms or series made once.
  ///
  /// Throws `ParameterError` where quadrature does not reach.
  public static func ofDiffusion(_ model: Model) throws -> QuadratureCost? {
    guard !DiffusionLimit.isQuick(model) else { return nil }
    let quadrature = try IncrementQuadrature(model: model)
    let state = model.ordinaryState
    let nodes = IncrementQuadrature.visits(model, nodesPerAxis: quadrature.nodesPerAxis)
    return QuadratureCost(nodes: Int(nodes)) { quadrature.evaluate(state, order: .covariance) }
  }

  private init(nodes: Int, _ evaluate: () -> Void) {
    self.nodes = nodes
    // The first evaluation warms up.
    evaluate()
    let duration = ContinuousClock().measure(evaluate)
    seconds =
      Double(duration.components.seconds) + 1e-18 * Double(duration.components.attoseconds)
  }
}

extension Model {
  /// A state with nothing special, where errors and costs of quadrature are estimated: unit students that
  /// overlap by a third with the teacher and by a fifth with each other.
  var ordinaryState: [Double] {
    let (p, k) = (width, teacherUnits)
    var state = [Double](repeating: 0, count: layout.count)
    for j in 0..<p {
      for r in 0..<k {
        state[layout.teacherOverlap(j, r)] = teacherOverlap(r, r).squareRoot() / (3 * Double(k))
      }
      for l in 0...j { state[layout.studentOverlap(j, l)] = j == l ? 1 : 0.2 }
    }
    return state + secondLayer
  }
}
