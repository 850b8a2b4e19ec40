import Foundation

extension ExitLaw {
  /// Solves for the exit at `threshold` of a model's SDE from its starts, fixed or random.
  ///
  /// `watchInterval` h, in τ, is the time between looks at the risk: nil for all the time. An exit that
  /// is only seen at multiples of h comes later, as if the boundary stood 0.5826 √(v(η) h) higher,
  /// −ζ(½)/√(2π) standard deviations of a step, up to an error of order h (Broadie, Glasserman and Kou
  /// 1997; Gobet and Menozzi 2010). Throws `ParameterError` where there is no such law, `GSLError`.
  public init(
    model: Model, start: Start, threshold: Double, finiteSizeDrift: Bool,
    watchInterval: Double? = nil, intervals: Int = 1000
  ) throws {
    try self.init(
      ExitLaw.levels(model, start, threshold, finiteSizeDrift, watchInterval, intervals))
  }

  /// Solves for mean and standard deviation alone, in a millisecond; arguments and errors as above.
  public static func moments(
    model: Model, start: Start, threshold: Double, finiteSizeDrift: Bool,
    watchInterval: Double? = nil, intervals: Int = 1000
  ) throws -> Moments {
    try moments(levels(model, start, threshold, finiteSizeDrift, watchInterval, intervals))
  }

  private static func levels(
    _ model: Model, _ start: Start, _ threshold: Double, _ finiteSizeDrift: Bool,
    _ watchInterval: Double?, _ intervals: Int
  ) throws -> [PassageLevel] {
    try model.requirePhaseRetrieval("the exit law")
    try ParameterError.require(
      model.secondLayer[0] > 0, "second-layer", "\(model.secondLayer[0])",
      "a number above 0 for the exit law, whose boundary the overlap rises to")
    let diffusion = try ScalarDiffusion(model: model, finiteSizeDrift: finiteSizeDrift)
    func boundary(_ overlap: Double) -> Double {
      let place = exitBoundary(threshold: threshold, overlap: overlap, model: model)
      guard let watchInterval, place < 1 else { return place }
      let shift = 0.5826 * (diffusion.variance(place) * watchInterval).squareRoot()
      // A boundary past the end would never be crossed.
      return min(place + shift, 0.5 * (1 + place))
    }
    switch start {
    case .fixed(let frame):
      let overlap = frame.teacherOverlaps[0]
      return try levels(diffusion, start: overlap, boundary: boundary(overlap), intervals)
    case .randomOfNorm:
      throw ParameterError(
        key: "start", found: "random students of another norm",
        expected: "given overlaps or random students on the sphere for the exit law")
    case .random:
      return try levels(
        diffusion, dimension: model.dimension, boundary: boundary, intervals)
    }
  }
}
