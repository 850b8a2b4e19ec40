import Foundation
import GSL
import Testing

@testable import Dynamics

private let activations: [Activation] =
  Activation.named + [.hermite([0.3, 1, 0, -0.4]), .polynomial([0.5, 0, -1, 0.25])]

@Suite struct ActivationTests {
  @Test(arguments: activations)
  func `slopes are derivatives`(activation: Activation) {
    let function = ActivationFunction(activation)
    for x in [-2.3, -0.4, 0.7, 1.9] {
      let h = 1e-5
      let difference = (function.value(x + h) - function.value(x - h)) / (2 * h)
      #expect(abs(function.valueAndSlope(x).slope - difference) < 1e-8)
    }
  }

  @Test(arguments: activations)
  func `many fields at once are one after the other`(activation: Activation) {
    let function = ActivationFunction(activation)
    let fields = [-1.5, 0, 0.2, 3]
    var (values, slopes) = ([Double](repeating: 9, count: 4), [Double](repeating: 9, count: 4))
    function.evaluate(fields, count: 4, values: &values, slopes: &slopes)
    for (i, x) in fields.enumerated() {
      #expect(values[i] == function.valueAndSlope(x).value)
      #expect(slopes[i] == function.valueAndSlope(x).slope)
    }
  }

  @Test func `known values`() {
    #expect(abs(ActivationFunction(.erf).value(1) - 0.6826894921370859) < 1e-15)
    #expect(abs(ActivationFunction(.softplus).value(-800)) < 1e-300)
    #expect(ActivationFunction(.softplus).value(800) == 800)
    #expect(ActivationFunction(.sigmoid).value(0) == 0.5)
    // He_3 = x³ − 3x, He_4 = x⁴ − 6x² + 3.
    #expect(Activation.hermite([0, 0, 0, 1, 1]).monomials == [3, -3, -6, 1, 1])
  }

  /// Each coefficient of the spectrum against GSL's adaptive quadrature.
  @Test(arguments: activations, [0.4, 1, 1.6])
  func `spectrum is the projection on Hermite polynomials`(
    activation: Activation, norm: Double
  ) throws {
    let function = ActivationFunction(activation)
    let spectrum = HermiteSpectrum(activation)
    let coefficients = spectrum.coefficients(norm: norm)
    for n in [0, 1, 2, 3, 4, 7, 12] where n < coefficients.count {
      func half(_ from: Double, _ to: Double) throws -> Double {
        try integrate(from: from, to: to, absoluteTolerance: 1e-12, relativeTolerance: 1e-11) {
          let hermite = hermiteValues($0, upTo: max(n, 1))[n] / tgamma(Double(n + 1)).squareRoot()
          let density = exp(-0.5 * $0 * $0) / (2 * Double.pi).squareRoot()
          return function.value(norm * $0) * hermite * density
        }.value
      }
      let expected = try half(-14, 0) + half(0, 14)
      #expect(abs(coefficients[n] - expected) < 1e-10)
    }
    if let table = HermiteTable.shared(activation) {
      var interpolated = [Double](repeating: 0, count: spectrum.count)
      table.fill(&interpolated, norm: norm)
      for n in interpolated.indices { #expect(abs(interpolated[n] - coefficients[n]) < 1e-9) }
    }
  }

  struct Learned: Sendable {
    let target: Target
    let units: Int
    let exponent: Int
    let leap: Int
  }

  @Test(arguments: [
    Learned(target: .mean(.square), units: 1, exponent: 2, leap: 2),
    Learned(target: .mean(.erf), units: 3, exponent: 1, leap: 1),
    Learned(target: .mean(.hermite([1, 0, 0, 2])), units: 2, exponent: 3, leap: 3),
    Learned(target: .mean(.polynomial([0, 0, 0, 1])), units: 1, exponent: 1, leap: 1),
    // He_1(λ_1) + He_1(λ_1)He_2(λ_2): two degrees remain for the second direction.
    Learned(
      target: .hermiteTerms([
        HermiteTerm(coefficient: 1, degrees: [1, 0]), HermiteTerm(coefficient: 1, degrees: [1, 2]),
      ]), units: 2, exponent: 1, leap: 2),
    Learned(
      target: .hermiteTerms([HermiteTerm(coefficient: 1, degrees: [1, 1, 1])]), units: 3,
      exponent: 3, leap: 3),
  ])
  func `information exponent and leap`(item: Learned) throws {
    let model = try Model(
      dimension: 100, teacherUnits: item.units, learningRate: 0.1, target: item.target)
    #expect(try model.informationExponent() == item.exponent)
    #expect(try model.leap() == item.leap)
  }

  @Test func `correlated units lower the exponent of their product`() throws {
    // λ_1λ_2 has the constant P_12, and with P_12 = 1 it is λ_1², still of exponent 2; He_1(λ_1)He_2(λ_2)
    // of correlated units has a first degree.
    let terms: Target = .hermiteTerms([HermiteTerm(coefficient: 1, degrees: [1, 2])])
    let model = try Model(
      dimension: 100, teacherUnits: 2, learningRate: 0.1, target: terms,
      teacherGram: [[1, 0.5], [0.5, 1]])
    #expect(try model.informationExponent() == 1)
  }
}
