// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "own-diffusion",
  platforms: [.macOS(.v15)],
  // In a package of your own: .package(url: "…/escapement", from: "0.2.0").
  dependencies: [.package(name: "escapement", path: "../../..")],
  targets: [
    .executableTarget(
      name: "own-diffusion", dependencies: [.product(name: "Escapement", package: "escapement")])
  ],
  swiftLanguageModes: [.v6]
)
