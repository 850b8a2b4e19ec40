import Dynamics
import Foundation
import GSL
import Testing

/// The law of the SDE's exit time by the backward equation.
@Suite struct ExitLawTests {
  private func law(_ item: ExitMoments, intervals: Int = 1000) throws -> ExitLaw {
    let model = try Model(
      dimension: item.dimension, learningRate: item.learning_rate, labelNoise: item.label_noise)
    return try ExitLaw(
      diffusion: ScalarDiffusion(model: model, finiteSizeDrift: item.finite_size_drift),
      start: item.start,
      boundary: exitBoundary(threshold: item.threshold, overlap: item.start, model: model),
      intervals: intervals)
  }

  @Test func `moments equal those of an independent program`() throws {
    for item in ExitMoments.all {
      let law = try law(item, intervals: 200)
      #expect(abs(law.mean / item.mean - 1) < 1e-6)
      #expect(abs(law.standardDeviation / item.standard_deviation - 1) < 1e-6)
      #expect(law.momentError < 1e-4)
    }
  }

  @Test func `the survival curve has the same mean`() throws {
    for item in ExitMoments.all {
      let law = try law(item, intervals: 300)
      let step = law.times[1]
      let area = step * (law.survival.reduce(0, +) - 0.5)
      #expect(abs(area / item.mean - 1) < 1e-4)
      #expect(law.survivalError < 1e-3)
      #expect(zip(law.survival, law.survival.dropFirst()).allSatisfy { $0 >= $1 - 1e-9 })
    }
  }

  @Test func `refining the grid shows order four of the extrapolated mean`() throws {
    let item = try ExitMoments.of(dimension: 300, threshold: 0.5, finiteSizeDrift: true)
    // The error falls by 2⁴ when the grid is halved.
    let errors = try [16, 32, 64].map { abs(try law(item, intervals: $0).mean - item.mean) }
    print("extrapolated mean, error on 16, 32, 64 intervals: \(errors)")
    for (coarse, fine) in zip(errors, errors.dropFirst()) {
      #expect((10...26).contains(coarse / fine), "\(errors)")
    }
  }

  @Test(arguments: [0.01, 0.5])
  func `replicas of the SDE have this law`(threshold: Double) async throws {
    let item = try ExitMoments.of(
      dimension: 3000, threshold: threshold, finiteSizeDrift: true)
    let law = try law(item)
    let model = try Model(dimension: 3000, learningRate: 0.1, labelNoise: 1e-4)
    let engine = try DiffusionLimit(
      model: model, exitRule: ExitRule(thresholds: [threshold], horizon: 60),
      timeStep: 1.0 / 512)
    let sample = try await exitTimes(
      engine, replicas: 200_000, start: .overlaps([item.start], of: model), seed: 61)
    // Largest distance of the distribution functions; 2.69/√n is exceeded with probability 1e-6.
    func distance(_ times: [Double]) -> Double {
      let sorted = times.sorted()
      let count = Double(sorted.count)
      return sorted.enumerated().map { index, time in
        let expected = 1 - law.survival(at: time)
        return max(abs(Double(index + 1) / count - expected), abs(Double(index) / count - expected))
      }.max() ?? 1
    }
    let critical = 2.69 / 200_000.0.squareRoot()
    #expect(distance(sample[0]) < critical + law.survivalError)
    // Sabotage: exits three per cent late.
    #expect(distance(sample[0].map { $0 * 1.03 }) > critical + law.survivalError)
  }
}
