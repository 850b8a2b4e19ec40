/// Relates the steps of SGD, the samples that they draw, the learning rate and the time τ, for all who count in any
/// of these.
///
/// Step ν takes the time γ/(p d), so that τ = ν γ/(p d) after ν steps, and draws `samplesPerStep` samples.
public struct LearningClock: Sendable, Equatable {
  /// Time τ of one step, γ/(p d).
  public let timePerStep: Double
  /// Samples that a step draws, B/r on average where a batch of B is taken r times.
  public let samplesPerStep: Double
  /// γ, and p d.
  private let learningRate: Double
  private let size: Double

  init(learningRate: Double, width: Int, dimension: Int, samplesPerStep: Double = 1) {
    self.learningRate = learningRate
    self.samplesPerStep = samplesPerStep
    size = Double(width) * Double(dimension)
    timePerStep = learningRate / size
  }

  /// Whether all steps have one rate, so that times, steps and samples are proportional.
  public var isUniform: Bool { true }

  /// The time τ at which a number of steps has been taken.
  public func time(ofStep step: Int) -> Double { Double(step) * timePerStep }

  /// The steps that fit into a time, whole ones and the part of the one under way.
  public func stepsUnderWay(at time: Double) -> Double { time / timePerStep }

  /// The steps that have been taken by a time, the largest ν whose time is at most τ; a whole number, which may exceed
  /// an `Int`.
  ///
  /// A time that is that of a step is met at it, rounding or not.
  public func steps(by time: Double) -> Double {
    (stepsUnderWay(at: time) * (1 + 1e-12)).rounded(.down)
  }

  /// The time of the first step that ends at a time or later; a step that ends there but for rounding counts.
  public func stepEnd(from time: Double) -> Double {
    (time / timePerStep * (1 - 1e-12)).rounded(.up) * timePerStep
  }

  /// The samples drawn by a time, those of the step under way in part.
  public func samples(by time: Double) -> Double { stepsUnderWay(at: time) * samplesPerStep }

  /// Time τ of one sample.
  public var timePerSample: Double { timePerStep / samplesPerStep }

  /// Samples in a unit of τ.
  public var samplesPerTime: Double { samplesPerStep / timePerStep }

  /// The learning rate γ of a step.
  public func learningRate(ofStep step: Int) -> Double { learningRate }

  /// The learning rate γ(τ) of dynamics without steps.
  public func learningRate(at time: Double) -> Double { learningRate }

  /// The mean of γ(τ) over a stretch of time.
  public func meanLearningRate(from begin: Double, to end: Double) -> Double { learningRate }

  /// Time τ of a sample at a learning rate.
  public func timePerSample(at learningRate: Double) -> Double {
    timePerStep(at: learningRate) / samplesPerStep
  }

  /// Time τ of a step at a learning rate.
  public func timePerStep(at learningRate: Double) -> Double { learningRate / size }
}
