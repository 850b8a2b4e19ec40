import GSL

/// Times the exits of replicas.
struct SteppedExits: SteppedTask {
  let work: ReplicaWork
  let rule: ExitRule
  let stepLimit: Int

  var streams: StreamFamily { work.streams }

  func run(in block: some LaneBlock, portion: UInt64) throws {
    try LaneRunner(block: block, rule: rule, stepLimit: stepLimit, portion: portion).run(work)
  }

  func run(on replica: some KernelReplica) throws {
    while let index = work.queue.next() {
      replica.place(try work.frame(of: index, model: replica.model), replica: index)
      let kept = StateWatch(work.states, index)
      work.record(index, try kernelExits(of: replica, rule, stepLimit, kept, work.report))
    }
  }

  func run(on replica: some SteppedReplica, _ purpose: StreamPurpose) throws {
    while let index = work.queue.next() {
      replica.place(try work.frame(of: index, model: replica.model))
      let stream = try work.streams.stream(for: purpose, replica: index)
      replica.begin(stream)
      let kept = StateWatch(stream.generator.isKeyed ? work.states : nil, index)
      let records = try steppedExits(
        of: replica, rule: rule, stepLimit: stepLimit, stream: stream, kept, report: work.report)
      work.record(index, records)
    }
  }
}

/// Steps one replica to its last exit or the limit, watching risk and overlaps after every step.
private func steppedExits<Replica: SteppedReplica>(
  of replica: Replica, rule: ExitRule, stepLimit: Int, stream: RandomStream, _ kept: StateWatch,
  report: (Int) -> Void
) throws -> [ExitRecord] {
  let clock = replica.model.clock
  var watch = rule.watch(of: replica.model, initialRisk: replica.risk)
  watch.begin(risk: replica.risk, step: 0)
  let levels = UnsafeMutablePointer<Double>.allocate(capacity: max(watch.levels.count, 1))
  defer { levels.deallocate() }
  if !watch.levels.isEmpty {
    replica.writeLevels(into: levels)
    watch.begin(levels: levels, step: 0)
  }
  var meter = StepMeter(portion: replica.portion)
  var (step, kept) = (0, kept)
  func pass(through transfer: any StateTransfer) throws {
    try replica.pass(through: transfer)
    try stream.withState { try transfer.pass($0) }
    try watch.pass(through: transfer)
    try transfer.pass(&step)
    try StateError.require((0..<max(stepLimit, 1)).contains(step))
  }
  try kept.restore(pass)
  while !watch.isDone && step < stepLimit {
    replica.step(stream)
    step += 1
    let isTimeToLook = try meter.count(report)
    let risk = replica.risk
    guard risk.isFinite else {
      try meter.flush(report)
      return watch.finish(.diverged, at: clock.time(ofStep: step), step: step)
    }
    if risk <= watch.boundary {
      watch.observe(risk, at: clock.time(ofStep: step), step: step)
    }
    if !watch.levels.isEmpty {
      replica.writeLevels(into: levels)
      watch.observe(levels: levels, at: clock.time(ofStep: step), step: step)
    }
    if isTimeToLook && !watch.isDone && step < stepLimit { try kept.look(pass) }
  }
  try meter.flush(report)
  return watch.finish(.censored, at: rule.horizon, step: stepLimit)
}
