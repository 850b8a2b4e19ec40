/// The excess risk of one replica averaged over the two halves of a window.
public struct WindowAverage: Sendable, Equatable {
  /// Mean over the first tenth of the samples.
  public let firstTenth: Double
  /// Mean over the earlier half of the samples.
  public let firstHalf: Double
  /// Mean over the later half.
  public let secondHalf: Double

  /// Mean over the window; not finite where the replica diverged.
  public var mean: Double { 0.5 * (firstHalf + secondHalf) }

  /// The average of a replica that left the finite numbers.
  static let diverged = WindowAverage(firstTenth: .nan, firstHalf: .nan, secondHalf: .nan)
}

/// Averages the excess risk of the exact chain over a window of time after a burn-in.
///
/// The risk is read at `samples` equally spaced times after `burnIn`. Samples of one replica are correlated;
/// replicas are not, so that the spread of their averages is the honest error. Steps, kernels and streams are
/// those of ``ReducedChain``. A replica's average depends on the model, the start, the seed and its index
/// alone.
public struct ChainAverages: Sendable {
  /// The model.
  public let model: Model
  /// Steps before the first sample.
  public let burnInSteps: Int
  /// Steps between samples.
  public let interval: Int
  /// Number of samples, even.
  public let samples: Int
  private let steps: ChainSteps

  /// Plans averages over `window` after `burnIn`, both in τ.
  ///
  /// Throws `ParameterError` for the key `horizon` or `window` unless both are finite times of at least one
  /// sample a step, with fewer than 10¹⁸ steps.
  public init(
    model: Model, burnIn: Double, window: Double, samples: Int = 1000, usesKernels: Bool = true,
    instructions: InstructionSet = .best
  ) throws {
    try model.requireOneRate("the risk at long times")
    let clock = model.clock
    let require = ParameterError.require
    try require(
      burnIn.isFinite && burnIn >= 0 && clock.steps(by: burnIn) < 1e18, "horizon", "\(burnIn)",
      "a time of at least 0 and fewer than 1e18 steps for the burn-in")
    try require(
      window.isFinite && clock.stepsUnderWay(at: window) >= 2 && clock.steps(by: window) < 1e18,
      "window", "\(window)",
      "a time of at least two steps of \(clock.timePerStep) and fewer than 1e18")
    self.model = model
    let count = Int(clock.steps(by: window))
    self.samples = min(max(samples, 2), count) / 2 * 2
    interval = count / self.samples
    burnInSteps = Int(clock.steps(by: burnIn))
    try ReducedChain.requireCovered(model)
    steps = try ChainSteps(model: model, usesKernels: usesKernels, instructions: instructions)
  }

  /// Steps of one replica.
  public var stepsPerReplica: Int { burnInSteps + samples * interval }

  /// Averages the replicas of a queue, on the very paths of ``ReducedChain``.
  ///
  /// `average` is told the average of each. Throws `GSLError` when GSL fails and `CancellationError`.
  public func run(
    _ source: ReplicaSource, start: Start, average: (_ replica: Int, WindowAverage) -> Void
  ) throws {
    var sums: [Int: Sums] = [:]
    try withoutActuallyEscaping(average) { average in
      try steps.perform(
        SteppedPaths(
          source: source, start: start, steps: (1...samples).map { burnInSteps + $0 * interval },
          observe: { sums[$0, default: Sums()].add($2.risk, at: $1, of: samples) },
          end: { replica, _, hasDiverged in
            let sum = sums.removeValue(forKey: replica) ?? Sums()
            average(replica, hasDiverged ? .diverged : sum.average(of: samples))
          }),
        watchesRisk: false)
    }
  }

  /// Sums a replica's samples, the first tenth and the halves apart.
  private struct Sums {
    var (tenth, first, second) = (0.0, 0.0, 0.0)

    mutating func add(_ risk: Double, at index: Int, of samples: Int) {
      if index < Sums.tenth(of: samples) { tenth += risk }
      if index < samples / 2 { first += risk } else { second += risk }
    }

    private static func tenth(of samples: Int) -> Int { max(samples / 10, 1) }

    func average(of samples: Int) -> WindowAverage {
      WindowAverage(
        firstTenth: tenth / Double(Sums.tenth(of: samples)),
        firstHalf: first / Double(samples / 2), secondHalf: second / Double(samples / 2))
    }
  }
}
