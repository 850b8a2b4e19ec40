import GSL
import Testing

@Suite struct ODEStepperTests {
  @Test func everyNameFindsItsStepper() throws {
    #expect(
      ODEStepper.all.map(\.name) == [
        "rk2", "rk4", "rkf45", "rkck", "rk8pd", "rk1imp", "rk2imp", "rk4imp", "bsimp",
        "msadams", "msbdf",
      ])
    for stepper in ODEStepper.all {
      #expect(try ODEStepper(named: stepper.name) == stepper)
    }
    #expect(try ODEStepper(named: "rk8pd") == .rungeKuttaPrinceDormand)
  }

  @Test func anUnknownNameListsTheValidOnes() throws {
    let error = #expect(throws: GSLError.self) { try ODEStepper(named: "euler") }
    #expect(try #require(error).reason.contains("'euler'; choose one of rk2, rk4"))
  }
}
