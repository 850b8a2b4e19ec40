import GSL

/// A path of an SDE, one step at a time.
protocol DiffusionPath: AnyObject {
  /// What falls to the lines of exits: the excess risk; not a number once the path has diverged.
  var risk: Double { get }
  /// The last step in the coordinate whose fall to a line is an exit by the risk.
  var bridge: BridgeEnds { get }
  /// That coordinate at an excess risk, −∞ for one out of its reach.
  func bridgeLevel(_ boundary: Double) -> Double
  /// The levels that are watched beside the risk; nil where the risk tells all.
  var levels: PathLevels? { get }
  /// Takes one step.
  func advance(_ duration: Double, _ stream: RandomStream) throws
}

/// A path of the overlaps of a network.
protocol OverlapDiffusionPath: DiffusionPath {
  var model: Model { get }
  /// Puts the path at a start.
  func place(_ frame: StudentFrame)
  /// The overlaps as a flat state, then the second layer where it moves.
  var overlaps: [Double] { get }
}

/// Something to do with the paths of an SDE: to time their exits, or to show them.
protocol DiffusionTask {
  /// Runs replicas one after another on a path.
  func run(on path: some OverlapDiffusionPath) throws
}

/// Steps from one time to another, all of one length or of a given length but for the last.
private struct TimeSteps {
  private let begin: Double
  private let length: Double
  private let end: Double
  /// Their number where all are of one length.
  private let count: Double?

  /// Plans steps of `length` from 0 on, the last of which is cut short.
  init(of length: Double, to end: Double) {
    (begin, self.length, self.end, count) = (0, length, end, nil)
  }

  /// Plans the fewest steps of one length that is at most `longest`.
  init(from begin: Double, to end: Double, longest: Double) {
    let count = ((end - begin) / longest * (1 - 1e-12)).rounded(.up)
    (self.begin, length, self.end) = (begin, (end - begin) / count, end)
    self.count = count
  }

  /// The time at which a step begins.
  func start(of step: Int) -> Double { begin + Double(step) * length }

  /// The length of a step, 0 or less beyond the last.
  func duration(of step: Int) -> Double {
    if let count { return Double(step) < count ? length : 0 }
    return min(length, end - start(of: step))
  }

  /// The time at which a step ends.
  func end(of step: Int) -> Double {
    guard let count else { return start(of: step) + duration(of: step) }
    return Double(step + 1) == count ? end : begin + (end - begin) * (Double(step + 1) / count)
  }
}

/// A path with its stream, as a lane.
///
/// It has an event where the last step may have crossed a line, at its end, and where numbers are lost.
final class DiffusionLane<Path: DiffusionPath>: Lanes {
  let path: Path
  private let clock: CrossingClock
  private var stream: RandomStream?
  private var steps: TimeSteps
  /// Steps taken of `steps`, and in all.
  private var (taken, total) = (0, 0)
  /// The risk of the next line, the coordinate there, and the levels beside it; nil where none is watched.
  private var lines: (risk: Double, coordinate: Double, levels: [Double])?
  private(set) var time = 0.0
  private(set) var hasDiverged = false

  init(_ path: Path, clock: CrossingClock) {
    self.path = path
    self.clock = clock
    steps = TimeSteps(of: clock.timeStep, to: 0)
  }

  var count: Int { 1 }
  var portion: Int { 1024 }

  func park(_ lane: Int) {}

  func step(_ lane: Int) -> Int { total }

  /// Starts on a replica that the path has been placed at, with steps of the clock's length to the horizon.
  func begin(_ stream: RandomStream, horizon: Double) {
    self.stream = stream
    steps = TimeSteps(of: clock.timeStep, to: horizon)
    (taken, total, time, hasDiverged, lines) = (0, 0, 0, false, nil)
  }

  /// Goes on to a time in steps of one length.
  func go(to end: Double) {
    steps = TimeSteps(from: time, to: end, longest: clock.timeStep)
    taken = 0
  }

  /// Watches the next lines.
  func watch(_ watch: ExitWatch) {
    lines = (
      watch.boundary, path.bridgeLevel(watch.boundary), watch.levels.map(watch.nextThreshold)
    )
  }

  /// Whether the last step has been taken.
  var isAtEnd: Bool { !(steps.duration(of: taken) > 0) }

  func advance(_ count: Int) throws -> UInt32 {
    guard let stream else { return 0 }
    let last = total + count
    var duration = steps.duration(of: taken)
    while total < last {
      try path.advance(duration, stream)
      taken += 1
      total += 1
      hasDiverged = !path.risk.isFinite
      let next = steps.duration(of: taken)
      if hasDiverged || !(next > 0) || mayHaveCrossed(during: duration) {
        time = steps.end(of: taken - 1)
        return 1
      }
      duration = next
    }
    return 0
  }

  @inline(__always) private func mayHaveCrossed(during duration: Double) -> Bool {
    guard lines != nil else { return false }
    return clock.usesBridge ? mayCrossWithin(duration) : isBeyondLine
  }

  private var isBeyondLine: Bool {
    guard let lines else { return false }
    if path.risk <= lines.risk { return true }
    guard let levels = path.levels else { return false }
    return lines.levels.indices.contains { levels.after[$0] >= lines.levels[$0] }
  }

  @inline(__always) private func mayCrossWithin(_ duration: Double) -> Bool {
    let ends = path.bridge
    let line = (lines?.coordinate ?? -.infinity) - shift(ends)
    if CrossingBridge(
      from: ends.from, to: ends.to, line: line, variance: ends.variance, duration: duration
    ).mayCross {
      return true
    }
    guard let levels = path.levels, let lines else { return false }
    return lines.levels.indices.contains { index in
      let ends = levels.ends(index)
      return CrossingBridge(
        from: ends.from, to: ends.to, line: -lines.levels[index] - shift(ends),
        variance: ends.variance, duration: duration
      ).mayCross
    }
  }

  @inline(__always) private func shift(_ ends: BridgeEnds) -> Double {
    clock.shift(spread: ends.variance * clock.timeStep, at: steps.start(of: taken - 1))
  }

  /// Records the lines that the last step has crossed.
  ///
  /// A line that is noticed at a later multiple of SGD's step, beyond the horizon, is not crossed.
  func recordCrossings(of watch: inout ExitWatch, horizon: Double) {
    guard let stream else { return }
    let (start, duration) = (steps.start(of: taken - 1), steps.duration(of: taken - 1))
    guard clock.usesBridge else {
      guard clock.reading(at: start + duration) <= horizon * (1 + 1e-12) else { return }
      watch.observe(path.risk, at: start + duration)
      if let levels = path.levels { watch.observe(levels: levels.after, at: start + duration) }
      return
    }
    let crossings = StepCrossings(
      time: start, duration: duration, clock: clock, horizon: horizon)
    crossings.draw(
      path.bridge, shift: shift(path.bridge), stream, &watch,
      boundary: { path.bridgeLevel($0.boundary) }, exit: { $0.exit(at: $1) })
    guard let levels = path.levels else { return }
    for level in watch.levels {
      crossings.draw(
        levels.ends(level), shift: shift(levels.ends(level)), stream, &watch,
        boundary: { -$0.nextThreshold(level) }, exit: { $0.exit(level: level, at: $1) })
    }
  }
}

extension DiffusionLane: TimedLane where Path: OverlapDiffusionPath {
  var point: PathPoint {
    PathPoint(risk: path.risk) { [path] in
      NetworkState(model: path.model, state: path.overlaps)
    }
  }
}

/// Times the exits of one path.
struct DiffusionExitWatch<Path: DiffusionPath>: ReplicaWatch {
  private let horizon: Double
  private let record: ([ExitRecord]) -> Void
  private var lines: ExitWatch
  /// The records, once the path has ended.
  private var records: [ExitRecord]?

  init(
    _ lines: ExitWatch, of path: Path, horizon: Double, record: @escaping ([ExitRecord]) -> Void
  ) {
    self.horizon = horizon
    self.record = record
    self.lines = lines
    self.lines.begin(risk: path.risk)
    if let levels = path.levels { self.lines.begin(levels: levels.after) }
    if self.lines.isDone { records = self.lines.finish(.censored, at: horizon) }
  }

  var isDone: Bool { records != nil }

  func arm(_ system: DiffusionLane<Path>, _ lane: Int) { system.watch(lines) }

  mutating func see(_ system: DiffusionLane<Path>, _ lane: Int) {
    if system.hasDiverged {
      records = lines.finish(.diverged, at: system.time)
      return
    }
    system.recordCrossings(of: &lines, horizon: horizon)
    if lines.isDone || system.isAtEnd { records = lines.finish(.censored, at: horizon) }
  }

  func finish() { record(records ?? []) }
}

/// Times the exits of replicas.
struct DiffusionExits: DiffusionTask {
  let work: ReplicaWork
  let engine: DiffusionLimit

  func run(on path: some OverlapDiffusionPath) throws { try run(path) }

  private func run<Path: OverlapDiffusionPath>(_ path: Path) throws {
    let (lane, streams) = (DiffusionLane(path, clock: engine.clock), work.source.streams)
    let (model, rule) = (engine.model, engine.exitRule)
    try LaneDriver<DiffusionExitWatch<Path>>.run(lane, work.source) { replica, _ in
      path.place(try work.start.frame(of: replica, model, streams))
      lane.begin(try streams.stream(for: .sde, replica: replica), horizon: rule.horizon)
      let lines = rule.watch(of: model, initialRisk: path.risk)
      return DiffusionExitWatch(lines, of: path, horizon: rule.horizon) {
        work.record(replica, $0)
      }
    }
  }
}

/// Shows replicas at times, where steps end.
struct DiffusionPaths: DiffusionTask {
  let work: PathWork
  let engine: DiffusionLimit

  func run(on path: some OverlapDiffusionPath) throws { try run(path) }

  private func run<Path: OverlapDiffusionPath>(_ path: Path) throws {
    let (lane, streams) = (DiffusionLane(path, clock: engine.clock), work.source.streams)
    try LaneDriver<TimedPathWatch<DiffusionLane<Path>>>.run(lane, work.source) { replica, _ in
      path.place(try work.start.frame(of: replica, engine.model, streams))
      lane.begin(try streams.stream(for: .sde, replica: replica), horizon: work.lastTime)
      return TimedPathWatch(work, replica, of: lane)
    }
  }
}
