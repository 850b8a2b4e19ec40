// Writes a Swift file with the commit that a .git folder points at, or nil where there is none:
// an archive of the sources, or a dependency's checkout without history.
import Foundation

func text(_ url: URL) -> String? {
  (try? String(contentsOf: url, encoding: .utf8))?.trimmingCharacters(in: .whitespacesAndNewlines)
}

func commit(in given: URL) -> String? {
  var git = given
  // A worktree has a file in the folder's place, which says where it is.
  if let line = text(given), line.hasPrefix("gitdir: ") {
    git = URL(
      fileURLWithPath: String(line.dropFirst(8)), relativeTo: given.deletingLastPathComponent())
  }
  guard let head = text(git.appendingPathComponent("HEAD")) else { return nil }
  guard head.hasPrefix("ref: ") else { return head }
  let name = String(head.dropFirst(5))
  // Worktrees share their branches.
  let common = text(git.appendingPathComponent("commondir")).map {
    URL(fileURLWithPath: $0, relativeTo: URL(fileURLWithPath: git.path, isDirectory: true))
  }
  let shared = common ?? git
  if let loose = text(shared.appendingPathComponent(name)) { return loose }
  let packed = text(shared.appendingPathComponent("packed-refs")) ?? ""
  let line = packed.split(separator: "\n").first { $0.hasSuffix(" " + name) }
  return line.map { String($0.prefix { $0 != " " }) }
}

let arguments = CommandLine.arguments
let found = commit(in: URL(fileURLWithPath: arguments[1], isDirectory: true))
let isHash = found.map { !$0.isEmpty && $0.allSatisfy(\.isHexDigit) } ?? false
let value = isHash ? "\"\(found!)\"" : "nil"
let contents = "/// The commit this command was built from.\nlet builtCommit: String? = \(value)\n"
try contents.write(toFile: arguments[2], atomically: true, encoding: .utf8)
