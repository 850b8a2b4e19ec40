import GSL

/// Holds the values of two samples in one ascending order.
///
/// Statistics of ranks and distances need one pass over it, whatever sample each place is given
/// to: this makes a permutation or a bootstrap resample cost O(n).
struct PooledOrder: Sendable {
  /// Holds the values, ascending.
  let values: [Double]
  /// Holds the index of each value in the first sample followed by the second.
  let origins: [Int]
  /// Holds the end of each run of equal values.
  let blockEnds: [Int]
  let firstCount: Int
  let secondCount: Int

  init(_ first: [Double], _ second: [Double]) {
    firstCount = first.count
    secondCount = second.count
    var tagged = [(value: Double, origin: Int)]()
    tagged.reserveCapacity(first.count + second.count)
    for (index, value) in first.enumerated() { tagged.append((value, index)) }
    for (index, value) in second.enumerated() { tagged.append((value, first.count + index)) }
    // Ties broken by origin make the order, and so every random choice, reproducible.
    tagged.sort { $0.value < $1.value || ($0.value == $1.value && $0.origin < $1.origin) }
    values = tagged.map(\.value)
    origins = tagged.map(\.origin)
    var ends = [Int]()
    for place in 1...max(tagged.count, 1) {
      if place == tagged.count || tagged[place].value != tagged[place - 1].value {
        ends.append(place)
      }
    }
    blockEnds = ends
  }

  var count: Int { values.count }

  /// Tells for each place whether its value is of the first sample (1) or the second (0).
  var labels: [UInt8] { origins.map { $0 < firstCount ? 1 : 0 } }

  /// Integrates |F₁ − F₂|^`power` over time for the sample that `labels` makes of the order;
  /// the power is 1 or 2.
  func integratedGap(_ labels: UnsafeBufferPointer<UInt8>, squared: Bool) -> Double {
    let firstWeight = 1 / Double(firstCount)
    let secondWeight = 1 / Double(secondCount)
    var (first, place) = (0, 0)
    var sum = 0.0
    for block in blockEnds.indices.dropLast() {
      let end = blockEnds[block]
      while place < end {
        first += Int(labels[place])
        place += 1
      }
      let gap = Double(first) * firstWeight - Double(end - first) * secondWeight
      sum += (squared ? gap * gap : abs(gap)) * (values[end] - values[end - 1])
    }
    return sum
  }
}
