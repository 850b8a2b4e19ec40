import GSL

/// A path of the SDE, one step at a time.
protocol DiffusionPath: AnyObject {
  /// Puts the path at a start.
  func place(_ frame: StudentFrame)
  /// The excess risk now.
  var risk: Double { get }
  /// The last step in the coordinate whose fall to a level is an exit by the risk.
  var bridge: BridgeEnds { get }
  /// That coordinate at an excess risk, −∞ for one out of its reach.
  func bridgeLevel(_ boundary: Double) -> Double
  /// The overlaps as a flat state, then the second layer where it moves.
  var overlaps: [Double] { get }
  /// The levels that are watched beside the risk; nil where the risk tells all.
  var levels: PathLevels? { get }
  /// Takes one step.
  func advance(_ duration: Double, _ stream: RandomStream) throws
}

/// A step as a Brownian bridge: its ends and the variance rate between them.
struct BridgeEnds {
  let from: Double
  let to: Double
  let variance: Double
}
