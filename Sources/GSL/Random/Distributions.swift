import CGSL

// The functions of one number answer as IEEE arithmetic does: not a number outside their
// domain, an infinity at the end of the support. The parameters are checked at construction.

/// Evaluates the normal distribution of mean 0 and variance 1.
public enum NormalDistribution {
  /// Returns the density at `x`.
  public static func density(_ x: Double) -> Double { gsl_ran_ugaussian_pdf(x) }

  /// Returns the probability of a value up to `x`.
  public static func cumulative(_ x: Double) -> Double { gsl_cdf_ugaussian_P(x) }

  /// Returns the probability of a value above `x`, accurate in the far tail.
  public static func survival(_ x: Double) -> Double { gsl_cdf_ugaussian_Q(x) }

  /// Returns the x whose `cumulative` is `probability` in [0, 1].
  public static func quantile(_ probability: Double) -> Double {
    quantileOrNaN(probability, gsl_cdf_ugaussian_Pinv)
  }

  /// Returns the x whose `survival` is `probability` in [0, 1], accurate in the far tail.
  public static func survivalQuantile(_ probability: Double) -> Double {
    quantileOrNaN(probability, gsl_cdf_ugaussian_Qinv)
  }
}

/// Evaluates the chi-square distribution.
public struct ChiSquareDistribution: Sendable, Hashable {
  /// Holds the degrees of freedom, any positive real.
  public let degreesOfFreedom: Double

  /// Makes the distribution; throws `GSLError` unless `degreesOfFreedom` is positive, finite.
  public init(degreesOfFreedom: Double) throws {
    try requireDegrees(degreesOfFreedom, "ChiSquareDistribution")
    self.degreesOfFreedom = degreesOfFreedom
  }

  /// Returns the density at `x`.
  public func density(_ x: Double) -> Double { gsl_ran_chisq_pdf(x, degreesOfFreedom) }

  /// Returns the probability of a value up to `x`.
  public func cumulative(_ x: Double) -> Double { gsl_cdf_chisq_P(x, degreesOfFreedom) }

  /// Returns the probability of a value above `x`, accurate in the far tail.
  public func survival(_ x: Double) -> Double { gsl_cdf_chisq_Q(x, degreesOfFreedom) }

  /// Returns the x whose `cumulative` is `probability` in [0, 1].
  public func quantile(_ probability: Double) -> Double {
    quantileOrNaN(probability) { gsl_cdf_chisq_Pinv($0, degreesOfFreedom) }
  }
}

/// Evaluates Student's t distribution.
public struct StudentDistribution: Sendable, Hashable {
  /// Holds the degrees of freedom, any positive real.
  public let degreesOfFreedom: Double

  /// Makes the distribution; throws `GSLError` unless `degreesOfFreedom` is positive, finite.
  public init(degreesOfFreedom: Double) throws {
    try requireDegrees(degreesOfFreedom, "StudentDistribution")
    self.degreesOfFreedom = degreesOfFreedom
  }

  /// Returns the density at `t`.
  public func density(_ t: Double) -> Double { gsl_ran_tdist_pdf(t, degreesOfFreedom) }

  /// Returns the probability of a value up to `t`.
  public func cumulative(_ t: Double) -> Double { gsl_cdf_tdist_P(t, degreesOfFreedom) }

  /// Returns the probability of a value above `t`, accurate in the far tail.
  public func survival(_ t: Double) -> Double { gsl_cdf_tdist_Q(t, degreesOfFreedom) }

  /// Returns the t whose `cumulative` is `probability` in [0, 1].
  public func quantile(_ probability: Double) -> Double {
    quantileOrNaN(probability) { gsl_cdf_tdist_Pinv($0, degreesOfFreedom) }
  }
}

/// Evaluates Fisher's F distribution, of the ratio of two mean squares.
public struct FDistribution: Sendable, Hashable {
  /// Holds the degrees of freedom of the numerator, any positive real.
  public let numeratorDegreesOfFreedom: Double
  /// Holds the degrees of freedom of the denominator, any positive real.
  public let denominatorDegreesOfFreedom: Double

  /// Makes the distribution; throws `GSLError` unless both are positive and finite.
  public init(
    numeratorDegreesOfFreedom: Double, denominatorDegreesOfFreedom: Double
  ) throws {
    try requireDegrees(numeratorDegreesOfFreedom, "FDistribution")
    try requireDegrees(denominatorDegreesOfFreedom, "FDistribution")
    self.numeratorDegreesOfFreedom = numeratorDegreesOfFreedom
    self.denominatorDegreesOfFreedom = denominatorDegreesOfFreedom
  }

  /// Returns the probability of a value up to `x`.
  public func cumulative(_ x: Double) -> Double {
    gsl_cdf_fdist_P(x, numeratorDegreesOfFreedom, denominatorDegreesOfFreedom)
  }

  /// Returns the probability of a value above `x`, accurate in the far tail.
  public func survival(_ x: Double) -> Double {
    gsl_cdf_fdist_Q(x, numeratorDegreesOfFreedom, denominatorDegreesOfFreedom)
  }

  /// Returns the x whose `cumulative` is `probability` in [0, 1].
  public func quantile(_ probability: Double) -> Double {
    quantileOrNaN(probability) {
      gsl_cdf_fdist_Pinv($0, numeratorDegreesOfFreedom, denominatorDegreesOfFreedom)
    }
  }
}

private func quantileOrNaN(_ probability: Double, _ quantile: (Double) -> Double) -> Double {
  handlerIsOff
  guard probability >= 0, probability <= 1 else { return .nan }
  return quantile(probability)
}

private func requireDegrees(_ degreesOfFreedom: Double, _ name: String) throws {
  handlerIsOff
  guard degreesOfFreedom > 0, degreesOfFreedom.isFinite else {
    throw GSLError.invalid(name, "degrees of freedom must be positive and finite")
  }
}
