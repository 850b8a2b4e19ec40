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
    let nodes = try FieldGrid.nodeCount(model, rule: try QuadratureMoments.rule(for: model))
    return QuadratureCost(nodes: Int(nodes)) { flow.derivatives(of: state, into: &derivatives) }
  }

  /// Drift and noise of the SDE; nil where they are closed forms or series made once.
  ///
  /// Throws `ParameterError` where quadrature does not reach.
  public static func ofDiffusion(_ model: Model) throws -> QuadratureCost? {
    guard !DiffusionLimit.isQuick(model) else { return nil }
    let quadrature = try IncrementQuadrature(model: model)
    let state = model.ordinaryState
    let nodes = try IncrementQuadrature.visits(model, rule: quadrature.rule)
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

extension DiffusionLimit {
  /// The error of the SDE's drift and covariance by quadrature, relative to the largest of each; 0 where they are
  /// closed forms or exact.
  ///
  /// Throws `ParameterError` where quadrature does not reach.
  public static func quadratureError(of model: Model) throws -> Double {
    guard !model.hasClosedLimit else { return 0 }
    let error = try IncrementQuadrature.errorEstimate(of: model)
    guard DiffusionTable.covers(model) else { return error }
    return max(error, try DiffusionTable(model: model, finiteSizeDrift: true).error)
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

  /// States at which errors of quadrature are estimated: the ordinary one, and students that share a direction
  /// c of the teacher's, c = 0.03 near the start of an escape and c = 0.9 near its end; where norms are free, also
  /// students of norm 2.
  var quadratureStates: [[Double]] {
    let (p, k) = (width, teacherUnits)
    // The units' sum, of length √(Σ P).
    let rows = (0..<k).map { r in (0..<k).reduce(0) { $0 + teacherOverlap(r, $1) } }
    let length = max(rows.reduce(0, +), 1e-12).squareRoot()
    let others = [0.03, 0.9].map { c in
      var state = [Double](repeating: 0, count: layout.count)
      for j in 0..<p {
        for r in 0..<k { state[layout.teacherOverlap(j, r)] = c * rows[r] / length }
        for l in 0...j { state[layout.studentOverlap(j, l)] = j == l ? 1 : c * c }
      }
      return state + secondLayer
    }
    guard constraint != .spherical, let grown = others.first else {
      return [ordinaryState] + others
    }
    let pairs = p * k
    return [ordinaryState] + others + [
      grown.enumerated().map { $0 < pairs ? 2 * $1 : $0 < layout.count ? 4 * $1 : $1 }
    ]
  }

  /// Whether gradients are taken at fields whose kinks lie on no plane, which nodes cannot be cut along.
  var movesKinks: Bool { movesFields && SmoothedStep(activation)?.breadth == 0 }

  /// The degree of the push between kinks and jumps, nil unless it is a polynomial there.
  var pieceDegree: Int? {
    pieceDegrees.map { pushDegree(student: $0.student, target: $0.target) }
  }

  /// The degrees of student and target between kinks and jumps, nil unless all is polynomials there.
  var pieceDegrees: (student: Int, target: Int)? {
    let student = activation == .relu ? 1 : activation.degree
    guard !movesKinks, let student, let target = target.pieceDegree else { return nil }
    return (student, target)
  }

  /// Whether student and target are polynomials between kinks, so that axes can be exact.
  var hasPolynomialPieces: Bool { pieceDegrees != nil }

  /// The largest change of groups of numbers from coarser rules, relative to the largest of the group.
  ///
  /// A rule across kinks errs as 1/N, up and down: it is set against three others, and the largest change counts
  /// threefold.
  func quadratureError(
    _ rule: FieldGrid.Rule, of values: (FieldGrid.Rule, [Double]) throws -> [[Double]]
  ) throws -> Double {
    let isAcrossKinks = movesKinks || rule.edge == 0 && FieldGrid.kinkCount(self) > 0
    let coarser =
      isAcrossKinks
      ? [1 / 2, 3 / 4, 0.999].map { rule.coarser(by: $0, keepsAxis: false) }
      : [rule.coarser(by: 3 / 4, keepsAxis: hasPolynomialPieces)]
    var error = 0.0
    for state in quadratureStates {
      let fine = try values(rule, state)
      for other in coarser where other != rule {
        for (group, others) in zip(fine, try values(other, state)) {
          let largest = group.map(abs).max() ?? 0
          let change = zip(group, others).map { abs($0 - $1) }.max() ?? 0
          if largest > 0 { error = max(error, change / largest) }
        }
      }
    }
    return isAcrossKinks ? 3 * error : error
  }
}
