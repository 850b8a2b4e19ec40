import GSL

/// A replica that moves by one sample a step.
protocol SteppedReplica: AnyObject {
  var model: Model { get }
  /// The excess risk after the last step.
  var risk: Double { get }
  /// Writes max_j |M_jr|/√(Q_jjP_rr) for each teacher unit.
  func writeLevels(into output: UnsafeMutablePointer<Double>)
  /// Takes one step on a fresh sample.
  func step(_ stream: RandomStream)
}

extension SteppedReplica {
  /// Phase retrieval's own paths are taken only where the risk tells all.
  func writeLevels(into output: UnsafeMutablePointer<Double>) {
    preconditionFailure("a path that knows the risk alone")
  }
}

extension ChainState: SteppedReplica {}
extension FullWeights: SteppedReplica {}
extension NetworkChain: SteppedReplica {}
extension NetworkWeights: SteppedReplica {}

/// Steps one replica to its last exit or the limit, watching risk and overlaps after every step.
func steppedExits<Replica: SteppedReplica>(
  of replica: Replica, rule: ExitRule, stepLimit: Int, stream: RandomStream,
  report: (Int) -> Void
) throws -> [ExitRecord] {
  let timePerStep = replica.model.timePerStep
  var watch = rule.watch(of: replica.model, initialRisk: replica.risk)
  watch.observe(replica.risk, at: 0, step: 0)
  let levels = UnsafeMutablePointer<Double>.allocate(capacity: max(watch.units.count, 1))
  defer { levels.deallocate() }
  if !watch.units.isEmpty {
    replica.writeLevels(into: levels)
    watch.observe(levels: levels, at: 0, step: 0)
  }
  var meter = StepMeter()
  var step = 0
  while !watch.isDone && step < stepLimit {
    replica.step(stream)
    step += 1
    try meter.count(report)
    let risk = replica.risk
    guard risk.isFinite else {
      try meter.flush(report)
      return watch.finish(.diverged, at: Double(step) * timePerStep, step: step)
    }
    if risk <= watch.boundary {
      watch.observe(risk, at: Double(step) * timePerStep, step: step)
    }
    if !watch.units.isEmpty {
      replica.writeLevels(into: levels)
      watch.observe(levels: levels, at: Double(step) * timePerStep, step: step)
    }
  }
  try meter.flush(report)
  return watch.finish(.censored, at: rule.horizon, step: stepLimit)
}
