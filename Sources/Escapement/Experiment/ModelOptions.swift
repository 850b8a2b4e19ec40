import Dynamics
import Yams

extension ExperimentOptions {
  private static let activationForms =
    Activation.named.map(\.name).joined(separator: ", ") + ", hermite or polynomial coefficients"

  /// Reads the key `activation`: a name, `hermite:C0,C1,…`, or `{hermite: [C0, C1, …]}`.
  func activation() throws -> Activation? {
    try values[.activation].map {
      guard let activation = try activation(.activation, structured($0.content)) else {
        throw unexpected(.activation, ExperimentOptions.activationForms)
      }
      return activation
    }
  }

  /// Reads the key `target`: an activation, or `{hermite-terms: [{coefficient, degrees}, …]}`.
  func target() throws -> Target? {
    guard let value = values[.target] else { return nil }
    let content = structured(value.content)
    if case .map(let pairs) = content, pairs.count == 1, let terms = pairs["hermite-terms"] {
      return .hermiteTerms(try hermiteTerms(terms))
    }
    guard let activation = try activation(.target, content) else {
      throw unexpected(.target, ExperimentOptions.activationForms + ", or {hermite-terms: […]}")
    }
    return .mean(activation)
  }

  /// Reads the keys of the rule of learning.
  func rule() throws -> LearningRule {
    try LearningRule(
      batchSize: try integer(.batchSize) ?? 1,
      loss: try choice(.loss, of: LearningRule.Loss.self) ?? .square,
      lookAhead: try number(.lookAhead) ?? 0, repetitions: try integer(.repetitions) ?? 1)
  }

  /// Reads the key `teacher-gram`: rows of numbers, or the word `identity`.
  func teacherGram() throws -> [[Double]]? {
    guard let value = values[.teacherGram] else { return nil }
    if value.content == .scalar("identity") { return nil }
    guard case .list(let rows) = structured(value.content) else {
      throw unexpected(.teacherGram, "rows of numbers, [[1, 0.3], [0.3, 1]]")
    }
    return try rows.map { try numbers(.teacherGram, $0) }
  }

  /// Reads the thresholds of every kind of criterion: numbers, or for the usual one the word `none`.
  func thresholds() throws -> [ExitCriterion.Family: [Double]] {
    var thresholds = [ExitCriterion.standard.family: [0.01, 0.5]]
    for family in ExitCriterion.Family.listed {
      let key = ExperimentKey(family)
      if family == ExitCriterion.standard.family, values[key]?.content == .scalar("none") {
        thresholds[family] = []
      } else if let given = try numbers(key) {
        thresholds[family] = given
      }
    }
    return thresholds
  }

  private func activation(
    _ key: ExperimentKey, _ content: OptionValue.Content
  ) throws -> Activation? {
    func made(_ word: String, _ coefficients: [Double]) -> Activation? {
      switch word {
      case "hermite": return .hermite(coefficients)
      case "polynomial": return .polynomial(coefficients)
      default: return nil
      }
    }
    switch content {
    case .scalar(let text):
      if let named = Activation.named.first(where: { $0.name == text }) { return named }
      let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
      guard parts.count == 2, made(parts[0], []) != nil else { return nil }
      let words = parts[1].split(separator: ",", omittingEmptySubsequences: false)
      return made(parts[0], try numbers(key, .list(words.map { .scalar(trimmed($0)) })))
    case .map(let pairs):
      guard pairs.count == 1, let (word, numbers) = pairs.first, made(word, []) != nil else {
        return nil
      }
      return made(word, try self.numbers(key, numbers))
    case .list: return nil
    }
  }

  private func hermiteTerms(_ content: OptionValue.Content) throws -> [HermiteTerm] {
    let form = "terms {coefficient: 1, degrees: [1, 0]}"
    guard case .list(let items) = content else { throw unexpected(.target, "a list of \(form)") }
    return try items.map { item in
      guard case .map(let pairs) = item, pairs.count == 2,
        case .scalar(let text)? = pairs["coefficient"], let coefficient = Double(text),
        case .list(let degrees)? = pairs["degrees"]
      else { throw error(.target, "found \(item.text) among the terms, expected \(form)") }
      let whole = try degrees.map { degree in
        guard case .scalar(let text) = degree, let number = wholeNumber(text) else {
          throw error(.target, "found \(degree.text) among degrees, expected whole numbers")
        }
        return number
      }
      return HermiteTerm(coefficient: coefficient, degrees: whole)
    }
  }

  private func numbers(
    _ key: ExperimentKey, _ content: OptionValue.Content
  ) throws -> [Double] {
    guard case .list(let items) = content else { throw unexpected(key, "a list of numbers") }
    return try items.map {
      guard case .scalar(let text) = $0, let number = Double(text), number.isFinite else {
        throw error(key, "found \($0.text), expected finite numbers")
      }
      return number
    }
  }

  private func unexpected(_ key: ExperimentKey, _ what: String) -> ExperimentError {
    error(key, "found \(values[key]?.content.text ?? "nothing"), expected \(what)")
  }

  /// Reads lists and mappings out of a word of the command line, in YAML's flow style.
  private func structured(_ content: OptionValue.Content) -> OptionValue.Content {
    guard case .scalar(let text) = content, text.hasPrefix("[") || text.hasPrefix("{"),
      let node = try? Yams.compose(yaml: text),
      let parsed = try? ExperimentOptions.content(
        of: node, { ExperimentError(origin: nil, key: "", problem: $0) })
    else { return content }
    return parsed
  }
}

extension Activation {
  /// The activation as an experiment file has it.
  var resolved: ResolvedValue {
    switch self {
    case .hermite(let coefficients), .polynomial(let coefficients):
      return .map([(name, .numbers(coefficients))])
    default: return .word(name)
    }
  }

  /// The activation in words, for a heading.
  var title: String {
    switch self {
    case .hermite(let coefficients), .polynomial(let coefficients):
      return "\(name) [\(coefficients.map { "\($0)" }.joined(separator: ", "))]"
    default: return name
    }
  }
}

extension Target {
  /// The target as an experiment file has it.
  var resolved: ResolvedValue {
    switch self {
    case .mean(let activation): return activation.resolved
    case .hermiteTerms(let terms):
      return .map([
        (
          "hermite-terms",
          .list(
            terms.map {
              .map([
                ("coefficient", .number($0.coefficient)),
                ("degrees", .list($0.degrees.map { .integer($0) })),
              ])
            })
        )
      ])
    }
  }

  /// The target in words, for a heading.
  var title: String {
    switch self {
    case .mean(let activation): return activation.title
    case .hermiteTerms(let terms):
      return terms.map { term in
        let factors = term.degrees.enumerated().filter { $0.element > 0 }
          .map { "He\($0.element)(λ\($0.offset + 1))" }.joined(separator: "·")
        let number = term.coefficient == 1 && !factors.isEmpty ? "" : "\(term.coefficient) "
        return number + factors
      }.joined(separator: " + ")
    }
  }
}

extension Model {
  /// What is learned by what, in words.
  public var title: String {
    isPhaseRetrieval
      ? "Phase retrieval" : "\(activation.title) student, \(target.title) target"
  }
}
