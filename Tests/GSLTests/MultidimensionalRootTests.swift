import Foundation
import GSL
import Testing

@Suite struct MultidimensionalRootTests {
  private struct Refusal: Error, Equatable {}

  @Test func `the root of Rosenbrock's system is found to rounding`() throws {
    let root = try MultidimensionalRoot(from: [-10, -5], residualTolerance: 1e-13) {
      [1 - $0[0], 10 * ($0[1] - $0[0] * $0[0])]
    }
    #expect(abs(root.point[0] - 1) < 1e-12 && abs(root.point[1] - 1) < 1e-12)
    #expect(root.residual < 1e-13)
  }

  @Test func `without a root the search ends, with a residual that says so`() throws {
    let root = try MultidimensionalRoot(from: [1, 1], residualTolerance: 1e-12) {
      [$0[0] * $0[0] + 1, $0[1]]
    }
    #expect(root.residual >= 1)
  }

  @Test func `errors and bad arguments are thrown`() {
    #expect(throws: Refusal()) {
      try MultidimensionalRoot(from: [1], residualTolerance: 1e-9) { _ in throw Refusal() }
    }
    #expect(throws: GSLError.self) {
      try MultidimensionalRoot(from: [], residualTolerance: 1e-9) { $0 }
    }
    #expect(throws: GSLError.self) {
      try MultidimensionalRoot(from: [1], residualTolerance: 0) { $0 }
    }
    #expect(throws: GSLError.self) {
      try MultidimensionalRoot(from: [1], residualTolerance: 1e-9) { $0 + [1] }
    }
    #expect(throws: GSLError.self) {
      try MultidimensionalRoot(from: [1], residualTolerance: 1e-9) { _ in [.nan] }
    }
  }

  @Test func `central differences give the Jacobian`() throws {
    let slopes = try jacobian(at: [0.3, -2]) { (x: [Double]) -> [Double] in
      [sin(x[0]) * x[1], x[0], exp(x[1])]
    }
    let angle = 0.3
    let expected: [Double] = [-2 * cos(angle), sin(angle), 1, 0, 0, exp(Double(-2))]
    #expect(slopes.rows == 3 && slopes.columns == 2)
    for (value, exact) in zip(slopes.storage, expected) { #expect(abs(value - exact) < 1e-9) }
    #expect(throws: GSLError.self) { try jacobian(at: [0]) { _ in [.infinity] } }
  }

  @Test func `eigenvalues of a matrix with a spiral are its own, by real part`() throws {
    // A block with eigenvalues −1 ± 2i and one with ½, in a skew basis.
    let block = try Matrix([[-1, 2, 0], [-2, -1, 0], [0, 0, 0.5]])
    let basis = try Matrix([[1, 2, 0], [0, 1, 3], [0, 0, 1]])
    let inverse = try Matrix([[1, -2, 6], [0, 1, -3], [0, 0, 1]])
    let values = try eigenvalues(of: basis * block * inverse)
    #expect(abs(values[0].real - 0.5) < 1e-12 && abs(values[0].imaginary) < 1e-12)
    for value in values.dropFirst() {
      #expect(abs(value.real + 1) < 1e-12 && abs(abs(value.imaginary) - 2) < 1e-12)
    }
    #expect(throws: GSLError.self) {
      try eigenvalues(of: Matrix(rows: 1, columns: 2, repeating: 0))
    }
    #expect(throws: GSLError.self) { try eigenvalues(of: Matrix([[.nan]])) }
  }

  @Test func `singular values descend, and the factors multiply back`() throws {
    let matrix = try Matrix([[1, 2, 3], [4, 5, 6], [7, 8, 9]])
    var (left, values, right) = try singularValues(of: matrix)
    #expect(values[0] > values[1] && values[1] > 1 && values[2] < 1e-14 * values[0])
    for i in 0..<3 { for j in 0..<3 { left[i, j] *= values[j] } }
    let product = try left * right.transposed
    for (x, y) in zip(product.storage, matrix.storage) { #expect(abs(x - y) < 1e-13) }
    (left, values, right) = try singularValues(of: .identity(2))
    #expect(values == [1, 1])
    #expect(throws: GSLError.self) {
      try singularValues(of: Matrix(rows: 2, columns: 1, repeating: 1))
    }
  }
}
