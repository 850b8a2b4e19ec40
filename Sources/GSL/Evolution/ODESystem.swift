import CGSL

/// Carries a Swift right-hand side through GSL's void pointer, and its Jacobian.
final class ODESystem {
  typealias Derivatives = (
    _ time: Double, _ state: UnsafePointer<Double>, _ derivatives: UnsafeMutablePointer<Double>
  ) -> Void

  let dimension: Int
  private let derivatives: Derivatives
  private let displaced: UnsafeMutablePointer<Double>
  private let above: UnsafeMutablePointer<Double>
  private let below: UnsafeMutablePointer<Double>

  init(dimension: Int, derivatives: @escaping Derivatives) {
    self.dimension = dimension
    self.derivatives = derivatives
    displaced = .allocate(capacity: dimension)
    above = .allocate(capacity: dimension)
    below = .allocate(capacity: dimension)
  }

  deinit {
    displaced.deallocate()
    above.deallocate()
    below.deallocate()
  }

  /// Describes this system to GSL; valid while `self` lives.
  var description: gsl_odeiv2_system {
    gsl_odeiv2_system(
      function: { time, state, rates, context in
        ODESystem.from(context).evaluate(time, state!, rates!)
      },
      jacobian: { time, state, byState, byTime, context in
        ODESystem.from(context).differentiate(time, state!, byState!, byTime!)
      },
      dimension: dimension,
      params: Unmanaged.passUnretained(self).toOpaque())
  }

  private static func from(_ context: UnsafeMutableRawPointer?) -> ODESystem {
    Unmanaged<ODESystem>.fromOpaque(context!).takeUnretainedValue()
  }

  /// Returns GSL_FAILURE for rates that are not finite: GSL then tries a shorter step.
  private func evaluate(
    _ time: Double, _ state: UnsafePointer<Double>, _ rates: UnsafeMutablePointer<Double>
  ) -> Int32 {
    derivatives(time, state, rates)
    for index in 0..<dimension where !rates[index].isFinite {
      return Int32(GSL_FAILURE)
    }
    return success
  }

  /// Differentiates by central differences, whose error is of the order of ε^(2/3).
  private func differentiate(
    _ time: Double, _ state: UnsafePointer<Double>, _ byState: UnsafeMutablePointer<Double>,
    _ byTime: UnsafeMutablePointer<Double>
  ) -> Int32 {
    displaced.update(from: state, count: dimension)
    for column in 0..<dimension {
      let (lower, upper) = Self.displacements(of: state[column])
      displaced[column] = upper
      derivatives(time, displaced, above)
      displaced[column] = lower
      derivatives(time, displaced, below)
      displaced[column] = state[column]
      for row in 0..<dimension {
        byState[row * dimension + column] = (above[row] - below[row]) / (upper - lower)
      }
    }
    let (earlier, later) = Self.displacements(of: time)
    derivatives(later, displaced, above)
    derivatives(earlier, displaced, below)
    for row in 0..<dimension {
      byTime[row] = (above[row] - below[row]) / (later - earlier)
    }
    for index in 0..<(dimension * dimension) where !byState[index].isFinite {
      return Int32(GSL_FAILURE)
    }
    return success
  }

  /// Rounds the two arguments first, so that their difference is exact.
  private static func displacements(of value: Double) -> (lower: Double, upper: Double) {
    let cubeRootOfPrecision = 6e-6
    let displacement = cubeRootOfPrecision * max(abs(value), 1)
    return (value - displacement, value + displacement)
  }
}
