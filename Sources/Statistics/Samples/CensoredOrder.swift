import GSL

/// Holds two samples, of which replicas were censored at any time, in one order of time: statistics of
/// their Kaplan–Meier curves then need one pass, whichever sample each replica is given to.
struct CensoredOrder {
  /// Orders the times, those beyond the end at the end.
  let order: PooledOrder
  /// Tells for each place whether it is an exit before the end.
  private let isExit: [Bool]
  /// Is the time up to which the curves are compared; nil for throughout.
  private let end: Double?
  /// Holds the share of both samples together that exits at each distinct time, or lies beyond the end.
  private let shares: [Double]

  /// Orders two samples up to `end`, beyond which nothing is told apart.
  init(_ first: ExitSample, _ second: ExitSample, end: Double?) {
    self.end = end
    func cut(_ sample: ExitSample) -> [Double] {
      end.map { end in sample.times.map { min($0, end) } } ?? sample.times
    }
    order = PooledOrder(cut(first), cut(second))
    let flags = first.isObserved + second.isObserved
    isExit = zip(order.values, order.origins).map { $0 < end ?? .infinity && flags[$1] }
    var shares = [Double]()
    shares.reserveCapacity(order.blockEnds.count)
    var (start, survival) = (0, 1.0)
    for last in order.blockEnds {
      let exits = isExit[start..<last].count { $0 }
      let share = survival * Double(exits) / Double(order.count - start)
      shares.append(share)
      survival -= share
      start = last
    }
    if end != nil, !shares.isEmpty { shares[shares.count - 1] += survival }
    self.shares = shares
  }

  /// Writes F₁ − F₂ after each distinct time to `gaps`, where each place counts `first` times in the one
  /// sample and `second` times in the other.
  @inline(__always)
  private func fill(
    _ gaps: inout [Double], first: (Int) -> Int, second: (Int) -> Int
  ) {
    var (ones, twos) = (0, 0)
    for place in 0..<order.count {
      ones += first(place)
      twos += second(place)
    }
    var (one, two) = (1.0, 1.0)
    var start = 0
    for (block, last) in order.blockEnds.enumerated() {
      var (exitsOne, exitsTwo, leftOne, leftTwo) = (0, 0, ones, twos)
      for place in start..<last {
        let (a, b) = (first(place), second(place))
        leftOne -= a
        leftTwo -= b
        if isExit[place] {
          exitsOne += a
          exitsTwo += b
        }
      }
      if exitsOne > 0 { one *= Double(ones - exitsOne) / Double(ones) }
      if exitsTwo > 0 { two *= Double(twos - exitsTwo) / Double(twos) }
      (ones, twos, start) = (leftOne, leftTwo, last)
      gaps[block] = two - one
    }
    // What lies beyond the end is not told apart.
    if end != nil, !gaps.isEmpty { gaps[gaps.count - 1] = 0 }
  }

  /// Returns F₁ − F₂ after each distinct time for the sample that `labels` makes.
  func gaps(_ labels: UnsafeBufferPointer<UInt8>) -> [Double] {
    var gaps = [Double](repeating: 0, count: order.blockEnds.count)
    fill(&gaps, first: { Int(labels[$0]) }, second: { 1 - Int(labels[$0]) })
    return gaps
  }

  /// Returns F₁ − F₂ after each distinct time of the samples as they are.
  var gaps: [Double] { order.labels.withUnsafeBufferPointer(gaps) }

  /// Returns F₁ − F₂ after each distinct time where each replica counts as often as it was drawn.
  func gaps(_ firstCounts: [Int32], _ secondCounts: [Int32]) -> [Double] {
    var gaps = [Double](repeating: 0, count: order.blockEnds.count)
    let (origins, n) = (order.origins, order.firstCount)
    fill(
      &gaps, first: { origins[$0] < n ? Int(firstCounts[origins[$0]]) : 0 },
      second: { origins[$0] < n ? 0 : Int(secondCounts[origins[$0] - n]) })
    return gaps
  }

  /// Returns the times at which both curves reach ascending `probabilities`, where each replica counts as
  /// often as it was drawn; not known where a curve does not reach one before the end.
  func quantiles(
    _ probabilities: [Double], _ firstCounts: [Int32], _ secondCounts: [Int32]
  ) -> [ShiftBounds.Pair] {
    let (ones, twos) = (
      quantiles(probabilities, firstCounts, isFirst: true),
      quantiles(probabilities, secondCounts, isFirst: false)
    )
    return zip(ones, twos).map { one, two in
      ShiftBounds.Pair(
        first: one ?? order.values[order.count - 1], second: two ?? order.values[order.count - 1],
        isFirstKnown: one != nil, isSecondKnown: two != nil)
    }
  }

  private func quantiles(
    _ probabilities: [Double], _ counts: [Int32], isFirst: Bool
  ) -> [Double?] {
    let (offset, size) = isFirst ? (0, order.firstCount) : (order.firstCount, order.secondCount)
    func weight(_ place: Int) -> Int {
      let index = order.origins[place] - offset
      return index >= 0 && index < size ? Int(counts[index]) : 0
    }
    var (atRisk, survival) = (0, 1.0)
    for place in 0..<order.count { atRisk += weight(place) }
    var result = [Double?]()
    var start = 0
    for last in order.blockEnds {
      var (exits, left) = (0, atRisk)
      for place in start..<last {
        left -= weight(place)
        if isExit[place] { exits += weight(place) }
      }
      if exits > 0 { survival *= Double(atRisk - exits) / Double(atRisk) }
      // A step that rounding leaves a little short of a probability reaches it.
      while exits > 0, result.count < probabilities.count,
        1 - survival >= probabilities[result.count] - 1e-12
      {
        result.append(order.values[last - 1])
      }
      (atRisk, start) = (left, last)
    }
    while result.count < probabilities.count { result.append(nil) }
    return result
  }

  /// Integrates a function of the gap over time.
  func integral(_ gaps: [Double], _ value: (Double) -> Double) -> Double {
    var sum = 0.0
    for (block, end) in order.blockEnds.enumerated().dropLast() {
      sum += value(gaps[block]) * (order.values[end] - order.values[end - 1])
    }
    return sum
  }

  /// The least and the largest that max |F₁ − F₂| of the replicas can be before the end, whenever the
  /// censored ones exited after they were last seen.
  var gapBounds: ClosedRange<Double> {
    let (n, m) = (Double(order.firstCount), Double(order.secondCount))
    // Of each side, those that have exited and those that may have.
    var (exited, gone) = ((0.0, 0.0), (0.0, 0.0))
    var (least, largest, start) = (0.0, 0.0, 0)
    for last in end == nil ? order.blockEnds[...] : order.blockEnds.dropLast() {
      for place in start..<last {
        let isFirst = order.origins[place] < order.firstCount
        if isFirst { gone.0 += 1 } else { gone.1 += 1 }
        guard isExit[place] else { continue }
        if isFirst { exited.0 += 1 } else { exited.1 += 1 }
      }
      let (low, high) = (exited.0 / n - gone.1 / m, gone.0 / n - exited.1 / m)
      least = max(least, low, -high)
      largest = max(largest, high, -low)
      start = last
    }
    return least...max(least, largest)
  }

  /// Cramér and von Mises' nm/N Σ h (F₁ − F₂)², h the share of all at each time.
  func squares(_ gaps: [Double]) -> Double {
    scale * zip(shares, gaps).reduce(0) { $0 + $1.0 * $1.1 * $1.1 }
  }

  /// Anderson and Darling's sum with mid-ranks, shares in place of numbers.
  func weightedSquares(_ gaps: [Double]) -> Double {
    var (below, before, sum) = (0.0, 0.0, 0.0)
    for (share, gap) in zip(shares, gaps) {
      let (level, middle) = (below + share / 2, (before + gap) / 2)
      let weight = level * (1 - level) - share / 4
      if share > 0, weight > 0 { sum += share * middle * middle / weight }
      (below, before) = (below + share, gap)
    }
    return scale * (Double(order.count) - 1) / Double(order.count) * sum
  }

  private var scale: Double {
    Double(order.firstCount) * Double(order.secondCount) / Double(order.count)
  }

  /// The log-rank statistic of the sample that `labels` makes.
  func logRank(_ labels: UnsafeBufferPointer<UInt8>) -> Double {
    var (start, ones) = (0, order.firstCount)
    var (excess, variance) = (0.0, 0.0)
    for last in order.blockEnds {
      var (exits, firstExits, left) = (0, 0, ones)
      for place in start..<last {
        let label = Int(labels[place])
        left -= label
        if isExit[place] {
          exits += 1
          firstExits += label
        }
      }
      if exits > 0 {
        let (atRisk, one, d) = (Double(order.count - start), Double(ones), Double(exits))
        excess += Double(firstExits) - one * d / atRisk
        if atRisk > 1 {
          variance += one / atRisk * ((atRisk - one) / atRisk) * d * (atRisk - d) / (atRisk - 1)
        }
      }
      (start, ones) = (last, left)
    }
    return variance > 0 ? excess / variance.squareRoot() : 0
  }
}
