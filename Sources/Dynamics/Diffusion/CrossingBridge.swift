import Foundation
import GSL

/// Decides whether and when a Brownian bridge falls to a level between two grid times.
///
/// The process goes from `from` above the level to `to` within `duration`, with variance rate
/// `variance`. It reaches the level with probability exp(−2(x − b)(y − b)/(v h)) when it ends above
/// it, surely otherwise. Given that it does, t/(h − t) is inverse Gaussian with mean
/// |x − b|/|y − b| and shape (x − b)²/(v h). Exact for constant coefficients.
/// Source: Karatzas and Shreve (1991), section 4.3; sampling after Michael, Schucany and Haas
/// (1976); use in Euler schemes after Gobet (2000).
struct CrossingBridge {
  private let above: Double
  private let end: Double
  private let spread: Double
  private let duration: Double

  init(from x: Double, to y: Double, level b: Double, variance: Double, duration: Double) {
    above = x - b
    end = y - b
    spread = variance * duration
    self.duration = duration
  }

  /// Draws whether the level is reached.
  func crosses(_ stream: RandomStream) -> Bool {
    guard end > 0 else { return true }
    let exponent = 2 * above * end
    // Beyond 40 the probability is below 1e-17, and a number saved is a faster plateau.
    guard spread > 0, exponent < 40 * spread else { return false }
    return stream.uniformPositive() < exp(-exponent / spread)
  }

  /// Draws when the level is reached, given that it is: the time since the step's beginning.
  func crossingTime(_ stream: RandomStream) -> Double {
    if above <= 0 { return 0 }
    guard spread > 0 else { return duration * above / (above - end) }
    let normal = stream.gaussian()
    let square = normal * normal
    let shape = above * above / spread
    // The inverse of the mean, so that a path that ends on the level needs no special case.
    let inverseMean = abs(end) / above
    let half = square / (2 * shape)
    let root = (half * (half + 2 * inverseMean)).squareRoot()
    // The smaller root of the inverse Gaussian's quadratic, 1/ratio = inverseMean + half + root.
    let smallRatio = 1 / (inverseMean + half + root)
    let time: Double
    if stream.uniform() * (1 + smallRatio * inverseMean) <= 1 {
      time = duration * smallRatio / (1 + smallRatio)
    } else {
      // The other root is mean²/ratio; its odds t/(h − t) are inverted to stay finite.
      time = duration / (1 + smallRatio * inverseMean * inverseMean)
    }
    return time.isNaN ? duration : min(max(time, 0), duration)
  }
}
