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

  static func end(with error: any Error) -> Never { exit(report(error)) }

  /// Prints what ends the program; returns its status.
  ///
  /// Not inlined: what a function that never returns still holds is never released.
  @inline(never)
  private static func report(_ error: any Error) -> Int32 {
    switch error {
    case is ClosedOutputError: 0
    case let error as ExperimentError: say(error.description, error.isInFile ? data : usage)
    case let error as DataFileError: say(error.description, data)
    case let error as ParameterError: say(error.description, usage)
    case let error as OutputError:
      say(error.description, error.isCreation ? cannotCreate : cannotWrite)
    case let error as MissingProgramError: say(error.description, unavailable)
    case let error as GnuplotError: say(error.description, software)
    case let error as NetCDFError: say(error.description, cannotWrite)
    case let error as InterruptedError: say(error.description, interrupted)
    case let error as SystemLimitError: say(error.description, system)
    case let error as ServiceError: say(error.description, unavailable)
    case let error as GSLError: say(error.description, software)
    default:
      switch EscapementCommand.exitCode(for: error) {
      // Help and the version come this way too.
      case .success: EscapementCommand.exit(withError: error)
      case .validationFailure: say(usageMessage(error), usage)
      default: say("\(error)", software)
      }
    }
  }

  /// The problem and where to read on, without the usage lines between them.
  private static func usageMessage(_ error: any Error) -> String {
    let problem = nearest(to: EscapementCommand.message(for: error))
    let lines = EscapementCommand.fullMessage(for: error).split(whereSeparator: \.isNewline)
    guard let help = lines.last(where: { $0.contains(" --help'") }) else { return problem }
    return "\(problem). \(help.trimmingCharacters(in: .whitespaces))"
  }

  /// The problem of an option that does not exist, with the nearest that its subcommand has.
  private static func nearest(to problem: String) -> String {
    let first = CommandLine.arguments.dropFirst().first
    guard let word = problem.firstMatch(of: /Unknown option '-{1,2}([^']+)'/)?.1,
      let subcommand = EscapementCommand.configuration.subcommands.first(where: {
        $0._commandName == first
      })
    else { return problem }
    let help = EscapementCommand.helpMessage(for: subcommand, includeHidden: true, columns: 200)
    let names = help.matches(of: /--([a-z][a-z-]*)/).map { String($0.1) }
    guard let name = nearestName(to: String(word), of: names) else { return problem }
    return "Unknown option '--\(word)', expected '--\(name)'"
  }

  private static func say(_ message: String, _ status: Int32) -> Int32 {
    // What a file or an option holds may be anything, orders to a terminal included.
    Console.error("escapement: \(singleLine(message))\n")
    return status
  }
}
