// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "escapement",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "Escapement", targets: ["Escapement"]),
    .executable(name: "escapement", targets: ["EscapementCommand"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-numerics", from: "1.1.1"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
    .package(url: "https://github.com/onevcat/Rainbow", from: "4.2.2"),
    .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"),
  ],
  targets: [
    .systemLibrary(
      name: "CGSL", pkgConfig: "gsl",
      providers: [.apt(["libgsl-dev"]), .brew(["gsl"])]),
    .systemLibrary(
      name: "CZlib", pkgConfig: "zlib",
      providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
    .systemLibrary(
      name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(
      name: "CNetCDF", pkgConfig: "netcdf",
      providers: [.apt(["libnetcdf-dev"]), .brew(["netcdf"])]),
    .target(name: "NetCDF", dependencies: ["CNetCDF"]),
    .target(name: "CKernels", dependencies: ["CGSL"]),
    .target(name: "GSL", dependencies: ["CGSL", "CKernels"]),
    .target(
      name: "Dynamics",
      dependencies: [
        "CKernels", "GSL",
        .product(name: "ComplexModule", package: "swift-numerics"),
      ]),
    // Apple's systems have SHA-256 of their own.
    .target(
      name: "Ensemble",
      dependencies: [
        .target(name: "CCrypto", condition: .when(platforms: [.linux])), "CZlib", "Dynamics",
      ]),
    .target(name: "Statistics", dependencies: ["GSL"]),
    .target(
      name: "Escapement",
      dependencies: [
        "Dynamics", "Ensemble", "GSL", "NetCDF", "Statistics",
        .product(name: "Mustache", package: "swift-mustache"),
        .product(name: "Yams", package: "Yams"),
      ],
      // In the code: a command that is copied elsewhere finds them all the same.
      resources: [
        .embedInCode("Resources/experiments"),
        .embedInCode("Resources/notebook.py.txt"), .embedInCode("Resources/page.mustache"),
        .embedInCode("Resources/report.mustache"), .embedInCode("Resources/sample.mustache"),
        .embedInCode("Resources/style.py.txt"),
        .embedInCode("Resources/sweep.mustache"), .embedInCode("Resources/sweep.py.txt"),
        .embedInCode("Resources/trajectories.mustache"),
        .embedInCode("Resources/trajectories.py.txt"),
      ]),
    .executableTarget(
      name: "EscapementCommand",
      dependencies: [
        "Escapement",
        "NetCDF",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Rainbow", package: "Rainbow"),
      ],
      plugins: ["CommitStampPlugin"]),
    .executableTarget(name: "CommitStampTool"),
    .plugin(
      name: "CommitStampPlugin", capability: .buildTool(), dependencies: ["CommitStampTool"],
      path: "Sources/CommitStampPlugin"),
    .testTarget(name: "GSLTests", dependencies: ["GSL"]),
    .testTarget(name: "DynamicsTests", dependencies: ["Dynamics"]),
    .testTarget(name: "KernelTests", dependencies: ["CKernels", "GSL"]),
    .testTarget(name: "EnsembleTests", dependencies: ["Ensemble"]),
    .testTarget(name: "ConformanceTests", dependencies: ["Ensemble", "Escapement"]),
    .testTarget(name: "StatisticsTests", dependencies: ["Statistics"]),
    .testTarget(name: "EscapementTests", dependencies: ["CNetCDF", "Escapement", "NetCDF"]),
    .testTarget(
      name: "StatisticalTests", dependencies: ["Ensemble", "Statistics"]),
    .testTarget(
      name: "CommandTests", dependencies: ["EscapementCommand"],
      exclude: ["Golden", "Python", "Transcripts"]),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .c17
)
