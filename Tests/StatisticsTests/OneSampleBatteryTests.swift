import Foundation
import GSL
import Statistics
import Testing

@Suite struct OneSampleBatteryTests {
  private struct Case: Decodable {
    let times: [Double]
    let rate: Double
    let kolmogorov_smirnov: [Double]
    let cramer_von_mises: [Double]?
    let anderson_darling: Double
  }

  private static let cases: [Case] = {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let file = root.appendingPathComponent("data/reference/one_sample.json")
    return try! JSONDecoder().decode([Case].self, from: Data(contentsOf: file))
  }()

  @Test func `agrees with SciPy`() throws {
    for item in Self.cases {
      let battery = try OneSampleBattery(ExitSample(item.times)) { exp(-item.rate * $0) }
      #expect(agree(battery.kolmogorovSmirnov.statistic, item.kolmogorov_smirnov[0]))
      #expect(abs(battery.kolmogorovSmirnov.pValue - item.kolmogorov_smirnov[1]) < 1e-7)
      #expect(agree(battery.andersonDarling!.statistic, item.anderson_darling))
      if let expected = item.cramer_von_mises {
        #expect(agree(battery.cramerVonMises!.statistic, expected[0]))
        // Another correction for small samples.
        let tolerance = max(0.01, 0.1 / Double(item.times.count))
        #expect(abs(battery.cramerVonMises!.pValue - expected[1]) < tolerance)
      }
    }
  }

  @Test func `the error of a law is taken off the distance and put into its interval`() throws {
    let times = (0..<400).map { -log(1 - (Double($0) + 0.5) / 400) * 1.2 }
    func battery(_ error: Double) throws -> OneSampleBattery {
      try OneSampleBattery(ExitSample(times), lawError: error) { exp(-$0) }
    }
    let (exact, rough) = (try battery(0), try battery(0.05))
    #expect(exact.kolmogorovSmirnov.pValue < 0.05)
    #expect(rough.kolmogorovSmirnov.pValue > 0.5)
    #expect(rough.kolmogorovSmirnov.statistic == exact.kolmogorovSmirnov.statistic)
    #expect(exact.cramerVonMises != nil && rough.cramerVonMises == nil)
    #expect(rough.andersonDarling == nil)
    let ends = [exact, rough].map { $0.largestDistance.interval?.upperBound ?? 0 }
    #expect(abs(ends[1] - ends[0] - 0.05) < 1e-12)
  }

  private static func pValue(
    _ name: String, _ stream: RandomStream, late: Double = 1, lattice: Double = 0
  ) throws -> Double {
    let times = (0..<25).map { _ in
      let time = -late * log(1 - stream.uniform())
      return lattice > 0 ? (time / lattice).rounded(.up) * lattice : time
    }
    let battery = try OneSampleBattery(ExitSample(times), lattice: lattice) {
      $0 > 0 ? exp(-$0) : 1
    }
    switch name {
    case "KS": return battery.kolmogorovSmirnov.pValue
    case "CvM": return battery.cramerVonMises!.pValue
    default: return battery.andersonDarling!.pValue
    }
  }

  @Test(arguments: ["KS", "CvM", "AD"]) func pValuesAreUniform(name: String) throws {
    #expect(try Calibration.uniformity(repetitions: 800) { try Self.pValue(name, $0) } > 1e-6)
    // Sabotage: all exits a fifth late.
    let late = try Calibration.uniformity(repetitions: 800) {
      try Self.pValue(name, $0, late: 1.2)
    }
    #expect(late < 1e-6)
  }

  // A coarse lattice makes the largest distance smaller, never larger.
  @Test(arguments: ["KS", "CvM"]) func onALatticeTheLevelIsKept(name: String) throws {
    let score = try Calibration.score(probability: 0.05) {
      try Self.pValue(name, $0, lattice: 0.2) < 0.05
    }
    #expect(score < 4.9)
  }

  @Test func takingALatticeForContinuousTimesIsFound() throws {
    let score = try Calibration.score(probability: 0.05) { stream in
      let times = (0..<25).map { _ in (-log(1 - stream.uniform()) / 0.5).rounded(.up) * 0.5 }
      return try OneSampleBattery(ExitSample(times)) { exp(-$0) }.kolmogorovSmirnov.pValue < 0.05
    }
    #expect(score > 4.9)
  }

  @Test func censoringIsComparedUpToTheHorizon() throws {
    let score = try Calibration.score(probability: 0.05) { stream in
      let times = (0..<40).map { _ in -log(1 - stream.uniform()) }
      let sample = try ExitSample(
        times: times.map { min($0, 0.7) }, isObserved: times.map { $0 < 0.7 })
      let battery = try OneSampleBattery(sample) { exp(-$0) }
      #expect(battery.cramerVonMises == nil && battery.andersonDarling == nil)
      return battery.kolmogorovSmirnov.pValue < 0.05
    }
    #expect(score < 4.9)
    // Nobody exits where nearly all should have.
    let none = try ExitSample(times: [3, 3, 3, 3], isObserved: [false, false, false, false])
    let battery = try OneSampleBattery(none) { exp(-$0) }
    #expect(battery.kolmogorovSmirnov.pValue < 1e-4)
    #expect(agree(battery.largestDistance.estimate!, 1 - exp(-3)))
  }

  @Test func badInputThrows() throws {
    for lattice in [-1, .nan, .infinity] {
      #expect(throws: StatisticsError.self) {
        try OneSampleBattery(ExitSample([1, 2]), lattice: lattice) { exp(-$0) }
      }
    }
  }
}
