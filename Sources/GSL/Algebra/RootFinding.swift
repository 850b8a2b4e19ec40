import CGSL

/// Finds a root of `function` in `interval` by Brent's method.
///
/// The values at the two ends must differ in sign; an end that is an exact root is returned.
/// The answer is within `absoluteTolerance` ≥ 0 (and the rounding of the root) of a change of
/// sign. Cost: typically about ten calls of `function`.
///
/// Throws `GSLError` when the ends do not straddle zero, a value is not finite, the interval
/// is not finite or `maximumIterations` pass; rethrows what `function` throws.
/// Source: Brent, "Algorithms for minimization without derivatives" (1973), chapter 4.
public func findRoot(
  in interval: ClosedRange<Double>, absoluteTolerance: Double, maximumIterations: Int = 200,
  of function: (Double) throws -> Double
) throws -> Double {
  handlerIsOff
  guard interval.lowerBound.isFinite, interval.upperBound.isFinite, absoluteTolerance >= 0 else {
    throw GSLError.invalid(
      "findRoot", "the interval must be finite and the tolerance at least 0")
  }
  let atLower = try function(interval.lowerBound)
  if atLower == 0 { return interval.lowerBound }
  let atUpper = try function(interval.upperBound)
  if atUpper == 0 { return interval.upperBound }
  guard atLower.isFinite, atUpper.isFinite else {
    throw GSLError(
      code: Int32(GSL_EBADFUNC), function: "findRoot",
      reason: "the function is not finite at an end of \(interval)")
  }
  guard (atLower < 0) != (atUpper < 0) else {
    throw GSLError.invalid("findRoot", "the ends of \(interval) do not straddle a root")
  }
  return try withoutActuallyEscaping(function) { function in
    var context = CallbackContext(function)
    return try withUnsafeMutablePointer(to: &context) { context in
      try brent(
        context, interval, absoluteTolerance: absoluteTolerance,
        maximumIterations: maximumIterations)
    }
  }
}

private func brent(
  _ context: UnsafeMutablePointer<CallbackContext>, _ interval: ClosedRange<Double>,
  absoluteTolerance: Double, maximumIterations: Int
) throws -> Double {
  let solver = try allocated(
    gsl_root_fsolver_alloc(escapement_root_brent()), "gsl_root_fsolver_alloc")
  defer { gsl_root_fsolver_free(solver) }
  var target = gsl_function(
    function: { argument, context in
      context!.assumingMemoryBound(to: CallbackContext.self).pointee
        .value(at: argument, named: "findRoot", onError: .nan)
    }, params: context)
  return try withUnsafeMutablePointer(to: &target) { target in
    func checkCall(_ status: Int32, _ name: String) throws {
      if let error = context.pointee.error { throw error }
      try check(status, name)
    }
    try checkCall(
      gsl_root_fsolver_set(solver, target, interval.lowerBound, interval.upperBound),
      "gsl_root_fsolver_set")
    // Brent's ends close in to the rounding of the root, no further.
    let relativeTolerance = 4 * Double.ulpOfOne
    for _ in 0..<max(maximumIterations, 0) {
      try checkCall(gsl_root_fsolver_iterate(solver), "gsl_root_fsolver_iterate")
      let lower = gsl_root_fsolver_x_lower(solver)
      let upper = gsl_root_fsolver_x_upper(solver)
      let status = gsl_root_test_interval(lower, upper, absoluteTolerance, relativeTolerance)
      if lower == upper || status == success { return gsl_root_fsolver_root(solver) }
    }
    throw GSLError(Int32(GSL_EMAXITER), "findRoot")
  }
}
