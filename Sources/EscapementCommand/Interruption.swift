import Dispatch
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
    sources = listenToStops { _ in
      do {
        try journal.save()
        Console.error("\nescapement: interrupted, what is finished is saved: \(advice)\n")
        _exit(Interruption.status)
      } catch {
        Console.error("\nescapement: \(error)\n")
        _exit(ExitStatus.cannotWrite)
      }
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
