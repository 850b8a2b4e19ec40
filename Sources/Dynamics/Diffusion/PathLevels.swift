/// Follows the levels of a path of the SDE from step to step, with the variance rate of each over a step.
///
/// The variance rate of a level f is ∇fᵀ C ∇f times γ/(p d), C from the step's beginning and ∇f midway, as for
/// the risk. A workspace belongs to one task.
final class PathLevels {
  /// Levels at the beginning of the last step.
  private(set) var before: [Double]
  /// Levels at its end.
  private(set) var after: [Double]
  /// Variance rates of the levels over it.
  private(set) var variances: [Double]

  private let levels: OverlapLevels
  private let layout: OverlapLayout
  private let frame: StateFrame
  private var middle: [Double]
  private var gradient: [Double]

  init(model: Model, criteria: [ExitCriterion], stateLength: Int) {
    levels = OverlapLevels(model: model, criteria: criteria)
    layout = model.layout
    frame = StateFrame(model: model)
    before = Array(repeating: 0, count: criteria.count)
    after = before
    variances = before
    middle = Array(repeating: 0, count: stateLength)
    gradient = middle
  }

  /// The last step of a level as a bridge; what rises is taken to fall, as the risk does.
  func ends(_ level: Int) -> BridgeEnds {
    BridgeEnds(from: -before[level], to: -after[level], variance: variances[level])
  }

  /// Takes the levels of a start.
  func place(_ state: [Double]) {
    frame.fill(from: state)
    levels.write(into: &after, axes: frame.axes, gram: frame.gram)
    for i in before.indices { before[i] = after[i] }
  }

  /// Takes the levels of a step from `start` to `end`; `variance` gives gᵀCg γ/(p d) for a gradient g.
  func advance(
    from start: [Double], to end: [Double], variance: (UnsafePointer<Double>) -> Double
  ) {
    for i in before.indices { before[i] = after[i] }
    for i in middle.indices { middle[i] = 0.5 * (start[i] + end[i]) }
    frame.fill(from: middle)
    for i in variances.indices {
      levels.writeGradient(i, into: &gradient, layout: layout, axes: frame.axes, gram: frame.gram)
      variances[i] = variance(gradient)
    }
    frame.fill(from: end)
    levels.write(into: &after, axes: frame.axes, gram: frame.gram)
  }
}
