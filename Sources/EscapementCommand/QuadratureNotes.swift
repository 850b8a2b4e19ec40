import Escapement

/// Tells on standard error, before it starts, what quadrature will cost; nothing where it is quick.
func tellCost(_ work: [QuadratureWork]) {
  for item in work where item.isLong { Console.error("escapement: note: \(item.sentence)\n") }
}

/// Tells on standard error, before it starts, what a person should know of an experiment.
func tellNotes(_ experiment: Experiment) {
  for note in experiment.notes { Console.error("escapement: note: \(note)\n") }
}

/// Tells on standard error, before it starts, of dynamics that are ruled by draws which no replica sees.
func tellRareDraws(_ experiment: Experiment) {
  for sentence in experiment.dynamics.compactMap({ experiment.rareDrawsWarning(of: $0) }) {
    Console.error("escapement: warning: \(sentence)\n")
  }
}

/// Tells the same of the points of a sweep, a sentence a dynamics.
func tellRareDraws(_ points: [SweepPoint]) {
  for kind in DynamicsKind.allCases {
    let ruled = points.filter { $0.experiment.dynamics.contains(kind) }
      .filter { $0.experiment.rareDrawsWarning(of: kind) != nil }
    guard let first = ruled.first else { continue }
    Console.error(
      "escapement: warning: at \(ruled.count) of \(points.count) points, from \(first.index) on, "
        + "\(kind.titleWithArticle) is ruled by draws that no replica sees: no verdict is drawn against it\n"
    )
  }
}

/// Tells on standard error, before it starts, that a run will take long by its own estimate.
///
/// What goes by quadrature is told of by `tellCost`.
func tellLongWork(_ experiment: Experiment) throws {
  for work in experiment.stepWork() where work.isLong {
    Console.error("escapement: note: \(work.sentence)\n")
  }
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

/// Tells what steps will cost at the points of a sweep, a sentence a dynamics.
func tellStepCost(_ points: [SweepPoint]) {
  for kind in DynamicsKind.allCases {
    let works = points.flatMap { point in point.experiment.stepWork().filter { $0.kind == kind } }
    guard works.contains(where: \.isLong),
      let longest = works.max(by: { $0.totalSeconds < $1.totalSeconds })
    else { continue }
    let total = works.reduce(0) { $0 + $1.totalSeconds }
    Console.error(
      "escapement: note: \(kind.titleWithArticle) takes \(NumberText.duration(total)) by estimate at "
        + "\(works.count) points, \(NumberText.duration(longest.totalSeconds)) at the longest "
        + "(\(longest.words))\n")
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
