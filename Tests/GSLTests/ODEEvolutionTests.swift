import Foundation
import GSL
import Testing

@Suite struct ODEEvolutionTests {
  private static func logistic(at time: Double, start: Double) -> Double {
    start / (start + (1 - start) * exp(-time))
  }

  /// Solves y' = y (1 − y) in two uncoupled copies.
  private func logisticEvolution(
    _ stepper: ODEStepper, tolerance: Double, maximumStep: Double = .infinity
  ) throws -> ODEEvolution {
    try ODEEvolution(
      dimension: 2, stepper: stepper, absoluteTolerance: tolerance, relativeTolerance: 0,
      initialStep: 1e-3, maximumStep: maximumStep
    ) { _, state, derivatives in
      for index in 0..<2 {
        derivatives[index] = state[index] * (1 - state[index])
      }
    }
  }

  @Test(arguments: ODEStepper.all)
  func theLogisticEquationHasItsClosedForm(_ stepper: ODEStepper) throws {
    // The implicit Euler method needs of the order of 1/√tolerance steps.
    let tolerance = stepper.name == "rk1imp" ? 1e-6 : 1e-8
    let evolution = try logisticEvolution(stepper, tolerance: tolerance)
    var state = [0.01, 0.5]
    var time = 0.0
    var steps = 0
    for end in [1.0, 4, 8] {
      while time < end {
        try evolution.advance(time: &time, towards: end, state: &state)
        #expect(time <= end)
        steps += 1
      }
      #expect(time == end)
      // Local errors add up over the steps, and the equation magnifies them at first.
      let allowance = tolerance * Double(steps) * 10
      #expect(abs(state[0] - Self.logistic(at: time, start: 0.01)) < allowance)
      #expect(abs(state[1] - Self.logistic(at: time, start: 0.5)) < allowance)
    }
  }

  @Test(arguments: ODEStepper.all)
  func noStepIsLongerThanTheMaximum(_ stepper: ODEStepper) throws {
    let evolution = try logisticEvolution(stepper, tolerance: 1e-3, maximumStep: 0.125)
    var state = [0.01, 0.5]
    var time = 0.0
    while time < 3 {
      let before = time
      try evolution.advance(time: &time, towards: 3, state: &state)
      #expect(time - before <= 0.125 * (1 + 1e-12))
      #expect(time > before)
    }
  }

  @Test(arguments: ODEStepper.all)
  func timeCanRunBackwards(_ stepper: ODEStepper) throws {
    let evolution = try logisticEvolution(stepper, tolerance: 1e-5)
    var state = [0.2, 0.5]
    var time = 0.0
    while time < 1 { try evolution.advance(time: &time, towards: 1, state: &state) }
    while time > 0 { try evolution.advance(time: &time, towards: 0, state: &state) }
    #expect(time == 0)
    #expect(abs(state[0] - 0.2) < 5e-3)
    #expect(abs(state[1] - 0.5) < 5e-3)
  }

  /// Solves y' = −1000 (y − cos t) − sin t, whose solution from 1 is cos t.
  @Test(arguments: ["rk4imp", "bsimp", "msbdf"])
  func implicitMethodsTakeLongStepsOnAStiffEquation(_ name: String) throws {
    let evolution = try ODEEvolution(
      dimension: 1, stepper: ODEStepper(named: name), absoluteTolerance: 1e-6,
      relativeTolerance: 1e-6, initialStep: 1e-4
    ) { time, state, derivatives in
      derivatives[0] = -1000 * (state[0] - cos(time)) - sin(time)
    }
    var state = [1.0]
    var time = 0.0
    var steps = 0
    while time < 10 {
      try evolution.advance(time: &time, towards: 10, state: &state)
      steps += 1
    }
    #expect(abs(state[0] - cos(10)) < 1e-4)
    // Stability alone would hold an explicit method to steps of about 1/300.
    #expect(steps < 2_000)
  }

  @Test func theStartOfANewProblemNeedsAReset() throws {
    let evolution = try logisticEvolution(.rungeKuttaPrinceDormand, tolerance: 1e-10)
    for start in [0.1, 0.3] {
      try evolution.reset(step: 0.1)
      var state = [start, start]
      var time = 0.0
      while time < 2 { try evolution.advance(time: &time, towards: 2, state: &state) }
      #expect(abs(state[0] - Self.logistic(at: 2, start: start)) < 1e-9)
    }
  }

  @Test func aPoleOfTheSolutionEndsIt() throws {
    // y' = y² from 1 is 1/(1 − t).
    let evolution = try ODEEvolution(
      dimension: 1, absoluteTolerance: 1e-14, relativeTolerance: 1e-12, initialStep: 1e-4
    ) { _, state, derivatives in derivatives[0] = state[0] * state[0] }
    var (time, state, steps) = (0.0, [1.0], 0)
    let error = #expect(throws: GSLError.self) {
      while time < 2 && steps < 100_000 {
        try evolution.advance(time: &time, towards: 2, state: &state)
        steps += 1
      }
    }
    #expect(error?.isEndOfSolution == true)
    #expect(abs(time - 1) < 1e-9 && state[0].isFinite && state[0] > 1e9)
  }

  @Test func nothingHappensAtTheEnd() throws {
    let evolution = try logisticEvolution(.rungeKuttaPrinceDormand, tolerance: 1e-10)
    var state = [0.1, 0.2]
    var time = 2.0
    try evolution.advance(time: &time, towards: 2, state: &state)
    #expect(time == 2)
    #expect(state == [0.1, 0.2])
  }

  @Test func aSolutionThatLeavesItsDomainThrowsAndKeepsTheState() throws {
    // The derivative is the square root of a negative number past time 1/2.
    let evolution = try ODEEvolution(
      dimension: 1, absoluteTolerance: 1e-8, relativeTolerance: 0, initialStep: 0.01
    ) { time, _, derivatives in
      derivatives[0] = (0.5 - time).squareRoot()
    }
    var state = [-1.0]
    var time = 0.0
    var before = (time, state)
    #expect(throws: GSLError.self) {
      while time < 1 {
        before = (time, state)
        try evolution.advance(time: &time, towards: 1, state: &state)
      }
    }
    #expect(time == before.0)
    #expect(state == before.1)
    #expect(time > 0.49 && time <= 0.5)
  }

  @Test func badArgumentsThrow() throws {
    func make(
      dimension: Int = 1, absolute: Double = 1e-6, relative: Double = 0, step: Double = 0.1,
      maximumStep: Double = 1
    ) throws -> ODEEvolution {
      try ODEEvolution(
        dimension: dimension, absoluteTolerance: absolute, relativeTolerance: relative,
        initialStep: step, maximumStep: maximumStep
      ) { _, _, derivatives in derivatives[0] = 1 }
    }
    #expect(throws: GSLError.self) { try make(dimension: 0) }
    #expect(throws: GSLError.self) { try make(absolute: 0) }
    #expect(throws: GSLError.self) { try make(absolute: -1) }
    #expect(throws: GSLError.self) { try make(absolute: .nan) }
    #expect(throws: GSLError.self) { try make(step: 0) }
    #expect(throws: GSLError.self) { try make(maximumStep: 0) }
    let evolution = try make()
    var time = 0.0
    var tooLong = [0.0, 0.0]
    #expect(throws: GSLError.self) {
      try evolution.advance(time: &time, towards: 1, state: &tooLong)
    }
    var notFinite = [Double.nan]
    #expect(throws: GSLError.self) {
      try evolution.advance(time: &time, towards: 1, state: &notFinite)
    }
    #expect(throws: GSLError.self) { try evolution.reset(step: -1) }
  }
}
