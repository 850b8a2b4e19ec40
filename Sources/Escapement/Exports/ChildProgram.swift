import Foundation

/// Runs another program to its end, with what it prints.
///
/// Foundation's own way names every descriptor up to 255 to the system, which refuses where fewer may be open.
package enum ChildProgram {
  /// Holds what a program leaves behind.
  package struct Result: Sendable {
    /// Its exit status; nil when a signal ended it.
    package let status: Int32?
    /// What it printed, errors or output as was asked for.
    package let text: String
  }

  /// Runs the program that the first word names, found by PATH, in a folder; nothing can be read by it.
  ///
  /// `errors` tells whether the text is what it says on standard error or on standard output; the other one
  /// is dropped, or left as it is for errors. Throws `OutputError` with the system's reason.
  package static func run(
    _ words: [String], in folder: String? = nil, errors: Bool
  ) throws -> Result {
    func failure(_ code: Int32) -> OutputError {
      OutputError(
        isCreation: true, description: "cannot run \(words[0]): \(systemReason(code))")
    }
    // Not every system can start a program in another folder; every shell can.
    let call = folder.map { ["/bin/sh", "-c", "cd \"$0\" && exec \"$@\"", $0] + words } ?? words
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { throw failure(errno) }
    defer { close(ends[0]) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    #if canImport(Darwin)
      var actions: posix_spawn_file_actions_t?
      var attributes: posix_spawnattr_t?
    #else
      var actions = posix_spawn_file_actions_t()
      var attributes = posix_spawnattr_t()
    #endif
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, ends[1], errors ? 2 : 1)
    if errors { posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0) }
    // What this program ignores is not ignored by others.
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGPIPE, SIGXFSZ] { sigaddset(&signals, number) }
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF))
    var child = pid_t()
    var arguments: [UnsafeMutablePointer<CChar>?] = call.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    let code = posix_spawnp(&child, call[0], &actions, &attributes, &arguments, environ)
    close(ends[1])
    guard code == 0 else { throw failure(code) }
    var (bytes, buffer) = ([UInt8](), [UInt8](repeating: 0, count: 1 << 14))
    while true {
      let count = read(ends[0], &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      bytes += buffer[..<count]
    }
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0, errno == EINTR {}
    return Result(
      status: status & 0x7f == 0 ? (status >> 8) & 0xff : nil,
      text: String(decoding: bytes, as: UTF8.self))
  }
}
