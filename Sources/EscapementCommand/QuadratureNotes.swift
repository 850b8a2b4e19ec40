import Escapement

/// Tells on standard error, before it starts, what quadrature will cost; nothing where it is quick.
func tellCost(_ work: [QuadratureWork]) {
  for item in work where item.isLong { Console.error("escapement: note: \(item.sentence)\n") }
}

/// Tells on standard error, before it starts, what a person should know of an experiment.
func tellNotes(_ experiment: Experiment) {
  for note in experiment.notes { Console.error("escapement: note: \(note)\n") }
}

/// Tells on standard error, before it starts, that a run will take long by its own estimate.
///
/// What goes by quadrature is told of by `tellCost`.
func tellLongWork(_ experiment: Experiment) throws {
  let told = Set(try experiment.quadratureWork().map(\.kind))
  let seconds = experiment.dynamics.filter { !told.contains($0) }.map {
    (kind: $0, seconds: experiment.estimatedSeconds($0))
  }
  let total = seconds.reduce(0) { $0 + $1.seconds } / Double(experiment.threads)
  guard total >= 600, let longest = seconds.max(by: { $0.seconds < $1.seconds }) else { return }
  Console.error(
    "escapement: note: by estimate this takes \(NumberText.duration(total)) on \(experiment.threads) "
      + "thread\(experiment.threads == 1 ? "" : "s"), most of it \(longest.kind.titleWithArticle)\n"
  )
}

/// Tells the same of the points of a sweep, a sentence a dynamics.
func tellCost(_ points: [[QuadratureWork]]) {
  for kind in DynamicsKind.allCases {
    let items = points.joined().filter { $0.kind == kind }
    let seconds = items.reduce(0) { $0 + $1.seconds }
    guard seconds >= 1, let longest = items.max(by: { $0.seconds < $1.seconds }) else { continue }
    Console.error(
      "escapement: note: at \(items.count) of \(points.count) points "
        + "\(kind.titleWithArticle) goes by quadrature: \(NumberText.duration(seconds)) or less in all, "
        + "\(NumberText.duration(longest.seconds)) at the longest (\(longest.cost.nodes) nodes and "
        + "\(NumberText.short(1000 * longest.cost.seconds)) ms an evaluation)\n")
  }
}

/// Tells the same of the fixed points of a plateau's grid.
///
/// How long the way to a fixed point is, is not known before: some thousand evaluations where the ODE comes to
/// rest by τ = 10, ten times as many where it is slow.
func tellFixedPointCost(_ grid: SweepGrid) throws {
  let points = try grid.points().filter { $0.experiment.dynamics.contains(.ode) }
  let costs = try points.compactMap { try QuadratureCost.ofDeterministicLimit($0.experiment.model) }
  let seconds = costs.reduce(0) { $0 + 1000 * $1.seconds }
  guard seconds >= 1, let longest = costs.max(by: { $0.seconds < $1.seconds }) else { return }
  Console.error(
    "escapement: note: \(costs.count) fixed \(costs.count == 1 ? "point goes" : "points go") by quadrature: "
      + "up to \(longest.nodes) nodes and \(NumberText.short(1000 * longest.seconds)) ms an evaluation; some "
      + "thousands of them a point take \(NumberText.duration(seconds)) or several times that\n")
}
