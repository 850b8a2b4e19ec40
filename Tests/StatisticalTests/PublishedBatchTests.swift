import Dynamics
import GSL
import Testing

/// Two published runs with batches: erf students and teacher, p = k = 2, d = 10⁴, orthogonal start, Δ = 0.01, each of one
/// seed.
///
/// Weights there have |w| = 1 and inputs |x|² ≈ d, so that their rate is γ/d of here: the numbers below are γ.
/// Source: the notebooks of Arnaboldi et al. (2024), arXiv 2406.02157.
@Suite struct PublishedBatchTests {
  /// Means over replicas of the excess risk after some steps.
  private func risks(_ batch: Int, _ rate: Double, after steps: [Int], replicas: Int) throws
    -> [Double]
  {
    let model = try Model(
      dimension: 10_000, width: 2, teacherUnits: 2, learningRate: rate, labelNoise: 0.01,
      activation: .erf, rule: LearningRule(batchSize: batch))
    let engine = try ReducedChain(
      model: model, exitRule: ExitRule(thresholds: [0.5], teacherUnits: 2, horizon: 1))
    var sums = [Double](repeating: 0, count: steps.count)
    try engine.observe(
      PathWork(
        ReplicaSource(queue: ReplicaQueue(0..<replicas), streams: StreamFamily(seed: 1)),
        start: .orthogonal(of: model), times: steps.map { model.clock.time(ofStep: $0) }
      ) { _, time, point in sums[time] += point.risk })
    return sums.map { $0 / Double(replicas) }
  }

  @Test func `a hundred samples a step at γ = 10`() throws {
    let risks = try risks(100, 10, after: [0, 5000, 10_000], replicas: 8)
    for (risk, published) in zip(risks, [0.1669, 0.0443, 0.0144]) {
      #expect(abs(risk / published - 1) < 0.01, "\(risk) for \(published)")
    }
  }

  @Test func `ten samples a step at a rate at which the noise wins`() throws {
    let risks = try risks(
      10, 300 * 10.0.squareRoot(),
      after: [10] + Array(stride(from: 1000, through: 10_000, by: 1000)),
      replicas: 4)
    #expect(risks[0] > 0.2)
    let stays = risks.dropFirst().reduce(0, +) / Double(risks.count - 1)
    #expect(abs(stays / 0.23 - 1) < 0.01, "\(stays)")
  }
}
