import Foundation
import Testing

@testable import Escapement

/// Checks how numbers are written for people, over all their sizes.
@Suite struct NumberTextTests {
  /// Values of every size, both signs and 0.
  private var values: [Double] {
    var state: UInt64 = 42
    func next() -> Double {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(state >> 11) / Double(1 << 53)
    }
    let random = stride(from: -300, through: 300, by: 5).flatMap { exponent in
      [1.0, -1.0].map { $0 * (1 + 9 * next()) * pow(10, Double(exponent)) }
    }
    let edges = [
      0, -0.0, 0.0996, 0.9996, 9.996, 99.96, 1e5, 999_999.6, 1e6, 1.0 / 3, 0.5, 1e-4, 9.9999e-5,
      .leastNonzeroMagnitude, 1.5e308, -.pi,
    ]
    return random + edges
  }

  /// A sign before nothing but noughts, a doubled sign, or a word of C's.
  private func isUnsound(_ text: String) -> Bool {
    text.contains(/-0(\.0*)?(e[+-]\d+)?(?![.\d])/) || text.contains("--") || text.contains("+-")
      || text.contains("nan") || text.contains("inf")
  }

  /// Decimals and exponent of a number's text.
  private func form(_ text: Substring) -> (decimals: Int, exponent: Int) {
    let parts = text.split(separator: "e")
    let decimals = parts[0].firstIndex(of: ".").map {
      parts[0].distance(from: $0, to: parts[0].endIndex) - 1
    }
    return (decimals ?? 0, parts.count > 1 ? Int(parts[1])! : 0)
  }

  @Test func `a number alone keeps its leading digits, and zero has no sign`() throws {
    for value in values {
      for (text, tolerance) in [
        (NumberText.short(value), 5.1e-4), (NumberText.digits(value), 5.1e-7),
        (NumberText.given(value), 5.1e-6),
      ] {
        #expect(!isUnsound(text), "\(value): \(text)")
        #expect(text.count <= 22, "\(value): \(text)")
        let back = try #require(Double(text), "\(text)")
        #expect(abs(back - value) <= tolerance * abs(value), "\(value): \(text)")
      }
    }
    #expect(NumberText.short(-0.0) == "0")
    #expect(NumberText.short(.nan) == "–" && NumberText.short(-.infinity) == "-∞")
    #expect(NumberText.short(250_000) == "250000" && NumberText.short(1.23456e-7) == "1.235e-07")
  }

  @Test func `a parameter is written as it was given, and 1 over 6 with six digits`() {
    for (value, text) in [
      (1.0 / 6, "0.166667"), (0.72767, "0.72767"), (0.1 + 0.2, "0.3"), (3000, "3000"), (2.0, "2"),
      (1e-6, "1e-06"), (0.123456789, "0.123456789"), (-0.0, "0"), (1e6, "1000000"),
    ] { #expect(NumberText.given(value) == text) }
  }

  @Test func `an error has two digits and the value ends at the same place`() throws {
    for value in values where abs(value) < 1e300 {
      for share in [1e-12, 1e-6, 0.0099999, 0.3, 0.95, 1, 40, 1e5] {
        let size = abs(value) > 1e-290 ? abs(value) : 1
        let error = share * size
        let text = NumberText.measured(value, error)
        #expect(!isUnsound(text), "\(value), \(error): \(text)")
        #expect(text.count <= 44, "\(value), \(error): \(text)")
        let sides = text.replacing(" ± ", with: "±").split(separator: "±")
        try #require(sides.count == 2, "\(text)")
        let (back, backError) = (try #require(Double(sides[0])), try #require(Double(sides[1])))
        // Two digits: within a twentieth of itself, and never 0.
        #expect(abs(backError - error) <= 0.0501 * error, "\(text)")
        let digits = sides[1].prefix { $0 != "e" }.filter(\.isNumber).drop { $0 == "0" }
        #expect(
          digits.count == 2 || backError >= 100 && digits.dropFirst(2).allSatisfy { $0 == "0" })
        // The value to half a unit of the error's second digit.
        let unit = pow(10, (log10(backError) + 1e-9).rounded(.down) - 1)
        #expect(
          abs(back - value) <= 0.5001 * unit + 1e-11 * abs(value), "\(value), \(error): \(text)")
        if share >= 1e-6 {
          let (first, second) = (form(sides[0]), form(sides[1]))
          // The same place, also where an error alone is short with an exponent.
          #expect(
            first.decimals - first.exponent == second.decimals - second.exponent, "\(text)")
        }
      }
    }
  }

  @Test func `errors of nothing, and those that are no number, leave the value alone`() {
    for error in [nil, 0, -1, .nan, .infinity] as [Double?] {
      #expect(NumberText.measured(0.25, error) == "0.25")
      #expect(NumberText.measured(0, error) == "0")
      #expect(NumberText.measured(.nan, error) == "–")
    }
    #expect(NumberText.measured(.infinity, 1) == "∞")
    for (value, error, text) in [
      (1.14427, 0.00473, "1.1443 ± 0.0047"), (123_456, 1234, "123500 ± 1200"),
      (1.23e-15, 4.5e-16, "1.23e-15 ± 0.45e-15"), (0.12, 0.0996, "0.12 ± 0.10"),
      (0.001, 12, "0 ± 12"), (-0.001, 0.12, "0.00 ± 0.12"), (1e-9, 1e-7, "0.0e-07 ± 1.0e-07"),
      (9.999e-5, 9.9e-7, "9.999e-05 ± 0.099e-05"), (2e7, 3e5, "2.000e+07 ± 0.030e+07"),
      (0.5, 1e-15, "0.5 ± 1.0e-15"),
    ] { #expect(NumberText.measured(value, error) == text) }
  }

  @Test func `intervals have one place, and ends that are small beside the other keep digits`() {
    for (bounds, text) in [
      ([0.98123, 1.01234], "0.981 … 1.012"), ([0.651, 2.061], "0.65 … 2.06"),
      ([12.3456, 53.0912], "12.3 … 53.1"), ([-0.0001, 0.31], "-0.0001 … 0.31"),
      ([0, 0.12], "0.000 … 0.120"),
      ([1, 1], "1 … 1"), ([1e-9, 3e-9], "1e-09 … 3e-09"), ([0.5, .infinity], "0.5 … ∞"),
    ] { #expect(NumberText.interval(bounds) == text) }
    for value in values where abs(value) < 1e300 {
      for width in [1e-9, 0.01, 1, 30] {
        let text = NumberText.interval([value, value + width * max(abs(value), 1e-290)])
        #expect(!isUnsound(text) && text.count < 40, "\(text)")
      }
    }
  }

  @Test func `a shift says its side once, and the ends of an interval only where they differ`() {
    for (ratio, interval, text) in [
      (0.877, [0.857, 0.898], "earlier by 12.3% (95%: 10.2 … 14.3%)"),
      (1.123, [1.102, 1.143], "later by 12.3% (95%: 10.2 … 14.3%)"),
      (0.988, [0.97, 1.006], "earlier by 1.2% (95%: 3.0% earlier … 0.6% later)"),
      (1, [0.995, 1.005], "neither earlier nor later (95%: 0.5% earlier … 0.5% later)"),
      (1.00012, [1.0001, 1.00014], "later by 0.0120% (95%: 0.0100 … 0.0140%)"),
      (0.9, nil, "earlier by 10%"), (1, nil, "neither earlier nor later"),
      (1, [1, 1], "neither earlier nor later"), (0.9, [0.9, 0.9], "earlier by 10%"),
    ] as [(Double, [Double]?, String)] { #expect(NumberText.shift(ratio, interval) == text) }
    for ratio in [0.1, 0.9, 0.999, 1.001, 1.1, 10] {
      for width in [1e-6, 0.01, 0.3] {
        let text = NumberText.shift(ratio, [ratio * (1 - width), ratio * (1 + width)])
        #expect(!text.contains("-") && !text.contains("+") && !text.contains("−"), "\(text)")
      }
    }
  }

  @Test func `percentages, ticks, p-values and durations read as numbers`() {
    #expect(NumberText.signedPercent(-0.00001) == "0.0%")
    #expect(
      NumberText.signedPercent(-0.0234) == "-2.3%" && NumberText.signedPercent(0.5) == "+50.0%")
    #expect(NumberText.givenPercent(0.07) == "7%" && NumberText.givenPercent(0.05) == "5%")
    #expect(NumberText.percent(.nan) == "–%" && NumberText.percent(1) == "100%")
    #expect(NumberText.roughPercent(0.1234) == "12%" && NumberText.roughPercent(0.0034) == "0.34%")
    #expect(NumberText.roughPercent(0) == "0%" && NumberText.roughPercent(3.216) == "322%")
    #expect(NumberText.tick(1.23456, step: 0.05) == "1.235")
    #expect(NumberText.tick(0.00012345, step: 1e-5) == "0.000123")
    #expect(NumberText.pValue(0) == "< 1e-300" && NumberText.pValue(nil) == "–")
    #expect(NumberText.duration(.nan) == "–" && NumberText.duration(-1) == "0 s")
    #expect(NumberText.rounded(0) == "0" && NumberText.rounded(.infinity) == "∞")
    #expect(NumberText.dimension(.infinity) == "∞" && NumberText.dimension(.nan) == "–")
  }
}
