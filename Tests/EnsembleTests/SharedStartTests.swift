import Dynamics
import Ensemble
import Testing

/// With little noise every dynamics follows the ODE from its own start, so that exit times tell
/// whether replica i starts at the same place in all of them.
@Suite struct SharedStartTests {
  @Test(arguments: [1, 3])
  func `replica i has the same start in every dynamics`(width: Int) async throws {
    let model = try Model(dimension: 60, width: width, learningRate: 0.0005)
    let rule = try ExitRule(thresholds: [0.3], horizon: 4)
    let runner = try EnsembleRunner(threads: 2)
    func exits(_ engine: some Engine) async throws -> [Double] {
      try await runner.run(
        engine, replicas: 16, start: .random, streams: StreamFamily(seed: 5)
      ).records.map(\.time)
    }
    let ode = try await exits(DeterministicLimit(model: model, exitRule: rule))
    let noisy: [DynamicsKind: [Double]] = [
      .sde: try await exits(DiffusionLimit(model: model, exitRule: rule, timeStep: 1.0 / 64)),
      .chain: try await exits(ReducedChain(model: model, exitRule: rule)),
      .sgd: try await exits(FullSGD(model: model, exitRule: rule)),
    ]
    for (kind, times) in noisy {
      let own = meanDistance(ode, times)
      // The start of the next replica stands for a start that is not shared.
      let foreign = meanDistance(ode, Array(times[1...]) + [times[0]])
      #expect(foreign > 3 * own, "\(kind): \(own) from its own start, \(foreign) from another")
    }
  }

  private func meanDistance(_ first: [Double], _ second: [Double]) -> Double {
    zip(first, second).reduce(0) { $0 + abs($1.0 - $1.1) } / Double(first.count)
  }
}
