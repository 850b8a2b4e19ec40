import Foundation
import GSL

/// Decides whether and when a Brownian bridge reaches a level between two grid times.
///
/// The process goes from `from` above the level to `to` within `duration`, with variance rate
/// `variance`. It reaches the level with probability exp(−2(x − b)(y − b)/(v h)) when it ends above
/// it, surely otherwise. Given that it does, t/(h − t) is inverse Gaussian with mean
/// |x − b|/|y − b| and shape (x − b)²/(v h). Exact for constant coefficients.
/// Source: Karatzas and Shreve (1991), section 4.3; sampling after Michael, Schucany and Haas
/// (1976); use in Euler schemes after Gobet (2000).
///
/// Returns the time since the step's beginning, or nil when the level is not reached.
func bridgeCrossing(
  from x: Double, to y: Double, level b: Double, variance: Double, duration: Double,
  _ stream: RandomStream
) -> Double? {
  let above = x - b
  let end = y - b
  let spread = variance * duration
  if end > 0 {
    let exponent = 2 * above * end
    // Beyond 40 the probability is below 1e-17, and a number saved is a faster plateau.
    guard spread > 0, exponent < 40 * spread else { return nil }
    guard stream.uniformPositive() < exp(-exponent / spread) else { return nil }
  }
  if above <= 0 { return 0 }
  guard spread > 0 else { return duration * above / (above - end) }
  let normal = stream.gaussian()
  let square = normal * normal
  let shape = above * above / spread
  let distance = abs(end)
  // In units of shape; written so that `distance` = 0, a mean of infinity, needs no special case.
  let inverseMean = distance / above
  let half = square / (2 * shape)
  let root = (half * (half + 2 * inverseMean)).squareRoot()
  // The smaller root of the inverse Gaussian's quadratic, 1/ratio = inverseMean + half + root.
  let smallRatio = 1 / (inverseMean + half + root)
  let choosesSmall = stream.uniform() * (1 + smallRatio * inverseMean) <= 1
  let time: Double
  if choosesSmall {
    time = duration * smallRatio / (1 + smallRatio)
  } else {
    // The other root is mean²/ratio; its odds t/(h − t) are inverted to stay finite.
    let inverse = smallRatio * inverseMean * inverseMean
    time = duration / (1 + inverse)
  }
  return time.isNaN ? duration : min(max(time, 0), duration)
}
