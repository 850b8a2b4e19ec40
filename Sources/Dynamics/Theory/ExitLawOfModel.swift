import Foundation

extension ExitLaw {
  /// Solves for the exit at `threshold` of a model's SDE from its starts, fixed or random.
  ///
  /// `watchInterval` h, in τ, is the time between looks at the risk: nil for all the time. What is seen at
  /// multiples of h only is the passage to a boundary that stands higher, see ``WatchedBoundary``, with an
  /// error that is claimed. Throws `ParameterError` where there is no such law, `LawUnavailable` where it
  /// cannot be had to ``tolerance``.
  public init(
    model: Model, start: Start, threshold: Double, finiteSizeDrift: Bool,
    watchInterval: Double? = nil, intervals: Int = 250
  ) throws {
    try self.init(
      PassageProblem(model, start, threshold, finiteSizeDrift, watchInterval), intervals)
  }

  /// Solves for mean and standard deviation alone, in a millisecond; arguments and errors as above.
  public static func moments(
    model: Model, start: Start, threshold: Double, finiteSizeDrift: Bool, intervals: Int = 250
  ) throws -> Moments {
    try moments(PassageProblem(model, start, threshold, finiteSizeDrift, nil), intervals)
  }
}

extension PassageProblem {
  fileprivate init(
    _ model: Model, _ start: Start, _ threshold: Double, _ finiteSizeDrift: Bool,
    _ watchInterval: Double?
  ) throws {
    try model.requireEscapeTheory("the exit law")
    try ParameterError.require(
      model.secondLayer[0] > 0, "second-layer", "\(model.secondLayer[0])",
      "a number above 0 for the exit law, whose boundary the overlap rises to")
    let diffusion = try ScalarDiffusion(model: model, finiteSizeDrift: finiteSizeDrift)
    let risk = OverlapRisk(model: model)
    guard risk.slope < 0 else {
      throw LawUnavailable("the risk does not fall with the overlap")
    }
    // R = c + s m² = (c + s) − s(1 − m²), which loses nothing near m = 1.
    let floor = (risk.constant + risk.slope) / -risk.slope
    func rise(_ place: PassagePlace) -> Double { threshold * (floor + place.misalignment) }
    let interval = watchInterval ?? 0
    switch start {
    case .fixed(let frame):
      try self.init(
        diffusion, overlap: frame.teacherOverlaps[0], watchInterval: interval, rise: rise)
    case .randomOfNorm, .warm:
      throw ParameterError(
        key: "start",
        found: "random students of another norm or with a given part along the teacher",
        expected: "given overlaps or random students on the sphere for the exit law")
    case .random:
      try self.init(
        diffusion, dimension: model.dimension, nearest: threshold.squareRoot(),
        watchInterval: interval, rise: rise)
    }
  }
}
