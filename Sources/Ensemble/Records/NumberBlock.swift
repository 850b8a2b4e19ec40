import Dynamics

/// Holds numbers seen of replicas of one dynamics, in the bytes of a record file.
///
/// The dynamics, 1 byte; then pieces of a replica's numbers: replica (4 bytes), place of the first and how
/// many (8 bytes each), the numbers. A replica's pieces stand before its record.
struct NumberBlock {
  private static let pieceHead = 4 + 8 + 8

  let kind: DynamicsKind
  private(set) var pieces = 0
  private(set) var bytes: [UInt8]

  init(kind: DynamicsKind) {
    self.kind = kind
    bytes = [kind.recordCode]
  }

  var size: Int { bytes.count }

  mutating func add(_ replica: Int, from place: Int, _ numbers: ArraySlice<Double>) {
    RecordFileLayout.append(UInt32(replica), to: &bytes)
    RecordFileLayout.append(UInt64(place), to: &bytes)
    RecordFileLayout.append(UInt64(numbers.count), to: &bytes)
    bytes.reserveCapacity(bytes.count + 8 * numbers.count)
    for number in numbers { RecordFileLayout.append(number.bitPattern, to: &bytes) }
    pieces += 1
  }

  /// Hands out each piece of a block's content; false at the first that cannot be.
  ///
  /// A number is finite, or not a number where a replica had diverged.
  static func forEach(
    in content: [UInt8],
    _ body: (DynamicsKind, _ replica: Int, _ place: Int, _ numbers: [Double]) throws -> Void
  ) rethrows -> Bool {
    guard let code = content.first, let kind = DynamicsKind(recordCode: code) else { return false }
    var start = 1
    func word(_ place: Int) -> UInt64 {
      content.withUnsafeBytes {
        UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: place, as: UInt64.self))
      }
    }
    while start < content.count {
      guard content.count - start >= pieceHead else { return false }
      let replica = Int(word(start) & 0xffff_ffff)
      let (place, count) = (word(start + 4), word(start + 12))
      start += pieceHead
      guard place < 1 << 40, count <= UInt64((content.count - start) / 8) else { return false }
      let numbers = (0..<Int(count)).map { Double(bitPattern: word(start + 8 * $0)) }
      guard numbers.allSatisfy({ $0.isFinite || $0.isNaN }) else { return false }
      start += 8 * numbers.count
      try body(kind, replica, Int(place), numbers)
    }
    return true
  }
}
