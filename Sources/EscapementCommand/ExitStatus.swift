import ArgumentParser
import Escapement
import Foundation
import GSL
import NetCDF

/// Turns errors into one line on stderr and the status that scripts rely on.
enum ExitStatus {
  static let usage: Int32 = 64
  static let data: Int32 = 65
  static let unavailable: Int32 = 69
  static let software: Int32 = 70
  static let system: Int32 = 71
  static let cannotCreate: Int32 = 73
  static let cannotWrite: Int32 = 74
  static let interrupted: Int32 = 75

  static func end(with error: any Error) -> Never {
    switch error {
    case let error as ExperimentError: fail(error.description, error.isInFile ? data : usage)
    case let error as DataFileError: fail(error.description, data)
    case let error as ParameterError: fail(error.description, usage)
    case let error as OutputError:
      fail(error.description, error.isCreation ? cannotCreate : cannotWrite)
    case let error as MissingProgramError: fail(error.description, unavailable)
    case let error as GnuplotError: fail(error.description, software)
    case let error as NetCDFError: fail(error.description, cannotWrite)
    case let error as InterruptedError: fail(error.description, interrupted)
    case let error as SystemLimitError: fail(error.description, system)
    case let error as ServiceError: fail(error.description, unavailable)
    case let error as GSLError: fail(error.description, software)
    default:
      switch EscapementCommand.exitCode(for: error) {
      // Help and the version come this way too.
      case .success: EscapementCommand.exit(withError: error)
      case .validationFailure: fail(usageMessage(error), usage)
      default: fail("\(error)", software)
      }
    }
  }

  /// The problem and where to read on, without the usage lines between them.
  private static func usageMessage(_ error: any Error) -> String {
    let problem = EscapementCommand.message(for: error)
    let lines = EscapementCommand.fullMessage(for: error).split(whereSeparator: \.isNewline)
    guard let help = lines.last(where: { $0.contains(" --help'") }) else { return problem }
    return "\(problem). \(help.trimmingCharacters(in: .whitespaces))"
  }

  private static func fail(_ message: String, _ status: Int32) -> Never {
    let line = message.split(whereSeparator: \.isNewline).joined(separator: " ")
    Console.error("escapement: \(line)\n")
    exit(status)
  }
}
