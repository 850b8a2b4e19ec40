import Testing

@testable import Dynamics

/// The vector kernels: the same bits at every instruction set, whatever a replica's neighbours.
@Suite struct KernelTests {
  struct Case: Sendable, CustomStringConvertible {
    let kind: DynamicsKind
    let width: Int
    let dimension: Int
    var precision = InputPrecision.double
    var description: String { "\(kind), p = \(width), d = \(dimension), \(precision)" }

    func engine(instructions: InstructionSet, horizon: Double = 30, learningRate: Double = 0.1)
      throws
      -> any Engine
    {
      let model = try Model(
        dimension: dimension, width: width, learningRate: learningRate * Double(width),
        labelNoise: 0.1, secondLayer: (0..<width).map { 0.9 + 0.01 * Double($0) })
      let rule = try ExitRule(thresholds: [0.05, 0.3, 0.5], horizon: horizon)
      switch kind {
      case .chain: return try ReducedChain(model: model, exitRule: rule, instructions: instructions)
      case .sgd:
        return try FullSGD(
          model: model, exitRule: rule, precision: precision, instructions: instructions)
      default:
        // A step that does not divide the horizons, so that the last one reaches beyond.
        return try DiffusionLimit(
          model: model, exitRule: rule, timeStep: min(0.03, horizon), instructions: instructions)
      }
    }

    func records(
      _ replicas: Range<Int>, instructions: InstructionSet = .best, horizon: Double = 30,
      learningRate: Double = 0.1
    ) throws -> [ExitRecord] {
      try engine(instructions: instructions, horizon: horizon, learningRate: learningRate)
        .run(replicas, start: .random, streams: StreamFamily(seed: 5))
    }
  }

  // Dimensions beside multiples of the vector's length, and the smallest ones.
  static let cases = [
    Case(kind: .chain, width: 1, dimension: 60), Case(kind: .chain, width: 1, dimension: 2),
    Case(kind: .chain, width: 1, dimension: 3), Case(kind: .chain, width: 1, dimension: 4),
    Case(kind: .chain, width: 2, dimension: 40), Case(kind: .chain, width: 7, dimension: 50),
    Case(kind: .chain, width: 16, dimension: 40), Case(kind: .chain, width: 17, dimension: 40),
    Case(kind: .chain, width: 33, dimension: 70), Case(kind: .sgd, width: 1, dimension: 61),
    Case(kind: .sgd, width: 1, dimension: 2), Case(kind: .sgd, width: 1, dimension: 97),
    Case(kind: .sde, width: 1, dimension: 60), Case(kind: .sde, width: 2, dimension: 60),
    Case(kind: .sde, width: 5, dimension: 60), Case(kind: .sde, width: 19, dimension: 60),
    Case(kind: .sgd, width: 3, dimension: 45),
    Case(kind: .sgd, width: 9, dimension: 64),
    Case(kind: .sgd, width: 1, dimension: 61, precision: .single),
    Case(kind: .sgd, width: 1, dimension: 2, precision: .single),
    Case(kind: .sgd, width: 3, dimension: 45, precision: .single),
    Case(kind: .sgd, width: 9, dimension: 64, precision: .single),
  ]

  @Test(arguments: cases)
  func `every instruction set gives the same records`(item: Case) throws {
    let reference = try item.records(0..<60, instructions: .baseline)
    #expect(reference.contains { $0.outcome == .exited })
    for instructions in InstructionSet.available {
      #expect(try item.records(0..<60, instructions: instructions) == reference)
    }
  }

  @Test(arguments: cases)
  func `a replica's records do not depend on its neighbours`(item: Case) throws {
    let all = try item.records(0..<50)
    #expect(try item.records(0..<1) == Array(all[0..<3]))
    #expect(try item.records(17..<18) == Array(all[51..<54]))
    #expect(try item.records(30..<47) == Array(all[90..<141]))
  }

  @Test(arguments: cases)
  func `a short horizon censors at its step`(item: Case) throws {
    let short = try item.records(0..<20, horizon: 0.5)
    let long = try item.records(0..<20)
    let steps = item.kind == .sde ? -1 : Int(5 * Double(item.dimension) * (1 + 1e-12))
    for (a, b) in zip(short, long) {
      if b.outcome == .exited && b.time <= 0.5 * (1 + 1e-12) {
        #expect(a == b)
      } else {
        #expect(a == ExitRecord(outcome: .censored, time: 0.5, step: steps))
      }
    }
  }

  // The SDE refuses so many steps before it starts.
  @Test(arguments: cases.filter { $0.kind != .sde })
  func `a learning rate beyond all numbers ends without a trap`(item: Case) throws {
    let wild = try item.records(0..<20, horizon: 1e200, learningRate: 1e200)
    #expect(wild.count == 60)
  }
}
