import Testing

@testable import Dynamics

@Suite struct DefaultTimeStepTests {
  private func step(
    _ dimension: Int, _ rate: Double, width: Int = 1, weights: [Double]? = nil, replicas: Int = 2000
  ) throws -> Double {
    DiffusionLimit.defaultTimeStep(
      model: try Model(
        dimension: dimension, width: width, learningRate: rate * Double(width),
        secondLayer: weights),
      replicas: replicas, horizon: 1e6)
  }

  @Test func `the noise's rate is that of the scalar polynomials`() throws {
    for (rate, noise, weight) in [(0.1, 0.0, 1.0), (1, 0.3, 1), (0.2, 0.5, -2), (0.5, 0, 0.3)] {
      let model = try Model(
        dimension: 300, learningRate: rate, labelNoise: noise, secondLayer: [weight])
      let scalar = try ScalarDiffusion(model: model, finiteSizeDrift: false)
      // v(m) = v₀ + V₁m² + …; what the rate leaves out of V₁ is the change of the additive part.
      let start = scalar.noiseScale * scalar.varianceCoefficients[0]
      let rateOfNoise = DiffusionLimit.noiseRate(of: model)
      #expect(rateOfNoise >= start * (1 - 1e-9))
      if rate == 1 {
        let growth = scalar.noiseScale * scalar.varianceCoefficients[1]
        #expect(abs(rateOfNoise / (start + growth) - 1) < 0.5)
      }
    }
    // E[ℰ²λ²λ⋆²] = 12, Var(ℰλ²) = 80, Cov(ℰλ², ℰ²λ²) = −696, Var(ℰ²λ²) = 7776 by Isserlis' theorem.
    let expected = 1.0 / 300 * (48 + 4 * (80 - 2 * 696 + 7776))
    let model = try Model(dimension: 300, learningRate: 1)
    #expect(abs(DiffusionLimit.noiseRate(of: model) / expected - 1) < 1e-12)
  }

  @Test func `the default step stays where it was right and is short where noise is fast`() throws {
    // Below the critical rate, and from some dozens of dimensions on, the spread of exit times alone rules:
    // 1/64, or the bias h/10 at a quarter of the mean's error.
    #expect(try step(3000, 0.1) == 1.0 / 64)
    #expect(try step(3000, 0.1, replicas: 100_000) == 1.0 / 256)
    #expect(try step(100, 0.1) == 1.0 / 64)
    #expect(try step(1000, 0.1, width: 8) == 1.0 / 256)
    #expect(try step(1_000_000, 0.01, width: 16) == 1.0 / 512)
    // At six times the critical rate, in few dimensions, and with large weights.
    #expect(try step(300, 1) <= 1.0 / 8192)
    #expect(try step(10, 0.1) <= 1.0 / 128)
    #expect(try step(20, 0.1, width: 4) <= 1.0 / 1024)
    #expect(try step(100_000, 0.1, width: 2, weights: [10, -10]) <= 1.0 / 1024)
  }

  @Test func `a step beyond the fastest change is warned of, with one that would do`() throws {
    let model = try Model(dimension: 300, learningRate: 0.1)
    let rule = try ExitRule(thresholds: [0.5], horizon: 40)
    func warning(_ step: Double) throws -> String? {
      try DiffusionLimit(model: model, exitRule: rule, timeStep: step).stepWarning
    }
    #expect(try warning(1.0 / 16) == nil)
    #expect(try #require(try warning(10)).contains("at most 0.125"))
  }
}
