import ArgumentParser
import Escapement
import Foundation
import GSL

/// Turns errors into one line on stderr and the status that scripts rely on.
enum ExitStatus {
  static let usage: Int32 = 64
  static let data: Int32 = 65
  static let software: Int32 = 70
  static let cannotCreate: Int32 = 73
  static let cannotWrite: Int32 = 74

  static func end(with error: any Error) -> Never {
    switch error {
    case let error as ExperimentError: fail(error.description, error.isInFile ? data : usage)
    case let error as ParameterError: fail(error.description, usage)
    case let error as OutputError:
      fail(error.description, error.isCreation ? cannotCreate : cannotWrite)
    case let error as GSLError: fail(error.description, software)
    default: EscapementCommand.exit(withError: error)
    }
  }

  private static func fail(_ message: String, _ status: Int32) -> Never {
    let line = message.split(whereSeparator: \.isNewline).joined(separator: " ")
    FileHandle.standardError.write(Data("escapement: \(line)\n".utf8))
    exit(status)
  }
}
