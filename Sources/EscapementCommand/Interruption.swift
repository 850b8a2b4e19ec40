import Escapement
import Foundation

/// Saves a run and ends the process when it is told to stop: Ctrl-C, SIGTERM, a terminal that goes.
///
/// The work under way is not waited for: finished replicas are saved, the others are run again.
final class Interruption {
  /// What can be taken up again.
  static let status: Int32 = 75

  private let sources: [any DispatchSourceSignal]

  /// Listens from now on; `advice` says how to go on.
  init(saving journal: RecordJournal, advice: String) {
    let queue = DispatchQueue(label: "escapement.interruption")
    // What is ignored already stays so, as nohup and background jobs want it.
    sources = [SIGINT, SIGTERM, SIGHUP].filter { !isIgnored($0) }.map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      source.setEventHandler {
        do {
          try journal.save()
          Console.error("\nescapement: interrupted, what is finished is saved: \(advice)\n")
          _exit(Interruption.status)
        } catch {
          Console.error("\nescapement: \(error)\n")
          _exit(ExitStatus.cannotWrite)
        }
      }
      source.resume()
      return source
    }
  }

  /// Stops listening: from now on a signal ends the process in the ordinary way.
  func end() {
    for source in sources {
      source.cancel()
      signal(Int32(source.handle), SIG_DFL)
    }
  }
}

/// Whether a signal is ignored already, as nohup and background jobs want it.
func isIgnored(_ number: Int32) -> Bool {
  var action = sigaction()
  guard sigaction(number, nil, &action) == 0 else { return false }
  #if canImport(Darwin)
    let handler = action.__sigaction_u.__sa_handler
  #else
    let handler = action.__sigaction_handler.sa_handler
  #endif
  return unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
}
