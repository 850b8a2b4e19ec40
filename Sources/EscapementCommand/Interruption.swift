import Dispatch
import Escapement
import Foundation

/// Saves a run and ends the process when it is told to stop: Ctrl-C, SIGTERM, a terminal that goes.
///
/// Finished replicas are saved at once, then the states of long ones under way: within half a minute, or
/// until a second signal that comes later than a second.
final class Interruption {
  /// What can be taken up again.
  static let status: Int32 = 75

  private let sources: [any DispatchSourceSignal]

  /// Listens from now on; `advice` says how to go on.
  init(saving journal: RecordJournal, advice: String) {
    sources = listenToStops { number in
      do {
        try journal.save()
        // Some send a signal twice at once, to a process and to its group.
        DispatchQueue.global().asyncAfter(deadline: .now() + 1) { signal(number, SIG_DFL) }
        try journal.stop(within: .seconds(30))
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
