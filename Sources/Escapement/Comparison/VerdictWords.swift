import Statistics

/// Says in words how far a ratio of means sees, and what keeps it from a verdict; terminal and reports
/// share it.
package enum VerdictWords {
  /// Up to which time means count and how much of each side lies before: `up to τ = 2, by when 15% of the
  /// exact chain and 2.4% of the ODE had exited`; nil when nothing is censored.
  package static func restriction(
    _ ratio: PairComparison.Ratio, names: [String], symbol: String = "τ = "
  ) -> String? {
    let (time, seen) = (ratio.restrictedTo, ratio.seen)
    guard seen.count == 2, time != nil || seen.contains(where: { $0 < 1 }) else { return nil }
    let shares = zip(seen, names).map { "\(NumberText.percent($0)) of \($1)" }
      .joined(separator: " and ")
    guard let time else { return "by Kaplan–Meier, with \(shares) seen to exit" }
    return "up to \(symbol)\(NumberText.short(time)), by when \(shares) had exited"
  }

  /// Why more replicas settle nothing: `98% of the ODE is censored; a horizon of about 9 would do`; nil
  /// where they would.
  package static func obstacle(
    _ ratio: PairComparison.Ratio, names: [String]
  ) -> String? {
    let (seen, horizon) = (ratio.seen, ratio.horizonNeeded)
    let remedy = horizon.map { "; a horizon of about \(NumberText.rounded($0)) would do" } ?? ""
    switch ratio.undecidedReason {
    case .unseen:
      let sides = zip(seen, names).filter { $0.0 < 1 }
      let many = sides.filter { 1 - $0.0 > MeanRatio.largestUnseenShare }
      let missing = many.isEmpty ? sides : many
      guard !missing.isEmpty else { return nil }
      let shares = missing.map { "\(NumberText.percent(1 - $0.0)) of \($0.1)" }
      return shares.joined(separator: " and ") + " censored" + remedy
    case .logRank:
      return "the log-rank test of the censored samples finds a difference" + remedy
    default: return nil
    }
  }

  /// How many replicas would settle an open verdict, in a sentence; nil where none is known to.
  package static func settling(_ replicas: Int?) -> String? {
    replicas.map {
      "About \(NumberText.rounded(Double($0))) replicas would settle it with a power of 80%, if the ratio is "
        + "as estimated."
    }
  }

  /// Why there is no ratio of means.
  package static func noRatio(_ reason: PairComparison.NoRatioReason?) -> String {
    switch reason {
    case .zeroMean: "all exits of a side are at time 0"
    case .rareDraws: "the limit is ruled by draws that no replica sees"
    case .noExit, nil: "a side has no exit by the horizon"
    }
  }
}
