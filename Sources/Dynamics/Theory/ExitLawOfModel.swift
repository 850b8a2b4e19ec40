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
    try model.requirePhaseRetrieval("the exit law")
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
      try self.init(
        diffusion: diffusion, start: overlap, boundary: boundary(overlap), intervals: intervals)
    case .random:
      try self.init(
        diffusion: diffusion, dimension: model.dimension, boundary: boundary,
        intervals: intervals)
    }
  }
}
