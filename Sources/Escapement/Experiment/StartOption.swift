import Dynamics
import Ensemble
import Foundation

extension ExperimentOptions {
  /// The largest Gram file, in bytes.
  private static let largestGramFile = 1 << 26
  private static let startForms = "random, orthogonal, warm:M1,M2,…, overlaps:M1,M2,… or gram:FILE"

  /// Reads the key `start`: a word, or in a file also `{overlaps: […]}` and `{gram: [[…], …]}`.
  ///
  /// Returns the start and what a resolved experiment says of it, the numbers as they were given.
  func start(of model: Model, directory: String?) throws -> (Start, ResolvedValue) {
    func overlaps(_ numbers: [Double]) throws -> (Start, ResolvedValue) {
      (try .overlaps(numbers, of: model), .map([("overlaps", .numbers(numbers))]))
    }
    func warm(_ numbers: [Double]) throws -> (Start, ResolvedValue) {
      (try .warm(numbers, of: model), .map([("warm", .numbers(numbers))]))
    }
    func gram(_ rows: [[Double]]) throws -> (Start, ResolvedValue) {
      (try .gram(rows, of: model), .map([("gram", .list(rows.map(ResolvedValue.numbers)))]))
    }
    guard let value = values[.start] else { return (.random, .word("random")) }
    switch value.content {
    case .scalar("random"): return (.random, .word("random"))
    case .scalar("orthogonal"): return (try .orthogonal(of: model), .word("orthogonal"))
    case .scalar(let text):
      let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2 else { throw unexpectedStart(value) }
      let rest = String(parts[1])
      switch parts[0] {
      case "overlaps":
        let words = rest.split(separator: ",", omittingEmptySubsequences: false)
        return try overlaps(words.map { try startNumber(trimmed($0)) })
      case "warm":
        let words = rest.split(separator: ",", omittingEmptySubsequences: false)
        return try warm(words.map { try startNumber(trimmed($0)) })
      case "gram":
        let rows = try gramFile(rest, directory: directory)
        do {
          return try gram(rows)
        } catch let error as ParameterError {
          throw ExperimentError(
            origin: .file(rest, line: 0), key: "start",
            problem: "found \(error.found), expected \(error.expected)")
        }
      default: throw unexpectedStart(value)
      }
    case .map(let pairs):
      if pairs.count == 1, let content = pairs["overlaps"] {
        return try overlaps(startNumbers(content))
      }
      if pairs.count == 1, let content = pairs["warm"] { return try warm(startNumbers(content)) }
      if pairs.count == 1, case .list(let rows)? = pairs["gram"] {
        return try gram(rows.map(startNumbers))
      }
      throw unexpectedStart(value)
    case .list: throw unexpectedStart(value)
    }
  }

  private func unexpectedStart(_ value: OptionValue) -> ExperimentError {
    error(
      .start, "found \(value.content.text), expected \(ExperimentOptions.startForms)")
  }

  private func startNumber(_ text: String) throws -> Double {
    guard let number = Double(text), number.isFinite else {
      throw error(.start, "found '\(text)', expected finite numbers")
    }
    return number
  }

  /// Flattens a list of numbers or of lists of numbers.
  private func startNumbers(_ content: OptionValue.Content) throws -> [Double] {
    switch content {
    case .scalar(let text): return [try startNumber(text)]
    case .list(let items): return try items.flatMap(startNumbers)
    case .map: throw error(.start, "found a mapping, expected numbers")
    }
  }

  private func gramFile(_ path: String, directory: String?) throws -> [[Double]] {
    var url = URL(fileURLWithPath: path)
    if let directory, case .file = values[.start]?.origin, !path.hasPrefix("/") {
      url = URL(fileURLWithPath: directory).appendingPathComponent(path)
    }
    func failure(_ problem: String) -> ExperimentError {
      ExperimentError(origin: .file(path, line: 0), key: "start", problem: problem)
    }
    guard let data = try? readFile(url.path, limit: ExperimentOptions.largestGramFile) else {
      throw failure("cannot be read, expected a JSON file with a Gram matrix, of 64 MB at most")
    }
    guard let gram = try? JSONDecoder().decode([[Double]].self, from: data) else {
      throw failure("expected a JSON array of arrays of numbers, the Gram matrix")
    }
    return gram
  }
}
