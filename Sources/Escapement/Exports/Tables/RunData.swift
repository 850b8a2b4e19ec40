import Dynamics
import Ensemble
import Foundation
import Statistics

extension ExitRecord {
  private static let outcomeWords = [Outcome.exited, .censored, .diverged].map(\.name)
  private static let outcomeColumn = Column<ExitRecord>(
    "outcome", .choice(outcomeWords), "exited, censored (by the horizon) or diverged"
  ) { $0.outcome.name }
  private static let stepColumn = Column<ExitRecord>(
    "exit_step", unit: "samples", "samples ν until then; nothing for dynamics without steps"
  ) { $0.step < 0 ? nil : $0.step }

  /// What exit_times.csv and run.json say of a record.
  static let columns = [
    outcomeColumn,
    Column(
      "exit_time", unit: "τ",
      "exit time τ = ν γ/(p d) after ν steps; the last time seen without exit"
    ) { $0.time }, stepColumn,
  ]

  /// What exit_times.nc says of one: times of censoring apart from those of exits.
  static let variables = [
    Column<ExitRecord>("exit_time", unit: "τ", "exit time τ = ν γ/(p d); nothing without exit") {
      $0.outcome == .exited ? $0.time : nil
    },
    Column("last_time", unit: "τ", "last time τ seen without exit; nothing after one") {
      $0.outcome == .exited ? nil : $0.time
    }, stepColumn, outcomeColumn,
  ]
}

/// Makes the table of exit records: a place for each dynamics, exit rule and replica.
func exitTable(_ series: [ExitSeries], _ columns: [Column<ExitRecord>]) -> DataTable {
  let (kinds, marks) = (unique(series.map(\.dynamics)), unique(series.map(\.mark)))
  let places = series.map { series in
    (kind: kinds.firstIndex(of: series.dynamics)!, mark: marks.firstIndex(of: series.mark)!)
  }
  let count = series.map(\.records.count).max() ?? 0
  return DataTable(
    "exit_times", [.dynamics(kinds), .thresholds(marks), .replicas(count)], columns
  ) {
    zip(series, places).lazy.flatMap { series, place in
      // Not by `enumerated`, which makes all rows at once.
      zip(0..., series.records).lazy.map { replica, record in
        (place: [place.kind, place.mark, replica], row: record)
      }
    }
  }
}

/// Writes exit records as CSV: `dynamics,threshold,replica,outcome,exit_time,exit_step`.
///
/// A run that watches overlaps or the subspace has the column `criterion` after `dynamics`; one that watches the risk
/// alone has not. Rows are sorted by dynamics, criterion (overlaps by unit, the risk, the subspace), threshold
/// and replica; numbers read back to the same Double; the step is empty for dynamics that have none. Byte-identical for the same experiment. `write` gets
/// the text in pieces, so that it need not fit in memory.
public func writeExitTimes(_ runs: [EnsembleRun], to write: (String) throws -> Void) rethrows {
  try writeExitTimes(runs.sorted { $0.kind < $1.kind }.flatMap(ExitSeries.all), to: write)
}

/// Returns the CSV of exit records as a whole.
public func exitTimesCSV(_ runs: [EnsembleRun]) -> Data {
  exitTimesCSV(runs.sorted { $0.kind < $1.kind }.flatMap(ExitSeries.all))
}

func exitTimesCSV(_ series: [ExitSeries]) -> Data {
  var data = Data()
  writeExitTimes(series) { data.append(contentsOf: $0.utf8) }
  return data
}

func writeExitTimes(_ series: [ExitSeries], to write: (String) throws -> Void) rethrows {
  let table = exitTable(series, ExitRecord.columns)
  let watchesRisk = series.allSatisfy { $0.mark.known == .standard }
  try (watchesRisk ? table.without(Field.criterion.name) : table).writeCSV(to: write)
}

extension ExitFormulas {
  static func annealed<Row>(_ of: @escaping @Sendable (Row) -> ExitFormulas) -> Column<Row> {
    Column("annealed_exit_time", unit: "τ", "closed form, averaged before the logarithm") {
      of($0).annealed
    }
  }

  static func quenched<Row>(_ of: @escaping @Sendable (Row) -> ExitFormulas) -> Column<Row> {
    Column("quenched_exit_time", unit: "τ", "closed form, averaged over the law of the start") {
      of($0).quenched
    }
  }

  static func columns<Row>(_ of: @escaping @Sendable (Row) -> ExitFormulas) -> [Column<Row>] {
    [
      annealed(of), quenched(of),
      Column("linearised_exit_time", unit: "τ", "closed form from the given start") {
        of($0).linearised
      },
    ]
  }
}

/// Is a row of a table of exit times: a summary beside the closed forms at its exit rule.
struct ExitTimeRow: Sendable {
  let summary: ExitTimeSummary
  let model: Model
  let formulas: ExitFormulas

  private typealias Columns = [Column<ExitTimeRow>]

  /// What was measured, in tables of runs and of sweeps.
  private static let measured: Columns =
    [
      Column("replicas", "number of replicas") { $0.summary.replicas },
      Column("exited", "replicas that exited") { $0.summary.exited },
      Column("censored", "replicas that the horizon cut off") { $0.summary.censored },
      Column("diverged", "replicas that left the finite numbers") { $0.summary.diverged },
      Column("mean", unit: "τ", "mean exit time; nothing when a replica did not exit") {
        $0.summary.mean
      },
      Column("restricted_mean", unit: "τ", "mean of min(exit time, horizon), when one did not") {
        $0.summary.restrictedMean
      },
      Column("standard_error", unit: "τ", "standard error of the mean or restricted mean") {
        $0.summary.standardError
      },
      Column("standard_deviation", unit: "τ", "standard deviation of the exit times") {
        $0.summary.standardDeviation
      },
    ] + quantileColumns { $0.summary.quantiles } + [
      Column(
        "mean_samples", unit: "samples",
        "mean exit time in samples, τ p d/γ times batch-size/repetitions"
      ) {
        $0.summary.meanSamples
      }
    ]

  /// The columns of exit_time_summary.csv.
  static let columns = measured + ExitFormulas.columns { $0.formulas }

  /// The columns of sweep.csv.
  static let sweepColumns =
    measured + [
      Column(
        "mean_samples_standard_error", unit: "samples", "standard error of the mean in samples"
      ) { $0.summary.meanSamplesError },
      Column("samples_over_d_log_d", "mean exit time in units of d log d samples") { row in
        let d = Double(row.model.dimension)
        return d > 1 ? row.summary.meanSamples.map { $0 / (d * log(d)) } : nil
      },
      ExitFormulas.annealed { $0.formulas },
    ] + ratios("annealed") { $0.annealed } + [ExitFormulas.quenched { $0.formulas }]
    + ratios("quenched") { $0.quenched }

  private static func ratios(
    _ name: String, _ formula: @escaping @Sendable (ExitFormulas) -> Double?
  ) -> Columns {
    @Sendable func ratio(_ value: Double?, _ row: ExitTimeRow) -> Double? {
      guard let value, let formula = formula(row.formulas), formula > 0 else { return nil }
      return value / formula
    }
    return [
      Column("ratio_to_\(name)", "mean exit time over that") { ratio($0.summary.mean, $0) },
      Column("ratio_to_\(name)_standard_error", "standard error of the ratio") {
        ratio($0.summary.mean == nil ? nil : $0.summary.standardError, $0)
      },
    ]
  }
}

/// A column for each probability of a summary's quantiles.
func quantileColumns<Row>(
  _ quantiles: @escaping @Sendable (Row) -> [String: Double?]
) -> [Column<Row>] {
  SampleSummary.probabilities.map { probability in
    let meaning =
      probability == 0.5 ? "median" : "\(NumberText.short(100 * probability))% quantile"
    let isFirst = probability == SampleSummary.probabilities[0]
    return Column(
      "quantile_\(probability)", unit: "τ",
      meaning + (isFirst ? "; nothing where the censored begin" : "")
    ) { quantiles($0)["\(probability)"] ?? nil }
  }
}

/// Is what a table says of a ratio of means.
struct PairRow: Sendable {
  let ratio: PairComparison.Ratio?
  var pair: PairComparison?
  /// The margin δ, without a ratio too where one was declared.
  let margin: Double?
  let isRestricted: Bool?
  let restrictedTo: Double?
  let seen: [Double]

  /// Holds a pair; `margin` is what was declared, where all rows are to say how far they look.
  init(_ pair: PairComparison, margin: Double? = nil) {
    self.init(
      ratio: pair.meanRatio, margin: margin,
      restrictedTo: margin.flatMap { _ in pair.restrictedTo },
      seen: margin == nil ? [] : pair.seen)
    self.pair = pair
  }

  /// Holds a ratio; without one, how far samples were seen.
  init(
    ratio: PairComparison.Ratio?, margin: Double? = nil, restrictedTo: Double?, seen: [Double]
  ) {
    self.ratio = ratio
    self.margin = margin ?? ratio?.margin
    isRestricted = ratio?.isRestricted ?? margin.map { _ in false }
    self.restrictedTo = ratio?.restrictedTo ?? restrictedTo
    self.seen = ratio?.seen ?? seen
  }

  /// The columns on the ratio of means, which tables name in two ways.
  static func ratioColumns<Row>(
    _ ratio: String, _ ends: String, verdict: String, _ row: @escaping @Sendable (Row) -> PairRow
  ) -> [Column<Row>] {
    func end(_ index: Int, _ name: String, _ word: String) -> Column<Row> {
      Column(ends + name, "\(word) end of its 95% interval") {
        row($0).ratio?.interval?[index]
      }
    }
    let reasons: [PairComparison.UndecidedReason] = [.unseen, .logRank, .replicas, .noSpread]
    return [
      Column(ratio, "ratio of the mean exit times, first over second") {
        row($0).ratio?.estimate
      },
      end(0, "lower", "lower"), end(1, "upper", "upper"),
      Column("margin", "margin of the equivalence test") { row($0).margin },
      Column("verdict", "equivalent, different or undetermined\(verdict)") {
        row($0).ratio?.verdict
      },
      Column("restricted", "whether means were restricted to a time") { row($0).isRestricted },
      Column("restricted_to", unit: "τ", "that time; nothing when means are whole") {
        row($0).restrictedTo
      },
      Column("first_seen", "fraction of the first side that exited by then") { row($0).seen.first },
      Column("second_seen", "fraction of the second side that exited by then") {
        row($0).seen.last
      },
      Column(
        "undecided_reason", .choice(reasons.map(\.rawValue)),
        "unseen, log-rank, replicas or no-spread"
      ) { row($0).ratio?.undecidedReason?.rawValue },
      Column("horizon_needed", unit: "τ", "horizon by which enough would exit, about") {
        row($0).ratio?.horizonNeeded
      },
    ]
  }

  /// The p-values of the tests of equal laws.
  static func testColumns<Row>(
    _ suffix: String, _ tests: @escaping @Sendable (Row) -> TestBattery?
  ) -> [Column<Row>] {
    TestBattery.titles.enumerated().map { index, test in
      Column("\(test.name)_\(suffix)", "p-value of the \(test.title) test") {
        tests($0)?.inOrder[index]?.pValue
      }
    }
  }

  /// The columns of comparisons.csv.
  static let columns: [Column<PairRow>] =
    [paired { $0.pair?.paired }] + ratioColumns("mean_ratio", "mean_ratio_", verdict: "") { $0 }
    + distance { $0.pair?.wasserstein } + testColumns("p") { $0.pair?.tests }

  static func paired<Row>(_ isPaired: @escaping @Sendable (Row) -> Bool?) -> Column<Row> {
    Column("paired", "whether replicas of one index share their start", value: isPaired)
  }

  /// The columns on the Wasserstein distance.
  static func distance<Row>(
    _ distance: @escaping @Sendable (Row) -> IntervalEstimate?
  ) -> [Column<Row>] {
    [
      Column("wasserstein", unit: "τ", "Wasserstein distance of the two laws") {
        distance($0)?.estimate
      },
      Column("wasserstein_lower", unit: "τ", "lower end of its 95% interval") {
        distance($0)?.interval?.lowerBound
      },
      Column("wasserstein_upper", unit: "τ", "upper end of its 95% interval") {
        distance($0)?.interval?.upperBound
      },
    ]
  }
}

extension Run {
  /// The summary of every dynamics and exit rule: exit_time_summary.csv.
  var summaryTable: DataTable {
    let rows = summary.exitTimes
    let (kinds, kindPlaces) = indexed(rows.map(\.dynamics))
    let (marks, markPlaces) = indexed(rows.map(\.mark))
    return DataTable(
      "exit_time_summary",
      along: [(.words(.dynamics, kinds), kindPlaces), (.thresholds(marks), markPlaces)],
      ExitTimeRow.columns,
      rows.map {
        ExitTimeRow(
          summary: $0, model: experiment.model, formulas: ExitFormulas(summary.theory, $0.mark))
      })
  }

  /// The comparison of every pair of dynamics at each exit rule: comparisons.csv.
  var pairTable: DataTable {
    let rows = summary.comparisons
    let (pairs, pairPlaces) = indexed(rows.map { [$0.first, $0.second] })
    let (marks, markPlaces) = indexed(rows.map(\.mark))
    return DataTable(
      "comparisons", along: [(.pairs(pairs), pairPlaces), (.thresholds(marks), markPlaces)],
      PairRow.columns, rows.map { PairRow($0) })
  }

  /// What ran, one place a dynamics.
  private var costTable: DataTable {
    let (kinds, timing) = (dynamics, summary.timing)
    let counts = kinds.map { kind in
      series.filter { $0.dynamics == kind }.map(\.records.count).max() ?? 0
    }
    return DataTable("cost", [.dynamics(kinds)], Run.costColumns) {
      kinds.indices.lazy.map { place in
        (place: [place], row: (counts[place], timing[kinds[place].rawValue]))
      }
    }
  }

  static let formulaColumns: [Column<ExitFormulas>] = ExitFormulas.columns { $0 }

  static let costColumns: [Column<(replicas: Int, cost: ComparisonSummary.Timing?)>] = [
    Column("replicas", "number of replicas") { $0.replicas },
    Column("steps", "steps of all replicas together") { $0.cost?.steps },
    Column("seconds", unit: "s", "wall-clock time") { $0.cost?.seconds },
  ]

  static let lawColumns: [Column<(time: Double, survival: Double)>] = [
    Column("law_time", unit: "τ", "times τ of the SDE's law by the Fokker–Planck equation, p = 1") {
      $0.time
    },
    Column("law_survival", "probability under that law not to have exited by then") { $0.survival },
  ]

  /// The law of the SDE's exit time at about 400 times, where it can be solved for.
  private var lawTable: (table: DataTable, monitoring: Monitoring)? {
    let laws = rules.map(exitLaw)
    let curves = laws.map { found in
      found.map { law, _ in
        stride(from: 0, to: law.times.count, by: max(1, law.times.count / 400)).map {
          (time: law.times[$0], survival: law.survival[$0])
        }
      } ?? []
    }
    let count = curves.map(\.count).max() ?? 0
    guard count > 0, let monitoring = laws.compactMap({ $0?.monitoring }).first else { return nil }
    let points = DataTable.Dimension(name: "law_point", count: count, coordinates: [])
    return (
      DataTable("law", [.thresholds(rules.map(\.mark)), points], Run.lawColumns) {
        curves.lazy.enumerated().flatMap { rule, curve in
          curve.lazy.enumerated().map { (place: [rule, $0], row: $1) }
        }
      }, monitoring
    )
  }

  /// Every record with what it takes to draw it: exit_times.nc.
  public func dataSet() throws -> DataSet {
    let (marks, law) = (rules.map(\.mark), lawTable)
    let forms = marks.map { ExitFormulas(summary.theory, $0) }
    let formulas = DataTable("formulas", [.thresholds(marks)], Run.formulaColumns) {
      forms.lazy.enumerated().map { (place: [$0], row: $1) }
    }
    return DataSet(
      tables: [exitTable(series, ExitRecord.variables), costTable, formulas]
        + [law?.table].compactMap { $0 },
      attributes: provenanceAttributes(
        title: "Exit times of one-pass SGD and its descriptions from the plateau",
        summary.provenance, summary.warnings, experimentText, experiment.resolved)
        + (law.map { [("law_monitoring", .text($0.monitoring.rawValue))] } ?? []))
  }
}

/// Says where a data set comes from, with every key of its experiment.
func provenanceAttributes(
  title: String, _ provenance: ComparisonSummary.Provenance?, _ warnings: [String],
  _ experiment: String, _ keys: ResolvedValue
) -> [(name: String, value: DataSet.Attribute)] {
  var attributes: [(name: String, value: DataSet.Attribute)] = [
    ("title", .text(title)), ("experiment", .text(experiment)),
  ]
  let version = provenance?.version ?? escapementVersion
  let commit = provenance?.commit
  attributes.append(
    ("source", .text("Escapement \(version)" + (commit.map { ", commit \($0)" } ?? ""))))
  if let provenance {
    attributes += [
      ("escapement_version", .text(version)), ("gsl_version", .text(provenance.gsl)),
      ("generator", .text(provenance.generator)), ("seed", .text("\(provenance.seed)")),
    ]
  }
  if let commit { attributes.append(("escapement_commit", .text(commit))) }
  if !warnings.isEmpty { attributes.append(("warnings", .text(warnings.joined(separator: "\n")))) }
  guard case .map(let pairs) = keys else { return attributes }
  let known = Set(attributes.map(\.name))
  for (key, value) in pairs where !known.contains(key) {
    if let attribute = value.attribute { attributes.append((key, attribute)) }
  }
  return attributes
}

extension ResolvedValue {
  /// The value as an attribute; nil for what stands in the experiment's text alone.
  fileprivate var attribute: DataSet.Attribute? {
    switch self {
    case .word(let text): return .text(text)
    case .integer, .seed, .number: return DataValue(self).number.map { .numbers([$0]) }
    case .flag(let flag): return .text("\(flag)")
    case .list(let items):
      let numbers = items.compactMap { DataValue($0).number }
      return numbers.count == items.count && !numbers.isEmpty ? .numbers(numbers) : nil
    case .map: return nil
    }
  }
}

extension DataValue {
  /// The value of a key of an experiment.
  init(_ value: ResolvedValue) {
    switch value {
    case .word(let text): self = .word(text)
    case .integer(let number): self = .count(number)
    case .seed(let number): self = .seed(number)
    case .number(let number): self = .number(number)
    case .flag(let flag): self = .flag(flag)
    case .list, .map: self = .word(value.yaml)
    }
  }
}
