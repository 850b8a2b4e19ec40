import Dynamics

/// Says what the ODE or the SDE of an experiment will cost where it goes by quadrature.
package struct QuadratureWork: Sendable {
  /// The dynamics.
  package let kind: DynamicsKind
  /// What one evaluation costs, timed once on this machine.
  package let cost: QuadratureCost
  /// Evaluations a replica takes, at most.
  package let evaluations: Double
  /// Number of replicas.
  package let replicas: Int
  /// Threads that share them.
  package let threads: Int

  /// Seconds of one core, at most.
  package var coreSeconds: Double { evaluations * cost.seconds * Double(replicas) }

  /// Seconds on all threads, at most.
  package var seconds: Double { coreSeconds / Double(min(threads, replicas)) }

  /// Whether it is worth a word beforehand: a second or more.
  package var isLong: Bool { seconds >= 1 }

  /// Says it in a sentence.
  package var sentence: String {
    "\(kind.titleWithArticle) goes by quadrature: \(cost.nodes) nodes and "
      + "\(NumberText.short(1000 * cost.seconds)) ms an evaluation, up to about "
      + "\(NumberText.short(evaluations)) of them a replica: \(NumberText.duration(seconds)) or less for "
      + "\(replicas) replicas on \(threads) threads"
  }
}

/// Says what the exact chain or full SGD of an experiment will cost, a step and a sample.
public struct StepWork: Sendable {
  /// The dynamics.
  public let kind: DynamicsKind
  /// Steps that a replica takes, about.
  public let steps: Double
  /// Samples of a step, B.
  public let samples: Int
  /// Seconds of one core that a step takes, about.
  public let seconds: Double
  /// Number of replicas.
  public let replicas: Int
  /// Threads that share them.
  public let threads: Int
  /// Whether steps are more than one fresh sample.
  let isWorthAWord: Bool

  /// Seconds on all threads.
  public var totalSeconds: Double {
    steps * seconds * Double(replicas) / Double(min(threads, replicas))
  }

  /// Whether it is worth a word beforehand: a second or more of steps that are not one fresh sample each, or ten minutes.
  public var isLong: Bool { totalSeconds >= (isWorthAWord ? 1 : 600) }

  /// What a step costs and a sample of it: `12 µs a step of 64 samples, 0.19 µs a sample`.
  public var words: String {
    let step = "\(NumberText.short(1e6 * seconds)) µs a step"
    guard samples > 1 else { return step + " of one sample" }
    return step
      + " of \(samples) samples, \(NumberText.short(1e6 * seconds / Double(samples))) µs a sample"
  }

  /// Says it in a sentence.
  public var sentence: String {
    "\(kind.titleWithArticle) takes about \(words), and about \(NumberText.rounded(steps)) steps a replica: "
      + "\(NumberText.duration(totalSeconds)) by estimate for \(replicas) replicas on \(threads) threads"
  }
}

extension Experiment {
  /// Estimates the work of the exact chain and of full SGD.
  public func stepWork() -> [StepWork] { dynamics.compactMap { stepWork($0) } }

  /// Estimates the work of the dynamics that go by quadrature; none where all are quick.
  ///
  /// One evaluation is timed. Throws `ParameterError` where quadrature does not reach.
  package func quadratureWork() throws -> [QuadratureWork] {
    try quadratureWork(replicas: replicaCount, stops: 0)
  }

  /// The same for other numbers of replicas, where the SDE's steps end at `stops` times besides.
  func quadratureWork(replicas: (DynamicsKind) -> Int, stops: Int) throws -> [QuadratureWork] {
    try dynamics.compactMap { kind in
      try quadrature(of: kind, stops: stops).map { cost, evaluations in
        QuadratureWork(
          kind: kind, cost: cost, evaluations: evaluations, replicas: replicas(kind),
          threads: threads)
      }
    }
  }
}
