import Dynamics
import Yams

extension ExperimentOptions {
  private static let activationForms =
    Activation.named.map(\.name).joined(separator: ", ")
    + ", he1 to he\(TargetFactor.largestHermiteDegree), hermite or polynomial coefficients"

  /// Reads the key `activation`: a name, `he3` for He_3 alone, `hermite:C0,C1,…`, or `{hermite: [C0, C1, …]}`.
  func activation() throws -> Activation? {
    try values[.activation].map {
      guard let activation = try activation(.activation, structured($0.content)) else {
        throw unexpected(.activation, ExperimentOptions.activationForms)
      }
      return activation
    }
  }

  /// Reads the key `target`: an activation, `{hermite-terms: [{coefficient, degrees}, …]}` or
  /// `{terms: [{coefficient, factors}, …]}`.
  func target() throws -> Target? {
    guard let value = values[.target] else { return nil }
    let content = structured(value.content)
    if case .map(let pairs) = content, pairs.count == 1, let terms = pairs["hermite-terms"] {
      return .hermiteTerms(try hermiteTerms(terms))
    }
    if case .map(let pairs) = content, pairs.count == 1, let terms = pairs["terms"] {
      return .products(try productTerms(terms))
    }
    guard let activation = try activation(.target, content) else {
      throw unexpected(
        .target, ExperimentOptions.activationForms + ", {hermite-terms: […]} or {terms: […]}")
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

  /// Reads the schedule of a layer's rate: `power:α,ν₀`, `steps:ν=γ,…`, `warm-up:W`, the same as a mapping, the word
  /// `constant`, or for the second layer `same`; nil for the first layer's constant rate, and for `same`.
  func schedule(_ key: ExperimentKey) throws -> LearningRateSchedule? {
    let isFirst = key == .learningRateSchedule
    let forms =
      "power:A,N, steps:0=G0,N1=G1,…, warm-up:W, constant\(isFirst ? "" : ", same"), "
      + "or {power: A, after: N, warm-up: W} or {steps: [[0, G0], [N1, G1]]}"
    guard let value = values[key] else { return nil }
    if value.content == .scalar("constant") { return isFirst ? nil : try LearningRateSchedule() }
    if !isFirst, value.content == .scalar("same") { return nil }
    guard let parts = scheduleParts(structured(value.content)),
      Set(parts.keys).isSubset(of: ["power", "after", "steps", "warm-up"]), !parts.isEmpty,
      (parts["power"] == nil) == (parts["after"] == nil),
      parts["power"] == nil || parts["steps"] == nil
    else { throw unexpected(key, forms) }
    func number(_ content: OptionValue.Content, _ what: String) throws -> Double {
      guard case .scalar(let text) = content, let number = Double(text) else {
        throw error(key, "found \(content.text) as \(what), expected a number")
      }
      return number
    }
    func whole(_ content: OptionValue.Content, _ what: String) throws -> Int {
      guard case .scalar(let text) = content, let number = wholeNumber(text) else {
        throw error(key, "found \(content.text) as \(what), expected a whole number")
      }
      return number
    }
    var decay = LearningRateSchedule.Decay.none
    if let power = parts["power"], let after = parts["after"] {
      decay = .power(try number(power, "the power"), after: try number(after, "its steps"))
    } else if let steps = parts["steps"] {
      guard case .list(let items) = steps else { throw unexpected(key, forms) }
      decay = .table(
        try items.map { item in
          guard case .list(let pair) = item, pair.count == 2 else {
            throw error(
              key, "found \(item.text) among steps, expected pairs of a step and its rate")
          }
          return (try whole(pair[0], "a step"), try number(pair[1], "a rate"))
        })
    }
    do {
      return try LearningRateSchedule(
        warmUp: try parts["warm-up"].map { try whole($0, "the warm-up") } ?? 0, decay: decay)
    } catch let problem as ParameterError {
      throw ParameterError(key: key.rawValue, found: problem.found, expected: problem.expected)
    }
  }

  /// A schedule of the command line as the mapping it stands for; nil for what is none.
  private func scheduleParts(_ content: OptionValue.Content) -> [String: OptionValue.Content]? {
    if case .map(let pairs) = content { return pairs }
    guard case .scalar(let text) = content else { return nil }
    let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
    guard parts.count == 2 else { return nil }
    let words = parts[1].split(separator: ",", omittingEmptySubsequences: false).map(trimmed)
    switch (parts[0], words.count) {
    case ("power", 2): return ["power": .scalar(words[0]), "after": .scalar(words[1])]
    case ("warm-up", 1): return ["warm-up": .scalar(words[0])]
    case ("steps", _):
      return [
        "steps": .list(
          words.map { word in
            .list(
              word.split(separator: "=", omittingEmptySubsequences: false).map {
                .scalar(trimmed($0))
              })
          })
      ]
    default: return nil
    }
  }

  /// Reads the key `horizon`: a time τ, or a number of samples as `samples:N` or `{samples: N}`.
  func horizon(_ clock: LearningClock) throws -> Double? {
    let content = values[.horizon].map { structured($0.content) }
    var word: String?
    if case .map(let pairs)? = content, pairs.count == 1, case .scalar(let text)? = pairs["samples"]
    {
      word = text
    } else if case .scalar(let text)? = content, text.hasPrefix("samples:") {
      word = String(text.dropFirst("samples:".count))
    }
    guard let word else { return try number(.horizon) }
    guard let samples = wholeNumber(trimmed(word)), samples > 0 else {
      throw error(.horizon, "found '\(word)' samples, expected a whole number above 0")
    }
    guard Double(samples) / clock.samplesPerStep < 1e15 else {
      throw error(.horizon, "found \(samples) samples, expected fewer than 1e15 steps")
    }
    return clock.time(ofSamples: Double(samples))
  }

  /// Reads the keys of a finite set of samples; a horizon, where one is given, decides how many epochs there are.
  func samples(of model: Model, horizon: Double?) throws -> SampleSet? {
    let none = OptionValue.Content.scalar("none")
    let order = try choice(.order, of: SampleSet.Order.self) ?? .same
    guard let value = values[.samples], value.content != none else {
      if let epochs = values[.epochs], epochs.content != none {
        throw error(.epochs, "found \(epochs.content.text), expected samples beside it")
      }
      return nil
    }
    guard let count = try integer(.samples) else { return nil }
    let once = try SampleSet(count: count, epochs: 1, order: order)
    guard values[.epochs]?.content != none, let epochs = try integer(.epochs) else {
      guard let horizon else {
        throw ExperimentError(
          origin: nil, key: ExperimentKey.epochs.rawValue,
          problem: "missing, expected beside samples unless horizon is given")
      }
      let steps = Double(max(once.stepsPerEpoch(model.rule), 1))
      let epochs = (model.clock.steps(by: horizon) / steps).rounded(.up)
      return try SampleSet(
        count: count, epochs: Int(min(max(epochs, 1), 2 * Double(SampleSet.largestCount))),
        order: order)
    }
    return try SampleSet(count: count, epochs: epochs, order: order)
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
      if case .hermite(let degree)? = TargetFactor.named.first(where: { $0.name == text }),
        degree > 0
      {
        return .hermiteTerm(degree)
      }
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

  private func productTerms(_ content: OptionValue.Content) throws -> [ProductTerm] {
    let form = "terms {coefficient: 5, factors: [sign, sign, he2]}"
    guard case .list(let items) = content else { throw unexpected(.target, "a list of \(form)") }
    return try items.map { item in
      guard case .map(let pairs) = item, pairs.count == 2,
        case .scalar(let text)? = pairs["coefficient"], let coefficient = Double(text),
        case .list(let factors)? = pairs["factors"]
      else { throw error(.target, "found \(item.text) among the terms, expected \(form)") }
      return ProductTerm(coefficient: coefficient, factors: try factors.map(factor))
    }
  }

  private func factor(_ content: OptionValue.Content) throws -> TargetFactor {
    if case .scalar(let text) = content,
      let named = TargetFactor.named.first(where: { $0.name == text })
    {
      return named
    }
    guard let activation = try activation(.target, content) else {
      throw error(
        .target,
        "found \(content.text) among factors, expected one, identity, sign, step, abs, he0 to "
          + "he\(TargetFactor.largestHermiteDegree), \(Activation.named.map(\.name).joined(separator: ", ")), "
          + "hermite or polynomial coefficients")
    }
    return .activation(activation)
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

extension LearningRateSchedule {
  /// The schedule as an experiment file has it.
  var resolved: ResolvedValue {
    if warmUp <= 1, decay == .none { return .word("constant") }
    var pairs: [(String, ResolvedValue)] = []
    switch decay {
    case .none: break
    case .power(let power, let after):
      pairs = [("power", .number(power)), ("after", .number(after))]
    case .table(let entries):
      pairs = [("steps", .list(entries.map { .list([.integer($0.step), .number($0.rate)]) }))]
    }
    if warmUp > 1 { pairs.append(("warm-up", .integer(warmUp))) }
    return .map(pairs)
  }
}

extension TargetFactor {
  /// The factor as an experiment file has it.
  fileprivate var resolved: ResolvedValue {
    if case .activation(let activation) = self { return activation.resolved }
    return .word(name)
  }

  /// The factor in words, for a heading.
  fileprivate var title: String {
    switch self {
    case .hermite(let degree): return "He\(degree)"
    case .activation(let activation): return activation.title
    default: return name
    }
  }
}

extension Target {
  /// The target as an experiment file has it.
  var resolved: ResolvedValue {
    switch self {
    case .mean(let activation): return activation.resolved
    case .products(let terms):
      return .map([
        (
          "terms",
          .list(
            terms.map {
              .map([
                ("coefficient", .number($0.coefficient)),
                ("factors", .list($0.factors.map(\.resolved))),
              ])
            })
        )
      ])
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
    case .products(let terms):
      return terms.map { term in
        let factors = term.factors.enumerated()
          .filter { $0.element != .one && $0.element != .hermite(0) }
          .map { "\($0.element.title)(λ\($0.offset + 1))" }.joined(separator: "·")
        let number = term.coefficient == 1 && !factors.isEmpty ? "" : "\(term.coefficient) "
        return number + factors
      }.joined(separator: " + ")
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
    let what =
      isSquareOnSphere && teacherGram == nil
      ? "Phase retrieval"
      : "\(activation.title) student, \(target.title) target"
        + rule.titles.map { ", " + $0 }.joined()
    let layer = secondLayerRateSchedule.map {
      ", second layer's \($0.formula.isEmpty ? "constant" : $0.formula.replacing("γ", with: "γ_a"))"
    }
    return what + (learningRateSchedule.map { ", rate \($0.formula)" } ?? "") + (layer ?? "")
  }
}

extension LearningRule {
  /// What is not as with one fresh sample a step on the squared loss, in words.
  fileprivate var titles: [String] {
    (batchSize == 1 ? [] : ["batches of \(batchSize)"])
      + (loss == .square ? [] : ["\(loss.rawValue) loss"])
      + (lookAhead == 0 ? [] : ["look-ahead \(lookAhead)"])
      + (repetitions == 1 ? [] : ["\(repetitions) steps on each batch"])
  }
}
