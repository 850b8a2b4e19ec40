import Foundation

/// A Jupyter notebook of format 4, made from cells of text.
struct Notebook: Encodable {
  private struct Cell: Encodable {
    let id: String
    let isCode: Bool
    let source: String

    enum CodingKeys: String, CodingKey {
      case id, metadata, source, outputs
      case type = "cell_type"
      case count = "execution_count"
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(id, forKey: .id)
      try container.encode(isCode ? "code" : "markdown", forKey: .type)
      try container.encode([String: String](), forKey: .metadata)
      let lines = source.split(separator: "\n", omittingEmptySubsequences: false)
      try container.encode(
        lines.enumerated().map { $1 + ($0 + 1 < lines.count ? "\n" : "") }, forKey: .source)
      guard isCode else { return }
      try container.encode([String](), forKey: .outputs)
      try container.encodeNil(forKey: .count)
    }
  }

  private let cells: [Cell]
  private let metadata = [
    "kernelspec": ["display_name": "Python 3", "language": "python", "name": "python3"],
    "language_info": ["name": "python"],
  ]
  private let nbformat = 4
  private let nbformat_minor = 5

  /// Makes a notebook of a script in cells, each under a line `# %%`, or `# %% [markdown]` for one in
  /// comments.
  init(script: String) {
    var cells: [Cell] = []
    for part in ("\n" + script).components(separatedBy: "\n# %%").dropFirst() {
      let lines = part.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      let isCode = !(lines.first ?? "").contains("[markdown]")
      let body = lines.dropFirst().map { line in
        isCode || !line.hasPrefix("#") ? line : String(line.dropFirst(line.hasPrefix("# ") ? 2 : 1))
      }
      cells.append(
        Cell(
          id: "cell-\(cells.count)", isCode: isCode,
          source: body.joined(separator: "\n").trimmingCharacters(in: .newlines)))
    }
    self.cells = cells
  }

  /// The file.
  var contents: Data {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      return try encoder.encode(self) + Data("\n".utf8)
    }
  }
}
