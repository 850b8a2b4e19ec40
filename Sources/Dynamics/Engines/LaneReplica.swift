/// A replica whose state is one overlap, with the boundaries of its thresholds on |m|.
struct LaneReplica {
  let index: Int
  var watch: ExitWatch
  private let boundaries: [Double]

  init(index: Int, overlap: Double, model: Model, rule: ExitRule) {
    self.index = index
    let risk = OverlapRisk(model: model)
    let start = risk.value(overlap)
    watch = ExitWatch(rule: rule, initialRisk: start)
    boundaries = rule.thresholds.map { risk.boundary((1 - $0) * start) }
  }

  /// The boundary on |m| that comes next; +∞ when all are crossed.
  var boundary: Double { watch.isDone ? .infinity : boundaries[watch.records.count] }

  mutating func exit(at time: Double, step: Int) { watch.exit(at: time, step: step) }
}
