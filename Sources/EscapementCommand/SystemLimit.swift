import Foundation

/// Says that the system gives this process too little.
struct SystemLimitError: Error, CustomStringConvertible {
  let description: String
}

/// Makes sure of enough file handles; the run-time library ends the process where it gets none.
///
/// Throws `SystemLimitError` when the hard limit is below what a run needs.
func requireFileHandles() throws {
  let (needed, wanted): (rlim_t, rlim_t) = (32, 256)
  var limit = rlimit()
  // The kind is an enumeration to some C libraries and a number to others.
  guard getrlimit(openFiles, &limit) == 0, limit.rlim_cur < wanted else { return }
  limit.rlim_cur = min(wanted, limit.rlim_max)
  setrlimit(openFiles, &limit)
  guard limit.rlim_cur >= needed else {
    throw SystemLimitError(
      description: "the limit of open files is \(limit.rlim_cur), expected at least \(needed)")
  }
}

#if os(Linux)
  private let openFiles = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
#else
  private let openFiles = RLIMIT_NOFILE
#endif
