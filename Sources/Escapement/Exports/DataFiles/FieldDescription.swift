import Dynamics

/// Describes one column of a table or one variable of a data set.
public struct FieldDescription: Sendable {
  /// Its name in the file.
  public let name: String
  /// The unit of its values, `1` for pure numbers, empty for words.
  public let unit: String
  /// What it holds, in one line.
  public let meaning: String

  init(_ name: String, _ unit: String, _ meaning: String) {
    self.name = name
    self.unit = unit
    self.meaning = meaning
  }
}

/// Describes every file that runs and exports write; the documentation repeats it, and a test holds
/// the two together.
public enum DataDictionary {
  private static let dynamics = FieldDescription("dynamics", "", DynamicsKind.listed)
  private static let criterion = FieldDescription(
    "criterion", "",
    "what is watched: \(ExitCriterion.listedNames.joined(separator: ", "))")

  /// Columns of exit_times.csv; `criterion` is left out when all rows watch the risk.
  public static let exitTimes = [
    dynamics,
    criterion,
    FieldDescription("threshold", "1", "threshold, as a rule the fraction T of the initial risk"),
    FieldDescription("replica", "1", "index of the replica, from 0"),
    FieldDescription("outcome", "", "exited, censored (by the horizon) or diverged"),
    FieldDescription(
      "exit_time", "τ", "exit time τ = ν γ/(p d) after ν steps; the last time seen without exit"),
    FieldDescription(
      "exit_step", "samples", "samples ν until then; empty for dynamics without steps"),
  ]

  /// Columns of exit_time_summary.csv.
  public static let exitTimeSummary = [
    dynamics,
    criterion,
    FieldDescription("threshold", "1", "threshold, as a rule the fraction T of the initial risk"),
    FieldDescription("replicas", "1", "number of replicas"),
    FieldDescription("exited", "1", "replicas that exited"),
    FieldDescription("censored", "1", "replicas that the horizon cut off"),
    FieldDescription("diverged", "1", "replicas that left the finite numbers"),
    FieldDescription("mean", "τ", "mean exit time; empty when a replica did not exit"),
    FieldDescription("restricted_mean", "τ", "mean of min(exit time, horizon), when one did not"),
    FieldDescription("standard_error", "τ", "standard error of the mean or restricted mean"),
    FieldDescription("standard_deviation", "τ", "standard deviation of the exit times"),
    FieldDescription("quantile_0.05", "τ", "5% quantile; empty where the censored begin"),
    FieldDescription("quantile_0.25", "τ", "25% quantile"),
    FieldDescription("quantile_0.5", "τ", "median"),
    FieldDescription("quantile_0.75", "τ", "75% quantile"),
    FieldDescription("quantile_0.95", "τ", "95% quantile"),
    FieldDescription(
      "mean_samples", "samples",
      "mean exit time in samples, τ p d/γ times batch-size/repetitions"),
    FieldDescription("annealed_exit_time", "τ", "closed form, averaged before the logarithm"),
    FieldDescription("quenched_exit_time", "τ", "closed form, averaged over the law of the start"),
    FieldDescription("linearised_exit_time", "τ", "closed form from the given start"),
  ]

  /// Columns of comparisons.csv.
  public static let comparisons = [
    FieldDescription("first", "", "dynamics in the numerator"),
    FieldDescription("second", "", "dynamics in the denominator"),
    criterion,
    FieldDescription("threshold", "1", "threshold, as a rule the fraction T of the initial risk"),
    FieldDescription("paired", "", "whether replicas of one index share their start"),
    FieldDescription("mean_ratio", "1", "ratio of the mean exit times, first over second"),
    FieldDescription("mean_ratio_lower", "1", "lower end of its 95% interval"),
    FieldDescription("mean_ratio_upper", "1", "upper end of its 95% interval"),
    FieldDescription("margin", "1", "margin of the equivalence test"),
    FieldDescription("verdict", "", "equivalent, different or undetermined"),
    FieldDescription("restricted", "", "whether means were restricted to a time"),
    FieldDescription("restricted_to", "τ", "that time; empty when means are whole"),
    FieldDescription("first_seen", "1", "fraction of the first side that exited by then"),
    FieldDescription("second_seen", "1", "fraction of the second side that exited by then"),
    FieldDescription("undecided_reason", "", "unseen, log-rank, replicas or no-spread"),
    FieldDescription("horizon_needed", "τ", "horizon by which enough would exit, about"),
    FieldDescription("wasserstein", "τ", "Wasserstein distance of the two laws"),
    FieldDescription("wasserstein_lower", "τ", "lower end of its 95% interval"),
    FieldDescription("wasserstein_upper", "τ", "upper end of its 95% interval"),
    FieldDescription("kolmogorov_smirnov_p", "1", "p-value of the Kolmogorov–Smirnov test"),
    FieldDescription("anderson_darling_p", "1", "p-value of the Anderson–Darling test"),
    FieldDescription("cramer_von_mises_p", "1", "p-value of the Cramér–von Mises test"),
    FieldDescription("energy_p", "1", "p-value of the energy test"),
    FieldDescription("log_rank_p", "1", "p-value of the log-rank test"),
  ]

  /// Columns of sweep.csv; `KEY` stands for a column for each swept key, `swept-KEY` where another column
  /// has the name.
  public static let sweep =
    [
      FieldDescription("point", "1", "place of the point in the grid, from 1"),
      FieldDescription("KEY", "", "value of a swept key"),
      FieldDescription("dimension", "1", "input dimension d"),
      FieldDescription("width", "1", "number of students p"),
      FieldDescription("learning-rate", "1", "learning rate γ"),
      FieldDescription("seed", "", "seed of the point"),
    ] + exitTimeSummary.prefix { $0.name != "annealed_exit_time" } + [
      FieldDescription(
        "mean_samples_standard_error", "samples", "standard error of the mean in samples"),
      FieldDescription("samples_over_d_log_d", "1", "mean exit time in units of d log d samples"),
      FieldDescription("annealed_exit_time", "τ", "closed form, averaged before the logarithm"),
      FieldDescription("ratio_to_annealed", "1", "mean exit time over that"),
      FieldDescription("ratio_to_annealed_standard_error", "1", "standard error of the ratio"),
      FieldDescription(
        "quenched_exit_time", "τ", "closed form, averaged over the law of the start"),
      FieldDescription("ratio_to_quenched", "1", "mean exit time over that"),
      FieldDescription("ratio_to_quenched_standard_error", "1", "standard error of the ratio"),
    ]

  /// Columns of verdicts.csv, after those of the point as in ``sweep``.
  public static let verdicts = [
    FieldDescription("first", "", "dynamics in the numerator"),
    FieldDescription("second", "", "dynamics in the denominator"),
    criterion,
    FieldDescription("threshold", "1", "threshold, as a rule the fraction T of the initial risk"),
    FieldDescription("paired", "", "whether replicas of one index share their start"),
    FieldDescription("ratio", "1", "ratio of the mean exit times, first over second"),
    FieldDescription("lower", "1", "lower end of its 95% interval"),
    FieldDescription("upper", "1", "upper end of its 95% interval"),
    FieldDescription("margin", "1", "margin of the equivalence test"),
    FieldDescription("verdict", "", "equivalent, different or undetermined, by itself"),
    FieldDescription("restricted", "", "whether means were restricted to a time"),
    FieldDescription("restricted_to", "τ", "that time; empty when means are whole"),
    FieldDescription("first_seen", "1", "fraction of the first side that exited by then"),
    FieldDescription("second_seen", "1", "fraction of the second side that exited by then"),
    FieldDescription("undecided_reason", "", "unseen, log-rank, replicas or no-spread"),
    FieldDescription("horizon_needed", "τ", "horizon by which enough would exit, about"),
    FieldDescription("replicas_needed", "1", "replicas a side that would settle it"),
    FieldDescription("mean_difference", "τ", "mean exit time of the first less the second"),
    FieldDescription("mean_difference_standard_error", "τ", "standard error of that"),
    FieldDescription("equivalence_p_value", "1", "p-value of the claim: within the margin"),
    FieldDescription("difference_p_value", "1", "p-value of the claim: outside the margin"),
    FieldDescription("headline", "", "whether the pair is SGD's law against the ODE"),
    FieldDescription("equivalence_holm", "1", "equivalence, adjusted over the headlines by Holm"),
    FieldDescription("difference_holm", "1", "difference, adjusted over the headlines by Holm"),
    FieldDescription("headline_verdict", "", "verdict by these, at 5% for all headlines together"),
    FieldDescription(
      "equivalence_benjamini_hochberg", "1", "equivalence, adjusted over the whole map"),
    FieldDescription(
      "difference_benjamini_hochberg", "1", "difference, adjusted over the whole map"),
    FieldDescription(
      "map_verdict", "",
      "verdict by these, at a false discovery rate of 5%; the one shown in tables and figures"),
    FieldDescription("kolmogorov_smirnov_p_value", "1", "p-value of the Kolmogorov–Smirnov test"),
    FieldDescription("anderson_darling_p_value", "1", "p-value of the Anderson–Darling test"),
    FieldDescription("cramer_von_mises_p_value", "1", "p-value of the Cramér–von Mises test"),
    FieldDescription("energy_p_value", "1", "p-value of the energy test"),
    FieldDescription("log_rank_p_value", "1", "p-value of the log-rank test"),
    FieldDescription(
      "kolmogorov_smirnov_benjamini_hochberg", "1",
      "the first of these, adjusted over the whole map"),
  ]

  /// Variables of exit_times.nc.
  public static let netCDF = [
    dynamics,
    FieldDescription("threshold", "1", "threshold, as a rule the fraction T of the initial risk"),
    criterion,
    FieldDescription("replica", "1", "index of the replica, from 0"),
    FieldDescription("exit_time", "1", "exit time τ = ν γ/(p d); fill value without exit"),
    FieldDescription("last_time", "1", "last time τ seen without exit; fill value after one"),
    FieldDescription(
      "exit_step", "1", "samples ν until then; fill value for dynamics without steps"),
    FieldDescription("outcome", "1", "how the replica ended; fill value where there is none"),
    FieldDescription("replicas", "1", "number of replicas"),
    FieldDescription("steps", "1", "steps of all replicas together"),
    FieldDescription("seconds", "s", "wall-clock time"),
    FieldDescription("annealed_exit_time", "1", "closed form τ, averaged before the logarithm"),
    FieldDescription(
      "quenched_exit_time", "1", "closed form τ, averaged over the law of the start"),
    FieldDescription("linearised_exit_time", "1", "closed form τ from the given start"),
    FieldDescription(
      "law_time", "1", "times τ of the SDE's law by the Fokker–Planck equation, p = 1"),
    FieldDescription("law_survival", "1", "probability under that law not to have exited by then"),
  ]
  /// Columns of trajectories.csv: the first three, and those that were asked for.
  public static let trajectories = [
    dynamics,
    FieldDescription("replica", "1", "index of the replica, from 0"),
    FieldDescription("time", "τ", "time τ = ν γ/(p d) after ν steps"),
    FieldDescription("risk", "1", "excess risk R; empty, as all beside it, after a divergence"),
    FieldDescription("M_j_r", "1", "overlap of student j and teacher unit r, from 1"),
    FieldDescription("Q_j_l", "1", "overlap of students j and l ≤ j"),
    FieldDescription("a_j", "1", "second-layer weight of student j"),
    FieldDescription(
      "training_risk", "1",
      "training risk of a finite set of samples, the noise of its labels in it"),
  ]

  /// Columns of bands.csv.
  public static let bands = [
    dynamics,
    FieldDescription("time", "τ", "time τ = ν γ/(p d) after ν steps"),
    FieldDescription("replicas", "1", "number of replicas"),
    FieldDescription("diverged", "1", "replicas that left the finite numbers by then"),
    FieldDescription("mean", "1", "mean excess risk; empty when a replica has diverged"),
    FieldDescription("standard_error", "1", "standard error of the mean"),
    FieldDescription("quantile_P", "1", "quantile of the risk at P, diverged replicas at +∞"),
  ]

  /// Columns of fall_times.csv.
  public static let fallTimes = [
    dynamics,
    FieldDescription("probability", "1", "probability of the risk's quantile over replicas"),
    FieldDescription("fraction", "1", "fraction that it has lost of what it was at the first time"),
    FieldDescription("time", "τ", "first time of that; empty when it does not come by the last"),
  ]

  /// Variables of trajectories.nc.
  public static let trajectoryNetCDF = [
    dynamics,
    FieldDescription("time", "1", "time τ = ν γ/(p d) after ν steps"),
    FieldDescription("replica", "1", "index of the replica, from 0"),
    FieldDescription("risk", "1", "excess risk R; fill value after a divergence"),
    FieldDescription("M_j_r", "1", "overlap of a student and a teacher unit"),
    FieldDescription("Q_j_l", "1", "overlap of two students"),
    FieldDescription("a_j", "1", "second-layer weight of a student"),
    FieldDescription(
      "training_risk", "1",
      "training risk of a finite set of samples, the noise of its labels in it"),
    FieldDescription("quantile", "1", "probability of a quantile"),
    FieldDescription("replicas", "1", "number of replicas that quantiles are taken over"),
    FieldDescription("diverged", "1", "replicas that left the finite numbers by then"),
    FieldDescription("risk_mean", "1", "mean excess risk; fill value when a replica has diverged"),
    FieldDescription("risk_standard_error", "1", "standard error of the mean"),
    FieldDescription("risk_quantile", "1", "quantile of the risk, diverged replicas at +∞"),
  ]
}
