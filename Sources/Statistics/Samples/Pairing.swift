/// Says how the replicas of two samples belong together.
public enum Pairing: Sendable, Hashable {
  /// Says that replica i of both samples has the same start.
  case byStart
  /// Says that the samples are independent; their sizes may differ.
  case independent

  func check(_ first: Int, _ second: Int) throws {
    if self == .byStart, first != second {
      throw StatisticsError.lengthsDiffer(first, second)
    }
  }
}
