import Dynamics
import Foundation
import Statistics

/// Is a result that one document holds, as `law`, `plateau`, `theory` and `test` give it.
public protocol AnswerDocument: Codable, Sendable {
  /// Names its files.
  static var word: String { get }
  /// What a data set of it is called.
  static var title: String { get }
  /// What it holds, as tables of CSV and variables of a data set.
  var tables: [DataTable] { get }
}

/// Holds the answer of a subcommand with its experiment, of a directory read and checked or in memory.
public struct Answer: Sendable {
  /// The answer itself.
  public let document: any AnswerDocument
  /// The text of experiment.yaml; nil where there is no experiment.
  let experiment: String?
  /// The document as it is on disk, or would be.
  private let data: Data

  private static let kinds: [any AnswerDocument.Type] = [
    LawSummary.self, PlateauSummary.self, TheorySummary.self, SampleComparison.self,
  ]
  /// The largest document, in bytes.
  private static let largestFile = 1 << 28

  /// The files that answers are in: what their directories hold beside experiment.yaml.
  public static let files = Set(kinds.map { "\($0.word).json" })
  /// The tables and data sets that exports make of them.
  static let exports = Set(
    DescribedFiles.described.map(\.file).filter { file in kinds.contains { file.hasPrefix($0.word) }
    }
      + kinds.map { "\($0.word).nc" })

  /// Takes an answer with the experiment that it is of; throws `EncodingError` for numbers that are not finite.
  public init(_ document: some AnswerDocument, experiment: String?) throws {
    self.document = document
    self.experiment = experiment
    data = try jsonData(document)
  }

  /// Whether a directory holds an answer.
  public static func isThere(_ path: String) -> Bool {
    files.contains { Checkpoint.isThere(place(path, $0)) }
  }

  /// Reads a directory; throws `DataFileError`, which names the file, also where it is not as its manifest says.
  public init(path: String) throws {
    guard
      let kind = Answer.kinds.first(where: {
        Checkpoint.isThere(Answer.place(path, "\($0.word).json"))
      })
    else { throw DataFileError(path, "no \(Answer.files.sorted().joined(separator: ", "))") }
    try Manifest.check(path)
    let file = Answer.place(path, "\(kind.word).json")
    data = try readFile(file, limit: Answer.largestFile)
    do {
      document = try JSONDecoder().decode(kind, from: data)
    } catch let error as DecodingError {
      throw DataFileError(file, error.problem)
    }
    let yaml = Answer.place(path, "experiment.yaml")
    experiment =
      Checkpoint.isThere(yaml)
      ? try utf8Text(readFile(yaml, limit: ExperimentOptions.largestFile), yaml) : nil
  }

  private static func place(_ path: String, _ name: String) -> String {
    URL(fileURLWithPath: path).appendingPathComponent(name).relativePath
  }
}

/// Is a directory that takes an answer, for exports.
package struct AnswerDirectory {
  private let directory: RunDirectory
  private let experiment: String?

  /// Makes the directory, before any work.
  ///
  /// `document` is what it is to hold, of the experiment or grid whose text is `experiment`. Throws `OutputError`
  /// when it cannot be written, or holds anything but such an answer, unless `isCleared`.
  package init(
    path: String, for document: any AnswerDocument.Type, experiment: String?, isCleared: Bool
  ) throws {
    try OutputContents(path: path).admit(
      .answer("\(document.word).json"), experiment ?? "", isCleared: isCleared)
    directory = try RunDirectory(path: path)
    self.experiment = experiment
  }

  /// Writes the answer with its experiment, and removes exports of an earlier one; throws `OutputError`.
  package func write(_ document: some AnswerDocument) throws {
    var files = [(name: "\(type(of: document).word).json", contents: try jsonData(document))]
    if let experiment { files.append(("experiment.yaml", Data(experiment.utf8))) }
    try OutputContents(path: directory.path).removeDerived()
    try directory.install(
      files.map { file in (name: file.name, fill: { try $0.write(file.contents) }) })
  }
}

extension Answer: Exportable {
  /// Names its data set and its document.
  public var names: (dataSet: String, document: String) {
    (type(of: document).word, type(of: document).word)
  }

  /// Makes its tables as files of CSV.
  public func tableFiles() throws -> [(name: String, contents: Data)] {
    try document.tables.map { try $0.file() }
  }

  /// Writes all of it as one JSON document.
  public func json() throws -> Data { data }

  /// Gathers all of it in one labelled data set.
  public func labelledData() throws -> DataSet {
    DataSet(
      tables: document.tables,
      attributes: provenanceAttributes(
        title: type(of: document).title, nil, [], experiment ?? "", .map([])))
  }

  /// Makes its figures: of two samples their Kaplan–Meier curves.
  public func drawnFigures() throws -> Figures? {
    try (document as? SampleComparison)?.figures()
  }

  /// Writes a page with its figures, of two samples.
  public func page(
    _ pictures: [(figure: Figure, svg: String)], _ missing: [String]
  ) throws -> Data? {
    try (document as? SampleComparison).map {
      try reportHTML($0, pictures: pictures, missing: missing)
    }
  }

  /// Writes its notebook.
  public func notebook() throws -> (contents: Data, readsTables: Bool)? { nil }
}

extension LawSummary: AnswerDocument {
  /// Names its files.
  public static var word: String { "exit_law" }
  /// Says what a data set of it is called.
  public static var title: String { "The law of the exit time of the SDE, p = 1" }

  static let columns: [Column<Law>] =
    [
      Column("mean", unit: "τ", "mean exit time") { $0.mean },
      Column("standard_deviation", unit: "τ", "standard deviation of the exit time") {
        $0.standardDeviation
      },
    ] + quantileColumns { $0.quantiles } + [
      Column("moment_error", "relative error of mean and standard deviation, estimated") {
        $0.error?.moments
      },
      Column("survival_error", "largest error of the survival probability, estimated") {
        $0.error?.survival
      },
      Column("linearised_mean", unit: "τ", "mean of the law of the linearised SDE") {
        $0.linearised?.mean
      },
      Column(
        "linearised_standard_deviation", unit: "τ", "standard deviation of that law"
      ) { $0.linearised?.standardDeviation },
      Column("linearised_distance", "largest distance of the two survival functions") {
        $0.linearised?.error.survival
      },
      Column("not_available", "why there is no law") { $0.notAvailable },
    ]

  static let curveColumns: [Column<(time: Double, survival: Double, density: Double)>] = [
    Column("time", unit: "τ", "time τ = ν γ/(p d)") { $0.time },
    Column("survival", "probability not to have exited by then") { $0.survival },
    Column("density", "density of the exit time, per unit of τ") { $0.density },
  ]

  /// Lays it out as tables.
  public var tables: [DataTable] {
    let thresholds = DataTable.Dimension.numbers(.threshold, laws.map(\.threshold))
    let curves = laws.map { law in
      zip(law.survival, law.density).compactMap { point, density in
        point.count == 2 && density.count == 2
          ? (time: point[0], survival: point[1], density: density[1]) : nil
      }
    }
    let points = DataTable.Dimension(
      name: "law_point", count: curves.map(\.count).max() ?? 0, coordinates: [])
    return [
      DataTable("exit_law", along: [(thresholds, Array(laws.indices))], LawSummary.columns, laws),
      DataTable("exit_law_survival", [thresholds, points], LawSummary.curveColumns) {
        curves.lazy.enumerated().flatMap { law, curve in
          curve.lazy.enumerated().map { (place: [law, $0], row: $1) }
        }
      },
    ]
  }
}

extension TheorySummary: AnswerDocument {
  /// Names its files.
  public static var word: String { "closed_forms" }
  /// Says what a data set of it is called.
  public static var title: String { "Closed forms of the escape from the plateau" }

  static let columns: [Column<TheorySummary>] = [
    Column("information_exponent", "smallest degree of the target's Hermite expansion from 1 on") {
      $0.informationExponent
    },
    Column("leap", "largest number of degrees that has to be found at once") { $0.leap },
    Column("growth_rate", "growth rate μ of the flow linearised on the plateau, per unit of τ") {
      $0.growthRate
    },
    Column("critical_learning_rate", "learning rate above which nothing grows") {
      $0.criticalLearningRate
    },
    Column("optimal_learning_rate", "learning rate with the fewest samples") {
      $0.optimalLearningRate
    },
    Column("gain_from_width", "gain in samples over p = 1, each at its best rate") {
      $0.gainFromWidth
    },
    Column("largest_gain_from_width", "the largest such gain of any width") {
      $0.largestGainFromWidth
    },
    Column("plateau", "excess risk at long times") { $0.plateau },
  ]

  /// Lays it out as tables.
  public var tables: [DataTable] {
    let keys = Set(annealedExitTime.keys).union(quenchedExitTime.keys)
      .union((linearisedExitTime ?? [:]).keys)
    let marks = keys.compactMap(Double.init).sorted().map {
      WrittenMark(criterion: nil, threshold: $0)
    }
    return [
      DataTable("closed_forms", TheorySummary.columns, row: self),
      DataTable(
        "closed_forms_exit_times",
        along: [(.numbers(.threshold, marks.map(\.threshold)), Array(marks.indices))],
        Run.formulaColumns, marks.map { ExitFormulas(self, $0) }),
    ]
  }
}

extension PlateauSummary: AnswerDocument {
  /// Names its files.
  public static var word: String { "plateau_risk" }
  /// Says what a data set of it is called.
  public static var title: String { "Excess risk at long times" }

  static let label = Field("plateau", .count, "place of the point and method, from 1")

  static let columns: [Column<Plateau>] = [
    Column(
      "method", .choice(["fixed-point", "chain"]),
      "fixed-point of the ODE, or chain: averages of the exact chain"
    ) { $0.method },
    Column("dimension", "input dimension d") { $0.dimension },
    Column("width", "number of students p") { $0.width },
    Column("teacher_units", "number of teacher units k") { $0.teacherUnits },
    Column("learning_rate", "learning rate γ") { $0.learningRate },
    Column("label_noise", "label noise Δ") { $0.labelNoise },
    Column("constraint", "constraint on the students") { $0.constraint },
    Column("excess_risk", "excess risk at long times; nothing where there is none") {
      $0.excessRisk
    },
    Column("standard_error", "its standard error, 0 for the fixed point") { $0.standardError },
    Column("formula", "γΔ/(1 − 6γ) for p = k = 1 below the critical rate") { $0.formula },
    Column("critical_learning_rate", "above it the start's plateau is never left") {
      $0.criticalLearningRate
    },
    Column(
      "stability", .choice(["stable", "marginal", "unstable"]),
      "whether the fixed point is stable, marginal or unstable"
    ) { $0.stability?.verdict },
    Column("largest_real_part", "largest real part of the Jacobian's eigenvalues, per unit τ") {
      $0.stability?.largestRealPart
    },
    Column("zero_modes", "eigenvalues whose real part is 0") { $0.stability?.zeroModes },
    Column("growing_modes", "eigenvalues with a real part above 0") { $0.stability?.growingModes },
    Column("residual", "sum of the absolute drift at the fixed point") { $0.residual },
    Column("replicas", "number of replicas that averages are taken over") { $0.averages?.replicas },
    Column("diverged", "replicas that left the finite numbers") { $0.averages?.diverged },
    Column("burn_in", unit: "τ", "time before the first sample") { $0.averages?.burnIn },
    Column("window", unit: "τ", "length of the window") { $0.averages?.window },
    Column("samples", "samples a replica") { $0.averages?.samples },
    Column("first_half", "mean over the earlier half of the window") { $0.averages?.firstHalf },
    Column("second_half", "mean over the later half") { $0.averages?.secondHalf },
    Column("drift", "how far parts of the window differ, in standard errors") {
      $0.averages?.drift
    },
    Column(
      "relaxation_time", unit: "τ", "time in which the slowest direction comes back by a factor e"
    ) {
      $0.averages?.relaxationTime
    },
    Column("words", "what was found, in words") { $0.words },
  ]

  static let overlapLabels = [
    Field("student", .count, "number of the student, from 1"),
    Field("teacher_unit", .count, "number of the teacher unit, from 1"),
  ]
  static let overlapColumns: [Column<Double>] = [
    Column("teacher_overlap", "overlap M at the fixed point") { $0 }
  ]

  /// Lays it out as tables.
  public var tables: [DataTable] {
    func counted(_ field: Field, _ count: Int) -> DataTable.Dimension {
      DataTable.Dimension(name: field.name, count: count, coordinates: [Column(field) { $0 + 1 }])
    }
    let places = counted(PlateauSummary.label, plateaus.count)
    let overlaps = plateaus.map { $0.teacherOverlaps ?? [] }
    let students = counted(PlateauSummary.overlapLabels[0], overlaps.map(\.count).max() ?? 0)
    let units = counted(
      PlateauSummary.overlapLabels[1], overlaps.flatMap { $0 }.map(\.count).max() ?? 0)
    let whole = DataTable(
      "plateau_risk", along: [(places, Array(plateaus.indices))], PlateauSummary.columns, plateaus)
    guard units.count > 0 else { return [whole] }
    return [
      whole,
      DataTable("plateau_risk_overlaps", [places, students, units], PlateauSummary.overlapColumns) {
        overlaps.lazy.enumerated().flatMap { place, matrix in
          matrix.lazy.enumerated().flatMap { student, row in
            row.lazy.enumerated().map { (place: [place, student, $0], row: $1) }
          }
        }
      },
    ]
  }
}

extension SampleComparison: AnswerDocument {
  /// Names its files.
  public static var word: String { "sample_test" }
  /// Says what a data set of it is called.
  public static var title: String { "Two samples of exit times compared" }

  static let label = Field("test", .word, "test of equal laws")

  static let columns: [Column<(result: TestResult?, reason: String?)>] = [
    Column("statistic", "its statistic") { $0.result?.statistic },
    Column("p_value", "its p-value") { $0.result?.pValue },
    Column(
      "p_value_kind", .choice(["exact", "asymptotic", "permutation", "upper-bound"]),
      "exact, asymptotic, permutation or upper-bound"
    ) { $0.result?.kind?.rawValue },
    Column("smallest_p_value", "smallest p-value that it can give, by relabelling") {
      $0.result?.smallestPValue
    },
    Column("not_available", "why there is no result") { $0.reason },
  ]

  static let ratioColumns: [Column<SampleComparison>] =
    PairRow.ratioColumns("mean_ratio", "mean_ratio_", verdict: "") {
      PairRow(ratio: $0.meanRatio, restrictedTo: $0.restrictedTo, seen: $0.seen)
    } + PairRow.distance { $0.wasserstein }

  /// Lays it out as tables.
  public var tables: [DataTable] {
    let titles = TestBattery.titles
    return [
      DataTable(
        "sample_test",
        along: [(.words(SampleComparison.label, titles.map(\.name)), Array(titles.indices))],
        SampleComparison.columns,
        zip(titles, tests.inOrder).map { ($1, testsUnavailable[$0.name]) }),
      DataTable("sample_test_ratio", SampleComparison.ratioColumns, row: self),
    ]
  }
}
