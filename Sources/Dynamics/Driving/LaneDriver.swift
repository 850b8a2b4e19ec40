internal import CKernels

/// Replicas of one dynamics abreast, each in a lane, which go on until there is something to see.
///
/// A replica's numbers come from its own stream, in an order of its own, so that lanes and neighbours do not
/// matter.
protocol Lanes: AnyObject {
  /// The number of replicas that go abreast.
  var count: Int { get }
  /// Steps in some milliseconds: the time between looks at cancellation, progress and states.
  var portion: Int { get }
  /// Empties a lane, so that it has no events.
  func park(_ lane: Int)
  /// Advances the lanes by at most `steps` steps, until one has an event; returns the set of lanes with one.
  func advance(_ steps: Int) throws -> UInt32
  /// Steps a lane has taken since its start.
  func step(_ lane: Int) -> Int
}

/// The number of replicas that advance abreast in a vector kernel.
let laneCount = Int(ESC_LANES)

extension Lanes {
  var count: Int { laneCount }
}

/// What is looked for in one replica, from its start to its end.
protocol ReplicaWatch {
  associatedtype System: Lanes
  /// Whether the states of its replicas can be kept, and taken up again.
  static var isKept: Bool { get }
  /// Whether the replica need not go on.
  var isDone: Bool { get }
  /// Tells a lane what its next event is.
  func arm(_ system: System, _ lane: Int)
  /// Sees to the event of a lane.
  mutating func see(_ system: System, _ lane: Int) throws
  /// Hands out what was seen, once it is done.
  func finish()
  /// Passes all that the rest of the replica depends on, of one that has been placed in the lane.
  mutating func pass(_ system: System, _ lane: Int, through transfer: any StateTransfer) throws
}

extension ReplicaWatch {
  static var isKept: Bool { false }

  mutating func pass(_ system: System, _ lane: Int, through transfer: any StateTransfer) throws {
    preconditionFailure("a state that is not kept")
  }
}

/// Takes replicas from a queue through the lanes of a system until both are empty.
///
/// It owns what all dynamics and all watches share: lanes that finish are refilled at once, steps are
/// reported, states kept, and a cancelled task is stopped.
struct LaneDriver<Watch: ReplicaWatch> {
  /// A class, so that a look at a lane copies nothing: watches hold much that is counted.
  private final class Occupant {
    var watch: Watch
    var kept: StateWatch

    init(_ watch: Watch, _ kept: StateWatch) {
      self.watch = watch
      self.kept = kept
    }
  }

  private let system: Watch.System
  private let source: ReplicaSource
  private let begin: (_ replica: Int, _ lane: Int) throws -> Watch
  private var occupants: [Occupant?]

  /// Runs all replicas of `source`; `begin` places one in a lane and starts its watch.
  ///
  /// Throws what placing, steps, watches and keeping throw, and `CancellationError`.
  static func run(
    _ system: Watch.System, _ source: ReplicaSource,
    begin: (_ replica: Int, _ lane: Int) throws -> Watch
  ) throws {
    try withoutActuallyEscaping(begin) { begin in
      var driver = LaneDriver(system: system, source: source, begin: begin)
      try driver.run()
    }
  }

  private init(
    system: Watch.System, source: ReplicaSource,
    begin: @escaping (_ replica: Int, _ lane: Int) throws -> Watch
  ) {
    self.system = system
    self.source = source
    self.begin = begin
    occupants = Array(repeating: nil, count: system.count)
  }

  private mutating func run() throws {
    let portion = system.portion
    for lane in occupants.indices { system.park(lane) }
    for lane in occupants.indices { try fill(lane) }
    var sinceLook = 0
    while true {
      let active = occupants.count { $0 != nil }
      guard active > 0 else { return }
      let before = stepsTaken
      let events = try system.advance(portion)
      let steps = stepsTaken - before
      source.report(steps)
      if Task.isCancelled { throw CancellationError() }
      for lane in occupants.indices where events & (1 << UInt32(lane)) != 0 { try see(lane) }
      sinceLook += steps
      guard sinceLook >= portion * active else { continue }
      sinceLook = 0
      if Watch.isKept { for lane in occupants.indices { try look(lane) } }
    }
  }

  private var stepsTaken: Int {
    var steps = 0
    for lane in occupants.indices where occupants[lane] != nil { steps += system.step(lane) }
    return steps
  }

  private mutating func see(_ lane: Int) throws {
    // An idle lane that left the finite numbers would end every call at once.
    guard let occupant = occupants[lane] else { return system.park(lane) }
    try occupant.watch.see(system, lane)
    guard occupant.watch.isDone else { return occupant.watch.arm(system, lane) }
    occupant.watch.finish()
    try fill(lane)
  }

  /// Puts the next replica of the queue into a lane, or nothing when the queue is empty.
  private mutating func fill(_ lane: Int) throws {
    occupants[lane] = nil
    while let replica = source.queue.next() {
      var watch = try begin(replica, lane)
      guard !watch.isDone else {
        watch.finish()
        continue
      }
      // GSL's own generators show no state that could be checked.
      let isKept = Watch.isKept && source.streams.generator.isKeyed
      let kept = StateWatch(isKept ? source.states : nil, replica)
      try kept.restore { try watch.pass(system, lane, through: $0) }
      watch.arm(system, lane)
      occupants[lane] = Occupant(watch, kept)
      return
    }
    system.park(lane)
  }

  private func look(_ lane: Int) throws {
    guard let occupant = occupants[lane] else { return }
    // A copy: what is kept is a state, and passing it must not change it.
    var watch = occupant.watch
    try occupant.kept.look { try watch.pass(system, lane, through: $0) }
  }
}
