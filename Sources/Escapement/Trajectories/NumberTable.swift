import Dynamics
import Foundation

/// Holds a table of numbers that several tasks fill at once, none of which touches another's rows.
///
/// Unchecked: nobody reads a place before the task that writes it has ended. Nothing is a number at first.
final class NumberTable: @unchecked Sendable {
  private let numbers: UnsafeMutableBufferPointer<Double>
  private let columns: Int

  /// Makes room; throws `ParameterError` for the key `replicas` when the system has none.
  init(rows: Int, columns: Int) throws(ParameterError) {
    let count = rows * columns
    // Swift's own allocation ends the process where the system has no memory to give.
    guard let memory = malloc(max(count, 1) * 8) else {
      throw ParameterError(
        key: "replicas", found: "\(rows) rows of \(columns) numbers",
        expected: "fewer: the system has no memory for them")
    }
    self.columns = columns
    numbers = UnsafeMutableBufferPointer(
      start: memory.bindMemory(to: Double.self, capacity: max(count, 1)), count: count)
    numbers.initialize(repeating: .nan)
  }

  deinit { free(numbers.baseAddress) }

  subscript(row: Int, column: Int) -> Double {
    get { numbers[row * columns + column] }
    set { numbers[row * columns + column] = newValue }
  }

  /// The numbers of a row.
  func row(_ row: Int) -> Slice<UnsafeMutableBufferPointer<Double>> {
    numbers[(row * columns)..<((row + 1) * columns)]
  }

  /// The numbers of some rows, one after the other.
  func rows(_ rows: Range<Int>) -> Slice<UnsafeMutableBufferPointer<Double>> {
    numbers[(rows.lowerBound * columns)..<(rows.upperBound * columns)]
  }

  /// Puts numbers into places counted from the start of a row.
  func put(_ values: some Collection<Double>, row: Int, place: Int) {
    let start = row * columns + place
    precondition(start + values.count <= numbers.count, "places in the table")
    for (index, value) in values.enumerated() { numbers[start + index] = value }
  }

  /// The numbers of a column.
  func column(_ column: Int) -> [Double] {
    stride(from: column, to: numbers.count, by: columns).map { numbers[$0] }
  }
}
