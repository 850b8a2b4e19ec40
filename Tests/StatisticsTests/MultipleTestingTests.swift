import Testing

@testable import Statistics

@Suite struct MultipleTestingTests {
  @Test func agreesWithSciPy() throws {
    for reference in Reference.values.multipleTesting {
      let holm = try MultipleTesting.holm(reference.pValues)
      let rates = try MultipleTesting.benjaminiHochberg(reference.pValues)
      for index in reference.pValues.indices {
        #expect(agreeRelatively(holm[index], reference.holm[index], tolerance: 1e-12))
        #expect(
          agreeRelatively(rates[index], reference.benjaminiHochberg[index], tolerance: 1e-12))
      }
    }
  }

  @Test func noTestsNeedNoAdjustment() throws {
    #expect(try MultipleTesting.holm([]).isEmpty)
    #expect(try MultipleTesting.benjaminiHochberg([]).isEmpty)
  }

  @Test(arguments: [-0.1, 1.1, Double.nan]) func refusesWhatIsNoPValue(_ invalid: Double) {
    #expect(throws: SampleError.self) { try MultipleTesting.holm([0.5, invalid]) }
    #expect(throws: SampleError.self) { try MultipleTesting.benjaminiHochberg([invalid]) }
  }
}
