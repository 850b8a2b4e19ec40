// swift-tools-version: 6.1
// Built and run by `make fuzz`.
import PackageDescription

let package = Package(
  name: "fuzzing",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "escapement", path: "../..")],
  targets: [
    .executableTarget(
      name: "Fuzz", dependencies: [.product(name: "Escapement", package: "escapement")],
      // libFuzzer is for this program alone: tools that the build itself runs cannot be linked with it.
      linkerSettings: [.unsafeFlags(["-sanitize=fuzzer"])])
  ],
  swiftLanguageModes: [.v6]
)
