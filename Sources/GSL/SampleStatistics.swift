import CGSL

/// Returns the mean of `values`; throws `GSLError` when there are none.
public func mean(of values: [Double]) throws -> Double {
  try requireCount(values, atLeast: 1, "gsl_stats_mean")
  return gsl_stats_mean(values, 1, values.count)
}

/// Returns the unbiased variance of `values`, with divisor n − 1.
///
/// Throws `GSLError` when there are fewer than two.
public func variance(of values: [Double]) throws -> Double {
  try requireCount(values, atLeast: 2, "gsl_stats_variance")
  return gsl_stats_variance(values, 1, values.count)
}

/// Returns the unbiased covariance of the pairs (`first`[i], `second`[i]), divisor n − 1.
///
/// Throws `GSLError` when there are fewer than two, or the lengths differ.
public func covariance(of first: [Double], and second: [Double]) throws -> Double {
  try requireCount(first, atLeast: 2, "gsl_stats_covariance")
  guard first.count == second.count else {
    throw GSLError(Int32(GSL_EBADLEN), "gsl_stats_covariance")
  }
  return gsl_stats_covariance(first, 1, second, 1, first.count)
}

/// Returns the quantile of `sorted` at `probability` in [0, 1], linear between order statistics.
///
/// `sorted` must ascend, which is not checked. Throws `GSLError` when it is empty or
/// `probability` is out of range. Source: Hyndman and Fan (1996), type 7.
public func quantile(ofSorted sorted: [Double], probability: Double) throws -> Double {
  let name = "gsl_stats_quantile_from_sorted_data"
  try requireCount(sorted, atLeast: 1, name)
  guard probability >= 0, probability <= 1 else {
    throw GSLError.invalid(name, "the probability must lie in [0, 1]")
  }
  return gsl_stats_quantile_from_sorted_data(sorted, 1, sorted.count, probability)
}

private func requireCount(_ values: [Double], atLeast count: Int, _ name: String) throws {
  guard values.count >= count else {
    throw GSLError.invalid(name, "\(values.count) values are too few: \(count) are needed")
  }
}
