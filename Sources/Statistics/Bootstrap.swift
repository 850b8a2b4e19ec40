import GSL

/// Resamples values, or pairs of values, with replacement.
enum Bootstrap {
  /// Fills `counts` with how often each of its places is drawn in as many draws as places.
  static func draw(_ counts: inout [Int32], from stream: RandomStream) {
    let size = Double(counts.count)
    counts.withUnsafeMutableBufferPointer { counts in
      counts.update(repeating: 0)
      for _ in 0..<counts.count {
        // A product that rounds up to `size` would be one place too far.
        counts[min(Int(stream.uniform() * size), counts.count - 1)] += 1
      }
    }
  }

  /// Calls `body` with the counts of each resample of two samples; the same counts when paired.
  static func resample(
    _ firstCount: Int, _ secondCount: Int, paired: Bool, resamples: Int, stream: RandomStream,
    _ body: (_ first: [Int32], _ second: [Int32]) -> Void
  ) {
    var first = [Int32](repeating: 0, count: firstCount)
    var second = [Int32](repeating: 0, count: secondCount)
    for _ in 0..<resamples {
      draw(&first, from: stream)
      if paired {
        body(first, first)
      } else {
        draw(&second, from: stream)
        body(first, second)
      }
    }
  }

  /// Requires samples and settings that can be resampled.
  static func require(
    _ first: [Double], _ second: [Double], paired: Bool, level: Double, resamples: Int
  ) throws(SampleError) {
    try SampleError.require(
      !paired || first.count == second.count,
      "\(first.count) and \(second.count) values, expected pairs")
    try SampleError.require(
      max(first.count, second.count) <= Int(Int32.max), "more than 2^31 - 1 values")
    try SampleError.requireLevel(level)
    try SampleError.require(resamples > 0, "\(resamples) resamples, expected at least one")
  }
}
