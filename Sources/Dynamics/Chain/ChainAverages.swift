internal import CKernels

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
  private let usesKernels: Bool
  private let level: KernelLevel

  /// Plans averages over `window` after `burnIn`, both in τ.
  ///
  /// Throws `ParameterError` for the key `horizon` or `window` unless both are finite times of at least one
  /// sample a step, with fewer than 10¹⁸ steps.
  public init(
    model: Model, burnIn: Double, window: Double, samples: Int = 1000, usesKernels: Bool = true,
    level: KernelLevel = .best
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
    self.usesKernels = usesKernels
    self.level = level
    let steps = Int(clock.steps(by: window))
    self.samples = min(max(samples, 2), steps) / 2 * 2
    interval = steps / self.samples
    burnInSteps = Int(clock.steps(by: burnIn))
    try ReducedChain.requireCovered(model)
    if !model.isPhaseRetrieval { _ = try model.orthonormalTerms() }
  }

  /// Steps of one replica.
  public var stepsPerReplica: Int { burnInSteps + samples * interval }

  /// Averages the replicas of a queue; `work.record` is not called, `visit` is.
  public func run(_ work: ReplicaWork, visit: (_ replica: Int, WindowAverage) -> Void) throws {
    if model.isPhaseRetrieval, usesKernels, work.streams.suitKernels {
      let seed = work.streams.seed
      if model.width == 1 && model.teacherUnits == 1 {
        return try average(
          work, in: ScalarChainLanes(model: model, seed: seed, level: level), visit)
      }
      if NetworkChainLanes.covers(model) {
        return try average(
          work, in: NetworkChainLanes(model: model, seed: seed, level: level), visit)
      }
      if WideChain.covers(model) {
        return try average(work, on: WideChain(model: model, seed: seed, level: level), visit)
      }
    }
    if model.isPhaseRetrieval {
      let state = ChainState(model: model)
      try average(work, on: state, place: { state.place($0) }, visit)
    } else {
      let chain = try ReducedChain.replica(model)
      try average(work, on: chain, place: { chain.place($0) }, visit)
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

  private func average(
    _ work: ReplicaWork, in block: some LaneBlock, _ visit: (Int, WindowAverage) -> Void
  ) throws {
    // All lanes take the same number of steps: a block is a batch of replicas.
    while let first = work.queue.next() {
      var replicas = [first]
      while replicas.count < laneCount, let next = work.queue.next() { replicas.append(next) }
      for lane in 0..<laneCount { block.park(lane) }
      for (lane, replica) in replicas.enumerated() {
        let frame = try work.frame(of: replica, model: model)
        _ = block.place(lane, replica: replica, frame: frame, horizon: .max)
        block.watch(lane, risk: -.infinity)
      }
      var sums = replicas.map { _ in Sums() }
      func advance(_ steps: Int) throws {
        // Some ten milliseconds at a time.
        let portion = max(16, 131_072 / (model.width * model.width))
        var left = steps
        while left > 0 {
          let before = block.step(0)
          let events = block.advance(UInt64(min(left, portion)))
          let taken = block.step(0) - before
          left -= taken
          work.report(taken * replicas.count)
          if Task.isCancelled { throw CancellationError() }
          // Nothing else ends a call early than a lane that left the finite numbers.
          for lane in 0..<laneCount where events & (1 << UInt32(lane)) != 0 {
            if lane < sums.count { sums[lane].first = .nan }
            block.park(lane)
          }
        }
      }
      try advance(burnInSteps)
      for index in 0..<samples {
        try advance(interval)
        for lane in replicas.indices { sums[lane].add(block.risk(lane), at: index, of: samples) }
      }
      for (lane, replica) in replicas.enumerated() {
        visit(replica, sums[lane].average(of: samples))
      }
    }
  }

  private func average(
    _ work: ReplicaWork, on replica: some KernelReplica, _ visit: (Int, WindowAverage) -> Void
  ) throws {
    while let index = work.queue.next() {
      replica.place(try work.frame(of: index, model: model), replica: index)
      var isFinite = true
      func advance(_ steps: Int) throws {
        let end = replica.step + steps
        while isFinite && replica.step < end {
          let before = replica.step
          let event = replica.advance(min(replica.portion, end - before), until: -.infinity)
          work.report(replica.step - before)
          if event == ESC_EVENT_DIVERGED { isFinite = false }
          if Task.isCancelled { throw CancellationError() }
        }
      }
      try advance(burnInSteps)
      var sums = Sums()
      for sample in 0..<samples where isFinite {
        try advance(interval)
        sums.add(isFinite ? replica.risk : .nan, at: sample, of: samples)
      }
      if !isFinite { sums.first = .nan }
      visit(index, sums.average(of: samples))
    }
  }

  private func average<Replica: SteppedReplica>(
    _ work: ReplicaWork, on replica: Replica, place: (StudentFrame) -> Void,
    _ visit: (Int, WindowAverage) -> Void
  ) throws {
    while let index = work.queue.next() {
      place(try work.frame(of: index, model: model))
      let stream = try work.streams.stream(for: .chain, replica: index)
      var meter = StepMeter()
      func advance(_ steps: Int) throws {
        for _ in 0..<steps where replica.risk.isFinite {
          replica.step(stream)
          try meter.count(work.report)
        }
      }
      try advance(burnInSteps)
      var sums = Sums()
      for sample in 0..<samples {
        try advance(interval)
        sums.add(replica.risk, at: sample, of: samples)
      }
      try meter.flush(work.report)
      visit(index, sums.average(of: samples))
    }
  }
}
