// swift-tools-version: 6.1
// Built and run by `make fuzz`.
import PackageDescription

let package = Package(
  name: "fuzzing",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "escapement", path: "../..")],
  targets: [
    .executableTarget(
      name: "Fuzz", dependencies: [.product(name: "Escapement", package: "escapement")])
  ],
  swiftLanguageModes: [.v6]
)
