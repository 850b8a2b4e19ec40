import Foundation
import GSL
import Testing

@Suite struct LinearAlgebraTests {
  private func distance(_ left: Matrix, _ right: Matrix) -> Double {
    zip(left.storage, right.storage).map { abs($0 - $1) }.max() ?? .infinity
  }

  @Test func matricesMultiply() throws {
    let a = try Matrix([[1, 2, 3], [4, 5, 6]])
    let b = try Matrix([[1, 0], [2, 1], [0, -1]])
    #expect(try a * b == Matrix([[5, -1], [14, -1]]))
    #expect(try a * .identity(3) == a)
    #expect(try (a * b).transposed == b.transposed * a.transposed)
    #expect(a.transposed[2, 1] == 6)
    #expect(throws: GSLError.self) { try a * a }
  }

  @Test func raggedRowsThrow() {
    #expect(throws: GSLError.self) { try Matrix([]) }
    #expect(throws: GSLError.self) { try Matrix([[]]) }
    #expect(throws: GSLError.self) { try Matrix([[1, 2], [3]]) }
  }

  @Test func eigenvaluesOfASecondDifferenceHaveTheirClosedForm() throws {
    let size = 12
    var matrix = Matrix(rows: size, columns: size, repeating: 0)
    for index in 0..<size {
      matrix[index, index] = 2
      if index > 0 {
        matrix[index, index - 1] = -1
        matrix[index - 1, index] = -1
      }
    }
    let values = try symmetricEigenvalues(of: matrix)
    for (index, value) in values.enumerated() {
      let angle = Double(index + 1) * .pi / Double(size + 1)
      #expect(abs(value - (2 - 2 * cos(angle))) < 1e-13)
    }
    let system = try symmetricEigensystem(of: matrix)
    #expect(zip(system.values, values).allSatisfy { abs($0 - $1) < 1e-13 })
    var scaled = system.vectors
    for row in 0..<size {
      for column in 0..<size {
        scaled[row, column] *= system.values[column]
      }
    }
    #expect(distance(try matrix * system.vectors, scaled) < 1e-13)
    #expect(distance(try system.vectors.transposed * system.vectors, .identity(size)) < 1e-13)
  }

  @Test func theCholeskyFactorMultipliesBack() throws {
    let matrix = try Matrix([[4, 2, -2], [2, 10, 5], [-2, 5, 9]])
    let factor = try choleskyFactor(of: matrix)
    #expect(factor[0, 1] == 0 && factor[0, 2] == 0 && factor[1, 2] == 0)
    #expect(factor[0, 0] == 2)
    #expect(distance(try factor * factor.transposed, matrix) < 1e-14)
    #expect(try choleskyFactor(of: Matrix([[9]])) == Matrix([[3]]))
  }

  @Test func linearSystemsAreSolved() throws {
    let a = try Matrix([[0, 2, 1], [1, 1, 0], [3, 0, -1]])
    let solution = try solve(a, [7, 3, 0])
    for (value, expected) in zip(solution, [1.0, 2, 3]) {
      #expect(abs(value - expected) < 1e-14)
    }
  }

  @Test func unfitMatricesThrow() throws {
    let indefinite = try Matrix([[1, 2], [2, 1]])
    let error = #expect(throws: GSLError.self) { try choleskyFactor(of: indefinite) }
    #expect(error?.code == 1)
    let singular = try Matrix([[1, 2], [2, 4]])
    #expect(throws: GSLError.self) { try solve(singular, [1, 1]) }
    #expect(throws: GSLError.self) { try solve(singular, [1]) }
    let asymmetric = try Matrix([[1, 2], [0, 1]])
    #expect(throws: GSLError.self) { try symmetricEigenvalues(of: asymmetric) }
    #expect(throws: GSLError.self) { try symmetricEigensystem(of: asymmetric) }
    #expect(throws: GSLError.self) { try choleskyFactor(of: asymmetric) }
    let notFinite = try Matrix([[1, .nan], [.nan, 1]])
    #expect(throws: GSLError.self) { try symmetricEigenvalues(of: notFinite) }
    #expect(throws: GSLError.self) { try solve(notFinite, [1, 1]) }
    let oblong = Matrix(rows: 2, columns: 3, repeating: 1)
    #expect(throws: GSLError.self) { try symmetricEigenvalues(of: oblong) }
    #expect(throws: GSLError.self) { try solve(oblong, [1, 1]) }
  }
}
