import Testing

@testable import Statistics

@Suite struct QuadraticLawTests {
  @Test func andersonDarlingAgreesWithTheInvertedCharacteristicFunction() throws {
    for row in Reference.shared.andersonDarlingLimits {
      let value = try QuadraticLaw.andersonDarlingSurvival(row[0])
      #expect(abs(value - row[1]) < 1e-9, "\(row[0]): \(value), \(row[1])")
    }
  }

  @Test func cramerVonMisesAgreesWithTheBesselSeries() throws {
    for row in Reference.shared.cramerVonMisesLimits {
      let value = try QuadraticLaw.cramerVonMisesSurvival(row[0])
      #expect(abs(value - row[1]) < 1e-11 * row[1], "\(row[0]): \(value), \(row[1])")
    }
  }

  @Test func survivalFallsFromOneToZero() throws {
    for law in [QuadraticLaw.cramerVonMisesSurvival, QuadraticLaw.andersonDarlingSurvival] {
      var previous = 1.0
      for power in -30...50 {
        let value = try law(1.3 * pow2(Double(power) / 4))
        #expect((0...1).contains(value) && value <= previous + 1e-14)
        previous = value
      }
      #expect(try law(-1) == 1 && law(1e5) == 0)
    }
  }

  private func pow2(_ exponent: Double) -> Double {
    var value = 1.0
    for _ in 0..<Int(abs(exponent) * 4) { value *= 1.189207115002721 }
    return exponent < 0 ? 1 / value : value
  }
}
