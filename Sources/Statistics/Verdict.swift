/// Says what an interval of a ratio of means proves about a margin declared beforehand.
///
/// With the margin δ the region of equivalence is [1 − δ, 1 + δ]: the first mean is within the
/// fraction δ of the second, which is the reference. It is not symmetric under exchange of the
/// two (that would be [1/(1 + δ), 1 + δ]); the difference is of order δ².
public enum Verdict: String, Sendable, Hashable, Codable {
  /// Says that the ratio lies inside the region: both one-sided tests reject (TOST).
  case equivalent
  /// Says that the ratio lies outside the region.
  case different
  /// Says that the sample settles neither.
  case undetermined
}

extension MeanRatio {
  /// Judges the ratio against `margin` in (0, 1) at the level `significance` in (0, 0.5).
  ///
  /// `equivalent` when the interval at level 1 − 2 `significance` lies inside
  /// (1 − `margin`, 1 + `margin`), that is, when two one-sided tests at `significance` reject;
  /// `different` when the interval at level 1 − `significance` lies wholly outside; else, and
  /// whenever there is no interval, `undetermined`. Either error has a probability of at most
  /// about `significance`.
  ///
  /// For this both intervals are stretched, on the scale of the logarithm, by 1 + 3/n with n the
  /// replicas of the smaller side: exit times have exponential tails, and with few of them the delta
  /// method's error is too small by about that much. Calibrated from n = 3 on for exponential and
  /// log|Gaussian| times, alone, independent and paired; `make calibration` checks it at length.
  ///
  /// The margin must be chosen before the sample is seen. Throws `StatisticsError` when a
  /// parameter is out of range. Source: Schuirmann (1987).
  public func verdict(margin: Double, significance: Double = 0.05) throws -> Verdict {
    try require(margin > 0 && margin < 1, "margin", margin, "a number between 0 and 1")
    try require(
      significance > 0 && significance < 0.5, "significance", significance,
      "a number between 0 and 0.5")
    guard
      let inner = try interval(confidenceLevel: 1 - 2 * significance, stretch: smallSampleStretch),
      let outer = try interval(confidenceLevel: 1 - significance, stretch: smallSampleStretch)
    else { return .undetermined }
    if inner.lowerBound > 1 - margin, inner.upperBound < 1 + margin { return .equivalent }
    if outer.upperBound < 1 - margin || outer.lowerBound > 1 + margin { return .different }
    return .undetermined
  }
}
