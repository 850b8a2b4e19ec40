import Dynamics
import Ensemble
import Testing

@Suite struct ProgressTests {
  @Test func `replicas that never exit take every step to the horizon`() async throws {
    // From no overlap, 99% of the risk is not lost by 0.5. Steps are reported in portions of 8192:
    // 2500 are short of one, 16 384 are two.
    let model = try Model(dimension: 100, learningRate: 0.02)
    let rule = try ExitRule(thresholds: [0.99], horizon: 0.5)
    let runner = try EnsembleRunner(threads: 2)
    let start = try Start.overlaps([0], of: model)
    func steps(_ engine: some Engine) async throws -> Int {
      let run = try await runner.run(
        engine, replicas: 9, start: start, streams: StreamFamily(seed: 3))
      #expect(run.records.allSatisfy { $0.outcome == .censored && $0.time == 0.5 })
      return run.steps
    }
    #expect(try await steps(ReducedChain(model: model, exitRule: rule)) == 9 * 2500)
    #expect(try await steps(FullSGD(model: model, exitRule: rule)) == 9 * 2500)
    let diffusion = try DiffusionLimit(model: model, exitRule: rule, timeStep: 1.0 / 32768)
    #expect(try await steps(diffusion) == 9 * 16384)
  }

  @Test func `what a meter counted before does not enter the steps of a run`() async throws {
    let engine = EngineCase.chain(width: 1)
    let meter = ProgressMeter()
    let first = try await engine.run(progress: meter)
    let second = try await engine.run(progress: meter)
    #expect(second.steps == first.steps)
    #expect(meter.steps == 2 * first.steps)
  }
}
