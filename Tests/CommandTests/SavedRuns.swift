import Escapement
import Foundation
import Testing

/// Names the experiment that the tests interrupt: a fifth of a second of work, records of every kind.
let interruptedExperiment =
  "--dimension 600 --learning-rate 0.1 --thresholds 0.1,0.5 --replicas 300,sgd:4 "
  + "--dynamics ode,sde,chain,sgd --horizon 2.5 --seed 11 --threads 2"

/// Reads the files of a finished run; the cost, which is another each time, is left out.
func filesOfRun(_ directory: URL, _ run: String) throws -> [String: Data] {
  let place = directory.appendingPathComponent(run)
  var files: [String: Data] = [:]
  for name in try FileManager.default.contentsOfDirectory(atPath: place.path) where name != ".lock"
  {
    files[name] = try Data(contentsOf: place.appendingPathComponent(name))
  }
  // The digest of the summary is another with its cost, and so is the seal.
  let manifest = try #require(files[Manifest.name])
  files[Manifest.name] = Data(
    String(decoding: manifest, as: UTF8.self).split(separator: "\n").filter {
      !$0.hasSuffix("  summary.json") && !$0.hasPrefix("# sealed ")
    }.joined(separator: "\n").utf8)
  let text = try #require(files["summary.json"])
  var summary = try #require(try JSONSerialization.jsonObject(with: text) as? [String: Any])
  #expect(summary.removeValue(forKey: "timing") != nil)
  files["summary.json"] = try JSONSerialization.data(
    withJSONObject: summary, options: .sortedKeys)
  return files
}

/// Compares the files of two runs, names included.
func expectSameFiles(
  _ directory: URL, _ run: String, _ other: String, at location: SourceLocation = #_sourceLocation
) throws {
  let (first, second) = (try filesOfRun(directory, run), try filesOfRun(directory, other))
  #expect(first.keys.sorted() == second.keys.sorted(), sourceLocation: location)
  for (name, contents) in first {
    #expect(second[name] == contents, "\(name)", sourceLocation: location)
  }
}

/// The length of a file, 0 when there is none.
func length(of file: URL) -> Int {
  (try? FileManager.default.attributesOfItem(atPath: file.path)[.size] as? Int) ?? 0
}

/// Writes the manifest of a directory anew, so that what lies behind it is reached: as one who alters files on
/// purpose would.
func reseal(_ directory: URL) throws {
  let manifest = try #require(try Manifest(directory: directory.path))
  let own = manifest.digests.filter { !$0.key.contains("/") }.keys
  let files = try own.sorted().map { name in
    (name: name, contents: try Data(contentsOf: directory.appendingPathComponent(name)))
  }
  try RunDirectory(path: directory.path).install(files)
}
