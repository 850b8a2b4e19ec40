import CGSL

/// Integrates `f` from `from` to `to` by adaptive Gauss–Kronrod quadrature.
///
/// The estimated error of the answer is at most the larger of `absoluteTolerance` and
/// `relativeTolerance` · |value|. Either end may be infinite; `from` > `to` changes the sign;
/// integrable singularities at the ends are allowed. Cost: 21 calls of `f` on each of at most
/// 1000 pieces; 15 (30 for two infinite ends) where the interval is infinite.
///
/// Throws `GSLError` for tolerances out of reach or below 0, a value of `f` that is not finite,
/// an integral that seems to diverge, or 1000 pieces spent; rethrows what `f` throws.
/// Source: Piessens et al., "QUADPACK" (1983), routines QAGS and QAGI.
public func integrate(
  from: Double, to: Double, absoluteTolerance: Double, relativeTolerance: Double,
  _ f: (Double) throws -> Double
) throws -> (value: Double, errorEstimate: Double) {
  handlerIsOff
  guard !from.isNaN, !to.isNaN, absoluteTolerance >= 0, relativeTolerance >= 0 else {
    throw GSLError.invalid("integrate", "an end is not a number or a tolerance is below 0")
  }
  if from == to { return (0, 0) }
  if from > to {
    let (value, errorEstimate) = try integrate(
      from: to, to: from, absoluteTolerance: absoluteTolerance,
      relativeTolerance: relativeTolerance, f)
    return (-value, errorEstimate)
  }
  return try withoutActuallyEscaping(f) { f in
    var context = CallbackContext(f)
    return try withUnsafeMutablePointer(to: &context) { context in
      try quadpack(
        context, from: from, to: to, absoluteTolerance: absoluteTolerance,
        relativeTolerance: relativeTolerance)
    }
  }
}

private func quadpack(
  _ context: UnsafeMutablePointer<CallbackContext>, from: Double, to: Double,
  absoluteTolerance: Double, relativeTolerance: Double
) throws -> (value: Double, errorEstimate: Double) {
  let pieces = 1000
  let workspace = try allocated(
    gsl_integration_workspace_alloc(pieces), "gsl_integration_workspace_alloc")
  defer { gsl_integration_workspace_free(workspace) }
  // After an error a constant 0 lets the routine end at once.
  var integrand = gsl_function(
    function: { argument, context in
      context!.assumingMemoryBound(to: CallbackContext.self).pointee
        .value(at: argument, named: "integrate", onError: 0)
    }, params: context)
  var value = 0.0
  var errorEstimate = 0.0
  let status: Int32
  let name: String
  switch (from.isFinite, to.isFinite) {
  case (true, true):
    name = "gsl_integration_qags"
    status = gsl_integration_qags(
      &integrand, from, to, absoluteTolerance, relativeTolerance, pieces, workspace, &value,
      &errorEstimate)
  case (true, false):
    name = "gsl_integration_qagiu"
    status = gsl_integration_qagiu(
      &integrand, from, absoluteTolerance, relativeTolerance, pieces, workspace, &value,
      &errorEstimate)
  case (false, true):
    name = "gsl_integration_qagil"
    status = gsl_integration_qagil(
      &integrand, to, absoluteTolerance, relativeTolerance, pieces, workspace, &value,
      &errorEstimate)
  case (false, false):
    name = "gsl_integration_qagi"
    status = gsl_integration_qagi(
      &integrand, absoluteTolerance, relativeTolerance, pieces, workspace, &value,
      &errorEstimate)
  }
  if let error = context.pointee.error { throw error }
  try check(status, name)
  guard value.isFinite, errorEstimate.isFinite else { throw GSLError(Int32(GSL_EDIVERGE), name) }
  return (value, errorEstimate)
}
