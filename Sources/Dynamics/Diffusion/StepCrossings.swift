import GSL

/// Draws where a path crosses lines that it falls to, within one step.
struct StepCrossings {
  let time: Double
  let duration: Double
  let clock: CrossingClock
  let horizon: Double

  /// Draws the crossings of the boundaries still to come, one below the other.
  ///
  /// After a crossing the rest of the step is again a bridge, from the boundary just reached.
  @inline(__always)
  func draw(
    from before: Double, to after: Double, variance: Double, _ stream: RandomStream,
    _ watch: inout ExitWatch, boundary: (ExitWatch) -> Double,
    exit: (inout ExitWatch, Double) -> Void
  ) {
    let shift = clock.shift(spread: variance * clock.timeStep)
    var (elapsed, from) = (0.0, before)
    while !watch.isDone {
      let level = boundary(watch) - shift
      let bridge = CrossingBridge(
        from: from, to: after, level: level, variance: variance, duration: duration - elapsed)
      guard bridge.crosses(stream) else { break }
      elapsed += bridge.crossingTime(stream)
      from = level
      let reading = clock.reading(at: time + elapsed)
      // The next multiple of SGD's step may lie beyond the horizon.
      guard reading <= horizon else { break }
      exit(&watch, reading)
    }
  }
}
