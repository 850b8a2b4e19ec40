/// Lists the distinct times of a sample with the replicas at risk and the exits at each.
struct RiskTable {
  /// Holds the distinct times, of exits and of censoring, ascending.
  private(set) var times: [Double] = []
  /// Counts the replicas that are still there just before each time.
  private(set) var atRisk: [Int] = []
  /// Counts the exits at each time.
  private(set) var exits: [Int] = []

  init(_ sample: ExitSample) {
    // Two arrays of numbers take half the memory of one of pairs.
    func sorted(observed: Bool) -> [Double] {
      zip(sample.times, sample.isObserved).lazy.filter { $0.1 == observed }.map(\.0).sorted()
    }
    let (seen, censored) = (sorted(observed: true), sorted(observed: false))
    var (i, j) = (0, 0)
    while i < seen.count || j < censored.count {
      let time = min(
        i < seen.count ? seen[i] : .infinity, j < censored.count ? censored[j] : .infinity)
      times.append(time)
      atRisk.append(sample.count - i - j)
      let first = i
      while i < seen.count, seen[i] == time { i += 1 }
      while j < censored.count, censored[j] == time { j += 1 }
      exits.append(i - first)
    }
  }
}
