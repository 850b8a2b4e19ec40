import Foundation
import Testing

/// Targets of products and the names of Hermite polynomials, as a person gives them.
@Suite struct ProductTargetCommandTests {
  private let staircase =
    "{terms: [{coefficient: 5, factors: [sign, sign, sign]}, {coefficient: 1, factors: [he4]}]}"

  @Test func `theory shows the three exponents of a staircase and how they were found`() throws {
    let result = try runCommand([
      "theory", "--dimension", "1000", "--learning-rate", "0.01", "--activation", "relu",
      "--target", staircase, "--format", "json",
    ])
    #expect(result.status == 0, "\(result.stderr)")
    let json = try #require(
      try JSONSerialization.jsonObject(with: Data(result.stdout.utf8)) as? [String: Any])
    #expect(json["information_exponent"] as? Int == 3)
    #expect(json["leap"] as? Int == 3)
    #expect(json["generative_exponent"] as? Int == 2)
    let found = try #require(json["exponents_found"] as? [String: String])
    #expect(found["generative_exponent"]?.contains("vanish by symmetry") == true)
  }

  @Test func `he3 is the activation that hermite coefficients name`() throws {
    try withDirectory { directory in
      var tables: [Data] = []
      for (name, word) in [("a", "he3"), ("b", "hermite:0,0,0,1")] {
        let run = directory.appendingPathComponent(name)
        let result = try runCommand([
          "compare", "--dimension", "60", "--learning-rate", "0.05", "--activation", word,
          "--target", word, "--dynamics", "chain,sgd", "--replicas", "8", "--horizon", "3",
          "--seed", "4", "--output", run.path,
        ])
        #expect(result.status == 0, "\(result.stderr)")
        tables.append(try Data(contentsOf: run.appendingPathComponent("exit_times.csv")))
      }
      #expect(tables[0] == tables[1])
    }
  }

  @Test func `a run by a product target is read back as it was given`() throws {
    try withDirectory { directory in
      let (first, second) = (
        directory.appendingPathComponent("a"), directory.appendingPathComponent("b")
      )
      let result = try runCommand([
        "compare", "--dimension", "60", "--width", "2", "--learning-rate", "0.05", "--activation",
        "he2", "--target", staircase, "--dynamics", "chain", "--replicas", "4", "--horizon", "1",
        "--seed", "4", "--output", first.path,
      ])
      #expect(result.status == 0, "\(result.stderr)")
      let again = try runCommand([
        "compare", first.appendingPathComponent("experiment.yaml").path, "--output", second.path,
      ])
      #expect(again.status == 0, "\(again.stderr)")
      for file in ["experiment.yaml", "exit_times.csv"] {
        #expect(
          try Data(contentsOf: first.appendingPathComponent(file))
            == Data(contentsOf: second.appendingPathComponent(file)))
      }
    }
  }

  @Test(arguments: [
    "{terms: [{coefficient: 1, factors: [sin]}]}", "{terms: [{coefficient: 1, factors: [he9]}]}",
    "{terms: [{coefficient: one, factors: [sign]}]}", "{terms: [{factors: [sign]}]}",
    "{terms: sign}", "{terms: []}", "{terms: [{coefficient: 1, factors: []}]}",
    "{terms: [{coefficient: 1, factors: [one, he0]}]}", "he0", "he9",
  ]) func `a target that cannot be is one line that names the key`(target: String) throws {
    let result = try runCommand([
      "theory", "--dimension", "100", "--learning-rate", "0.1", "--target", target,
    ])
    #expect(result.status == 64)
    #expect(result.errorLines.count == 1, "\(result.stderr)")
    #expect(result.stderr.contains("target"))
  }
}
