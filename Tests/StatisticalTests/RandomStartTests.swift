import Dynamics
import GSL
import Testing

/// The random start against normalised Gaussian vectors in d dimensions.
@Suite struct RandomStartTests {
  /// Overlaps M_11, M_22 and Q_21 of direct d-dimensional draws.
  private func direct(dimension d: Int, samples: Int) throws -> [[Double]] {
    let stream = try RandomStream(seed: 41, purpose: 9, replica: 0)
    var result: [[Double]] = [[], [], []]
    for _ in 0..<samples {
      var rows = (0..<2).map { _ in (0..<d).map { _ in stream.gaussian() } }
      for j in 0..<2 {
        let length = rows[j].reduce(0) { $0 + $1 * $1 }.squareRoot()
        rows[j] = rows[j].map { $0 / length }
      }
      result[0].append(rows[0][0])
      result[1].append(rows[1][1])
      result[2].append(zip(rows[0], rows[1]).reduce(0) { $0 + $1.0 * $1.1 })
    }
    return result
  }

  private func drawn(dimension d: Int, samples: Int) throws -> [[Double]] {
    let model = try Model(dimension: d, width: 2, teacherUnits: 2, learningRate: 0.1)
    let layout = model.layout
    let stream = try RandomStream(seed: 42, purpose: 9, replica: 0)
    var result: [[Double]] = [[], [], []]
    for _ in 0..<samples {
      let overlaps = Start.random.frame(of: model, from: stream).overlaps
      #expect(abs(overlaps[layout.studentOverlap(1, 1)] - 1) < 1e-14)
      result[0].append(overlaps[layout.teacherOverlap(0, 0)])
      result[1].append(overlaps[layout.teacherOverlap(1, 1)])
      result[2].append(overlaps[layout.studentOverlap(1, 0)])
    }
    return result
  }

  @Test(arguments: [4, 5, 50])
  func `overlaps have the law of vectors on the sphere`(dimension: Int) throws {
    let pairs = zip(
      try direct(dimension: dimension, samples: 20_000),
      try drawn(dimension: dimension, samples: 20_000))
    for (x, y) in pairs {
      #expect(try kolmogorovSmirnov(x, y) > falseAlarmRate / 3)
    }
  }

  @Test func `one dimension more is told apart`() throws {
    let pairs = zip(
      try direct(dimension: 5, samples: 20_000), try drawn(dimension: 6, samples: 20_000))
    let smallest = try pairs.map { try kolmogorovSmirnov($0, $1) }.min() ?? 1
    #expect(smallest < falseAlarmRate / 3)
  }
}
