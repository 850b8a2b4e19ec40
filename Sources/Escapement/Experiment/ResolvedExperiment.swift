import Dynamics

/// Holds one value of a resolved experiment, to be written as YAML or JSON.
public indirect enum ResolvedValue: Sendable {
  /// A word.
  case word(String)
  /// A whole number.
  case integer(Int)
  /// A whole number without sign, of 64 bits.
  case seed(UInt64)
  /// A number.
  case number(Double)
  /// True or false.
  case flag(Bool)
  /// A sequence.
  case list([ResolvedValue])
  /// A mapping whose order is kept.
  case map([(String, ResolvedValue)])

  static func numbers(_ values: [Double]) -> ResolvedValue { .list(values.map { .number($0) }) }

  /// The value in YAML's flow style, on one line.
  var yaml: String {
    switch self {
    case .word(let text): return text
    case .integer(let number): return "\(number)"
    case .seed(let number): return "\(number)"
    case .flag(let flag): return "\(flag)"
    case .number(let number):
      // YAML 1.1 readers take 1e-05 for a word; 1.0e-05 is a number to all of them.
      let text = "\(number)"
      guard let exponent = text.firstIndex(of: "e"), !text.contains(".") else { return text }
      return text[..<exponent] + ".0" + text[exponent...]
    case .list(let items): return "[" + items.map(\.yaml).joined(separator: ", ") + "]"
    case .map(let pairs):
      return "{" + pairs.map { "\($0.0): \($0.1.yaml)" }.joined(separator: ", ") + "}"
    }
  }
}

extension ResolvedValue {
  /// A mapping as the text of a file, a line a key.
  var yamlLines: String {
    guard case .map(let pairs) = self else { return "" }
    return pairs.map { "\($0.0): \($0.1.yaml)\n" }.joined()
  }
}

extension ResolvedValue: Codable {
  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { return nil }
  }

  /// Reads words and numbers as themselves; keys of mappings come in their alphabetical order.
  public init(from decoder: any Decoder) throws {
    if let container = try? decoder.container(keyedBy: Key.self) {
      let keys = container.allKeys.sorted { $0.stringValue < $1.stringValue }
      self = .map(
        try keys.map { ($0.stringValue, try container.decode(ResolvedValue.self, forKey: $0)) })
    } else if let list = try? [ResolvedValue](from: decoder) {
      self = .list(list)
    } else {
      let value = try decoder.singleValueContainer()
      if let flag = try? value.decode(Bool.self) {
        self = .flag(flag)
      } else if let number = try? value.decode(Int.self) {
        self = .integer(number)
      } else if let seed = try? value.decode(UInt64.self) {
        self = .seed(seed)
      } else if let number = try? value.decode(Double.self) {
        self = .number(number)
      } else {
        self = .word(try value.decode(String.self))
      }
    }
  }

  /// Encodes words and numbers as themselves.
  public func encode(to encoder: any Encoder) throws {
    switch self {
    case .word(let value): try value.encode(to: encoder)
    case .integer(let value): try value.encode(to: encoder)
    case .seed(let value): try value.encode(to: encoder)
    case .number(let value): try value.encode(to: encoder)
    case .flag(let value): try value.encode(to: encoder)
    case .list(let items): try items.encode(to: encoder)
    case .map(let pairs):
      var container = encoder.container(keyedBy: Key.self)
      for (key, value) in pairs { try container.encode(value, forKey: Key(stringValue: key)) }
    }
  }
}

extension Experiment {
  /// Every key that decides the result, with its value; reading it back gives the same experiment.
  public var resolved: ResolvedValue {
    func entry(_ key: ExperimentKey, _ value: ResolvedValue) -> (String, ResolvedValue) {
      (key.rawValue, value)
    }
    let counts = dynamics.map { ($0.rawValue, ResolvedValue.integer(replicas[$0] ?? 0)) }
    let thresholds = ExitCriterion.Family.listed.map { family in
      let values = exitRule.thresholds(of: family)
      return entry(
        ExperimentKey(family),
        values.isEmpty && family == ExitCriterion.standard.family ? .word("none") : .numbers(values)
      )
    }
    // Only where it is not the first layer's: what runs wrote before this key was there stays as it is.
    let layerSchedule =
      model.secondLayerRateSchedule.map {
        [entry(.secondLayerRateSchedule, $0.resolved)]
      } ?? []
    let network: [(String, ResolvedValue)] =
      [
        entry(.dimension, .integer(model.dimension)),
        entry(.width, .integer(model.width)),
        entry(.teacherUnits, .integer(model.teacherUnits)),
        entry(.learningRate, .number(model.learningRate)),
        entry(
          .learningRateSchedule, model.learningRateSchedule.map(\.resolved) ?? .word("constant")),
        entry(.labelNoise, .number(model.labelNoise)),
        entry(.secondLayer, .numbers(model.secondLayer)),
        entry(.secondLayerRate, .number(model.secondLayerRate)),
      ] + layerSchedule + [
        entry(.secondLayerNormalised, .flag(model.normalisesSecondLayer)),
        entry(.activation, model.activation.resolved),
        entry(.target, model.target.resolved),
        entry(
          .teacherGram,
          model.teacherGram.map { .list($0.map(ResolvedValue.numbers)) } ?? .word("identity")),
        entry(.constraint, .word(model.constraint.rawValue)),
        entry(.batchSize, .integer(model.rule.batchSize)),
        entry(.loss, .word(model.rule.loss.rawValue)),
        entry(.lookAhead, .number(model.rule.lookAhead)),
        entry(.repetitions, .integer(model.rule.repetitions)),
        entry(.samples, model.samples.map { .integer($0.count) } ?? .word("none")),
        entry(.epochs, model.samples.map { .integer($0.epochs) } ?? .word("none")),
        entry(.order, .word((model.samples?.order ?? .same).rawValue)),
        entry(.startNorm, .number(startNorm)),
      ]
    let run: [(String, ResolvedValue)] = [
      entry(.horizon, .number(exitRule.horizon)),
      entry(.dynamics, .list(dynamics.map { .word($0.rawValue) })),
      entry(.replicas, .map(counts)),
      entry(.start, startDescription),
      entry(.seed, .seed(streams.seed)),
      entry(.generator, .word(streams.generator.name)),
      entry(.timeStep, .number(timeStep)),
      entry(.finiteSizeDrift, .flag(finiteSizeDrift)),
      entry(.scheme, .word(scheme.rawValue)),
      entry(.monitoring, .word(monitoring.rawValue)),
      entry(.odeStepper, .word(odeStepper.name)),
      entry(.precision, .word(precision.rawValue)),
      entry(.margin, .number(margin)),
    ]
    return .map(network + thresholds + run)
  }

  /// The resolved experiment as an experiment file.
  public var yaml: String { resolved.yamlLines }
}
