import Escapement
import Foundation
import Testing

@Suite struct RunDirectoryTests {
  private let files = ["a.txt", "b.txt", "c.txt"].map {
    (name: $0, contents: Data("new \($0)".utf8))
  }

  private func names(in directory: URL) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
  }

  private func text(_ directory: URL, _ name: String) throws -> String {
    try String(contentsOf: directory.appendingPathComponent(name), encoding: .utf8)
  }

  @Test func `a directory is made with those above it, and holds the files and no others`() throws {
    try withDirectory { directory in
      let place = directory.appendingPathComponent("one/two")
      let run = try RunDirectory(path: place.path)
      #expect(try names(in: place).isEmpty)
      try run.write(files)
      #expect(try names(in: place) == ["a.txt", "b.txt", "c.txt"])
      #expect(try text(place, "b.txt") == "new b.txt")
    }
  }

  @Test func `files of the same names are replaced, others are left`() throws {
    try withDirectory { directory in
      for name in ["a.txt", "mine.txt"] {
        try Data("an old text, and a longer one".utf8)
          .write(to: directory.appendingPathComponent(name))
      }
      try RunDirectory(path: directory.path).write(files)
      #expect(try names(in: directory) == ["a.txt", "b.txt", "c.txt", "mine.txt"])
      #expect(try text(directory, "a.txt") == "new a.txt")
      #expect(try text(directory, "mine.txt") == "an old text, and a longer one")
    }
  }

  // The directory stands in the place of the first, the second and the last file in turn.
  @Test(arguments: ["a.txt", "b.txt", "c.txt"])
  func `a directory in a file's place leaves all as it was`(name: String) throws {
    try withDirectory { directory in
      let blocking = directory.appendingPathComponent(name)
      try FileManager.default.createDirectory(at: blocking, withIntermediateDirectories: false)
      try Data().write(to: blocking.appendingPathComponent("inside"))
      let old = name == "a.txt" ? "b.txt" : "a.txt"
      try Data("old".utf8).write(to: directory.appendingPathComponent(old))
      let run = try RunDirectory(path: directory.path)
      let error = #expect(throws: OutputError.self) { try run.write(files) }
      #expect(error?.isCreation == false)
      #expect(error?.description.contains(name) == true)
      #expect(try names(in: directory) == [name, old].sorted())
      #expect(try text(directory, old) == "old")
      #expect(try names(in: blocking) == ["inside"])
    }
  }

  @Test func `a directory that is gone by the end is an error of writing`() throws {
    try withDirectory { directory in
      let place = directory.appendingPathComponent("run")
      let run = try RunDirectory(path: place.path)
      try FileManager.default.removeItem(at: place)
      let error = #expect(throws: OutputError.self) { try run.write(files) }
      #expect(error?.isCreation == false)
      #expect(try names(in: directory).isEmpty)
    }
  }

  @Test func `a path at or under a regular file is refused`() throws {
    try withDirectory { directory in
      let file = directory.appendingPathComponent("file")
      try Data("mine".utf8).write(to: file)
      for path in [file.path, file.appendingPathComponent("run").path] {
        let error = #expect(throws: OutputError.self) { try RunDirectory(path: path) }
        #expect(error?.isCreation == true)
        #expect(error?.description.contains(path) == true)
      }
      #expect(try text(directory, "file") == "mine")
    }
  }
}
