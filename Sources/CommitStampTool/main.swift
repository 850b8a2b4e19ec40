// Writes a Swift file with the commit that a .git folder points at, or nil where there is none:
// an archive of the sources, a worktree, or a dependency's checkout without history.
import Foundation

func text(_ url: URL) -> String? {
  (try? String(contentsOf: url, encoding: .utf8))?.trimmingCharacters(in: .whitespacesAndNewlines)
}

func commit(in git: URL) -> String? {
  guard let head = text(git.appendingPathComponent("HEAD")) else { return nil }
  guard head.hasPrefix("ref: ") else { return head }
  let name = String(head.dropFirst(5))
  if let loose = text(git.appendingPathComponent(name)) { return loose }
  let packed = text(git.appendingPathComponent("packed-refs")) ?? ""
  let line = packed.split(separator: "\n").first { $0.hasSuffix(" " + name) }
  return line.map { String($0.prefix { $0 != " " }) }
}

let arguments = CommandLine.arguments
let found = commit(in: URL(fileURLWithPath: arguments[1], isDirectory: true))
let isHash = found.map { !$0.isEmpty && $0.allSatisfy(\.isHexDigit) } ?? false
let value = isHash ? "\"\(found!)\"" : "nil"
let contents = "/// The commit this command was built from.\nlet builtCommit: String? = \(value)\n"
try contents.write(toFile: arguments[2], atomically: true, encoding: .utf8)
