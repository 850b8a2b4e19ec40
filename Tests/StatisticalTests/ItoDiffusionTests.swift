import Dynamics
import Ensemble
import Foundation
import GSL
import Statistics
import Testing

@Suite struct ItoDiffusionTests {
  private static let count = 20_000

  /// Brownian motion with drift −1 from 1, variance rate `variance`, until 0.
  private func line(variance: Double) throws -> ItoDiffusion {
    try ItoDiffusion(
      start: [1], sources: 1, drift: { _, b in b[0] = -1 },
      noise: { _, s in s[0] = variance.squareRoot() }, boundary: { $0[0] })
  }

  /// The inverse Gaussian law with mean 1 and shape λ = 1/variance.
  private func cumulative(_ t: Double, shape: Double) -> Double {
    guard t > 0 else { return 0 }
    let root = (shape / t).squareRoot()
    return NormalDistribution.cumulative(root * (t - 1))
      + exp(2 * shape) * NormalDistribution.cumulative(-root * (t + 1))
  }

  private func distance(_ records: [ExitRecord], shape: Double) -> Double {
    let times = records.map(\.time).sorted()
    return times.enumerated().map { index, time in
      let value = cumulative(time, shape: shape)
      let step = Double(times.count)
      return max(abs(value - Double(index) / step), abs(value - Double(index + 1) / step))
    }.max() ?? 1
  }

  // Constant coefficients and a plane: the bridge is exact, however long the step.
  @Test func `first passages of Brownian motion follow the inverse Gaussian law at coarse steps`()
    async throws
  {
    let critical = (log(2 / 1e-6) / (2 * Double(Self.count))).squareRoot()
    let exits = try await line(variance: 0.5).exits(
      replicas: Self.count, horizon: 60, timeStep: 0.25, seed: 11, threads: 2)
    #expect(exits.allSatisfy { $0.outcome == .exited })
    #expect(distance(exits, shape: 2) < critical)
    // Another variance is another law.
    let other = try await line(variance: 0.6).exits(
      replicas: Self.count, horizon: 60, timeStep: 0.25, seed: 11, threads: 2)
    #expect(distance(other, shape: 2) > critical)
  }

  // From the centre of the unit disc E T = 1/2 and E T² = 3/8.
  @Test func `a planar Brownian motion leaves the disc after one half on average`() async throws {
    let disc = try ItoDiffusion(
      start: [0, 0], sources: 2,
      drift: { _, b in
        b[0] = 0
        b[1] = 0
      },
      noise: { _, s in
        s[0] = 1
        s[1] = 0
        s[2] = 0
        s[3] = 1
      },
      boundary: { 1 - $0[0] * $0[0] - $0[1] * $0[1] })
    func mean(_ disc: ItoDiffusion) async throws -> Double {
      let exits = try await disc.exits(
        replicas: Self.count, horizon: 60, timeStep: 1.0 / 512, seed: 5, threads: 2)
      return exits.reduce(0) { $0 + $1.time } / Double(exits.count)
    }
    let deviation = (0.375 - 0.25).squareRoot() / Double(Self.count).squareRoot()
    let bound = 4.9 * deviation + 1.0 / 512
    #expect(abs(try await mean(disc) - 0.5) < bound)
    let larger = try ItoDiffusion(
      start: [0, 0], sources: 2, drift: { _, b in (b[0], b[1]) = (0, 0) },
      noise: { _, s in (s[0], s[1], s[2], s[3]) = (1, 0, 0, 1) },
      boundary: { 1.1 - $0[0] * $0[0] - $0[1] * $0[1] })
    #expect(abs(try await mean(larger) - 0.5) > bound)
  }

  @Test func `threads cannot be seen, the horizon censors, and a start outside exits at 0`()
    async throws
  {
    func run(_ threads: Int) async throws -> [ExitRecord] {
      try await line(variance: 0.5).exits(
        replicas: 200, horizon: 0.8, timeStep: 0.125, seed: 3, threads: threads)
    }
    let one = try await run(1)
    #expect(try await run(3) == one)
    #expect(one.contains { $0.outcome == .censored && $0.time == 0.8 })
    let outside = try ItoDiffusion(
      dimension: 1, sources: 1, start: { x, stream in x[0] = -stream.uniformPositive() },
      drift: { _, b in b[0] = 0 }, noise: { _, s in s[0] = 1 }, boundary: { $0[0] })
    let exits = try await outside.exits(
      replicas: 5, horizon: 1, timeStep: 0.5, seed: 1, threads: 1)
    #expect(exits.allSatisfy { $0.outcome == .exited && $0.time == 0 })
  }

  @Test func `numbers that blow up are recorded as diverged, and bad numbers refused`() async throws
  {
    let explosive = try ItoDiffusion(
      start: [1], sources: 1, drift: { x, b in b[0] = x[0] * x[0] * x[0] * 1e9 },
      noise: { _, s in s[0] = 0 }, boundary: { $0[0] })
    let exits = try await explosive.exits(
      replicas: 2, horizon: 10, timeStep: 0.5, seed: 1, threads: 1)
    #expect(exits.allSatisfy { $0.outcome == .diverged })
    await #expect(throws: ParameterError.self) {
      try await line(variance: 1).exits(
        replicas: 2, horizon: 1, timeStep: 2, seed: 1, threads: 1)
    }
    #expect(throws: ParameterError.self) {
      try ItoDiffusion(
        start: [], sources: 1, drift: { _, _ in }, noise: { _, _ in }, boundary: { _ in 1 })
    }
  }
}
