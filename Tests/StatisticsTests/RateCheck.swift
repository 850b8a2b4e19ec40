import Foundation
import GSL

/// Compares a count of successes with a probability.
///
/// A right procedure fails about once in a million seeds: 4.9 standard errors, plus one success
/// for the discreteness.
struct RateCheck: CustomStringConvertible {
  let successes: Int
  let trials: Int
  let probability: Double

  private var tolerance: Double {
    let count = Double(trials)
    return 4.9 * (count * probability * (1 - probability)).squareRoot() + 1
  }

  private var excess: Double { Double(successes) - Double(trials) * probability }

  var passes: Bool { abs(excess) <= tolerance }
  var isAtMost: Bool { excess <= tolerance }

  var description: String {
    "\(successes) of \(trials), expected a rate of \(probability)"
  }
}

/// Opens the stream of a test: `purpose` tells the tests apart.
func testStream(_ purpose: UInt16) throws -> RandomStream {
  try RandomStream(seed: 20_230_518, purpose: purpose, replica: 0)
}
