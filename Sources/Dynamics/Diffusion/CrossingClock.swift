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
/// threshold lies 0.5826 √(v δ) lower, v the variance rate, read at the next multiple of δ.
/// Source: Broadie, Glasserman and Kou (1997), Mathematical Finance 7, theorem 1.1: the constant is
/// −ζ(1/2)/√(2π).
struct CrossingClock: Sendable {
  /// Whether crossings inside a step are looked for.
  let usesBridge: Bool
  /// The time δ between looks; 0 for all times.
  private let interval: Double
  /// The integrator's step.
  let timeStep: Double

  init(monitoring: Monitoring, timeStep: Double, timePerSample: Double) {
    self.timeStep = timeStep
    // A grid as fine as SGD's times is watched as it stands.
    usesBridge =
      monitoring == .continuous
      || monitoring == .discrete && timeStep > timePerSample * (1 + 1e-9)
    interval = monitoring == .discrete ? timePerSample : 0
  }

  /// The distance by which a threshold lies lower, for a variance `spread` over a step.
  func shift(spread: Double) -> Double {
    guard usesBridge else { return 0 }
    return CrossingClock.constant * (spread * interval / timeStep).squareRoot()
  }

  /// The time at which a crossing at `time` is noticed.
  func reading(at time: Double) -> Double {
    // A crossing on the very multiple is noticed there, rounding or not.
    interval > 0 ? (time / interval * (1 - 1e-12)).rounded(.up) * interval : time
  }

  private static let constant = 0.582_597_157_939_010_6
}
