import CKernels
import Foundation
import Testing

/// The kernels' activations and arcsine against the C library's, whose own errors are below one unit in the last place.
@Suite struct FunctionKernelTests {
  static let sets = (0...esc_best_instruction_set().rawValue).map {
    EscInstructionSet(rawValue: $0)
  }

  /// Fields of both signs and all sizes, from 10⁻⁹ to 40.
  private static let fields: [Double] = (0..<16_000).map { i in
    let size = pow(10, -9 + 10.6 * Double(i) / 16_000)
    return i % 2 == 0 ? size : -size
  }

  private func values(
    _ kind: EscFunctionKind, _ fields: [Double], _ instructions: EscInstructionSet
  ) -> (values: [Double], slopes: [Double]) {
    var function = EscFunction()
    function.kind = kind
    var values = fields
    var slopes = fields
    for block in stride(from: 0, to: fields.count, by: 16) {
      fields.withUnsafeBufferPointer { x in
        values.withUnsafeMutableBufferPointer { value in
          slopes.withUnsafeMutableBufferPointer { slope in
            esc_function(
              &function, x.baseAddress! + block, value.baseAddress! + block,
              slope.baseAddress! + block, instructions)
          }
        }
      }
    }
    return (values, slopes)
  }

  private static func logistic(_ x: Double) -> Double {
    x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x))
  }

  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let kind: EscFunctionKind
    let value: @Sendable (Double) -> Double
    let slope: @Sendable (Double) -> Double
  }

  static let cases: [Case] = [
    Case(
      testDescription: "erf", kind: ESC_ERF, value: { erf($0 / 2.0.squareRoot()) },
      slope: { (2 / Double.pi).squareRoot() * exp(-0.5 * $0 * $0) }),
    Case(
      testDescription: "tanh", kind: ESC_TANH, value: { tanh($0) },
      slope: { 1 - tanh($0) * tanh($0) }),
    Case(
      testDescription: "sigmoid", kind: ESC_SIGMOID, value: { logistic($0) },
      slope: { logistic($0) * (1 - logistic($0)) }),
    Case(
      testDescription: "softplus", kind: ESC_SOFTPLUS,
      value: { max($0, 0) + log1p(exp(-abs($0))) }, slope: { logistic($0) }),
  ]

  @Test(arguments: cases) func `values are within six units in the last place`(item: Case) {
    let made = values(item.kind, Self.fields, esc_best_instruction_set())
    for (x, (value, slope)) in zip(Self.fields, zip(made.values, made.slopes)) {
      let (expected, expectedSlope) = (item.value(x), item.slope(x))
      #expect(abs(value - expected) <= 6 * expected.ulp, "at \(x)")
      #expect(abs(slope - expectedSlope) <= 6e-16, "at \(x)")
    }
  }

  @Test func `fields far out have the limits of each function`() {
    let far: [Double] =
      [-1e300, -1e4, -800, -709, 709, 800, 1e4, 1e300]
      + [-.infinity, .infinity, .nan, 0, -0.0, .leastNonzeroMagnitude, 8.6, -8.6]
    for item in Self.cases {
      let made = values(item.kind, far, esc_best_instruction_set())
      for (x, value) in zip(far, made.values) {
        let expected = item.value(x)
        if expected.isNaN {
          #expect(value.isNaN, "\(item.testDescription) at \(x)")
        } else {
          #expect(
            value == expected || abs(value - expected) <= max(6 * expected.ulp, 1e-300),
            "\(item.testDescription) at \(x)")
        }
      }
    }
  }

  @Test func `arcsines are within six units in the last place`() {
    let fields = (0..<8_000).map { i -> Double in
      let size = i % 4 < 2 ? Double(i) / 8_000 : 1 - pow(10, -15 * Double(i) / 8_000)
      return i % 2 == 0 ? size : -size
    }
    var made = fields
    for block in stride(from: 0, to: fields.count, by: 16) {
      fields.withUnsafeBufferPointer { x in
        made.withUnsafeMutableBufferPointer {
          esc_arcsine(x.baseAddress! + block, $0.baseAddress! + block, esc_best_instruction_set())
        }
      }
    }
    for (x, value) in zip(fields, made) {
      #expect(abs(value - asin(x)) <= 6 * asin(x).ulp, "at \(x)")
    }
  }

  @Test(arguments: sets) func `every instruction set gives the same bits`(
    instructions: EscInstructionSet
  ) {
    for item in Self.cases {
      let first = values(item.kind, Self.fields, esc_best_instruction_set())
      let other = values(item.kind, Self.fields, instructions)
      #expect(first.values.map(\.bitPattern) == other.values.map(\.bitPattern))
      #expect(first.slopes.map(\.bitPattern) == other.slopes.map(\.bitPattern))
    }
  }
}
