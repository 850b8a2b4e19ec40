import Foundation
import Testing

/// Follows the links of the pages, which readers find on disk, on the web and in the built site.
@Suite struct DocumentationTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../..").standardizedFileURL
  private static let catalogue = root.appendingPathComponent(
    "Sources/Escapement/Escapement.docc")

  private static var articles: [String] {
    get throws {
      try FileManager.default.contentsOfDirectory(atPath: catalogue.path)
        .filter { $0.hasSuffix(".md") }.map { String($0.dropLast(3)) }.sorted()
    }
  }

  /// A heading as links name it.
  private func anchor(_ heading: some StringProtocol) -> String {
    String(
      heading.lowercased().filter { $0.isLetter || $0.isNumber || " -_".contains($0) }
        .map { $0 == " " ? "-" : $0 })
  }

  private func anchors(_ text: String) -> Set<String> {
    Set(text.matches(of: /(?m)^#+ +(.*)$/).map { anchor($0.1) })
  }

  /// Links of a page that lead nowhere.
  private func broken(_ page: String, at place: URL, _ articles: [String]) -> [String] {
    let fences = page.components(separatedBy: "\n```")
    let prose = stride(from: 0, to: fences.count, by: 2).map { fences[$0] }.joined(separator: "\n")
    let links = prose.matches(of: /\]\(([^)\s]+)\)/).map { String($0.1) }.filter { link in
      guard !link.hasPrefix("http"), !link.hasPrefix("mailto:") else { return false }
      let parts = link.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
      let target =
        parts[0].isEmpty
        ? place : place.deletingLastPathComponent().appendingPathComponent(String(parts[0]))
      guard FileManager.default.fileExists(atPath: target.path) else { return true }
      guard parts.count > 1, target.pathExtension == "md" else { return false }
      let text = parts[0].isEmpty ? page : (try? String(contentsOf: target, encoding: .utf8)) ?? ""
      return !anchors(text).contains(String(parts[1]))
    }
    return links
      + prose.matches(of: /<doc:([^>#]+)/).map { String($0.1) }.filter { !articles.contains($0) }
  }

  @Test func `every link of the pages leads to a file, a heading or an article`() throws {
    let articles = try Self.articles
    let files = try #require(
      FileManager.default.enumerator(
        at: Self.root, includingPropertiesForKeys: nil, options: [.skipsHiddenFiles]))
    let pages = files.compactMap { $0 as? URL }.filter {
      $0.pathExtension == "md" && !$0.path.contains("/node_modules/")
    }
    #expect(pages.count > 20)
    for page in pages {
      let text = try String(contentsOf: page, encoding: .utf8)
      #expect(broken(text, at: page, articles) == [], "\(page.lastPathComponent)")
    }
    let readMe = Self.root.appendingPathComponent("README.md")
    let wrong = "# One\n[a](nowhere.md) [b](#one) [c](#two) [d](Sources) <doc:Cookbook> <doc:None>"
    #expect(broken(wrong, at: readMe, articles) == ["nowhere.md", "#two", "None"])
  }

  @Test func `the front page of the site lists every article, the theory among them`() throws {
    let front = try String(
      contentsOf: Self.catalogue.appendingPathComponent("Escapement.md"), encoding: .utf8)
    let articles = try Self.articles
    #expect(articles.contains("Theory") && articles.contains("Cookbook"))
    for article in articles where article != "Escapement" {
      #expect(front.contains("\n- <doc:\(article)>\n"), "\(article)")
    }
  }
}
