import Foundation
import GSL
import Testing

@testable import Dynamics

/// Many passes over a finite set of samples, by full SGD.
@Suite struct SampleSetTests {
  private func model(_ samples: SampleSet?, batch: Int = 1, repetitions: Int = 1) throws -> Model {
    let model = try Model(
      dimension: 20, width: 2, learningRate: 0.6, labelNoise: 0.1, activation: .tanh,
      rule: LearningRule(batchSize: batch, repetitions: repetitions))
    return try samples.map { try model.passing(over: $0) } ?? model
  }

  private func exits(_ model: Model, steps: Int) throws -> [ExitRecord] {
    let rule = try ExitRule(thresholds: [0.1, 0.4], horizon: model.clock.time(ofStep: steps))
    return try FullSGD(model: model, exitRule: rule)
      .run(0..<40, start: .random, streams: StreamFamily(seed: 3))
  }

  @Test func `one epoch is one pass, byte for byte, in either order`() throws {
    for batch in [1, 4] {
      let fresh = try exits(model(nil, batch: batch), steps: 400 / batch)
      #expect(Set(fresh.filter { $0.outcome == .exited }.map(\.step)).count > 5)
      for order in SampleSet.Order.allCases {
        let set = try SampleSet(count: 400, epochs: 1, order: order)
        #expect(try exits(model(set, batch: batch), steps: 400 / batch) == fresh)
      }
      // From the second epoch on samples are no longer fresh.
      let twice = try exits(
        model(SampleSet(count: 40, epochs: 10), batch: batch), steps: 400 / batch)
      #expect(twice != fresh)
    }
  }

  private struct Step: Equatable {
    let state: NetworkState
    let trainingRisk: Double
  }

  /// Steps of one replica, with the training risk before each.
  private func path(_ model: Model, steps: Int) throws -> [Step] {
    let stream = try RandomStream(seed: 6, purpose: 9, replica: 1)
    let replica = try NetworkWeights(model: model)
    replica.place(Start.random.frame(of: model, from: stream))
    replica.begin(stream, replica: 1)
    return (0..<steps).map { _ in
      let point = replica.point
      defer { replica.step(stream) }
      return Step(state: point.state, trainingRisk: point.trainingRisk ?? .nan)
    }
  }

  // With all N samples in the batch, every step is one of gradient descent on the training risk.
  @Test func `a batch of the whole set descends the training risk, and forgets its order`() throws {
    let same = try path(model(SampleSet(count: 60, epochs: 40), batch: 60), steps: 40)
    let risks = same.map(\.trainingRisk)
    for (before, after) in zip(risks, risks.dropFirst()) { #expect(after < before) }
    #expect(risks[39] < 0.8 * risks[0])
    let shuffled = try path(
      model(SampleSet(count: 60, epochs: 40, order: .shuffled), batch: 60), steps: 40)
    for (x, y) in zip(same, shuffled) {
      #expect(abs(x.trainingRisk - y.trainingRisk) < 1e-12)
      for (m, n) in zip(x.state.teacherOverlaps, y.state.teacherOverlaps) {
        #expect(abs(m - n) < 1e-12)
      }
    }
  }

  // r steps in a row on every sample and one epoch over each as a set of its own are the same steps.
  @Test func `a set of one sample is that sample repeated`() throws {
    let set = try path(model(SampleSet(count: 1, epochs: 8)), steps: 8)
    let repeated = try path(model(SampleSet(count: 1, epochs: 2), repetitions: 8), steps: 8)
    #expect(set == repeated)
    #expect(set[7] != set[0])
  }

  @Test func `shuffled epochs take the same samples in orders of their own`() throws {
    let first = try path(model(SampleSet(count: 50, epochs: 3)), steps: 101)
    let second = try path(model(SampleSet(count: 50, epochs: 3, order: .shuffled)), steps: 101)
    // The first epoch is in order; the training risk at one place is that of one set.
    #expect(first[..<51] == second[..<51])
    #expect(first[52] != second[52])
  }

  @Test(arguments: [1, 2, 3, 10, 64, 100, 4097])
  func `a shuffle is a permutation, another for another key`(count: Int) {
    let orders = (0..<4).map { key in
      (0..<count).map { shuffled($0, of: count, key: UInt64(key) << 40) }
    }
    for order in orders { #expect(order.sorted() == Array(0..<count)) }
    if count > 10 { #expect(Set(orders).count == 4) }
  }

  // Tables of permutations have margins: their χ², times (n − 1)/n, has (n − 1)² degrees of freedom.
  @Test func `a shuffle sends every place everywhere alike`() {
    let (count, keys) = (10, 20_000)
    var table = [Double](repeating: 0, count: count * count)
    for key in 0..<keys {
      for place in 0..<count {
        table[place * count + shuffled(place, of: count, key: UInt64(key) &* 0x9e37_79b9)] += 1
      }
    }
    let expected = Double(keys) / Double(count)
    let statistic =
      0.9 * table.reduce(0) { $0 + ($1 - expected) * ($1 - expected) / expected }
    #expect(abs(statistic - 81) < 4.9 * (2.0 * 81).squareRoot())
  }

  @Test func `all other dynamics refuse a finite set, and name it`() throws {
    let model = try model(SampleSet(count: 40, epochs: 2))
    let rule = try ExitRule(thresholds: [0.5], horizon: 0.1)
    func key(_ make: () throws -> any Engine) -> String? {
      do {
        _ = try make()
        return nil
      } catch {
        return (error as? ParameterError)?.key
      }
    }
    #expect(key { try ReducedChain(model: model, exitRule: rule) } == "samples")
    #expect(key { try DeterministicLimit(model: model, exitRule: rule) } == "samples")
    #expect(key { try DiffusionLimit(model: model, exitRule: rule, timeStep: 0.01) } == "samples")
    #expect(key { try FullSGD(model: model, exitRule: rule) } == nil)
    let long = try ExitRule(thresholds: [0.5], horizon: 3)
    #expect(key { try FullSGD(model: model, exitRule: long) } == "epochs")
    let engine = try FullSGD(model: model, exitRule: rule)
    let mersenne = try #require(RandomGenerator.all.first { $0.name == "mt19937" })
    let streams = StreamFamily(seed: 1, generator: mersenne)
    let error = #expect(throws: ParameterError.self) {
      try engine.run(0..<1, start: .random, streams: streams)
    }
    #expect(error?.key == "generator")
    #expect(throws: ParameterError.self) {
      try self.model(SampleSet(count: 41, epochs: 2), batch: 2)
    }
  }
}
