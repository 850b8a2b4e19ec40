import CGSL

/// Returns the logarithm of |Γ(`x`)|; not a number at 0 and the negative integers.
public func logGamma(_ x: Double) -> Double {
  special(x, gsl_sf_lngamma_e)
}

/// Returns the digamma function, d log Γ(`x`) / d`x`; not a number at 0 and the negative
/// integers.
public func digamma(_ x: Double) -> Double {
  // GSL sees the pole at 0 only; near the others it divides by a rounding error.
  x <= 0 && x == x.rounded() ? .nan : special(x, gsl_sf_psi_e)
}

/// Returns the trigamma function, the derivative of digamma, for `x` > 0.
public func trigamma(_ x: Double) -> Double {
  x > 0 ? special(x, gsl_sf_psi_1_e) : .nan
}

private func special(
  _ x: Double, _ function: (Double, UnsafeMutablePointer<gsl_sf_result>?) -> Int32
) -> Double {
  handlerIsOff
  var result = gsl_sf_result(val: 0, err: 0)
  return function(x, &result) == success ? result.val : .nan
}
