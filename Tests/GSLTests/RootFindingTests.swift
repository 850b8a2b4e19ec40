import Foundation
import GSL
import Testing

@Suite struct RootFindingTests {
  private struct Refusal: Error, Equatable {}

  @Test func rootsHaveTheirTolerance() throws {
    for tolerance in [1e-3, 1e-8, 1e-14, 0] {
      let root = try findRoot(in: 0...3, absoluteTolerance: tolerance) { $0 * $0 - 2 }
      #expect(abs(root - 2.0.squareRoot()) <= max(tolerance, 2e-15))
    }
    let fixedPoint = try findRoot(in: 0...1, absoluteTolerance: 1e-12) { cos($0) - $0 }
    #expect(abs(fixedPoint - 0.739_085_133_215_160_6) < 1e-12)
  }

  @Test func aRootAtAnEndIsReturned() throws {
    #expect(try findRoot(in: 1...2, absoluteTolerance: 0) { $0 - 1 } == 1)
    #expect(try findRoot(in: 1...2, absoluteTolerance: 0) { $0 - 2 } == 2)
    #expect(try findRoot(in: 1...1, absoluteTolerance: 0) { $0 - 1 } == 1)
  }

  @Test func anErrorOfTheFunctionIsRethrown() {
    #expect(throws: Refusal()) {
      try findRoot(in: 0...1, absoluteTolerance: 1e-9) { _ in throw Refusal() }
    }
    var calls = 0
    #expect(throws: Refusal()) {
      try findRoot(in: -1...2, absoluteTolerance: 1e-9) {
        calls += 1
        if calls > 5 { throw Refusal() }
        return $0 * $0 * $0 - 1
      }
    }
    #expect(calls == 6)
  }

  @Test func badArgumentsThrow() {
    #expect(throws: GSLError.self) {
      try findRoot(in: 0...1, absoluteTolerance: 1e-9) { $0 + 1 }
    }
    #expect(throws: GSLError.self) {
      try findRoot(in: 0...1, absoluteTolerance: -1) { $0 - 0.5 }
    }
    #expect(throws: GSLError.self) {
      try findRoot(in: 0...(.infinity), absoluteTolerance: 1e-9) { $0 - 0.5 }
    }
    #expect(throws: GSLError.self) {
      try findRoot(in: -1...2, absoluteTolerance: 1e-9) { abs($0) < 0.9 ? .nan : $0 }
    }
    #expect(throws: GSLError.self) {
      try findRoot(in: 0...3, absoluteTolerance: 1e-14, maximumIterations: 2) { $0 * $0 - 2 }
    }
  }
}
