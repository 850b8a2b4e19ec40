import Foundation
import GSL

/// Decides whether and when a Brownian bridge falls to a line between two grid times.
///
/// The process goes from `from` above the line to `to` within `duration`, with variance rate
/// `variance`. It reaches the line with probability exp(−2(x − b)(y − b)/(v h)) when it ends above
/// it, surely otherwise. Given that it does, t/(h − t) is inverse Gaussian with mean
/// |x − b|/|y − b| and shape (x − b)²/(v h). Exact for constant coefficients.
/// Source: Karatzas and Shreve (1991), section 4.3; sampling after Michael, Schucany and Haas
/// (1976); use in Euler schemes after Gobet (2000).
struct CrossingBridge {
  private let above: Double
  private let end: Double
  private let spread: Double
  private let duration: Double

  init(from x: Double, to y: Double, line b: Double, variance: Double, duration: Double) {
    above = x - b
    end = y - b
    spread = variance * duration
    self.duration = duration
  }

  /// Whether the line can be reached.
  ///
  /// Beyond an exponent of 40 the probability is below 1e-17, and a number saved is a faster plateau.
  @inline(__always) var mayCross: Bool {
    !(end > 0) || spread > 0 && 2 * above * end < 40 * spread
  }

  /// Draws whether the line is reached.
  func crosses(_ stream: RandomStream) -> Bool {
    guard end > 0 else { return true }
    return mayCross && stream.uniformPositive() < exp(-(2 * above * end) / spread)
  }

  /// Draws when the line is reached, given that it is: the time since the step's beginning.
  func crossingTime(_ stream: RandomStream) -> Double {
    if above <= 0 { return 0 }
    guard spread > 0 else { return duration * above / (above - end) }
    let normal = stream.gaussian()
    let square = normal * normal
    let shape = above * above / spread
    // The inverse of the mean, so that a path that ends on the line needs no special case.
    let inverseMean = abs(end) / above
    let half = square / (2 * shape)
    let root = (half * (half + 2 * inverseMean)).squareRoot()
    // The smaller root of the inverse Gaussian's quadratic, 1/ratio = inverseMean + half + root.
    let smallRatio = 1 / (inverseMean + half + root)
    let time: Double
    if stream.uniform() * (1 + smallRatio * inverseMean) <= 1 {
      time = duration * smallRatio / (1 + smallRatio)
    } else {
      // The other root is mean²/ratio; its odds t/(h − t) are inverted to stay finite.
      time = duration / (1 + smallRatio * inverseMean * inverseMean)
    }
    return time.isNaN ? duration : min(max(time, 0), duration)
  }
}

/// Says at which times the SDE's risk is watched.
public enum Monitoring: String, Sendable, CaseIterable {
  /// At all times: a crossing between grid times is drawn from the Brownian bridge.
  case continuous
  /// At SGD's own times, the multiples of γ/(p d), whatever the step.
  case discrete
  /// At the times of the integrator's grid alone, which finds exits late by O(√h).
  case grid
}

/// Turns crossings of a threshold into exit times as they are watched.
///
/// Watched at all times, a crossing is an exit. Watched every δ, a path that dips below the threshold
/// between two looks is missed; its exit is, to o(√δ), that of a path watched at all times whose
/// threshold lies 0.5826 √(v δ) lower, v the variance rate, read at the next look.
/// Source: Broadie, Glasserman and Kou (1997), Mathematical Finance 7, theorem 1.1: the constant is
/// −ζ(1/2)/√(2π).
struct CrossingClock: Sendable {
  /// Whether crossings inside a step are looked for.
  let usesBridge: Bool
  /// The clock whose steps are the looks; nil for all times.
  private let looks: LearningClock?
  /// The integrator's step.
  let timeStep: Double

  /// Under discrete monitoring `looks` are the steps of SGD.
  init(monitoring: Monitoring, timeStep: Double, looks: LearningClock) {
    self.timeStep = timeStep
    // A grid as fine as SGD's times is watched as it stands.
    usesBridge =
      monitoring == .continuous
      || monitoring == .discrete
        && (!looks.isUniform || timeStep > looks.timePerStep * (1 + 1e-9))
    self.looks = monitoring == .discrete ? looks : nil
  }

  /// Watches at all times.
  init(timeStep: Double) { (self.timeStep, usesBridge, looks) = (timeStep, true, nil) }

  /// The distance by which a threshold lies lower at a time, for a variance `spread` over a step.
  func shift(spread: Double, at time: Double = 0) -> Double {
    guard usesBridge, let looks else { return 0 }
    let interval = looks.timePerStep(at: looks.learningRate(at: time))
    return CrossingClock.constant * (spread * interval / timeStep).squareRoot()
  }

  /// The time at which a crossing at `time` is noticed.
  func reading(at time: Double) -> Double {
    looks?.stepEnd(from: time) ?? time
  }

  private static let constant = 0.582_597_157_939_010_6
}

/// Draws where a path crosses lines that it falls to, within one step.
struct StepCrossings {
  let time: Double
  let duration: Double
  let clock: CrossingClock
  let horizon: Double

  /// Draws the crossings of the boundaries still to come, one below the other; says whether one was too late.
  ///
  /// `shift` is how much lower each lies, and `isKnown` says that the first is crossed. After a crossing the
  /// rest of the step is again a bridge, from the boundary just reached.
  @inline(__always) @discardableResult
  func draw(
    _ ends: BridgeEnds, shift: Double, isKnown: Bool = false, _ stream: RandomStream,
    _ watch: inout ExitWatch, boundary: (ExitWatch) -> Double,
    exit: (inout ExitWatch, Double) -> Void
  ) -> Bool {
    var (elapsed, from, isKnown) = (0.0, ends.from, isKnown)
    while !watch.isDone {
      let line = boundary(watch) - shift
      let bridge = CrossingBridge(
        from: from, to: ends.to, line: line, variance: ends.variance,
        duration: duration - elapsed)
      guard isKnown || bridge.crosses(stream) else { return false }
      elapsed += bridge.crossingTime(stream)
      (from, isKnown) = (line, false)
      let reading = clock.reading(at: time + elapsed)
      // The next multiple of SGD's step may lie beyond the horizon.
      guard reading <= horizon else { return true }
      exit(&watch, reading)
    }
    return false
  }
}

/// A step as a Brownian bridge: its ends and the variance rate between them.
struct BridgeEnds {
  let from: Double
  let to: Double
  let variance: Double
}
