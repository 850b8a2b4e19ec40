import GSL
import Testing

@Suite struct RandomGeneratorTests {
  @Test func keyedGeneratorsComeFirstAndTheRestAreSorted() {
    let names = RandomGenerator.all.map(\.name)
    #expect(names.prefix(2) == ["xoshiro256++", "philox4x32-10"])
    #expect(names.dropFirst(2).elementsEqual(names.dropFirst(2).sorted()))
    #expect(Set(names).count == names.count)
    #expect(names.contains("mt19937"))
    #expect(RandomGenerator.all.filter(\.isKeyed) == [.xoshiro, .philox])
  }

  @Test func everyNameFindsItsGenerator() throws {
    for generator in RandomGenerator.all {
      #expect(try RandomGenerator(named: generator.name) == generator)
    }
  }

  @Test func anUnknownNameListsTheValidOnes() throws {
    let error = #expect(throws: GSLError.self) { try RandomGenerator(named: "mersenne") }
    let reason = try #require(error).reason
    #expect(reason.contains("'mersenne'"))
    #expect(reason.contains("xoshiro256++, philox4x32-10, borosh13"))
  }
}
