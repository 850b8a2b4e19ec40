import Escapement
import Foundation
import Testing

@Suite struct DefaultTests {
  @Test(arguments: [50, 3000, 1_000_000], [1, 4])
  func `the default horizon leaves time to escape`(dimension: Int, width: Int) throws {
    let plain = try experiment([.dimension: "\(dimension)", .width: "\(width)"])
    let theory = EscapeTheory(model: plain.model)
    let typical = try #require(try theory.quenchedExitTime(threshold: 0.5))
    #expect(plain.exitRule.horizon > 3 * typical)
    #expect(plain.exitRule.horizon < 50 * typical)
  }

  @Test func `the default horizon is finite where nothing grows`() throws {
    #expect(try experiment([.learningRate: "0.2"]).exitRule.horizon == 20)
    // Just below the critical rate the escape takes long, and a finite horizon is still found.
    let slow = try experiment([.learningRate: "0.1666"])
    #expect(slow.exitRule.horizon.isFinite)
    #expect(slow.exitRule.horizon > 1000)
  }

  @Test func `the default time step falls with the number of replicas`() throws {
    func step(_ replicas: String, _ others: [ExperimentKey: String] = [:]) throws -> Double {
      try experiment(others.merging([.replicas: replicas]) { $1 }).timeStep
    }
    let steps = [try step("10"), try step("1000"), try step("100000"), try step("1e7")]
    #expect(steps == steps.sorted(by: >))
    #expect(Set(steps).count > 2)
    for step in steps {
      #expect(step <= 0.02 && step > 1e-7)
      // A power of two, so that grid times carry no rounding.
      #expect(step.significand == 1)
    }
    // The count of the SDE decides, not that of others, and no step is longer than the horizon.
    #expect(try step("10,chain:1e7") == steps[0])
    #expect(try step("10,sde:1e7") == steps[3])
    #expect(try step("10", [.horizon: "0.001"]) == 0.001)
  }
}
