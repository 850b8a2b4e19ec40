import Foundation
import GSL
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

  @Test func finitelyManyEigenvaluesGiveKnownLaws() throws {
    for x in [1e-3, 0.1, 1, 5, 40] {
      // One: χ² of one degree; two alike: exponential.
      let single = try QuadraticLaw.survival(x, eigenvalues: [0.7])
      let chiSquare = try ChiSquareDistribution(degreesOfFreedom: 1).survival(x / 0.7)
      #expect(abs(single - chiSquare) < 1e-9 * max(chiSquare, 1e-9))
      let nearlyEqual = try QuadraticLaw.survival(x, eigenvalues: [0.7 * (1 + 1e-9), 0.7])
      #expect(abs(nearlyEqual - exp(-x / 1.4)) < 1e-7 * exp(-x / 1.4))
      // The first eigenvalues of the bridge, with a finite number left out.
      let bridge = (1...60).map { 1 / (Double.pi * Double.pi * Double($0 * $0)) }
      let rest = 1 / 6.0 - bridge.reduce(0, +)
      let scaled = x / 6
      let value = try QuadraticLaw.survival(scaled - rest, eigenvalues: bridge)
      #expect(abs(value - (try QuadraticLaw.cramerVonMisesSurvival(scaled))) < 1e-5)
    }
    #expect(try QuadraticLaw.survival(0, eigenvalues: [1]) == 1)
    #expect(try QuadraticLaw.survival(1, eigenvalues: []) == 1)
    #expect(try QuadraticLaw.survival(1e5, eigenvalues: [1, 0.5]) == 0)
  }

  private func pow2(_ exponent: Double) -> Double {
    var value = 1.0
    for _ in 0..<Int(abs(exponent) * 4) { value *= 1.189207115002721 }
    return exponent < 0 ? 1 / value : value
  }
}
