import Dynamics
import Testing

@testable import Escapement

@Suite struct QuadratureWorkTests {
  private func experiment(_ activation: String, _ dynamics: String) throws -> Experiment {
    try Experiment(options(activation, dynamics))
  }

  private func options(_ activation: String, _ dynamics: String) -> ExperimentOptions {
    var options = ExperimentOptions()
    options.set(.activation, activation)
    options.set(.target, activation)
    options.set(.dimension, "1000")
    options.set(.learningRate, "0.3")
    options.set(.width, "2")
    options.set(.horizon, "7")
    options.set(.replicas, "50")
    options.set(.dynamics, dynamics)
    return options
  }

  @Test func `closed forms and dynamics that draw samples cost no quadrature`() throws {
    #expect(try experiment("square", "ode,sde,chain").quadratureWork().isEmpty)
    #expect(try experiment("erf", "ode,chain").quadratureWork().isEmpty)
    #expect(try experiment("tanh", "chain,sgd").quadratureWork().isEmpty)
  }

  @Test func `work is evaluations times replicas, shared by the threads`() throws {
    let work = try #require(try experiment("tanh", "ode,chain").quadratureWork().first)
    #expect(work.kind == .ode && work.replicas == 50 && work.evaluations == 700)
    #expect(work.cost.nodes > 1000 && work.cost.seconds > 0)
    #expect(work.coreSeconds == 700 * work.cost.seconds * 50)
    #expect(work.seconds * Double(min(work.threads, 50)) == work.coreSeconds)
    #expect(work.sentence.contains("\(work.cost.nodes) nodes"))
    #expect(work.sentence.contains("50 replicas"))
  }

  @Test func `trajectories count the paths they follow`() throws {
    var options = TrajectoryOptions()
    options.experiment = self.options("tanh", "ode")
    options.set(.times, "0,7")
    options.set(.paths, "3")
    let plan = try TrajectoryPlan(options)
    #expect(try plan.quadratureWork().map(\.replicas) == [3])
  }
}
