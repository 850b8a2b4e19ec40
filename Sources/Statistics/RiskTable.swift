/// Lists the distinct times of a sample with the replicas at risk and the exits at each.
struct RiskTable {
  /// Holds the distinct times, of exits and of censoring, ascending.
  private(set) var times: [Double] = []
  /// Counts the replicas that are still there just before each time.
  private(set) var atRisk: [Int] = []
  /// Counts the exits at each time.
  private(set) var exits: [Int] = []

  init(_ sample: ExitSample) {
    let entries = zip(sample.times, sample.isObserved).sorted { $0.0 < $1.0 }
    for (index, (time, isObserved)) in entries.enumerated() {
      if times.last != time {
        times.append(time)
        atRisk.append(sample.count - index)
        exits.append(0)
      }
      if isObserved { exits[exits.count - 1] += 1 }
    }
  }
}
