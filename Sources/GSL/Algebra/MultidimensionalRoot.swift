import CGSL

/// Is where n functions of n unknowns vanish together, as nearly as it was found.
public struct MultidimensionalRoot: Sendable, Equatable {
  /// Holds the unknowns.
  public let point: [Double]
  /// Is Σ_i |f_i| at `point`.
  public let residual: Double

  /// Looks for a root of `function` from `start` by Powell's hybrid method.
  ///
  /// Ends when Σ|f_i| < `residualTolerance` > 0, or when rounding or a singular Jacobian allows no further
  /// progress: look at `residual`. The Jacobian is taken by ``jacobian(at:of:)``. `function` returns as many
  /// values as it takes, all finite. Cost: 2n calls of it for each Jacobian, of which there are a few.
  ///
  /// Throws `GSLError` when lengths differ, a value is not finite or `maximumIterations` pass; rethrows what
  /// `function` throws. Source: Powell (1970), in GSL's `gsl_multiroot_fdfsolver_hybridsj`.
  public init(
    from start: [Double], residualTolerance: Double, maximumIterations: Int = 100,
    of function: ([Double]) throws -> [Double]
  ) throws {
    handlerIsOff
    guard !start.isEmpty, residualTolerance > 0 else {
      throw GSLError.invalid(
        "MultidimensionalRoot", "there must be an unknown, and a tolerance above 0")
    }
    self = try withoutActuallyEscaping(function) { function in
      try MultidimensionalRoot(
        SystemOfEquations(function), start, residualTolerance, maximumIterations)
    }
  }

  private init(
    _ system: SystemOfEquations, _ start: [Double], _ tolerance: Double, _ iterations: Int
  ) throws {
    let size = start.count
    let solver = try allocated(
      gsl_multiroot_fdfsolver_alloc(escapement_multiroot_hybrid(), size),
      "gsl_multiroot_fdfsolver_alloc")
    defer { gsl_multiroot_fdfsolver_free(solver) }
    var description = system.description(size)
    var start = start
    var (point, residual) = ([Double](), Double.infinity)
    // The solver's answer is read while the system lives.
    try withExtendedLifetime(system) {
      try withUnsafeMutablePointer(to: &description) { description in
        try start.withGSLVector { start in
          let status = gsl_multiroot_fdfsolver_set(solver, description, start)
          if let error = system.error { throw error }
          try check(status, "gsl_multiroot_fdfsolver_set")
          // What comes after the best place may be worse, or no number at all.
          func note() {
            let sum = (0..<size).reduce(0) { $0 + abs(gsl_vector_get(solver.pointee.f, $1)) }
            guard sum < residual else { return }
            residual = sum
            point = (0..<size).map { gsl_vector_get(solver.pointee.x, $0) }
          }
          note()
          var taken = 0
          while !(residual < tolerance) {
            guard taken < iterations else {
              throw GSLError(Int32(GSL_EMAXITER), "MultidimensionalRoot")
            }
            taken += 1
            let status = gsl_multiroot_fdfsolver_iterate(solver)
            if let error = system.error { throw error }
            if [GSL_ENOPROG, GSL_ENOPROGJ, GSL_ESING, GSL_EBADFUNC].contains(Int(status)) { break }
            try check(status, "gsl_multiroot_fdfsolver_iterate")
            note()
          }
        }
      }
    }
    (self.point, self.residual) = (point, residual)
  }
}

/// Returns the matrix of ∂f_i/∂x_j at `point` by central differences.
///
/// `function` returns any number of values, always as many. The error is of the order of ε^(2/3) of the
/// values and of third derivatives. Cost: two calls an unknown. Throws `GSLError` when a value is not
/// finite; rethrows what `function` throws.
public func jacobian(
  at point: [Double], of function: ([Double]) throws -> [Double]
) throws -> Matrix {
  let cubeRootOfPrecision = 6e-6
  var displaced = point
  var columns: [[Double]] = []
  for (j, value) in point.enumerated() {
    let displacement = cubeRootOfPrecision * max(abs(value), 1)
    // Rounded first, so that their difference is exact.
    let (lower, upper) = (value - displacement, value + displacement)
    displaced[j] = upper
    let above = try function(displaced)
    displaced[j] = lower
    let below = try function(displaced)
    displaced[j] = value
    columns.append(zip(above, below).map { ($0 - $1) / (upper - lower) })
  }
  guard columns.allSatisfy({ $0.allSatisfy(\.isFinite) }) else {
    throw GSLError(Int32(GSL_EBADFUNC), "jacobian")
  }
  return try Matrix(columns).transposed
}

/// Carries throwing Swift functions of several unknowns through GSL's void pointer.
private final class SystemOfEquations {
  private let function: ([Double]) throws -> [Double]
  private(set) var error: (any Error)?

  init(_ function: @escaping ([Double]) throws -> [Double]) { self.function = function }

  /// Describes this system to GSL; valid while `self` lives.
  func description(_ size: Int) -> gsl_multiroot_function_fdf {
    gsl_multiroot_function_fdf(
      f: { point, context, values in
        SystemOfEquations.from(context).evaluate(point!, values, nil)
      },
      df: { point, context, matrix in
        SystemOfEquations.from(context).evaluate(point!, nil, matrix)
      },
      fdf: { point, context, values, matrix in
        SystemOfEquations.from(context).evaluate(point!, values, matrix)
      },
      n: size, params: Unmanaged.passUnretained(self).toOpaque())
  }

  private static func from(_ context: UnsafeMutableRawPointer?) -> SystemOfEquations {
    Unmanaged<SystemOfEquations>.fromOpaque(context!).takeUnretainedValue()
  }

  func values(at point: [Double]) throws -> [Double] {
    let values = try function(point)
    guard values.count == point.count else {
      throw GSLError(Int32(GSL_EBADLEN), "MultidimensionalRoot")
    }
    guard values.allSatisfy(\.isFinite) else {
      throw GSLError(Int32(GSL_EBADFUNC), "MultidimensionalRoot")
    }
    return values
  }

  /// Fills what is asked for; keeps the first error, after which nothing is called again.
  private func evaluate(
    _ point: UnsafePointer<gsl_vector>, _ output: UnsafeMutablePointer<gsl_vector>?,
    _ matrix: UnsafeMutablePointer<gsl_matrix>?
  ) -> Int32 {
    guard error == nil else { return Int32(GSL_EBADFUNC) }
    let place = (0..<point.pointee.size).map { gsl_vector_get(point, $0) }
    // A step along a singular Jacobian: the solver's trouble, not the function's.
    guard place.allSatisfy(\.isFinite) else { return Int32(GSL_EBADFUNC) }
    do {
      if let output {
        for (i, value) in try values(at: place).enumerated() { gsl_vector_set(output, i, value) }
      }
      if let matrix {
        let slopes = try jacobian(at: place, of: values)
        for i in place.indices {
          for j in place.indices { gsl_matrix_set(matrix, i, j, slopes[i, j]) }
        }
      }
      return success
    } catch {
      self.error = error
      return Int32(GSL_EBADFUNC)
    }
  }
}
