/// Relates the steps of SGD, the samples that they draw, the learning rate and the time τ, for all who count in any
/// of these.
///
/// Step ν takes the time γ_ν/(p d), so that τ = Σ γ_ν/(p d) over the steps taken, and draws `samplesPerStep`
/// samples. Without a schedule γ_ν = γ, and τ = ν γ/(p d).
public struct LearningClock: Sendable, Equatable {
  /// Time τ of a step at the rate γ, γ/(p d); with a schedule that of its largest rate.
  public let timePerStep: Double
  /// Samples that a step draws, B/r on average where a batch of B is taken r times.
  public let samplesPerStep: Double
  /// γ, and p d.
  private let learningRate: Double
  private let size: Double
  /// The stretches of a schedule, each with its first step and Σ γ_ν/γ before it; empty without one.
  private let stretches: [Stretch]

  private struct Stretch: Equatable {
    let piece: SchedulePiece
    let step: Double
    let sum: Double
  }

  init(
    learningRate: Double, width: Int, dimension: Int, samplesPerStep: Double = 1,
    schedule: LearningRateSchedule? = nil
  ) {
    self.learningRate = learningRate
    self.samplesPerStep = samplesPerStep
    size = Double(width) * Double(dimension)
    var stretches: [Stretch] = []
    var largest = 1.0
    for (step, piece) in schedule?.pieces(learningRate: learningRate) ?? [] {
      let sum = stretches.last.map { $0.sum + $0.piece.sum(step - $0.step) } ?? 0
      stretches.append(Stretch(piece: piece, step: step, sum: sum))
      if case .constant(_, let factor) = piece { largest = max(largest, factor) }
    }
    self.stretches = stretches
    timePerStep = largest * learningRate / size
  }

  /// Whether all steps have one rate, so that times, steps and samples are proportional.
  public var isUniform: Bool { stretches.isEmpty }

  /// The time τ at which a number of steps has been taken.
  public func time(ofStep step: Int) -> Double {
    isUniform ? Double(step) * timePerStep : sum(Double(step)) * (learningRate / size)
  }

  /// The steps that fit into a time, whole ones and the part of the one under way; infinite where steps that
  /// shorten never get there.
  public func stepsUnderWay(at time: Double) -> Double {
    if isUniform { return time / timePerStep }
    let whole = steps(by: time)
    // Beyond this steps are none that an Int counts.
    guard whole < LearningClock.largestCount else { return whole }
    let (begin, end) = (self.time(ofStep: Int(whole)), self.time(ofStep: Int(whole) + 1))
    return whole + min(max((time - begin) / (end - begin), 0), 1)
  }

  /// The steps that have been taken by a time, the largest ν whose time is at most τ; a whole number, which may exceed
  /// an `Int`.
  ///
  /// A time that is that of a step is met at it, rounding or not.
  public func steps(by time: Double) -> Double {
    if isUniform { return (time / timePerStep * (1 + 1e-12)).rounded(.down) }
    let sum = time * (1 + 1e-12) / (learningRate / size)
    let stretch = stretch { $0.sum <= sum }
    var count = (stretch.step + stretch.piece.count(sum - stretch.sum)).rounded(.down)
    guard count < LearningClock.largestCount else { return count }
    // The guess is right within a step.
    while count > 0 && self.sum(count) > sum { count -= 1 }
    while self.sum(count + 1) <= sum { count += 1 }
    return count
  }

  /// The time of the first step that ends at a time or later; a step that ends there but for rounding counts.
  public func stepEnd(from time: Double) -> Double {
    if isUniform { return (time / timePerStep * (1 - 1e-12)).rounded(.up) * timePerStep }
    let count = steps(by: time)
    guard count < LearningClock.largestCount else { return time }
    let last = self.time(ofStep: Int(count))
    return last >= time * (1 - 1e-12) ? last : self.time(ofStep: Int(count) + 1)
  }

  /// The samples drawn by a time, those of the step under way in part.
  public func samples(by time: Double) -> Double { stepsUnderWay(at: time) * samplesPerStep }

  /// The time by which a number of samples has been drawn, in whole steps.
  public func time(ofSamples samples: Double) -> Double {
    time(ofStep: Int((samples / samplesPerStep * (1 + 1e-12)).rounded(.down)))
  }

  /// Time τ of one sample at the rate γ.
  public var timePerSample: Double { timePerStep / samplesPerStep }

  /// Samples in a unit of τ at the rate γ.
  public var samplesPerTime: Double { samplesPerStep / timePerStep }

  /// The learning rate γ_ν of a step.
  public func learningRate(ofStep step: Int) -> Double {
    if isUniform { return learningRate }
    let stretch = stretch { $0.step <= Double(step) }
    return stretch.piece.rate(ofStep: Double(step) - stretch.step, learningRate)
  }

  /// The learning rate of dynamics without steps where a number of steps is taken, whole or in part: step ν has γ_ν in
  /// its middle, ν + ½.
  func learningRate(atStepUnderWay step: Double) -> Double {
    if isUniform { return learningRate }
    let stretch = stretch { $0.step <= step }
    return stretch.piece.rate(ofStep: max(step - stretch.step - 0.5, 0), learningRate)
  }

  /// The learning rate γ(τ) of dynamics without steps: step ν has γ_ν in the middle of its time.
  public func learningRate(at time: Double) -> Double {
    if isUniform { return learningRate }
    let sum = time / (learningRate / size)
    let stretch = stretch { $0.sum <= sum }
    return stretch.piece.rate(atSum: sum - stretch.sum, learningRate)
  }

  /// The mean of γ(τ) over a stretch of time, to second order in its length also where the rate jumps.
  public func meanLearningRate(from begin: Double, to end: Double) -> Double {
    if isUniform { return learningRate }
    let unit = learningRate / size
    var (at, total) = (begin, 0.0)
    while at < end {
      let next = stretches.first { $0.sum * unit > at }.map { min($0.sum * unit, end) } ?? end
      total += (next - at) * learningRate(at: 0.5 * (at + next))
      at = next
    }
    return end > begin ? total / (end - begin) : learningRate(at: begin)
  }

  /// The largest rate of all steps.
  var largestLearningRate: Double { isUniform ? learningRate : timePerStep * size }

  /// Time τ of a sample at a learning rate.
  public func timePerSample(at learningRate: Double) -> Double {
    timePerStep(at: learningRate) / samplesPerStep
  }

  /// Time τ of a step at a learning rate.
  public func timePerStep(at learningRate: Double) -> Double { learningRate / size }

  /// Steps from which on a number no longer tells one from the next.
  private static let largestCount = 0x1p53

  /// Σ γ_ν/γ over the first steps.
  private func sum(_ step: Double) -> Double {
    let stretch = stretch { $0.step <= step }
    return stretch.sum + stretch.piece.sum(step - stretch.step)
  }

  /// The last stretch that has begun.
  private func stretch(_ hasBegun: (Stretch) -> Bool) -> Stretch {
    stretches.last(where: hasBegun) ?? stretches[0]
  }
}
