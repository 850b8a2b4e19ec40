import Dynamics

/// Takes what is asked of the paths of one dynamics from whichever task follows them.
///
/// Replicas × times numbers for the risk, and paths × times × columns for the paths; what is never shown,
/// since it has diverged, is not a number.
struct TrajectoryStore: Sendable {
  /// A row a replica, a column a time.
  let risks: NumberTable
  /// A row a path and time, paths first, and a column a number.
  let paths: NumberTable
  private let columns: [TrajectoryColumn]
  private let width: Int
  private let timeCount: Int
  private let pathCount: Int
  private let needsState: Bool
  private let columnCount: Int

  /// Makes room; throws `ParameterError` when the system has none.
  init(_ plan: TrajectoryPlan, _ kind: DynamicsKind) throws(ParameterError) {
    columns = plan.columns
    width = plan.experiment.model.width
    timeCount = plan.grid.times.count
    pathCount = plan.pathCount(kind)
    columnCount = plan.columnCount
    needsState = plan.columns.contains(where: \.needsState)
    risks = try NumberTable(rows: plan.replicaCount(kind), columns: timeCount)
    paths = try NumberTable(rows: pathCount * timeCount, columns: plan.columnCount)
  }

  /// Takes a point of a replica.
  func add(_ replica: Int, _ time: Int, _ point: PathPoint) {
    risks[replica, time] = point.risk
    guard replica < pathCount else { return }
    let state = needsState ? point.state : nil
    var place = 0
    for column in columns {
      for value in column.values(of: point, state: state, width: width) {
        paths[replica * timeCount + time, place] = value
        place += 1
      }
    }
  }

  /// All that is kept of a replica: its risks, then its path.
  func numbers(of replica: Int) -> [Double] {
    let risks = Array(risks.rows(replica..<(replica + 1)))
    guard replica < pathCount else { return risks }
    return risks + paths.rows((replica * timeCount)..<((replica + 1) * timeCount))
  }

  /// Takes back numbers of a replica, of which the first stood at `place`.
  func put(_ numbers: [Double], replica: Int, place: Int) {
    let risksLeft = max(0, timeCount - place)
    risks.put(numbers.prefix(risksLeft), row: replica, place: min(place, timeCount))
    paths.put(
      numbers.dropFirst(risksLeft), row: min(replica, pathCount) * timeCount,
      place: max(0, place - timeCount))
  }
}
