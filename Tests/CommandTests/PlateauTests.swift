import Foundation
import Testing

/// `escapement plateau` by the built command.
@Suite struct PlateauTests {
  private func plateaus(_ words: String, in directory: URL? = nil) throws -> [[String: Any]] {
    let result = try runCommand("plateau \(words) --format json", in: directory)
    #expect(result.status == 0, "\(result.stderr)")
    let object = try JSONSerialization.jsonObject(with: Data(result.stdout.utf8))
    let forms = try #require(object as? [String: Any])
    #expect(forms["schema"] as? String == "escapement/plateau/1")
    return try #require(forms["plateaus"] as? [[String: Any]])
  }

  private let small = "--dimension 300 --learning-rate 0.1 --label-noise 0.5 --replicas 16"

  @Test func `both methods stand beside the formula`() throws {
    let entries = try plateaus("\(small) --horizon 12")
    #expect(entries.map { $0["method"] as? String } == ["fixed-point", "chain"])
    for entry in entries {
      #expect(abs(try #require(entry["formula"] as? Double) - 0.125) < 1e-12)
      #expect(entry["width"] as? Int == 1)
    }
    #expect(abs(try #require(entries[0]["excess_risk"] as? Double) / 0.125 - 1) < 1e-6)
    #expect(entries[0]["standard_error"] as? Double == 0)
    #expect((entries[0]["stability"] as? [String: Any])?["verdict"] as? String == "stable")
    #expect(abs(try #require(entries[1]["excess_risk"] as? Double) - 0.125) < 0.02)
    #expect((0.0001...0.01).contains(try #require(entries[1]["standard_error"] as? Double)))
    let averages = try #require(entries[1]["averages"] as? [String: Any])
    #expect(averages["replicas"] as? Int == 16 && averages["diverged"] as? Int == 0)
    #expect(abs(try #require(averages["burn_in"] as? Double) - 12) < 1e-3)
  }

  @Test func `lists span a grid, and a result does not depend on threads`() throws {
    let words = "\(small) --horizon 3 --width 1,2 --label-noise 0.1,1 --dynamics chain"
    let entries = try plateaus("\(words) --threads 1")
    #expect(entries.map { $0["width"] as? Int } == [1, 1, 2, 2])
    #expect(entries.map { $0["label_noise"] as? Double } == [0.1, 1, 0.1, 1])
    let again = try plateaus("\(words) --threads 3")
    for (x, y) in zip(entries, again) {
      #expect(x["excess_risk"] as? Double == y["excess_risk"] as? Double)
    }
  }

  @Test func `where nothing is at rest the words say so`() throws {
    let above = try plateaus(
      "--dimension 300 --learning-rate 0.3 --dynamics ode,chain --constraint free --horizon 5 --replicas 4"
    )
    for entry in above {
      #expect(entry["excess_risk"] is NSNull)
      #expect(try #require(entry["words"] as? String).hasPrefix("diverges: "))
    }
    let table = try runCommand(
      "plateau --dimension 300 --learning-rate 0.3 --dynamics ode --label-noise 0.5")
    #expect(table.status == 0)
    #expect(table.stdout.contains("above the critical 0.16"), "\(table.stdout)")
    let moving = try plateaus(
      "--dimension 3000 --learning-rate 0.1 --dynamics chain --horizon 1 --replicas 32")
    #expect(try #require(moving[0]["words"] as? String).hasPrefix("not at rest"))
  }

  @Test(arguments: [
    ("--dynamics sde", "--dynamics: found sde"), ("--window 0", "window: found 0"),
    ("--window nan", "window: found nan"), ("--replicas 0", "--replicas: found '0'"),
    ("--label-noise 1,-1", "--label-noise: found -1"),
  ])
  func `a wrong call ends with one line that names the key`(words: String, says: String) throws {
    let result = try runCommand("plateau --dimension 300 --learning-rate 0.1 \(words)")
    #expect(result.status == 64)
    #expect(result.errorLines.count == 1)
    #expect(result.stderr.contains(says), "\(result.stderr)")
    #expect(result.stdout.isEmpty)
  }

  @Test func `a burn-in shorter than the fixed point's own relaxation is not at rest`() throws {
    let words = "--dimension 1000 --width 4 --learning-rate 0.4 --label-noise 0.1 --replicas 8"
    for dynamics in ["ode,chain", "chain"] {
      let entries = try plateaus("\(words) --horizon 20 --dynamics \(dynamics)")
      let chain = try #require(entries.last)
      #expect(chain["excess_risk"] is NSNull && chain["standard_error"] is NSNull)
      let said = try #require(chain["words"] as? String)
      #expect(said.hasPrefix("not at rest: the slowest way back takes τ = 67"), "\(said)")
      let averages = try #require(chain["averages"] as? [String: Any])
      #expect(abs(try #require(averages["relaxation_time"] as? Double) - 67.33) < 0.1)
    }
    let rested = try plateaus("\(words) --horizon 5 --from fixed-point --dynamics chain")
    #expect(rested[0]["words"] as? String == "at rest")
    let long = try plateaus(
      "--dimension 300 --learning-rate 0.1 --label-noise 0.5 --replicas 8 --horizon 12 --dynamics chain"
    )
    #expect(long[0]["words"] as? String == "at rest")
    let one = try plateaus(
      "--dimension 300 --learning-rate 0.1 --activation tanh --replicas 1 --horizon 3 --dynamics chain"
    )
    #expect(try #require(one[0]["words"] as? String).hasPrefix("not judged"))
  }
}
