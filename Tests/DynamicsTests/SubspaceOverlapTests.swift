import GSL
import Testing

@testable import Dynamics

@Suite struct SubspaceOverlapTests {
  /// Q packed column by column, of the rows of [C B].
  private func packed(_ rows: [[Double]]) -> [Double] {
    rows.indices.flatMap { column in
      (column..<rows.count).map { row in zip(rows[row], rows[column]).reduce(0) { $0 + $1.0 * $1.1 }
      }
    }
  }

  /// S by an orthonormal basis of the rows, Gram–Schmidt twice over: the squared length of the teacher's axes
  /// in it.
  private func expected(_ rows: [[Double]], units: Int) -> Double {
    var basis: [[Double]] = []
    for row in rows {
      var rest = row
      for _ in 0..<2 {
        for vector in basis {
          let product = zip(rest, vector).reduce(0) { $0 + $1.0 * $1.1 }
          rest = zip(rest, vector).map { $0 - product * $1 }
        }
      }
      let norm = rest.reduce(0) { $0 + $1 * $1 }.squareRoot()
      if norm > 1e-5 { basis.append(rest.map { $0 / norm }) }
    }
    return basis.reduce(0) { $0 + $1.prefix(units).reduce(0) { $0 + $1 * $1 } } / Double(units)
  }

  private func rows(_ p: Int, _ n: Int, _ stream: RandomStream) -> [[Double]] {
    (0..<p).map { _ in (0..<n).map { _ in stream.gaussian() } }
  }

  @Test(arguments: [(1, 1), (2, 2), (3, 2), (2, 5), (8, 3), (12, 1)])
  func `the level is that of an orthonormal basis`(p: Int, k: Int) throws {
    let stream = try RandomStream(seed: 4, purpose: 0, replica: p)
    let overlap = SubspaceOverlap(width: p, units: k)
    for _ in 0..<20 {
      let rows = rows(p, k + p, stream)
      let axes = rows.flatMap { $0.prefix(k) }
      let value = overlap.value(axes: axes, gram: packed(rows))
      #expect(abs(value - expected(rows, units: k)) < 1e-11)
    }
  }

  @Test func `mixing students, copying them and their norms change nothing`() throws {
    let stream = try RandomStream(seed: 5, purpose: 0, replica: 0)
    let rows = rows(2, 6, stream)
    let mixed = [
      zip(rows[0], rows[1]).map { 0.6 * $0 - 2 * $1 }, zip(rows[0], rows[1]).map { $0 + $1 },
      rows[0].map { 1e-3 * $0 }, rows[1], rows[1],
    ]
    let first = SubspaceOverlap(width: 2, units: 3)
    let second = SubspaceOverlap(width: 5, units: 3)
    let value = first.value(axes: rows.flatMap { $0.prefix(3) }, gram: packed(rows))
    let other = second.value(axes: mixed.flatMap { $0.prefix(3) }, gram: packed(mixed))
    #expect(abs(value - other) < 1e-11)
    #expect(value > 0.1 && value < 2.0 / 3)
  }

  @Test func `students that hold the teacher's directions reach one`() {
    let overlap = SubspaceOverlap(width: 2, units: 2)
    // (u₁ ± u₂)/√2, not one of which is a teacher's direction.
    let root = 0.5.squareRoot()
    #expect(abs(overlap.value(axes: [root, root, root, -root], gram: [1, 0, 1]) - 1) < 1e-15)
    #expect(abs(overlap.value(axes: [root, root, root, root], gram: [1, 1, 1]) - 0.5) < 1e-15)
  }

  @Test(arguments: [false, true])
  func `gradients of all levels are differences of levels`(isSpherical: Bool) throws {
    let model = try Model(
      dimension: 100, width: 3, teacherUnits: 2, learningRate: 0.1,
      teacherGram: [[1, 0.4], [0.4, 1.5]], constraint: isSpherical ? .spherical : .free)
    let layout = model.layout
    let state = [0.5, -0.1, 0.2, 0.6, -0.3, 0.1] + [1, 0.2, 1, -0.1, 0.3, 1]
    let levels = OverlapLevels(model: model, criteria: [.overlap(0), .overlap(1), .subspace])
    let frame = StateFrame(model: model)
    func values(_ state: [Double]) -> [Double] {
      var output = [0.0, 0, 0]
      frame.fill(from: state)
      levels.write(into: &output, axes: frame.axes, gram: frame.gram)
      return output
    }
    for index in 0..<3 {
      var gradient = [Double](repeating: 0, count: layout.count)
      frame.fill(from: state)
      levels.writeGradient(
        index, into: &gradient, layout: layout, axes: frame.axes, gram: frame.gram)
      for i in 0..<layout.count {
        // Q_jj is held at one, and so not watched, on the sphere by overlaps.
        if isSpherical && index < 2
          && (0..<3).contains(where: { layout.studentOverlap($0, $0) == i })
        {
          continue
        }
        let (reach, above, below) = (
          1e-6, [i].reduce(into: state) { $0[$1] += 1e-6 },
          [i].reduce(into: state) { $0[$1] -= 1e-6 }
        )
        let slope = (values(above)[index] - values(below)[index]) / (2 * reach)
        #expect(abs(gradient[i] - slope) < 1e-8, "level \(index), number \(i)")
      }
    }
  }
}
