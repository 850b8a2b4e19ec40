import Dynamics

/// Holds the excess risk at long times over a grid of experiments: what `escapement plateau` prints.
public struct PlateauSummary: Codable, Sendable {
  /// Name and version of this format.
  public private(set) var schema = "escapement/plateau/1"
  /// One entry a point and method, in the grid's order.
  public let plateaus: [Plateau]

  enum CodingKeys: CodingKey { case schema, plateaus }

  /// Replicas of the chain unless the key `replicas` says otherwise: two blocks of the vector kernels.
  public static let defaultReplicas = 32

  /// Finds the long-time risk at every point of a grid.
  ///
  /// The methods are the point's dynamics: `ode` is the fixed point, `chain` the averages. The chain starts
  /// where `origin` says, waits for the horizon and averages over `window`, by default as long again.
  /// Throws `ExperimentError` for the key `dynamics` when it names neither, `ParameterError` for `window`,
  /// `GSLError`, and `CancellationError`.
  public init(
    _ grid: SweepGrid, window: Double? = nil, origin: ChainOrigin = .start,
    observer: (any ComparisonObserver)? = nil
  ) async throws {
    var grid = grid
    if !grid.sets(.replicas) { try grid.set(.experiment(.replicas), "\(Self.defaultReplicas)") }
    let points = try grid.points()
    // All averages are planned before any is run.
    let plans = try points.map { point in
      let experiment = point.experiment
      guard !Set(experiment.dynamics).isDisjoint(with: [.ode, .chain]) else {
        throw grid.error(
          .dynamics,
          "found \(experiment.dynamics.map(\.rawValue).joined(separator: ", ")), "
            + "expected ode for the fixed point, chain for averages, or both")
      }
      return try ChainAverages(
        model: experiment.model, burnIn: experiment.exitRule.horizon,
        window: window ?? experiment.exitRule.horizon)
    }
    var plateaus: [Plateau] = []
    for (point, plan) in zip(points, plans) {
      let experiment = point.experiment
      let looks = experiment.dynamics.contains(.ode)
      let averages = experiment.dynamics.contains(.chain)
      var start = experiment.start
      var relaxationTime: Double?
      // From elsewhere the burn-in is judged by the fixed point's slowest direction.
      let judges = averages && origin == .start && FixedPoint.isQuick(experiment.model)
      if looks || origin == .fixedPoint || judges {
        let (plateau, found) = try Plateau.fixedPoint(of: experiment, at: point.coordinates)
        if looks { plateaus.append(plateau) }
        if origin == .fixedPoint && averages {
          guard let found else {
            throw ParameterError(
              key: "from", found: "fixed-point, but \(plateau.words)", expected: "start here")
          }
          start = try found.start(of: experiment.model)
        } else if found?.stability != .unstable {
          relaxationTime = found?.relaxationTime
        }
      }
      if averages {
        plateaus.append(
          try await Plateau.averages(
            of: experiment, start, plan, relaxationTime: relaxationTime, at: point.coordinates,
            observer))
      }
    }
    self.plateaus = plateaus
  }
}

/// Names where the chain's replicas start.
public enum ChainOrigin: String, Sendable, CaseIterable {
  /// Where the experiment says: the burn-in then holds the escape.
  case start
  /// At the ODE's fixed point: for the slow directions of several students with little label noise.
  case fixedPoint = "fixed-point"
}
