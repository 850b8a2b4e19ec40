/// Records, for each of GSL's generators that maps several 32-bit seeds to one stream, how
/// many streams its seeds can start.
///
/// Found by seeding each of GSL 2.7's generators up to 2¹⁹ times and comparing the first
/// twelve outputs; the tests hold a pair of equal seeds for each.
enum SeedCollapse {
  static let startCounts: [String: Int] = [
    "coveyou": 1 << 31,
    "fishman18": (1 << 31) - 1,
    "fishman20": 1 << 31,
    "gfsr4": 1 << 31,
    "knuthran": 1 << 30,
    "knuthran2": (1 << 31) - 1,
    "knuthran2002": 1 << 30,
    "lecuyer21": 2_147_483_399,
    "minstd": (1 << 31) - 1,
    "ran0": (1 << 31) - 1,
    "ran1": (1 << 31) - 1,
    "ran3": 1_000_000_000,
    "rand": 1 << 31,
    "random8-bsd": 1 << 31,
    "random8-glibc2": 1 << 31,
    "random8-libc5": 1 << 31,
    "randu": 1 << 31,
    "ranf": 1 << 31,
    "ranlux": 2_147_483_563,
    "ranlux389": 2_147_483_563,
    "ranlxd1": 1 << 31,
    "ranlxd2": 1 << 31,
    "ranlxs0": 1 << 31,
    "ranlxs1": 1 << 31,
    "ranlxs2": 1 << 31,
    "ranmar": 942_438_978,
    "slatec": 8,
    "uni": 16_382,
    "uni32": 1 << 30,
    "zuf": 31_329,
  ]

  /// Brings a seed into the range that the generator tells apart.
  ///
  /// "uni" and "uni32" read every seed above a limit as that limit: nearly all, or half, of the
  /// 32-bit seeds would start one stream.
  static func folded(_ seed: UInt32, for generator: String) -> UInt32 {
    switch generator {
    case "uni": seed % 16_382 + 1
    case "uni32": seed % 0x7FFF_FFFE + 1
    default: seed
    }
  }
}
