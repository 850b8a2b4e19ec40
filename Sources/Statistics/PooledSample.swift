/// Merges two samples into one ascending list that remembers where each value came from.
struct PooledSample {
  /// The values, ascending.
  let values: [Double]
  /// Tells whether each value is of the first sample.
  let isFirst: [Bool]
  /// The place of each value in its own sample.
  let origins: [Int]
  /// The index after each run of equal values.
  let ends: [Int]
  let firstCount: Int

  var count: Int { values.count }
  var secondCount: Int { count - firstCount }

  /// O(n log n); the samples hold no NaN.
  init(_ first: [Double], _ second: [Double]) {
    firstCount = first.count
    let total = first.count + second.count
    let left = first.indices.sorted { first[$0] < first[$1] }
    let right = second.indices.sorted { second[$0] < second[$1] }
    var (values, isFirst, origins): ([Double], [Bool], [Int]) = ([], [], [])
    values.reserveCapacity(total)
    isFirst.reserveCapacity(total)
    origins.reserveCapacity(total)
    var (i, j) = (0, 0)
    while i + j < total {
      let takesFirst =
        j == right.count || (i < left.count && first[left[i]] <= second[right[j]])
      let origin = takesFirst ? left[i] : right[j]
      values.append(takesFirst ? first[origin] : second[origin])
      isFirst.append(takesFirst)
      origins.append(origin)
      if takesFirst { i += 1 } else { j += 1 }
    }
    ends = (1...total).filter { $0 == total || values[$0 - 1] != values[$0] }
    (self.values, self.isFirst, self.origins) = (values, isFirst, origins)
  }
}
