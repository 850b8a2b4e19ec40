// Feeds bytes to the readers of files. What they may do is return or throw; libFuzzer finds traps,
// AddressSanitizer what goes astray in memory, and the limits on time and memory the rest.
import Foundation

@testable import Escapement

/// Gives the first byte to the choice of a reader, the rest to the reader.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard let start, count > 0 else { return 0 }
  let bytes = Data(bytes: start + 1, count: count - 1)
  let text = String(decoding: bytes, as: UTF8.self)
  switch start[0] {
  case UInt8(ascii: "y"): readExperiment(text)
  case UInt8(ascii: "w"): readSweep(text)
  case UInt8(ascii: "g"): readInFile(bytes, readGram)
  case UInt8(ascii: "c"): readInFile(bytes) { _ = try ExitSample(file: $0) }
  case UInt8(ascii: "r"): readInFile(bytes, readRecords)
  case UInt8(ascii: "s"): readInFile(withChecksums(bytes), readRecords)
  case UInt8(ascii: "m"): readInFile(withChecksums(bytes), mergeShard)
  case UInt8(ascii: "k"): resumeCheckpoint(withChecksums(bytes))
  case UInt8(ascii: "n"): goOnFromSnapshot(withChecksums(bytes))
  case UInt8(ascii: "e"): readRun("exit_times.csv", bytes)
  case UInt8(ascii: "j"): readRun("summary.json", bytes)
  case UInt8(ascii: "t"): readSweepTables("sweep.csv", bytes)
  case UInt8(ascii: "v"): readSweepTables("verdicts.csv", bytes)
  case UInt8(ascii: "f"): readSweepTables("fits.json", bytes)
  case UInt8(ascii: "p"): readPoint(text)
  case UInt8(ascii: "x"): readManifest(text)
  case UInt8(ascii: "i"): readIdentity(bytes)
  case UInt8(ascii: "l"): readTrajectories("experiment.yaml", bytes)
  case UInt8(ascii: "a"): readTrajectories("trajectories.csv", bytes)
  case UInt8(ascii: "b"): readTrajectories("bands.csv", bytes)
  case UInt8(ascii: "u"): readTrajectories("summary.json", bytes)
  case UInt8(ascii: "h"): resumeTrajectories(withChecksums(bytes))
  default: return -1
  }
  return 0
}
