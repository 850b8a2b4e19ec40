import CGSL
import Testing

@testable import GSL

@Suite struct SeedCollapseTests {
  /// Gives two seeds that start one stream for each generator that has such.
  private static let equalSeeds: [String: (UInt, UInt)] = [
    "coveyou": (12_346, 12_347),
    "fishman18": (12_345, 12_345 + 0x7FFF_FFFF),
    "fishman20": (12_345, 12_345 + 0x8000_0000),
    "gfsr4": (12_345, 12_345 + 0x8000_0000),
    "knuthran": (12_345, 12_345 + 0x4000_0000),
    "knuthran2": (12_345, 12_345 + 0x7FFF_FFFF),
    "knuthran2002": (12_345, 12_345 + 0x4000_0000),
    "lecuyer21": (12_345, 12_345 + 2_147_483_399),
    "minstd": (12_345, 12_345 + 0x7FFF_FFFF),
    "ran0": (1_302_306_732, 3_449_790_371),
    "ran1": (12_345, 12_345 + 0x7FFF_FFFF),
    "ran3": (349_477_038, 349_477_038 + 2_000_000_000),
    "rand": (12_345, 12_345 + 0x8000_0000),
    "random8-bsd": (12_345, 12_345 + 0x8000_0000),
    "random8-glibc2": (12_345, 12_345 + 0x8000_0000),
    "random8-libc5": (12_345, 12_345 + 0x8000_0000),
    "randu": (12_345, 12_345 + 0x8000_0000),
    "ranf": (12_344, 12_345),
    "ranlux": (12_345, 12_345 + 2_147_483_563),
    "ranlux389": (12_345, 12_345 + 2_147_483_563),
    "ranlxd1": (12_345, 0x1_0000_0000 - 12_345),
    "ranlxd2": (12_345, 0x1_0000_0000 - 12_345),
    "ranlxs0": (12_345, 12_345 + 0x8000_0000),
    "ranlxs1": (12_345, 12_345 + 0x8000_0000),
    "ranlxs2": (12_345, 12_345 + 0x8000_0000),
    "ranmar": (1_612_880_242, 3_497_758_198),
    "slatec": (12_345, 12_353),
    "uni": (40_000, 50_000),
    "uni32": (3_000_000_000, 4_000_000_000),
    "zuf": (12_345, 12_345 + 31_329 * 1_000),
  ]

  private func start(_ generator: RandomGenerator, _ seed: UInt) -> [UInt] {
    let handle = gsl_rng_alloc(generator.type)
    defer { gsl_rng_free(handle) }
    gsl_rng_set(handle, seed)
    return (0..<12).map { _ in gsl_rng_get(handle) }
  }

  @Test func theListIsThatOfTheGeneratorsWithEqualSeeds() throws {
    let listed = Set(RandomGenerator.all.filter(\.collapsesSeeds).map(\.name))
    #expect(listed == Set(Self.equalSeeds.keys))
    for (name, seeds) in Self.equalSeeds {
      let generator = try RandomGenerator(named: name)
      #expect(start(generator, seeds.0) == start(generator, seeds.1), "\(name)")
    }
  }

  @Test func theOthersTellTheseSeedsApart() {
    let seeds = Set(Self.equalSeeds.values.flatMap { [$0.0, $0.1] })
    for generator in RandomGenerator.all where !generator.collapsesSeeds {
      let starts = Set(seeds.map { start(generator, $0) })
      #expect(starts.count == seeds.count, "\(generator.name)")
    }
  }

  @Test func foldingKeepsTheStartsOfUniApart() throws {
    for name in ["uni", "uni32"] {
      let generator = try RandomGenerator(named: name)
      var starts: Set<[UInt]> = []
      for replica in 0..<500 {
        let stream = try RandomStream(
          generator: generator, seed: 4, purpose: 0, replica: replica)
        starts.insert((0..<12).map { _ in stream.bits() })
      }
      // About 500² / 2 / 16 382 = 8 pairs of equal starts are due to chance.
      #expect(starts.count > 470, "\(name): \(starts.count)")
    }
  }
}
