import GSL

/// Checks p-values and intervals over repeated draws from fixed seeds.
enum Calibration {
  /// Returns the probability of a spread over ten bins as uneven as that of the p-values that
  /// `draw` gives, if they are uniform.
  ///
  /// A right test falls below 1e-6 once in a million seeds.
  static func uniformity(
    repetitions: Int = 1000, seed: UInt64 = 1, _ draw: (RandomStream) throws -> Double
  ) throws -> Double {
    var counts = Array(repeating: 0, count: 10)
    for replica in 0..<repetitions {
      let stream = try RandomStream(seed: seed, purpose: 1, replica: replica)
      counts[min(Int(try draw(stream) * 10), 9)] += 1
    }
    let expected = Double(repetitions) / 10
    let statistic = counts.reduce(0) { sum, count in
      let excess = Double(count) - expected
      return sum + excess * excess / expected
    }
    return try ChiSquareDistribution(degreesOfFreedom: 9).survival(statistic)
  }

  /// Returns by how many standard errors the fraction of draws where `holds` is true exceeds
  /// `probability`.
  ///
  /// Its size passes 4.9 with probability 1e-6 when `probability` is right.
  static func score(
    probability: Double, repetitions: Int = 2000, seed: UInt64 = 2,
    _ holds: (RandomStream) throws -> Bool
  ) throws -> Double {
    var count = 0
    for replica in 0..<repetitions {
      let stream = try RandomStream(seed: seed, purpose: 1, replica: replica)
      if try holds(stream) { count += 1 }
    }
    let spread = (probability * (1 - probability) / Double(repetitions)).squareRoot()
    return (Double(count) / Double(repetitions) - probability) / spread
  }
}
