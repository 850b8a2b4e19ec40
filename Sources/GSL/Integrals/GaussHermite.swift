import CGSL

/// Makes the nodes and weights of Gauss–Hermite quadrature for a standard normal variable.
///
/// E[f(Z)] ≈ Σ_i w_i f(x_i), exact for polynomials of degree up to 2 `count` − 1; Σ w_i = 1. Throws
/// `GSLError` for a count below 1 or when GSL fails. Cost O(count³). Source: Golub and Welsch (1969), in
/// GSL's `gsl_integration_fixed`.
public func gaussHermiteRule(count: Int) throws -> (nodes: [Double], weights: [Double]) {
  handlerIsOff
  guard count >= 1 else {
    throw GSLError.invalid("gaussHermiteRule", "fewer than one node")
  }
  // GSL's weight is exp(−b(x − a)²) with a = 0, b = ½ for the normal density.
  let workspace = try allocated(
    gsl_integration_fixed_alloc(escapement_fixed_hermite(), count, 0, 0.5, 0, 0),
    "gsl_integration_fixed_alloc")
  defer { gsl_integration_fixed_free(workspace) }
  let nodes = UnsafeBufferPointer(start: gsl_integration_fixed_nodes(workspace), count: count)
  let weights = UnsafeBufferPointer(start: gsl_integration_fixed_weights(workspace), count: count)
  let total = weights.reduce(0, +)
  return (Array(nodes), weights.map { $0 / total })
}
