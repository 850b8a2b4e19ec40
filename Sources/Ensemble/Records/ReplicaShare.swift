/// Names one of N equal shares of a run's replicas, as `--shard I/N` does.
public struct ReplicaShare: Sendable, Hashable, Codable, CustomStringConvertible {
  /// The largest number of shares.
  public static let largestCount = 1_000_000

  /// Which share, from 1.
  public let index: Int
  /// How many there are.
  public let count: Int

  /// Creates share `index` of `count`; nil unless 1 ≤ `index` ≤ `count` ≤ 10⁶.
  public init?(index: Int, count: Int) {
    guard index >= 1, index <= count, count <= ReplicaShare.largestCount else { return nil }
    self.index = index
    self.count = count
  }

  /// Reads `I/N`; nil when the text is anything else.
  public init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let index = Int(parts[0]), let count = Int(parts[1]) else { return nil }
    self.init(index: index, count: count)
  }

  /// Reads an index and a count; throws when they make no share.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    guard
      let share = ReplicaShare(
        index: try container.decode(Int.self, forKey: .index),
        count: try container.decode(Int.self, forKey: .count))
    else {
      throw DecodingError.dataCorrupted(
        DecodingError.Context(codingPath: container.codingPath, debugDescription: "no share"))
    }
    self = share
  }

  /// The share as `I/N`.
  public var description: String { "\(index)/\(count)" }

  /// The share's part of `total` replicas; the shares of a run follow each other without gaps.
  public func replicas(of total: Int) -> Range<Int> {
    total * (index - 1) / count..<total * index / count
  }
}
