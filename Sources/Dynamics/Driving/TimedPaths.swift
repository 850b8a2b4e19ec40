/// A replica in continuous time, as a lane.
protocol TimedLane: Lanes {
  /// The time τ that has been reached.
  var time: Double { get }
  /// Whether the replica has left the finite numbers.
  var hasDiverged: Bool { get }
  /// Has the next event at a time, at which a step ends.
  func go(to time: Double)
  /// Risk and overlaps as they are now.
  var point: PathPoint { get }
}

/// Shows one replica at each time of a list.
struct TimedPathWatch<System: TimedLane>: ReplicaWatch {
  private let work: PathWork
  private let replica: Int
  /// The place of the time that is seen next.
  private var next = 0
  private var end: PathEnd?

  init(_ work: PathWork, _ replica: Int, of system: System) {
    self.work = work
    self.replica = replica
    show(system)
  }

  var isDone: Bool { end != nil }

  func arm(_ system: System, _ lane: Int) { system.go(to: work.times[next]) }

  mutating func see(_ system: System, _ lane: Int) {
    if system.hasDiverged {
      end = PathEnd(hasDiverged: true, time: system.time)
    } else {
      show(system)
    }
  }

  private mutating func show(_ system: System) {
    while next < work.times.count, work.times[next] <= system.time {
      work.observe(replica, next, system.point)
      next += 1
    }
    if next == work.times.count { end = PathEnd(hasDiverged: false, time: work.lastTime) }
  }

  func finish() {
    if let end { work.end(replica, end) }
  }
}
