import CGSL
import Foundation

/// Fits values by a linear combination of given columns, with weights from their standard errors.
///
/// y_i = Σ_j X_ij β_j with errors of standard deviation σ_i: β minimises χ² = Σ_i ((y_i − (Xβ)_i)/σ_i)².
/// The standard errors are taken as known, so that the covariance is (Xᵀ W X)⁻¹, not scaled by χ².
/// Source: GSL, `gsl_multifit_wlinear`, by the singular values of the balanced design.
public struct LeastSquaresFit: Sendable, Equatable {
  /// Holds the coefficients β, one a column.
  public let coefficients: [Double]
  /// Holds the covariance of the coefficients.
  public let covariance: Matrix
  /// Is χ², the sum of squared residuals in units of their errors.
  public let chiSquare: Double
  /// Counts the values less the coefficients, at least 0.
  public let degreesOfFreedom: Int

  /// Fits `values` with `standardErrors` by the columns of `design`, a row a value.
  ///
  /// Throws `GSLError` when lengths differ, there are fewer values than columns, an entry is not
  /// finite, a standard error is not positive, or columns depend on each other. Cost: rows ×
  /// columns².
  public init(design: Matrix, values: [Double], standardErrors: [Double]) throws {
    handlerIsOff
    let name = "gsl_multifit_wlinear"
    let (rows, columns) = (design.rows, design.columns)
    guard values.count == rows, standardErrors.count == rows else {
      throw GSLError(Int32(GSL_EBADLEN), name)
    }
    guard rows >= columns else {
      throw GSLError.invalid(name, "\(rows) values are too few for \(columns) coefficients")
    }
    guard (design.storage + values).allSatisfy(\.isFinite),
      standardErrors.allSatisfy({ $0 > 0 && $0.isFinite })
    else { throw GSLError.invalid(name, "entries must be finite, and errors positive") }
    let workspace = try allocated(
      gsl_multifit_linear_alloc(rows, columns), "gsl_multifit_linear_alloc")
    defer { gsl_multifit_linear_free(workspace) }
    var (design, values) = (design, values)
    var weights = standardErrors.map { 1 / ($0 * $0) }
    var coefficients = Array(repeating: 0.0, count: columns)
    var covariance = Matrix(rows: columns, columns: columns, repeating: 0)
    var chiSquare = 0.0
    try design.withGSL { design in
      try values.withGSLVector { values in
        try weights.withGSLVector { weights in
          try coefficients.withGSLVector { coefficients in
            try covariance.withGSL { covariance in
              try check(
                gsl_multifit_wlinear(
                  design, weights, values, coefficients, covariance, &chiSquare, workspace), name)
            }
          }
        }
      }
    }
    guard gsl_multifit_linear_rank(1e-12, workspace) == columns else {
      throw GSLError.invalid(name, "the columns depend on each other")
    }
    self.coefficients = coefficients
    self.covariance = covariance
    self.chiSquare = chiSquare
    degreesOfFreedom = rows - columns
  }

  /// Returns the fitted value at `row`, a number a column, with its standard error.
  ///
  /// Traps unless `row` has as many numbers as there are coefficients.
  public func value(at row: [Double]) -> (estimate: Double, standardError: Double) {
    precondition(row.count == coefficients.count, "one number a coefficient")
    let estimate = zip(row, coefficients).reduce(0) { $0 + $1.0 * $1.1 }
    var square = 0.0
    for i in row.indices {
      for j in row.indices { square += row[i] * covariance[i, j] * row[j] }
    }
    return (estimate, max(square, 0).squareRoot())
  }

  /// Returns the probability of a χ² as large as this if the columns describe the values; nil
  /// without degrees of freedom.
  public var pValue: Double? {
    guard degreesOfFreedom > 0 else { return nil }
    return try? ChiSquareDistribution(degreesOfFreedom: Double(degreesOfFreedom))
      .survival(chiSquare)
  }
}
