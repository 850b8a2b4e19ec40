/// Relates the steps of SGD, the samples that they draw and the time τ, for all who count in any of the three.
///
/// Step ν takes the time γ/(p d), so that τ = ν γ/(p d) after ν steps, and draws `samplesPerStep` samples.
public struct LearningClock: Sendable, Equatable {
  /// Time τ of one step, γ/(p d).
  public let timePerStep: Double
  /// Samples that a step draws.
  public let samplesPerStep: Double

  /// The time τ at which a number of steps has been taken.
  @inline(__always) public func time(ofStep step: Int) -> Double { Double(step) * timePerStep }

  /// The steps that fit into a time, whole ones and the part of the one under way.
  public func stepsUnderWay(at time: Double) -> Double { time / timePerStep }

  /// The steps that have been taken by a time, the largest ν whose time is at most τ; a whole number, which may exceed
  /// an `Int`.
  ///
  /// A time that is that of a step is met at it, rounding or not.
  public func steps(by time: Double) -> Double {
    (stepsUnderWay(at: time) * (1 + 1e-12)).rounded(.down)
  }

  /// The samples drawn by a time, those of the step under way in part.
  public func samples(by time: Double) -> Double { stepsUnderWay(at: time) * samplesPerStep }

  /// Time τ of one sample.
  public var timePerSample: Double { timePerStep / samplesPerStep }

  /// Samples in a unit of τ.
  public var samplesPerTime: Double { samplesPerStep / timePerStep }
}
