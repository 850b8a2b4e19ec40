import Foundation
import GSL
import Statistics
import Testing

@Suite struct TestBatteryTests {
  @Test func joinsTheTests() throws {
    let pair = Reference.pair("censored with ties")
    let stream = try RandomStream(seed: 1, purpose: 0, replica: 0)
    let battery = try TestBattery(
      pair.first, pair.second, pairing: .independent, permutations: 99, stream: stream)
    expectAgreement(battery.kolmogorovSmirnov!, pair.expected.ksAutomatic)
    expectAgreement(battery.cramerVonMises!, pair.expected.cvmAutomatic)
    expectAgreement(battery.logRank!, pair.expected.logRank)
    #expect(agree(battery.energy!.statistic, pair.expected.energyDistance))
    #expect(
      agree(battery.andersonDarling!.statistic, pair.expected.andersonDarling.statistic))
    let data = try JSONEncoder().encode(battery)
    let tests = try JSONDecoder().decode([String: TestResult].self, from: data)
    #expect(
      Set(tests.keys) == [
        "kolmogorov_smirnov", "anderson_darling", "cramer_von_mises", "energy", "log_rank",
      ])
  }

  @Test func whatIsNotDefinedIsNull() throws {
    let stream = try RandomStream(seed: 1, purpose: 0, replica: 0)
    let battery = try TestBattery(
      ExitSample([1]), ExitSample([2]), pairing: .byStart, stream: stream)
    #expect(battery.andersonDarling == nil && battery.cramerVonMises == nil)
    #expect(Set(battery.unavailable.keys) == ["anderson_darling", "cramer_von_mises"])
    #expect(battery.unavailable["cramer_von_mises"]?.contains("too few values") == true)
    #expect(battery.kolmogorovSmirnov?.pValue == 1 && battery.energy?.pValue == 1)
    let text = String(decoding: try JSONEncoder().encode(battery), as: UTF8.self)
    #expect(text.contains("\"anderson_darling\":null"))
  }
}
