import Foundation
import GSL
import Testing

@Suite struct QuadratureTests {
  private struct Refusal: Error, Equatable {}

  private func value(
    _ from: Double, _ to: Double, _ f: (Double) -> Double
  ) throws -> Double {
    try integrate(from: from, to: to, absoluteTolerance: 1e-11, relativeTolerance: 1e-11, f)
      .value
  }

  @Test func finiteIntegralsHaveTheirClosedForm() throws {
    #expect(abs(try value(0, .pi, sin) - 2) < 1e-11)
    #expect(abs(try value(.pi, 0, sin) + 2) < 1e-11)
    #expect(try value(1, 1, sin) == 0)
    // Both integrands are infinite at 0, which no rule evaluates.
    #expect(abs(try value(0, 1) { 1 / $0.squareRoot() } - 2) < 1e-10)
    #expect(abs(try value(0, 1, log) + 1) < 1e-10)
  }

  @Test func infiniteIntegralsHaveTheirClosedForm() throws {
    let gaussian = { (x: Double) in exp(-x * x / 2) }
    let half = (Double.pi / 2).squareRoot()
    #expect(abs(try value(-.infinity, .infinity, gaussian) - 2 * half) < 1e-10)
    #expect(abs(try value(.infinity, -.infinity, gaussian) + 2 * half) < 1e-10)
    #expect(abs(try value(0, .infinity, gaussian) - half) < 1e-10)
    #expect(abs(try value(-.infinity, 0, gaussian) - half) < 1e-10)
    #expect(abs(try value(1, .infinity) { 1 / ($0 * $0) } - 1) < 1e-10)
  }

  @Test func theErrorEstimateBoundsTheError() throws {
    let (value, errorEstimate) = try integrate(
      from: 0, to: 1, absoluteTolerance: 1e-4, relativeTolerance: 0
    ) { $0.squareRoot() }
    #expect(abs(value - 2.0 / 3) <= errorEstimate)
    #expect(errorEstimate <= 1e-4)
  }

  @Test func aDivergentIntegralThrows() {
    #expect(throws: GSLError.self) { try value(0, 1) { 1 / $0 } }
    #expect(throws: GSLError.self) { try value(1, .infinity) { 1 / $0 } }
  }

  @Test func badArgumentsThrow() {
    #expect(throws: GSLError.self) { try value(.nan, 1, sin) }
    #expect(throws: GSLError.self) { try value(-1, 1) { $0.squareRoot() } }
    #expect(throws: GSLError.self) {
      try integrate(from: 0, to: 1, absoluteTolerance: 0, relativeTolerance: 0, sin)
    }
    #expect(throws: GSLError.self) {
      try integrate(from: 0, to: 1, absoluteTolerance: -1, relativeTolerance: 1, sin)
    }
  }

  @Test func anErrorOfTheFunctionIsRethrownAtOnce() {
    var calls = 0
    #expect(throws: Refusal()) {
      try integrate(from: 0, to: 1, absoluteTolerance: 1e-9, relativeTolerance: 0) { _ in
        calls += 1
        throw Refusal()
      }
    }
    #expect(calls == 1)
  }

  @Test func integralsNest() throws {
    let volume = try integrate(
      from: 0, to: 1, absoluteTolerance: 1e-9, relativeTolerance: 0
    ) { x in
      try integrate(from: 0, to: x, absoluteTolerance: 1e-10, relativeTolerance: 0) { y in
        x * y
      }.value
    }.value
    #expect(abs(volume - 0.125) < 1e-9)
  }
}
