import Ensemble
import Foundation

/// Lists the files of a finished directory with the SHA-256 of each, as sha256sum writes and reads it.
///
/// It is removed before the files are put in place and comes last, so that a directory which has one has
/// all of them. Its last line, a comment to sha256sum, is the SHA-256 of the lines before it.
package struct Manifest: Sendable {
  /// The name of the file.
  package static let name = "manifest.sha256"
  private static let head = "# escapement/manifest/1"
  private static let seal = "# sealed "
  /// The largest manifest, in bytes: that of a sweep of some 10⁵ points.
  private static let largest = 1 << 24

  /// The SHA-256 of each file, by its name in the directory, in hexadecimal digits.
  package let digests: [String: String]

  init(_ digests: [String: String]) { self.digests = digests }

  /// The bytes of the file; the names are sorted.
  var contents: Data {
    var text = Manifest.head + "\n"
    for (name, digest) in digests.sorted(by: { $0.key < $1.key }) { text += "\(digest)  \(name)\n" }
    return Data((text + Manifest.seal + FileDigest.hexadecimal(of: Data(text.utf8)) + "\n").utf8)
  }

  /// Whether a directory has one.
  package static func isThere(_ directory: String) -> Bool {
    Escapement.isThere(place(directory, name))
  }

  /// Reads that of a directory; nil when there is none. Throws `DataFileError` unless it is as it was written.
  package init?(directory: String) throws {
    guard Manifest.isThere(directory) else { return nil }
    let path = Manifest.place(directory, Manifest.name)
    let data = try readFile(path, limit: Manifest.largest)
    let end = "\n" + Manifest.seal
    let altered = DataFileError(path, "is not as it was written: its own seal does not fit")
    guard let text = String(data: data, encoding: .utf8), text.hasPrefix(Manifest.head + "\n"),
      let last = text.range(of: end, options: [.backwards, .literal])
    else { throw altered }
    let sealed = text[..<last.lowerBound] + "\n"
    guard
      text[last.upperBound...] == FileDigest.hexadecimal(of: Data(sealed.utf8)) + "\n"
    else { throw altered }
    var digests: [String: String] = [:]
    for line in sealed.split(separator: "\n").dropFirst() {
      guard
        let match = line.wholeMatch(
          of: /([0-9a-f]{64})  ((points\/[0-9]{4,}\/)?[a-z_0-9]+\.[a-z0-9]+)/),
        digests.updateValue(String(match.1), forKey: String(match.2)) == nil
      else { throw DataFileError(path, "a line that is no SHA-256 of a file of the directory") }
    }
    self.digests = digests
  }

  private static func place(_ directory: String, _ name: String) -> String {
    URL(fileURLWithPath: directory, isDirectory: true).appendingPathComponent(name).relativePath
  }

  /// Refuses files of a directory that are not as its manifest says; returns false when it has none.
  ///
  /// Looks at `names`, or at all that stand in the directory itself. Throws `DataFileError` that names the
  /// file. Cost: reads each once.
  @discardableResult static func check(_ directory: String, _ names: [String]? = nil) throws -> Bool
  {
    guard let manifest = try Manifest(directory: directory) else { return false }
    for name in names ?? manifest.digests.keys.filter({ !$0.contains("/") }).sorted() {
      let path = place(directory, name)
      guard let digest = manifest.digests[name] else {
        throw DataFileError(path, "is not in \(Manifest.name), expected a file of this run")
      }
      guard Escapement.isThere(path) else {
        throw DataFileError(path, "is missing, expected it as \(Manifest.name) says")
      }
      guard try FileDigest.hexadecimal(ofFile: path) == digest else {
        throw DataFileError(
          path, "is not as it was written: its SHA-256 is another than \(Manifest.name) says")
      }
    }
    return true
  }

  /// As `check`, but a directory without a manifest is refused with `OutputError`: results are not
  /// taken up from there.
  package static func require(_ directory: String) throws {
    guard try check(directory) else {
      throw OutputError(
        isCreation: true,
        description:
          "output: '\(directory)' has no \(name) that tells whether its files are as they were "
          + "written; expected one, a new directory, or --overwrite")
    }
  }
}
