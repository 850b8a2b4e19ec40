import CGSL
import Foundation

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

/// Returns the sine integral Si(`x`) = ∫₀ˣ sin t/t dt.
public func sineIntegral(_ x: Double) -> Double {
  special(x, gsl_sf_Si_e)
}

/// Fills `values` with the spherical Bessel functions j₀(`x`), j₁(`x`), … for `x` ≥ 0.
///
/// From their recurrence, which is stable upwards where `x` is above their number, else by GSL, whose
/// continued fraction takes as many terms as `x` is large. Throws `GSLError` where GSL has none.
/// Cost: some 0.1 µs for sixteen of them.
public func sphericalBessel(
  _ x: Double, into values: UnsafeMutableBufferPointer<Double>
) throws {
  handlerIsOff
  let count = values.count
  if x > Double(count) {
    values[0] = sin(x) / x
    if count > 1 { values[1] = (values[0] - cos(x)) / x }
    for k in stride(from: 2, to: count, by: 1) {
      values[k] = Double(2 * k - 1) / x * values[k - 1] - values[k - 2]
    }
    return
  }
  let status = gsl_sf_bessel_jl_steed_array(Int32(count - 1), x, values.baseAddress)
  // Functions of high order vanish at small arguments.
  guard status == success || status == Int32(GSL_EUNDRFLW) else {
    throw GSLError(status, "gsl_sf_bessel_jl_steed_array")
  }
}

private func special(
  _ x: Double, _ function: (Double, UnsafeMutablePointer<gsl_sf_result>?) -> Int32
) -> Double {
  handlerIsOff
  var result = gsl_sf_result(val: 0, err: 0)
  return function(x, &result) == success ? result.val : .nan
}
