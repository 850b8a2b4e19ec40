import Dynamics

extension Field {
  static let dynamics = Field("dynamics", .word, DynamicsKind.listed)
  static let criterion = Field(
    "criterion", .word, "what is watched: \(ExitCriterion.listedNames.joined(separator: ", "))")
  static let threshold = Field(
    "threshold", "threshold, as a rule the fraction T of the initial risk")
  static let replica = Field("replica", .count, "index of the replica, from 0")
  static let time = Field("time", unit: "τ", "time τ = ν γ/(p d) after ν steps")
  static let first = Field("first", .word, "dynamics in the numerator")
  static let second = Field("second", .word, "dynamics in the denominator")
  static let probability = Field("quantile", "probability of a quantile")
}

extension DataTable.Dimension {
  private init(_ name: String, count: Int, _ coordinates: [Column<Int>]) {
    self.init(name: name, count: count, coordinates: coordinates)
  }

  /// The dynamics of a run, in the order of its rows.
  static func dynamics(_ kinds: [DynamicsKind]) -> Self {
    .init("dynamics", count: kinds.count, [Column(.dynamics) { kinds[$0].rawValue }])
  }

  /// What is watched: a criterion and a threshold at each place.
  static func thresholds(_ marks: [WrittenMark]) -> Self {
    .init(
      "threshold", count: marks.count,
      [
        Column(.criterion) { marks[$0].criterion }, Column(.threshold) { marks[$0].threshold },
      ])
  }

  static func replicas(_ count: Int) -> Self {
    .init("replica", count: count, [Column(.replica) { $0 }])
  }

  static func times(_ times: [Double]) -> Self { .numbers(.time, times) }

  /// Two dynamics at each place.
  static func pairs(_ pairs: [[String]]) -> Self {
    .init(
      "pair", count: pairs.count,
      [Column(.first) { pairs[$0][0] }, Column(.second) { pairs[$0][1] }])
  }

  /// A dimension whose one coordinate has its name.
  static func numbers(_ field: Field, _ values: [Double]) -> Self {
    .init(field.name, count: values.count, [Column(field) { values[$0] }])
  }

  static func words(_ field: Field, _ values: [String]) -> Self {
    .init(field.name, count: values.count, [Column(field) { values[$0] }])
  }
}
