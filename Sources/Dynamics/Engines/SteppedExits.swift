import GSL

/// A replica that moves by one sample a step.
protocol SteppedReplica: AnyObject {
  var model: Model { get }
  /// The excess risk after the last step.
  var risk: Double { get }
  /// Takes one step on a fresh sample.
  func step(_ stream: RandomStream)
}

extension ChainState: SteppedReplica {}
extension FullWeights: SteppedReplica {}

/// Steps one replica to its last exit or the limit, watching the risk after every step.
func steppedExits<Replica: SteppedReplica>(
  of replica: Replica, rule: ExitRule, stepLimit: Int, stream: RandomStream,
  report: (Int) -> Void
) throws -> [ExitRecord] {
  let timePerStep = replica.model.timePerStep
  var watch = ExitWatch(rule: rule, initialRisk: replica.risk)
  watch.observe(replica.risk, at: 0, step: 0)
  var meter = StepMeter()
  var step = 0
  while !watch.isDone && step < stepLimit {
    replica.step(stream)
    step += 1
    try meter.count(report)
    let risk = replica.risk
    if risk <= watch.boundary {
      watch.observe(risk, at: Double(step) * timePerStep, step: step)
    } else if !risk.isFinite {
      try meter.flush(report)
      return watch.finish(.diverged, at: Double(step) * timePerStep, step: step)
    }
  }
  try meter.flush(report)
  return watch.finish(.censored, at: rule.horizon, step: stepLimit)
}
