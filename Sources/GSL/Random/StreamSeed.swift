/// Gives each stream of a run a 32-bit seed of its own, for generators that take no more.
///
/// The index of a stream, `purpose` in the top 4 bits and `replica` in the low 28, passes
/// through a bijection of 32 bits that the experiment's seed selects. Two streams of one run
/// thus never share a seed.
struct StreamSeed {
  static let purposeLimit: UInt16 = 16
  static let replicaLimit = 1 << 28

  /// Is kept out of use, so that its image can replace the image 0.
  static let reserved = UInt32.max

  private let roundKeys: [UInt64]

  init(experimentSeed: UInt64) {
    var state = experimentSeed
    roundKeys = (0..<Self.rounds).map { _ in Self.splitMix(&state) }
  }

  /// Returns the seed, never 0, or throws when (`purpose`, `replica`) has no index.
  ///
  /// GSL reads 0 as the default seed of a generator, often equal to another seed. The index
  /// that maps to 0, if it is in use, takes the image of the reserved index instead: one more
  /// step of the cycle that joins the two.
  func seed(purpose: UInt16, replica: Int) throws -> UInt32 {
    guard purpose < Self.purposeLimit, (0..<Self.replicaLimit).contains(replica) else {
      throw GSLError.invalid(
        "RandomStream",
        "a generator with 32-bit seeds takes purposes below 16 and replicas in 0..<2^28")
    }
    let index = UInt32(purpose) << 28 | UInt32(replica)
    guard index != Self.reserved else {
      throw GSLError.invalid(
        "RandomStream",
        "replica 2^28 - 1 of purpose 15 is reserved for generators with 32-bit seeds")
    }
    let image = permuted(index)
    return image == 0 ? permuted(Self.reserved) : image
  }

  private static let rounds = 8

  /// Permutes 32 bits: a Feistel network of two halves is a bijection for any round function.
  func permuted(_ index: UInt32) -> UInt32 {
    var left = UInt16(index >> 16)
    var right = UInt16(truncatingIfNeeded: index)
    for key in roundKeys {
      (left, right) = (right, left ^ Self.mixed(right, key))
    }
    return UInt32(left) << 16 | UInt32(right)
  }

  /// Undoes `permuted`; tests use it to find the index that maps to 0.
  func preimage(of image: UInt32) -> UInt32 {
    var left = UInt16(image >> 16)
    var right = UInt16(truncatingIfNeeded: image)
    for key in roundKeys.reversed() {
      (left, right) = (right ^ Self.mixed(left, key), left)
    }
    return UInt32(left) << 16 | UInt32(right)
  }

  private static func mixed(_ half: UInt16, _ key: UInt64) -> UInt16 {
    UInt16(truncatingIfNeeded: finalized(key ^ UInt64(half)))
  }

  /// Advances SplitMix64 (Steele, Lea and Flood, 2014) and returns its next number.
  private static func splitMix(_ state: inout UInt64) -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    return finalized(state)
  }

  private static func finalized(_ word: UInt64) -> UInt64 {
    var word = word
    word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
    return word ^ word >> 31
  }
}
