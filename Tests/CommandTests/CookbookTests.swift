import Foundation
import Testing

/// Runs the recipes of the cookbook as they stand in the documentation.
@Suite(.serialized) struct CookbookTests {
  /// A section of the page: its commands, and the lines that stand under them.
  struct Recipe: Sendable, CustomTestStringConvertible {
    let title: String
    let blocks: [(kind: String, text: String)]
    var testDescription: String { title }
  }

  static let recipes: [Recipe] = {
    let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Sources/Escapement/Escapement.docc/Cookbook.md")
    let text = (try? String(contentsOf: page, encoding: .utf8)) ?? ""
    return text.components(separatedBy: "\n### ").dropFirst().map { section in
      let parts = section.components(separatedBy: "\n```")
      // Fences come in pairs: what they enclose has its kind on its first line.
      let blocks = stride(from: 1, to: parts.count - 1, by: 2).map { index in
        let lines = parts[index].split(separator: "\n", maxSplits: 1)
        return (kind: String(lines[0]), text: lines.count > 1 ? String(lines[1]) : "")
      }
      return Recipe(title: String(section.prefix { $0 != "\n" }), blocks: blocks)
    }
  }()

  @Test func `the cookbook has ten recipes, each with commands`() {
    #expect(CookbookTests.recipes.count >= 10)
    #expect(CookbookTests.recipes.allSatisfy { $0.blocks.contains { $0.kind == "sh" } })
  }

  @Test(arguments: recipes) func `a recipe runs, and prints what stands under it`(_ recipe: Recipe)
    throws
  {
    func words(_ line: some StringProtocol) -> String {
      line.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
    try withDirectory { directory in
      let path =
        commandURL.deletingLastPathComponent().path + ":"
        + (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")
      var printed: Set<String> = []
      for block in recipe.blocks {
        if block.kind == "sh" {
          let result = try runProgram(
            "/bin/sh", ["-e", "-c", block.text], in: directory,
            environment: ["PATH": path, "HOME": directory.path, "LC_ALL": "C.UTF-8"])
          #expect(result.status == 0, "\(result.stderr)")
          printed = Set(result.stdout.split(separator: "\n").map(words))
        } else {
          for line in block.text.split(separator: "\n").map(words) where !line.isEmpty {
            #expect(printed.contains(line), "not printed: \(line)")
          }
        }
      }
    }
  }
}
