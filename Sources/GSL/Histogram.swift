import CGSL

/// Counts values in bins of equal width.
public struct Histogram: Sendable, Equatable {
  /// Holds the ends of the bins, ascending: one more than there are bins.
  public let edges: [Double]
  /// Holds the number of values in each bin: lower end included, upper end only in the last.
  public let counts: [Double]
  /// Counts the values below the first edge, which are in no bin.
  public let countBelow: Int
  /// Counts the values above the last edge, which are in no bin.
  public let countAbove: Int

  /// Counts `values` in `bins` ≥ 1 bins over `range`, or else from the least to the largest.
  ///
  /// Where all values are equal, the inferred range is widened by 1/2, or by a millionth of
  /// the value if that is more, on each side.
  /// Throws `GSLError` when `bins` < 1, a value is not a number, or the range is not finite, is
  /// too narrow for the bins, or is missing while `values` is empty.
  public init(of values: [Double], bins: Int, range: ClosedRange<Double>? = nil) throws {
    handlerIsOff
    guard bins >= 1 else { throw GSLError.invalid("Histogram", "there must be a bin") }
    guard !values.contains(where: \.isNaN) else {
      throw GSLError.invalid("Histogram", "a value is not a number")
    }
    guard let range = range ?? Self.span(of: values) else {
      throw GSLError.invalid("Histogram", "no values and no range")
    }
    let (lower, upper) = (range.lowerBound, range.upperBound)
    guard lower.isFinite, upper.isFinite, lower < upper else {
      throw GSLError.invalid("Histogram", "the range must be finite and have a width")
    }
    let histogram = try allocated(gsl_histogram_alloc(bins), "gsl_histogram_alloc")
    defer { gsl_histogram_free(histogram) }
    try check(
      gsl_histogram_set_ranges_uniform(histogram, lower, upper),
      "gsl_histogram_set_ranges_uniform")
    let edges = Array(UnsafeBufferPointer(start: histogram.pointee.range, count: bins + 1))
    guard zip(edges, edges.dropFirst()).allSatisfy({ $0 < $1 }) else {
      throw GSLError.invalid("Histogram", "the range is too narrow for \(bins) bins")
    }
    var (below, above) = (0, 0)
    for value in values {
      if value < lower {
        below += 1
      } else if value > upper {
        above += 1
      } else if value == upper {
        // GSL's bins exclude their upper end; here the last includes it.
        histogram.pointee.bin[bins - 1] += 1
      } else {
        try check(gsl_histogram_increment(histogram, value), "gsl_histogram_increment")
      }
    }
    self.edges = edges
    counts = Array(UnsafeBufferPointer(start: histogram.pointee.bin, count: bins))
    (countBelow, countAbove) = (below, above)
  }

  private static func span(of values: [Double]) -> ClosedRange<Double>? {
    guard let least = values.min(), let largest = values.max() else { return nil }
    guard least == largest else { return least...largest }
    let margin = max(0.5, abs(least) * 1e-6)
    return (least - margin)...(least + margin)
  }
}
