import Foundation

#if canImport(CommonCrypto)
  internal import CommonCrypto
#else
  internal import CCrypto
#endif

/// Computes the SHA-256 of bytes that come in pieces; by OpenSSL, or by the system on Apple's.
///
/// Source: FIPS 180-4.
package final class FileDigest {
  #if canImport(CommonCrypto)
    private var context = CC_SHA256_CTX()

    /// Starts with no bytes.
    package init() { CC_SHA256_Init(&context) }

    /// Takes further bytes.
    package func add(_ bytes: UnsafeRawBufferPointer) {
      CC_SHA256_Update(&context, bytes.baseAddress, CC_LONG(bytes.count))
    }

    private func finish(_ digest: UnsafeMutablePointer<UInt8>) { CC_SHA256_Final(digest, &context) }
  #else
    private let context: OpaquePointer

    /// Starts with no bytes.
    package init() {
      guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1
      else { preconditionFailure("the library has no SHA-256") }
      self.context = context
    }

    deinit { EVP_MD_CTX_free(context) }

    /// Takes further bytes.
    package func add(_ bytes: UnsafeRawBufferPointer) {
      precondition(EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1)
    }

    private func finish(_ digest: UnsafeMutablePointer<UInt8>) {
      precondition(EVP_DigestFinal_ex(context, digest, nil) == 1)
    }
  #endif

  /// Takes further bytes.
  package func add(_ bytes: some Sequence<UInt8>) { Array(bytes).withUnsafeBytes { add($0) } }

  /// Returns the digest of all bytes as 64 hexadecimal digits; nothing can be added after that.
  package var hexadecimal: String {
    var digest = [UInt8](repeating: 0, count: 32)
    digest.withUnsafeMutableBufferPointer { finish($0.baseAddress!) }
    return digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  /// The SHA-256 of bytes that are there at once.
  package static func hexadecimal(of data: Data) -> String {
    let digest = FileDigest()
    data.withUnsafeBytes { digest.add($0) }
    return digest.hexadecimal
  }

  /// The SHA-256 of a regular file, read in pieces.
  ///
  /// Throws `DataFileError` when it cannot be read, or is none.
  package static func hexadecimal(ofFile path: String) throws -> String {
    let digest = FileDigest()
    let file = try RegularFile(path)
    while true {
      let piece = try file.read(upTo: 1 << 20)
      if piece.isEmpty { return digest.hexadecimal }
      piece.withUnsafeBytes { digest.add($0) }
    }
  }
}
