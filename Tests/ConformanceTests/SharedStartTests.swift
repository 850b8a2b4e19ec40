import Escapement
import Testing

/// With little noise every dynamics follows the one without from its own start, so that exit times tell
/// whether replica i starts at the same place in all of them.
@Suite struct SharedStartTests {
  @Test(arguments: DynamicsKind.allCases, [1, 3])
  func `replica i has the same start in every dynamics`(kind: DynamicsKind, width: Int) throws {
    func exits(_ kind: DynamicsKind) throws -> [Double] {
      var options = ExperimentOptions()
      let words: [ExperimentKey: String] = [
        .dimension: "60", .width: "\(width)", .learningRate: "0.0005", .thresholds: "0.3",
        .horizon: "4", .timeStep: "0.015625", .seed: "5", .dynamics: kind.rawValue,
      ]
      for (key, text) in words { options.set(key, text) }
      let experiment = try Experiment(options)
      return try experiment.engine(kind)
        .run(0..<16, start: experiment.start, streams: experiment.streams).map(\.time)
    }
    let reference = try #require(DynamicsKind.allCases.first { $0.isDeterministic })
    let (expected, times) = (try exits(reference), try exits(kind))
    #expect(times.count == 16)
    let own = meanDistance(expected, times)
    // The start of the next replica stands for a start that is not shared.
    let foreign = meanDistance(expected, Array(times[1...]) + [times[0]])
    #expect(foreign > 3 * own, "\(own) from its own start, \(foreign) from another")
  }

  private func meanDistance(_ first: [Double], _ second: [Double]) -> Double {
    zip(first, second).reduce(0) { $0 + abs($1.0 - $1.1) } / Double(first.count)
  }
}
