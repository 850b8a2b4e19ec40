import Dynamics

extension ExperimentOptions {
  /// Reads the key `dynamics`; the order written does not matter.
  ///
  /// Unless they are named, these are those of chain, ODE and SDE that can follow the model, the SDE where
  /// it is quick.
  func dynamics(of model: Model, _ rule: ExitRule) throws -> [DynamicsKind] {
    guard let words = try words(.dynamics) else {
      return DynamicsKind.allCases.filter { $0.isDefault(model, rule) }.sorted()
    }
    let known = DynamicsKind.allCases.map(\.rawValue).joined(separator: ", ")
    let kinds = try words.map {
      guard let kind = DynamicsKind(rawValue: $0) else {
        throw error(.dynamics, "found '\($0)', expected some of \(known)")
      }
      return kind
    }
    guard !kinds.isEmpty, Set(kinds).count == kinds.count else {
      throw error(.dynamics, "found a dynamics twice or none, expected some of \(known)")
    }
    return kinds.sorted()
  }

  /// Reads the key `replicas`: one count, counts by dynamics, or both: `4000,sgd:24`.
  func replicaCounts() throws -> (DynamicsKind) -> Int {
    let fallback = 1000
    var common: Int?
    var special: [DynamicsKind: Int] = [:]
    func count(_ text: String) throws -> Int {
      guard let number = wholeNumber(text), number >= 1, number <= 1_000_000_000 else {
        throw error(.replicas, "found '\(text)', expected whole numbers from 1 to 1000000000")
      }
      return number
    }
    func set(_ word: String, _ text: String) throws {
      guard let kind = DynamicsKind(rawValue: word) else {
        let known = DynamicsKind.allCases.map(\.rawValue).joined(separator: ", ")
        throw error(.replicas, "found '\(word)', expected one of \(known)")
      }
      special[kind] = try count(text)
    }
    switch values[.replicas]?.content {
    case nil: break
    case .scalar(let text):
      for part in text.split(separator: ",", omittingEmptySubsequences: false) {
        let pair = part.split(separator: ":", omittingEmptySubsequences: false).map(trimmed)
        switch pair.count {
        case 1: common = try count(pair[0])
        case 2: try set(pair[0], pair[1])
        default: throw error(.replicas, "found '\(part)', expected a count or dynamics:count")
        }
      }
    case .map(let pairs):
      for (word, content) in pairs {
        guard case .scalar(let text) = content else {
          throw error(.replicas, "expected a count for '\(word)'")
        }
        if word == "default" { common = try count(text) } else { try set(word, text) }
      }
    case .list: throw error(.replicas, "found a list, expected a count, or counts by dynamics")
    }
    let shared = common ?? fallback
    return { special[$0] ?? shared }
  }
}
