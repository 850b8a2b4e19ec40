import Testing

@testable import GSL

@Suite struct GSLErrorTests {
  @Test func aStatusBecomesGSLsOwnWords() throws {
    try check(0, "anything")
    let error = #expect(throws: GSLError.self) { try check(1, "gsl_sf_log") }
    #expect(error?.code == 1)
    #expect(error?.reason == "input domain error")
    #expect(error?.description == "gsl_sf_log: input domain error (GSL error 1)")
  }

  @Test func theVersionIsKnown() {
    #expect(gslVersion.split(separator: ".").count >= 2)
  }
}
