import Dynamics
import GSL
import Testing

/// The exact chain against the moments of the SDE's exit time, from which it differs by O(1/d)².
@Suite struct ReducedChainMomentsTests {
  /// The deviation of the mean from the quadrature's, in standard errors, by threshold.
  private func deviations(dimension: Int, replicas: Int) async throws -> [Double] {
    let model = try Model(dimension: dimension, learningRate: 0.1, labelNoise: 1e-4)
    let engine = try ReducedChain(
      model: model, exitRule: ExitRule(thresholds: [0.01, 0.5], horizon: 40))
    let sample = try await exitTimes(
      engine, replicas: replicas, start: .overlaps([0.05], of: model), seed: 31)
    return try zip(sample, [0.01, 0.5]).map { values, threshold in
      let expected = try ExitMoments.of(
        dimension: 1000, threshold: threshold, finiteSizeDrift: true)
      return try meanDeviation(values, from: expected.mean)
    }
  }

  @Test func `mean exit times agree at d = 1000`() async throws {
    // One step's worth of discreteness, γ/d = 1e-4, is far below the error.
    for value in try await deviations(dimension: 1000, replicas: 60_000) {
      #expect(abs(value) < falseAlarmDeviation)
    }
  }

  @Test func `a chain at d = 700 is told apart`() async throws {
    let values = try await deviations(dimension: 700, replicas: 60_000)
    #expect(values.contains { abs($0) > falseAlarmDeviation })
  }
}
