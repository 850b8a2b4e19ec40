/// Holds the value of an experiment's key as it was written, with the place where it was.
///
/// Experiment files and command-line options become these before anything is read out of them, so
/// that both take the same road and give the same errors.
public struct OptionValue: Sendable, Equatable {
  /// What was written.
  public indirect enum Content: Sendable, Equatable {
    /// A single word or number.
    case scalar(String)
    /// A sequence.
    case list([Content])
    /// A mapping.
    case map([String: Content])
  }

  /// Where a value was written, which decides the exit status of an error.
  public enum Origin: Sendable, Equatable {
    /// On the command line.
    case commandLine
    /// In a file, at a line.
    case file(String, line: Int)
  }

  /// What was written.
  public let content: Content
  /// Where it was written.
  public let origin: Origin

  /// Creates a value.
  public init(_ content: Content, origin: Origin) {
    self.content = content
    self.origin = origin
  }
}

extension OptionValue.Content {
  /// The value on one line, as an error quotes it.
  var text: String {
    switch self {
    case .scalar(let text): return text.isEmpty ? "nothing" : "'\(text)'"
    case .list(let items): return "a list of \(items.count)"
    case .map: return "a mapping"
    }
  }

  /// The value as a list of words: a sequence, or one word with commas. Nil for anything else.
  var words: [String]? {
    switch self {
    case .scalar(let text):
      return text.split(separator: ",", omittingEmptySubsequences: false).map(trimmed)
    case .list(let items):
      let words = items.compactMap { item -> String? in
        if case .scalar(let text) = item { text } else { nil }
      }
      return words.count == items.count ? words : nil
    case .map: return nil
    }
  }

  /// The value with per cent as a part of one: 10% is 0.1.
  var withoutPercent: OptionValue.Content {
    switch self {
    case .scalar(let text):
      let words = text.split(separator: ",", omittingEmptySubsequences: false).map { word in
        // By the exponent, so that no digit is rounded twice.
        let number = trimmed(word.dropLast())
        guard word.hasSuffix("%"), decimalNumber(number) != nil, !number.lowercased().contains("e"),
          let share = Double("\(number)e-2")
        else { return String(word) }
        return "\(share)"
      }
      return .scalar(words.joined(separator: ","))
    case .list(let items): return .list(items.map(\.withoutPercent))
    case .map: return self
    }
  }

  /// Whether the value is a mapping.
  var isMap: Bool {
    if case .map = self { true } else { false }
  }
}

/// Says what is wrong with an experiment: where, which key, and what was expected.
public struct ExperimentError: Error, Sendable, CustomStringConvertible {
  /// Where the value was written; nil when it is a default or the file as a whole.
  public let origin: OptionValue.Origin?
  /// The key, empty for the file as a whole.
  public let key: String
  /// What is wrong, in words.
  public let problem: String

  /// Creates an error.
  public init(origin: OptionValue.Origin?, key: String, problem: String) {
    self.origin = origin
    self.key = key
    self.problem = problem
  }

  /// Whether the fault lies in a file rather than in the command's words.
  public var isInFile: Bool {
    if case .file = origin { return true }
    return false
  }

  /// One line: place, key, problem.
  public var description: String {
    switch origin {
    case .file(let name, let line):
      let place = line > 0 ? "\(name), line \(line)" : name
      return key.isEmpty ? "\(place): \(problem)" : "\(place), key '\(key)': \(problem)"
    case .commandLine: return "--\(key): \(problem)"
    case nil: return key.isEmpty ? problem : "\(key): \(problem)"
    }
  }
}
