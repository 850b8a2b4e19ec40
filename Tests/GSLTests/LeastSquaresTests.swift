import Foundation
import GSL
import Testing

@Suite struct LeastSquaresTests {
  @Test func exactValuesGiveTheirCoefficients() throws {
    let x = [1.0, 2, 4, 7, 11]
    let fit = try LeastSquaresFit(
      design: Matrix(x.map { [1, $0, $0 * $0] }), values: x.map { 2 - 3 * $0 + 0.5 * $0 * $0 },
      standardErrors: [1, 2, 0.5, 1, 3])
    for (found, expected) in zip(fit.coefficients, [2, -3, 0.5]) {
      #expect(abs(found - expected) < 1e-11)
    }
    #expect(fit.chiSquare < 1e-20)
    #expect(fit.degreesOfFreedom == 2)
    let (value, _) = fit.value(at: [1, 10, 100])
    #expect(abs(value - 22) < 1e-10)
  }

  /// A straight line has closed forms for coefficients, covariance and χ².
  @Test func aWeightedLineHasItsClosedForm() throws {
    let x = [0.5, 1.5, 2, 3.7, 5]
    let y = [1.1, 0.4, 2.2, 2.9, 5.6]
    let errors = [0.3, 0.2, 0.5, 0.1, 0.4]
    let weights = errors.map { 1 / ($0 * $0) }
    func sum(_ term: (Int) -> Double) -> Double { x.indices.reduce(0) { $0 + term($1) } }
    let s = sum { weights[$0] }
    let sx = sum { weights[$0] * x[$0] }
    let sxx = sum { weights[$0] * x[$0] * x[$0] }
    let sy = sum { weights[$0] * y[$0] }
    let sxy = sum { weights[$0] * x[$0] * y[$0] }
    let determinant = s * sxx - sx * sx
    let slope = (s * sxy - sx * sy) / determinant
    let constant = (sxx * sy - sx * sxy) / determinant
    let fit = try LeastSquaresFit(
      design: Matrix(x.map { [1, $0] }), values: y, standardErrors: errors)
    #expect(abs(fit.coefficients[0] - constant) < 1e-12)
    #expect(abs(fit.coefficients[1] - slope) < 1e-12)
    #expect(abs(fit.covariance[0, 0] - sxx / determinant) < 1e-12)
    #expect(abs(fit.covariance[1, 1] - s / determinant) < 1e-12)
    #expect(abs(fit.covariance[0, 1] + sx / determinant) < 1e-12)
    let chiSquare = sum { weights[$0] * pow(y[$0] - constant - slope * x[$0], 2) }
    #expect(abs(fit.chiSquare - chiSquare) < 1e-10)
    let (_, error) = fit.value(at: [1, 3])
    #expect(abs(error * error - (sxx - 6 * sx + 9 * s) / determinant) < 1e-12)
    let law = try ChiSquareDistribution(degreesOfFreedom: 3)
    #expect(try abs(#require(fit.pValue) - law.survival(chiSquare)) < 1e-12)
  }

  @Test func aFitWithoutFreedomHasNoPValue() throws {
    let fit = try LeastSquaresFit(
      design: Matrix([[1, 1], [1, 2]]), values: [3, 5], standardErrors: [1, 1])
    #expect(fit.pValue == nil)
    #expect(abs(fit.coefficients[1] - 2) < 1e-12)
  }

  @Test func badInputThrows() throws {
    let design = try Matrix([[1, 1], [1, 2], [1, 3]])
    let cases: [([Double], [Double])] = [
      ([1, 2], [1, 1]), ([1, 2, 3], [1, 1]), ([1, 2, 3], [1, 0, 1]), ([1, 2, 3], [1, -1, 1]),
      ([1, .nan, 3], [1, 1, 1]), ([1, 2, 3], [1, .infinity, 1]),
    ]
    for (values, errors) in cases {
      #expect(throws: GSLError.self) {
        try LeastSquaresFit(design: design, values: values, standardErrors: errors)
      }
    }
    #expect(throws: GSLError.self) {
      try LeastSquaresFit(design: Matrix([[1, 2]]), values: [1], standardErrors: [1])
    }
    // The second column is twice the first.
    #expect(throws: GSLError.self) {
      try LeastSquaresFit(
        design: Matrix([[1, 2], [2, 4], [3, 6]]), values: [1, 2, 3], standardErrors: [1, 1, 1])
    }
  }
}
