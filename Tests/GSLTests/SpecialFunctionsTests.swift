import Foundation
import GSL
import Testing

@Suite struct SpecialFunctionsTests {
  @Test func knownValues() {
    let eulerConstant = 0.577_215_664_901_532_9
    #expect(abs(digamma(1) + eulerConstant) < 1e-14)
    #expect(abs(digamma(0.5) + eulerConstant + 2 * log(2)) < 1e-14)
    #expect(abs(logGamma(0.5) - log(Double.pi) / 2) < 1e-14)
    #expect(abs(logGamma(10) - log(362_880)) < 1e-12)
    #expect(abs(logGamma(-0.5) - log(2 * Double.pi.squareRoot())) < 1e-14)
  }

  @Test func recurrences() {
    for x in [1e-3, 0.7, 3.2, 50, 1e5] {
      #expect(abs(digamma(x + 1) - digamma(x) - 1 / x) < 1e-12 * max(1, 1 / x))
      #expect(abs(logGamma(x + 1) - logGamma(x) - log(x)) < 1e-12 * max(1, logGamma(x)))
    }
  }

  @Test func polesAreNotANumber() {
    for pole in [0.0, -1, -7] {
      #expect(digamma(pole).isNaN)
      #expect(logGamma(pole).isNaN)
    }
    #expect(digamma(.nan).isNaN)
    #expect(logGamma(.nan).isNaN)
  }
}
