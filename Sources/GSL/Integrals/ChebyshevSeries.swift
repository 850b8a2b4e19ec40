import CGSL

/// Is a function of one number as a Chebyshev series on an interval.
///
/// f(x) ≈ ½c₀ + Σ_{n≥1} c_nT_n(y), y the place of x between the ends, −1 … 1. For polynomials of degree up
/// to the order the series is exact; for analytic functions its error falls geometrically with the order.
/// Source: Clenshaw (1955); coefficients by GSL's `gsl_cheb_init`.
public struct ChebyshevSeries: Sendable, Equatable {
  /// The interval of x.
  public let interval: ClosedRange<Double>
  /// The coefficients c_n, without those at the end that are 0 to rounding.
  public let coefficients: [Double]
  private let center: Double
  private let scale: Double

  /// Interpolates `function` at `order` + 1 Chebyshev points of a bounded `interval`.
  ///
  /// Throws `GSLError` for an order below 1, an empty or infinite interval or a value that is not finite;
  /// rethrows what `function` throws.
  public init(
    order: Int, on interval: ClosedRange<Double>, of function: (Double) throws -> Double
  ) throws {
    handlerIsOff
    let (low, high) = (interval.lowerBound, interval.upperBound)
    guard order >= 1, low < high, (high - low).isFinite else {
      throw GSLError.invalid(
        "ChebyshevSeries", "the order must be at least 1, the interval bounded and not empty")
    }
    let series = try allocated(gsl_cheb_alloc(order), "gsl_cheb_alloc")
    defer { gsl_cheb_free(series) }
    let values = try withoutActuallyEscaping(function) { function in
      var context = CallbackContext(function)
      try withUnsafeMutablePointer(to: &context) { context in
        // After an error a constant 0 lets the routine end at once.
        var target = gsl_function(
          function: { argument, context in
            context!.assumingMemoryBound(to: CallbackContext.self).pointee
              .value(at: argument, named: "ChebyshevSeries", onError: 0)
          }, params: context)
        let status = gsl_cheb_init(series, &target, low, high)
        if let error = context.pointee.error { throw error }
        try check(status, "gsl_cheb_init")
      }
      return (0...order).map { gsl_cheb_coeffs(series)[$0] }
    }
    let largest = values.map(abs).max() ?? 0
    let last = values.lastIndex { abs($0) > 1e-15 * largest } ?? 0
    self.interval = interval
    coefficients = Array(values.prefix(last + 1))
    center = 0.5 * (low + high)
    scale = 2 / (high - low)
  }

  /// The series at `x` in the interval; costs two flops a coefficient.
  @inline(__always) public func value(at x: Double) -> Double {
    let y = scale * (x - center)
    return coefficients.withUnsafeBufferPointer { c in
      var (next, afterNext) = (0.0, 0.0)
      var n = c.count - 1
      while n > 0 {
        (next, afterNext) = (c[n] + 2 * y * next - afterNext, next)
        n -= 1
      }
      return 0.5 * c[0] + y * next - afterNext
    }
  }
}
