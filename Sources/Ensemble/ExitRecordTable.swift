import Dynamics
import Foundation

/// Holds the exit records of a range of replicas and takes each replica's from whichever task ran it.
///
/// 17 bytes a record, allocated once. Unchecked: a replica's index is handed out once, so that no
/// two tasks write one place, and nobody reads before all tasks have ended. Memory is touched only
/// as replicas finish.
public final class ExitRecordTable: @unchecked Sendable {
  /// Which replicas.
  public let replicas: Range<Int>
  /// How many records a replica has.
  public let recordsPerReplica: Int
  private let times: UnsafeMutablePointer<Double>
  private let steps: UnsafeMutablePointer<Int>
  /// 0 where there is no record yet, else the outcome's raw value and 1.
  private let marks: UnsafeMutablePointer<UInt8>

  /// Makes room for the records of `replicas`.
  ///
  /// Throws `ParameterError` for the key `replicas` when there is not enough memory.
  public init(replicas: Range<Int>, recordsPerReplica: Int) throws(ParameterError) {
    self.replicas = replicas
    self.recordsPerReplica = recordsPerReplica
    let count = max(replicas.count * recordsPerReplica, 1)
    // Swift's own allocation ends the process where the system has no memory to give.
    let (times, steps, marks) = (calloc(count, 8), calloc(count, 8), calloc(count, 1))
    guard let times, let steps, let marks else {
      free(times)
      free(steps)
      free(marks)
      throw ParameterError(
        key: "replicas", found: "\(replicas.count)",
        expected: "fewer: the system has no memory for their records")
    }
    self.times = times.bindMemory(to: Double.self, capacity: count)
    self.steps = steps.bindMemory(to: Int.self, capacity: count)
    self.marks = marks.bindMemory(to: UInt8.self, capacity: count)
  }

  deinit {
    free(times)
    free(steps)
    free(marks)
  }

  func set(_ replica: Int, _ records: [ExitRecord]) {
    precondition(
      records.count == recordsPerReplica && replicas.contains(replica), "a place for each record")
    let first = (replica - replicas.lowerBound) * recordsPerReplica
    for (index, record) in records.enumerated() {
      times[first + index] = record.time
      steps[first + index] = record.step
      marks[first + index] = record.outcome.rawValue + 1
    }
  }

  /// Whether a replica is there.
  public func has(_ replica: Int) -> Bool {
    marks[(replica - replicas.lowerBound) * recordsPerReplica] != 0
  }

  /// The replicas that are not there yet, as ranges in ascending order.
  public var missing: [Range<Int>] {
    var result: [Range<Int>] = []
    var start: Int?
    for replica in replicas {
      if has(replica) {
        if let first = start { result.append(first..<replica) }
        start = nil
      } else if start == nil {
        start = replica
      }
    }
    if let first = start { result.append(first..<replicas.upperBound) }
    return result
  }

  /// The record of a replica that is there, by its index.
  public subscript(replica: Int, index: Int) -> ExitRecord {
    let place = (replica - replicas.lowerBound) * recordsPerReplica + index
    guard let outcome = Outcome(rawValue: marks[place] &- 1) else {
      preconditionFailure("replica \(replica) has no record")
    }
    return ExitRecord(outcome: outcome, time: times[place], step: steps[place])
  }

  func records(of replica: Int) -> [ExitRecord] {
    (0..<recordsPerReplica).map { self[replica, $0] }
  }
}
