internal import CKernels
import GSL

/// Shows replicas at the times of a grid: after the last step taken by then.
struct SteppedPaths: SteppedTask {
  let paths: PathWork
  /// The step at which each time is seen, the last one taken by then.
  let steps: [Int]
  private let clock: LearningClock

  init(_ paths: PathWork, of model: Model) {
    self.paths = paths
    let clock = model.clock
    self.clock = clock
    steps = paths.times.map { Int(clock.steps(by: $0)) }
  }

  var streams: StreamFamily { paths.replicas.streams }

  func run(in block: some LaneBlock, portion: UInt64) throws {
    let work = paths.replicas
    try keepLanesBusy(
      of: block, portion, work,
      fill: { lane in
        while let replica = work.queue.next() {
          let frame = try work.frame(of: replica, model: block.model)
          _ = block.place(lane, replica: replica, frame: frame, horizon: 0)
          block.watch(lane, risk: -.infinity)
          var occupant = Occupant(replica: replica)
          if !show(&occupant, lane, block) { return occupant }
        }
        return nil
      },
      settle: { occupant, lane in
        guard block.event(lane) == ESC_EVENT_HORIZON else {
          let step = block.step(lane)
          paths.diverge(occupant.replica, at: clock.time(ofStep: step), step: step)
          return true
        }
        return show(&occupant, lane, block)
      })
  }

  private struct Occupant {
    let replica: Int
    /// Index of the time that is seen next.
    var next = 0
  }

  /// Shows a lane at every time that falls on its step and has it stop at the next; returns whether there
  /// is none.
  private func show(_ occupant: inout Occupant, _ lane: Int, _ block: some LaneBlock) -> Bool {
    let (step, model) = (block.step(lane), block.model)
    while occupant.next < steps.count, steps[occupant.next] <= step {
      paths.observe(
        occupant.replica, occupant.next,
        PathPoint(risk: block.risk(lane)) {
          NetworkState(model: model, state: block.overlaps(lane))
        })
      occupant.next += 1
    }
    guard occupant.next < steps.count else {
      paths.end(occupant.replica, step: step)
      return true
    }
    block.stop(lane, at: UInt64(steps[occupant.next]))
    return false
  }

  func run(on replica: some KernelReplica) throws {
    let work = paths.replicas
    while let index = work.queue.next() {
      replica.place(try work.frame(of: index, model: replica.model), replica: index)
      try follow(
        index,
        point: {
          PathPoint(risk: replica.risk) {
            NetworkState(model: replica.model, state: replica.overlaps)
          }
        },
        advance: { steps in
          let before = replica.step
          let event = replica.advance(min(replica.portion, steps), until: -.infinity)
          work.report(replica.step - before)
          if Task.isCancelled { throw CancellationError() }
          return (replica.step - before, event != ESC_EVENT_DIVERGED)
        })
    }
  }

  func run(on replica: some SteppedReplica, _ purpose: StreamPurpose) throws {
    let work = paths.replicas
    var meter = StepMeter()
    while let index = work.queue.next() {
      replica.place(try work.frame(of: index, model: replica.model))
      let stream = try work.streams.stream(for: purpose, replica: index)
      replica.begin(stream)
      try follow(
        index, point: { replica.point },
        advance: { steps in
          for step in 1...steps {
            replica.step(stream)
            try meter.count(work.report)
            guard replica.risk.isFinite else { return (step, false) }
          }
          return (steps, true)
        })
    }
    try meter.flush(work.report)
  }

  /// Advances one replica from time to time; `advance` takes at most the steps it is told.
  private func follow(
    _ replica: Int, point: () -> PathPoint,
    advance: (_ steps: Int) throws -> (taken: Int, isFinite: Bool)
  ) throws {
    var step = 0
    for (index, target) in steps.enumerated() {
      while step < target {
        let (taken, isFinite) = try advance(target - step)
        step += taken
        guard isFinite else {
          paths.diverge(replica, at: clock.time(ofStep: step), step: step)
          return
        }
      }
      let seen = point()
      // Steps that do without the risk do not see it leave the finite numbers.
      guard seen.risk.isFinite else {
        paths.diverge(replica, at: clock.time(ofStep: step), step: step)
        return
      }
      paths.observe(replica, index, seen)
    }
    paths.end(replica, step: step)
  }
}
