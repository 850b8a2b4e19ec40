import GSL

/// Finds where the deterministic flow comes to rest after the escape, and whether it stays there.
///
/// The ODE is followed from a start until no overlap moves any more, or for ``longestTime``; from there the flow
/// is followed by implicit steps that grow as it slows down, since several students with little label noise
/// come to rest only after τ = 7/Δ or more. The end is polished to a root of the drift by GSL's hybrid method. Directions in which the drift's Jacobian is singular are left out of
/// the root's unknowns: with k > 1 the teacher's own axes may be rotated, and without noise several
/// students may be exchanged for each other, at no change of the risk. Stability follows from the
/// eigenvalues of the Jacobian, taken over what moves: not Q_jj on the sphere, nor a fixed second layer.
///
/// Cost: the ODE, then 2N drifts and O(N³) for N moving numbers. For p = k = 1 with squares the risk agrees
/// with γΔ/(1 − 6γ) to 1e-9.
/// Sources: Saad and Solla (1995), Phys. Rev. E 52, for fixed points of such flows; Kelley and Keyes (1998),
/// SIAM J. Numer. Anal. 35, for the implicit steps (pseudo-transient continuation).
public struct FixedPoint: Sendable {
  /// How the search ended.
  public enum Outcome: Sendable, Equatable {
    /// The drift vanishes.
    case found
    /// The ODE left the finite numbers at this τ.
    case diverged(at: Double)
    /// The overlaps still moved at the last τ.
    case moving(at: Double)
  }

  /// What the eigenvalues say.
  public enum Stability: String, Sendable {
    /// All real parts lie below 0.
    case stable
    /// Some are 0 within rounding, none above.
    case marginal
    /// Some lie above 0.
    case unstable
  }

  /// How the search ended.
  public let outcome: Outcome
  /// Excess risk at the start.
  public let initialRisk: Double
  /// Excess risk at the end; nil where the ODE diverged.
  public let excessRisk: Double?
  /// M at the end, row by row.
  public let teacherOverlaps: [Double]
  /// Q at the end, a row a student.
  public let studentOverlaps: [[Double]]
  /// Σ of the absolute drift at the end, per unit τ.
  public let residual: Double
  /// The τ for which the ODE was followed.
  public let time: Double
  /// Eigenvalues of the Jacobian per unit τ, by descending real part; empty where there is no fixed point,
  /// or where it lies at the edge of what overlaps can be and the drift is not a closed form there.
  public let eigenvalues: [(real: Double, imaginary: Double)]

  /// The largest number of moving overlaps, p k + p(p − 1)/2 on the sphere, for O(N³) in seconds.
  public static let largestCount = 600
  /// The longest time for which the ODE is followed.
  public static let longestTime = 500.0
  /// Real parts of at most this share of the largest eigenvalue count as 0.
  public static let zeroShare = 1e-8

  /// Follows the flow of `model` from `start`, the start of one replica.
  ///
  /// Throws `ParameterError` for `width` beyond ``largestCount`` moving overlaps or where the drift is
  /// neither a closed form nor within quadrature's reach, `CancellationError`, and `GSLError`.
  public init(
    model: Model, start: StudentFrame, stepper: ODEStepper = .rungeKuttaPrinceDormand
  ) throws {
    try FixedPoint.requireCovered(model)
    let flow = try NetworkFlow(model: model)
    let quadratureError =
      NetworkFlow.isClosed(model) ? 0 : try QuadratureMoments.errorEstimate(of: model)
    let relative = try QuadratureMoments.stepTolerance(of: model, error: quadratureError)
    var (time, state) = (0.0, flow.state(of: start))
    initialRisk = flow.risk(of: state)
    let evolution = try ODEEvolution(
      dimension: flow.stateLength, stepper: stepper, absoluteTolerance: 0.01 * relative,
      relativeTolerance: relative, initialStep: 1e-4, maximumStep: 1
    ) { _, state, derivatives in flow.derivatives(of: state, into: derivatives) }

    let moving = MovingOverlaps(flow: flow)
    // Where steps are as rough as the quadrature, so is the rest.
    let rest = max(1e-9, 10 * relative)
    var hasDiverged = false
    while moving.speed(at: state) > rest && time < FixedPoint.longestTime {
      do {
        try evolution.advance(time: &time, towards: FixedPoint.longestTime, state: &state)
      } catch let error as GSLError where error.isEndOfSolution {
        // No step is short enough: the solution ends here.
        hasDiverged = true
      }
      if Task.isCancelled { throw CancellationError() }
      if hasDiverged || !flow.risk(of: state).isFinite { break }
    }
    self.time = time
    guard !hasDiverged, flow.risk(of: state).isFinite else {
      outcome = .diverged(at: time)
      (excessRisk, teacherOverlaps, studentOverlaps) = (nil, [], [])
      (residual, eigenvalues) = (.infinity, [])
      return
    }
    let rested = moving.speed(at: state) <= rest
    // A start at rest, such as M = 0, is a fixed point already.
    let polished = time == 0 ? state : try moving.polished(try moving.settled(state))
    outcome = rested || moving.speed(at: polished) < rest ? .found : .moving(at: time)
    excessRisk = flow.risk(of: polished)
    teacherOverlaps = Array(polished.prefix(model.width * model.teacherUnits))
    studentOverlaps = (0..<model.width).map { j in
      (0..<model.width).map { polished[model.layout.studentOverlap(j, $0)] }
    }
    residual = moving.speed(at: polished)
    if case .found = outcome, NetworkFlow.isClosed(model) || !flow.isAtEdge(polished) {
      eigenvalues = try GSL.eigenvalues(of: try moving.jacobian(at: polished))
    } else {
      eigenvalues = []
    }
  }

  /// Throws `ParameterError` for the first key that fixed points have no way with.
  public static func requireCovered(_ model: Model) throws {
    try model.requireOneRate("fixed points")
    try SampleSet.requireNone(model.samples, "fixed points")
    let p = model.width
    let count = p * model.teacherUnits + p * (p + 1) / 2
    try ParameterError.require(
      count <= largestCount, "width", "\(p) students and \(model.teacherUnits) teacher units",
      "at most \(largestCount) overlaps, p k + p(p + 1)/2, for the eigenvalues of a fixed point")
    if !NetworkFlow.isClosed(model) { try QuadratureMoments.requireReach(of: model) }
  }

  /// Starts every replica at the fixed point; throws `ParameterError` where none was found.
  public func start(of model: Model) throws -> Start {
    guard case .found = outcome else {
      throw ParameterError(
        key: "from", found: "no fixed point", expected: "a fixed point to start the chain from")
    }
    let (p, k) = (model.width, model.teacherUnits)
    var gram = [[Double]](repeating: Array(repeating: 0, count: p + k), count: p + k)
    for j in 0..<p {
      for l in 0..<p { gram[j][l] = studentOverlaps[j][l] }
      for r in 0..<k {
        gram[j][p + r] = teacherOverlaps[j * k + r]
        gram[p + r][j] = gram[j][p + r]
      }
    }
    for r in 0..<k { for s in 0..<k { gram[p + r][p + s] = model.teacherOverlap(r, s) } }
    return try .gram(gram, of: model)
  }

  /// What counts as 0 among the real parts.
  private var zero: Double {
    let largest = eigenvalues.map { ($0.real * $0.real + $0.imaginary * $0.imaginary).squareRoot() }
    return FixedPoint.zeroShare * (largest.max() ?? 0)
  }

  /// Number of eigenvalues whose real part is 0 within rounding.
  public var zeroModes: Int { eigenvalues.count { abs($0.real) <= zero } }

  /// Number of eigenvalues whose real part is above 0.
  public var growingModes: Int { eigenvalues.count { $0.real > zero } }

  /// The τ in which the slowest decaying direction comes back by a factor e, −1 over the largest real part below
  /// 0; nil without eigenvalues.
  public var relaxationTime: Double? {
    eigenvalues.first { $0.real < -zero }.map { -1 / $0.real }
  }

  /// Whether the fixed point of a model takes little time to find: a closed drift and few overlaps.
  public static func isQuick(_ model: Model) -> Bool {
    let p = model.width
    return NetworkFlow.isClosed(model) && p * model.teacherUnits + p * (p + 1) / 2 <= 60
  }

  /// What the eigenvalues say; nil without them.
  public var stability: Stability? {
    if eigenvalues.isEmpty { return nil }
    if growingModes > 0 { return .unstable }
    return zeroModes > 0 ? .marginal : .stable
  }
}

/// The numbers of a flow's state that move, as the unknowns of a root.
private final class MovingOverlaps {
  private let flow: NetworkFlow
  /// Their places in the state.
  private let places: [Int]
  private let normalises: Bool
  private var derivatives: [Double]

  init(flow: NetworkFlow) {
    self.flow = flow
    let (model, layout) = (flow.model, flow.model.layout)
    let p = model.width
    var fixed: Set<Int> = []
    if model.constraint.keepsNorm {
      fixed = Set((0..<p).map { layout.studentOverlap($0, $0) })
    }
    normalises = model.trainsSecondLayer && model.normalisesSecondLayer
    if !model.trainsSecondLayer { fixed.formUnion(layout.count..<(layout.count + p)) }
    // Σ a = p leaves one of them no choice.
    if normalises { fixed.insert(layout.count + p - 1) }
    places = (0..<flow.stateLength).filter { !fixed.contains($0) }
    derivatives = Array(repeating: 0, count: flow.stateLength)
  }

  /// Σ of the absolute drift.
  func speed(at state: [Double]) -> Double {
    flow.derivatives(of: state, into: &derivatives)
    return derivatives.reduce(0) { $0 + abs($1) }
  }

  private func drift(_ values: [Double], _ state: [Double]) -> [Double] {
    flow.derivatives(of: self.state(values, state), into: &derivatives)
    return places.map { derivatives[$0] }
  }

  /// `state` with other numbers at the places that move.
  private func state(_ values: [Double], _ state: [Double]) -> [Double] {
    var result = state
    for (place, value) in zip(places, values) { result[place] = value }
    if normalises {
      let p = flow.model.width
      let others = result[(result.count - p)..<(result.count - 1)].reduce(0, +)
      result[result.count - 1] = Double(p) - others
    }
    return result
  }

  func jacobian(at state: [Double]) throws -> Matrix {
    try GSL.jacobian(at: places.map { state[$0] }) { drift($0, state) }
  }

  /// Where the flow from `state` comes to rest, by linearly implicit Euler steps.
  ///
  /// A step h solves (1/h − J) δ = f, after which the drift would be δ/h if it were linear. Steps for which it
  /// is off by more than a fifth of f are taken anew, shorter: the path stays the flow's own, and its end is
  /// where the flow ends rather than any root.
  func settled(_ state: [Double]) throws -> [Double] {
    func size(_ values: [Double]) -> Double { values.reduce(0) { $0 + abs($1) } }
    var (current, step) = (state, 1.0)
    var rates = drift(places.map { current[$0] }, current)
    var slopes = try? jacobian(at: current)
    for _ in 0..<1000 where size(rates) > 1e-14 * Double(places.count) && step < 1e12 {
      if Task.isCancelled { throw CancellationError() }
      guard var matrix = slopes else { break }
      for i in places.indices {
        for j in places.indices { matrix[i, j] = (i == j ? 1 / step : 0) - matrix[i, j] }
      }
      guard let change = try? solve(matrix, rates) else { break }
      let values = zip(places, change).map { current[$0] + $1 }
      let next = drift(values, current)
      let error = size(zip(next, change).map { $0 - $1 / step }) / size(rates)
      guard error < 0.2 else {
        step /= 4
        if step < 1e-3 { break }
        continue
      }
      current = self.state(values, current)
      rates = next
      slopes = try? jacobian(at: current)
      if error < 0.05 { step *= 2 }
    }
    return speed(at: current) < speed(at: state) ? current : state
  }

  /// The root of the drift next to `state`; `state` itself where none is found.
  ///
  /// With the Jacobian's singular values U S Vᵀ, the unknowns are steps along the columns of V whose value is
  /// not 0, and the equations the drift along the same columns of U.
  func polished(_ state: [Double]) throws -> [Double] {
    let size = places.count
    let start = places.map { state[$0] }
    guard let slopes = try? jacobian(at: state) else { return state }
    let (left, values, right) = try singularValues(of: slopes)
    let rank = values.count { $0 > FixedPoint.zeroShare * (values.first ?? 0) }
    guard rank > 0 else { return state }
    func point(_ steps: [Double]) -> [Double] {
      (0..<size).map { i in
        steps.indices.reduce(start[i]) { $0 + right[i, $1] * steps[$1] }
      }
    }
    let root = try? MultidimensionalRoot(
      from: Array(repeating: 0, count: rank), residualTolerance: 1e-15 * Double(size)
    ) { steps in
      let rates = drift(point(steps), state)
      return (0..<rank).map { column in
        (0..<size).reduce(0) { $0 + left[$1, column] * rates[$1] }
      }
    }
    guard let root, root.point.allSatisfy({ abs($0) < 1e-2 }) else { return state }
    let polished = self.state(point(root.point), state)
    return speed(at: polished) < speed(at: state) ? polished : state
  }
}
