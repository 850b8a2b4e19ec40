/// Lists the keys that trajectories have beside those of an experiment, each also an option.
public enum TrajectoryKey: String, Sendable, CaseIterable {
  case times
  case columns
  case paths
  case quantiles

  /// What the key means, for help texts.
  public var help: String {
    switch self {
    case .times:
      return "Times τ: log:FIRST:LAST:POINTS, linear:FIRST:LAST:POINTS, or a list "
        + "(default: 200 from a thousandth of the horizon on, log). The horizon is the last, if "
        + "not given."
    case .columns:
      return "What paths show: some of risk,M,Q,a (default: risk, and M up to eight numbers)."
    case .paths:
      return "Replicas written one by one (default: all, or none beside quantiles)."
    case .quantiles:
      return
        "Probabilities of the risk's quantiles over all replicas: 0.05,0.5,0.95 (default none)."
    }
  }

  /// What a value is called in a usage line.
  public var valueName: String {
    switch self {
    case .times: return "grid"
    case .columns: return "names"
    case .paths: return "count"
    case .quantiles: return "numbers"
    }
  }
}
