import GSL

/// A path of the SDE, one step at a time.
protocol DiffusionPath: AnyObject {
  /// Puts the path at a start.
  func place(_ frame: StudentFrame)
  /// The excess risk now.
  var risk: Double { get }
  /// The variance rate of the risk over the last step.
  var riskVariance: Double { get }
  /// The overlaps as a flat state, then the second layer where it moves.
  var overlaps: [Double] { get }
  /// The levels that are watched beside the risk; nil where the risk tells all.
  var levels: PathLevels? { get }
  /// Takes one step.
  func advance(_ duration: Double, _ stream: RandomStream) throws
}
