import Dynamics
import Ensemble
import GSL
import Testing

/// Long averages of the exact chain against the fixed point of its deterministic limit.
@Suite struct ChainAveragesTests {
  struct Case: Sendable, CustomStringConvertible {
    let width: Int
    let labelNoise: Double
    var dimension: Int { width > 4 ? 3000 : 10_000 }
    /// What is left of d, of the order of 20/d.
    var remainder: Double { 50 / Double(dimension) }
    var description: String { "p = \(width), Δ = \(labelNoise)" }
  }

  static let cases = [(1, 1e-4), (1, 1), (4, 1e-4), (4, 1), (16, 1)].map {
    Case(width: $0.0, labelNoise: $0.1)
  }

  /// Mean over the fixed point of another label noise, less 1, and its standard error.
  private func shift(_ item: Case, noiseFactor: Double = 1) async throws -> (
    estimate: Double, error: Double
  ) {
    func fixedPoint(_ model: Model) throws -> FixedPoint {
      let stream = try StreamFamily(seed: 1).stream(for: .start, replica: 0)
      return try FixedPoint(
        model: model, start: Start.random.frame(of: model, from: stream))
    }
    func model(_ noise: Double) throws -> Model {
      try Model(
        dimension: item.dimension, width: item.width, learningRate: 0.1 * Double(item.width),
        labelNoise: noise)
    }
    let limit = try #require(try fixedPoint(model(item.labelNoise * noiseFactor)).excessRisk)
    let own = try model(item.labelNoise)
    // Several students with little noise take τ = 7/Δ to come to rest from elsewhere.
    let values = try await ChainAverages(model: own, burnIn: 3, window: item.width > 4 ? 6 : 20)
      .averages(
        replicas: 16, start: fixedPoint(own).start(of: own), streams: StreamFamily(seed: 71),
        threads: 2
      ).map { $0.mean / limit }
    let error = (try variance(of: values) / Double(values.count)).squareRoot()
    return (try mean(of: values) - 1, error)
  }

  @Test(arguments: cases)
  func `averages are at the fixed point`(item: Case) async throws {
    let shift = try await shift(item)
    print("\(item): chain over fixed point, less 1: \(shift)")
    #expect(abs(shift.estimate) < falseAlarmDeviation * shift.error + item.remainder)
    #expect(shift.error < 0.006)
  }

  @Test func `a fixed point of label noise a twentieth larger is seen`() async throws {
    for item in [Self.cases[0], Self.cases[3]] {
      let shift = try await shift(item, noiseFactor: 1.05)
      #expect(abs(shift.estimate) > falseAlarmDeviation * shift.error + item.remainder)
    }
  }

  // One student of a negative second layer has a risk that rises with its overlap, which no boundary watches.
  @Test(arguments: [[1.0, 1], [-1]])
  func `blocks, single replicas and the general path have one average`(secondLayer: [Double])
    async throws
  {
    let width = secondLayer.count
    let model = try Model(
      dimension: 200, width: width, learningRate: 0.1 * Double(width), labelNoise: 1,
      secondLayer: secondLayer)
    func values(_ usesKernels: Bool, seed: UInt64) async throws -> [Double] {
      try await ChainAverages(
        model: model, burnIn: 20, window: 200, samples: 400, usesKernels: usesKernels
      ).averages(
        replicas: 20, start: .random, streams: StreamFamily(seed: seed), threads: 2
      ).map(\.mean)
    }
    let (kernel, general) = (try await values(true, seed: 72), try await values(false, seed: 73))
    let error = ((try variance(of: kernel) + variance(of: general)) / 20).squareRoot()
    #expect(abs(try mean(of: kernel) - mean(of: general)) < 5.5 * error)
    #expect(error < 0.02 * (try mean(of: kernel)))
  }
}
