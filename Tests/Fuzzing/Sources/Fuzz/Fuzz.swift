// Feeds bytes to the readers of files. What they may do is return or throw; libFuzzer finds traps,
// AddressSanitizer what goes astray in memory, and the limits on time and memory the rest.
import Escapement
import Foundation

/// Gives the first byte to the choice of a reader, the rest to the reader.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard let start, count > 0 else { return 0 }
  let bytes = Data(bytes: start + 1, count: count - 1)
  switch start[0] {
  case UInt8(ascii: "y"): readExperiment(String(decoding: bytes, as: UTF8.self))
  case UInt8(ascii: "c"): readInFile(bytes) { _ = try ExitSample(file: $0) }
  case UInt8(ascii: "r"): readInFile(bytes, readRecords)
  case UInt8(ascii: "s"): readInFile(withChecksums(bytes), readRecords)
  default: return -1
  }
  return 0
}

private func readExperiment(_ text: String) {
  guard let options = try? ExperimentOptions(yaml: text, name: "fuzz") else { return }
  guard let experiment = try? Experiment(options, checksEngines: false) else { return }
  // What is accepted reads back to itself.
  guard let again = try? ExperimentOptions(yaml: experiment.yaml, name: "fuzz"),
    let second = try? Experiment(again, checksEngines: false), second.yaml == experiment.yaml
  else { fatalError("an accepted experiment does not read back") }
}

private func readRecords(_ path: String) throws {
  let reader = try RecordFileReader(path: path)
  let table = try ExitRecordTable(replicas: 0..<100, recordsPerReplica: 2)
  _ = try reader.readAll(table: { _ in (table, 0..<100) }, cost: { _, _, _ in })
}

/// Gives every block its right checksum, so that what lies behind it is reached.
private func withChecksums(_ bytes: Data) -> Data {
  var result = [UInt8](bytes)
  var place = 8
  while place + 12 <= result.count {
    let length = (0..<4).reduce(0) { $0 | Int(result[place + 4 + $1]) << (8 * $1) }
    guard place + 12 + length <= result.count else { break }
    let sum = crc(result[place..<place + 8] + result[place + 12..<place + 12 + length])
    for index in 0..<4 { result[place + 8 + index] = UInt8(truncatingIfNeeded: sum >> (8 * index)) }
    place += 12 + length
  }
  return Data(result)
}

private func crc(_ bytes: ArraySlice<UInt8>) -> UInt32 {
  ~bytes.reduce(~0) { sum, byte in
    (0..<8).reduce(sum ^ UInt32(byte)) { value, _ in
      value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1
    }
  }
}

private let scratch = FileManager.default.temporaryDirectory
  .appendingPathComponent("escapement-fuzz-\(getpid())").path

private func readInFile(_ bytes: Data, _ body: (String) throws -> Void) {
  guard FileManager.default.createFile(atPath: scratch, contents: bytes) else { return }
  try? body(scratch)
}
