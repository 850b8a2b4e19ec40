import Foundation
import GSL
import Testing

@Suite struct DistributionsTests {
  private func isClose(_ value: Double, _ expected: Double, _ tolerance: Double = 1e-12) -> Bool {
    abs(value - expected) <= tolerance * abs(expected)
  }

  @Test func normalProbabilitiesAreThoseOfTheErrorFunction() {
    for x in stride(from: -8.0, through: 8, by: 0.37) {
      #expect(isClose(NormalDistribution.cumulative(x), erfc(-x / 2.0.squareRoot()) / 2))
      #expect(isClose(NormalDistribution.survival(x), erfc(x / 2.0.squareRoot()) / 2))
      // Beyond 0 the cumulative function rounds to 1, and its inverse knows no more.
      let inverse =
        x < 0
        ? NormalDistribution.quantile(NormalDistribution.cumulative(x))
        : NormalDistribution.survivalQuantile(NormalDistribution.survival(x))
      #expect(abs(inverse - x) < 1e-12)
    }
    #expect(isClose(NormalDistribution.quantile(0.975), 1.959_963_984_540_054))
    #expect(isClose(NormalDistribution.survivalQuantile(1e-20), 9.262_340_089_798_408, 1e-9))
    #expect(isClose(NormalDistribution.density(1), exp(-0.5) / (2 * Double.pi).squareRoot()))
  }

  @Test func chiSquareOfTwoDegreesIsExponential() throws {
    let distribution = try ChiSquareDistribution(degreesOfFreedom: 2)
    for x in [1e-6, 0.1, 1, 5, 50, 500] {
      #expect(isClose(distribution.survival(x), exp(-x / 2)))
      #expect(isClose(distribution.cumulative(x), -expm1(-x / 2)))
      #expect(isClose(distribution.density(x), exp(-x / 2) / 2))
    }
    #expect(isClose(distribution.quantile(0.5), 2 * log(2)))
  }

  @Test func chiSquareOfOneDegreeIsASquaredNormal() throws {
    let distribution = try ChiSquareDistribution(degreesOfFreedom: 1)
    for x in [0.01, 1, 4, 30] {
      #expect(isClose(distribution.survival(x), 2 * NormalDistribution.survival(x.squareRoot())))
    }
    #expect(isClose(distribution.quantile(0.95), 3.841_458_820_694_124, 1e-10))
  }

  @Test(arguments: [0.5, 1, 3, 10, 100, 1_000])
  func chiSquareQuantilesInvert(_ degreesOfFreedom: Double) throws {
    let distribution = try ChiSquareDistribution(degreesOfFreedom: degreesOfFreedom)
    for probability in [1e-4, 0.025, 0.5, 0.975, 0.9999] {
      let quantile = distribution.quantile(probability)
      #expect(isClose(distribution.cumulative(quantile), probability, 1e-9))
    }
  }

  @Test func studentOfOneDegreeIsCauchy() throws {
    let distribution = try StudentDistribution(degreesOfFreedom: 1)
    for t in [-20.0, -1, 0, 0.3, 5] {
      #expect(isClose(distribution.cumulative(t), 0.5 + atan(t) / .pi, 1e-10))
      #expect(isClose(distribution.survival(t), 0.5 - atan(t) / .pi, 1e-10))
    }
    #expect(isClose(distribution.quantile(0.75), 1, 1e-9))
  }

  /// Holds the cumulative function to the integral of the density.
  @Test(arguments: [2, 5, 29.5, 31, 60, 400, 10_000])
  func studentProbabilitiesAreThoseOfTheDensity(_ degreesOfFreedom: Double) throws {
    let distribution = try StudentDistribution(degreesOfFreedom: degreesOfFreedom)
    for t in [0.1, 1, 2.5, 5] {
      let half = try integrate(
        from: 0, to: t, absoluteTolerance: 1e-13, relativeTolerance: 1e-12,
        distribution.density
      ).value
      #expect(abs(distribution.cumulative(t) - 0.5 - half) < 1e-10)
      #expect(abs(distribution.survival(t) - 0.5 + half) < 1e-10)
      let probability = distribution.cumulative(t)
      #expect(isClose(distribution.quantile(probability), t, 1e-6))
    }
  }

  @Test func theRatioOfOneDegreeIsASquaredStudent() throws {
    let ratio = try FDistribution(numeratorDegreesOfFreedom: 1, denominatorDegreesOfFreedom: 7)
    let student = try StudentDistribution(degreesOfFreedom: 7)
    for t in [0.2, 1, 3, 9] {
      #expect(isClose(ratio.survival(t * t), 2 * student.survival(t), 1e-9))
      #expect(isClose(ratio.cumulative(t * t), 1 - 2 * student.survival(t), 1e-9))
    }
    let even = try FDistribution(numeratorDegreesOfFreedom: 2, denominatorDegreesOfFreedom: 2)
    #expect(isClose(even.cumulative(3), 0.75))
    #expect(isClose(even.quantile(0.75), 3, 1e-9))
  }

  @Test func theEndsOfTheSupportAreInfinite() throws {
    let distribution = try ChiSquareDistribution(degreesOfFreedom: 3)
    #expect(NormalDistribution.quantile(0) == -.infinity)
    #expect(NormalDistribution.quantile(1) == .infinity)
    #expect(distribution.quantile(0) == 0)
    #expect(distribution.quantile(1) == .infinity)
    #expect(distribution.cumulative(-1) == 0)
  }

  @Test func badArgumentsAreRefused() throws {
    for invalid in [0, -1, .nan, Double.infinity] {
      #expect(throws: GSLError.self) { try ChiSquareDistribution(degreesOfFreedom: invalid) }
      #expect(throws: GSLError.self) { try StudentDistribution(degreesOfFreedom: invalid) }
      #expect(throws: GSLError.self) {
        try FDistribution(
          numeratorDegreesOfFreedom: 1, denominatorDegreesOfFreedom: invalid)
      }
    }
    let student = try StudentDistribution(degreesOfFreedom: 3)
    for invalid in [-0.1, 1.1, Double.nan] {
      #expect(NormalDistribution.quantile(invalid).isNaN)
      #expect(student.quantile(invalid).isNaN)
    }
  }
}
