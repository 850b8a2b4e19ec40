import Foundation

@testable import Escapement

// MARK: Experiments

func readExperiment(_ text: String) {
  guard let options = try? ExperimentOptions(yaml: text, name: "fuzz") else { return }
  guard let experiment = try? Experiment(options, checksEngines: false) else { return }
  // What is accepted reads back to itself.
  guard let again = try? ExperimentOptions(yaml: experiment.yaml, name: "fuzz"),
    let second = try? Experiment(again, checksEngines: false), second.yaml == experiment.yaml
  else { fatalError("an accepted experiment does not read back") }
}

func readSweep(_ text: String) {
  _ = try? SweepGrid(yaml: text, name: "fuzz").points()
}

func readGram(_ path: String) throws {
  var options = ExperimentOptions()
  options.set(.dimension, "9")
  options.set(.learningRate, "0.1")
  options.set(.start, "gram:\(path)")
  _ = try Experiment(options, checksEngines: false)
}

// MARK: Record files

func readRecords(_ path: String) throws {
  let reader = try RecordFileReader(path: path)
  let table = try ExitRecordTable(replicas: 0..<100, recordsPerReplica: 2)
  _ = try reader.readAll(table: { _ in (table, 0..<100) }, cost: { _, _, _ in })
}

/// Whether the experiment in a record file is small enough to be taken up for real.
private func isSmall(_ path: String) throws -> Bool {
  let options = try ExperimentOptions(
    yaml: try RecordFileReader(path: path).header.experiment, name: "fuzz")
  let experiment = try Experiment(options, checksEngines: false)
  return experiment.dynamics.allSatisfy { experiment.replicaCount($0) <= 10_000 }
    && experiment.exitRule.marks.count <= 100
}

func mergeShard(_ path: String) throws {
  guard try isSmall(path) else { return }
  let records = try ShardMerge.records(of: [path])
  guard records.missingCount == 0 else { fatalError("a merge took up a shard with gaps") }
}

func resumeCheckpoint(_ bytes: Data) {
  let checkpoint = place("run/checkpoint.records")
  guard write(bytes, to: checkpoint), (try? isSmall(checkpoint)) == true else { return }
  _ = try? SavedRun.resume(place("run"), commit: nil)
}

/// Runs a replica of the chain to its end from a state that is fed.
func goOnFromSnapshot(_ bytes: Data) {
  let header = RecordFileHeader(
    version: "0.2.0", commit: nil, experiment: "dimension: 50\n", share: nil)
  guard let directory = try? DirectoryHandle(path: place("run")) else { return }
  let snapshots = SnapshotStore(directory: directory, prefix: "snapshot", header: header)
  guard write(bytes, to: place("run/snapshot-chain-0.state")) else { return }
  _ = snapshots.takeUp { _, _ in true }
  wait {
    let engine = try ReducedChain(
      model: Model(dimension: 50, learningRate: 0.1),
      exitRule: ExitRule(thresholds: [0.1, 0.5], horizon: 2))
    let journal = try RecordJournal(
      creating: "replica.records", in: directory, header: header, snapshots: snapshots)
    _ = try await EnsembleRunner(threads: 1).complete(
      ExitRecordTable(replicas: 0..<1, recordsPerReplica: 2), engine, start: .random,
      streams: StreamFamily(seed: 1), journal: journal)
  }
}

/// Takes trajectories up from a checkpoint that is fed, and ends those of the sound plan.
func resumeTrajectories(_ bytes: Data) {
  for name in ["experiment.yaml", "summary.json", "trajectories.csv", "bands.csv", Manifest.name] {
    unlink(place("paths/" + name))
  }
  guard write(bytes, to: place("paths/checkpoint.trajectories")),
    let saved = try? SavedTrajectories.resume(place("paths"), commit: nil),
    saved.plan.yaml == Sound.plan?.yaml
  else { return }
  wait { try saved.finish(try await Trajectories.run(saved.plan, saved: saved).files()) }
}

private func wait(_ body: @escaping @Sendable () async throws -> Void) {
  let isDone = DispatchSemaphore(value: 0)
  Task.detached {
    defer { isDone.signal() }
    try await body()
  }
  isDone.wait()
}

/// Gives every block its right checksum, so that what lies behind it is reached.
func withChecksums(_ bytes: Data) -> Data {
  var result = [UInt8](bytes)
  var place = 8
  while place + 12 <= result.count {
    let length = (0..<4).reduce(0) { $0 | Int(result[place + 4 + $1]) << (8 * $1) }
    guard place + 12 + length <= result.count else { break }
    let sum = crc(result[place..<place + 8] + result[place + 12..<place + 12 + length])
    for index in 0..<4 { result[place + 8 + index] = UInt8(truncatingIfNeeded: sum >> (8 * index)) }
    place += 12 + length
  }
  return Data(result)
}

private func crc(_ bytes: ArraySlice<UInt8>) -> UInt32 {
  ~bytes.reduce(~0) { sum, byte in
    (0..<8).reduce(sum ^ UInt32(byte)) { value, _ in
      value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1
    }
  }
}

// MARK: Runs and sweeps

/// A finished run and sweep, in which one file is replaced by what is fed.
private enum Sound {
  static let experiment =
    "dimension: 50\nlearning-rate: 0.1\nthresholds: [0.5]\ndynamics: [ode, chain]\nhorizon: 2\n"
    + "replicas: 5\nseed: 3\n"
  static let exitTimes =
    "dynamics,threshold,replica,outcome,exit_time,exit_step\n"
    + (0..<5).map { "chain,0.5,\($0),\($0 < 4 ? "exited,1.5,750" : "censored,2.0,1000")\n" }
    .joined()
    + (0..<5).map { "ode,0.5,\($0),exited,1.25,\n" }.joined()
  static let summary = """
    {"schema": "escapement/comparison/1", "theory": {}, "exit_times": [], "comparisons": [],
    "provenance": {"version": "0.2.0", "gsl": "2.7", "generator": "philox4x64-10", "seed": 1}}
    """
  static let exits = "point,dimension,width,dynamics,threshold\n1,50,1,chain,0.5\n"
  static let verdicts = "point,first,second,threshold,verdict\n1,chain,ode,0.5,different\n"
  static let grid =
    "learning-rate: 0.1\nthresholds: [0.5]\ndynamics: [ode, chain]\nreplicas: 3\n"
    + "sweep: {dimension: [50, 90]}\n"
  static let trajectories =
    "dimension: 50\nlearning-rate: 0.1\ndynamics: [ode, chain]\nreplicas: 2\nseed: 3\n"
    + "times: [0, 1]\nquantiles: [0.5]\npaths: 1\n"
  static let plan = try? TrajectoryPlan(TrajectoryOptions(yaml: trajectories, name: "sound"))
  static let paths =
    "dynamics,replica,time,risk,M_1_1\nchain,0,0.0,2,0.1\nchain,0,1.0,1.5,0.4\n"
    + "ode,0,0.0,2,0.1\node,0,1.0,1.25,\n"
  static let bands =
    "dynamics,time,replicas,diverged,mean,standard_error,quantile_0.5\n"
    + "chain,0.0,2,0,2,0.1,2\nchain,1.0,2,1,,,\node,0.0,2,0,2,0.1,2\node,1.0,2,0,1,0.1,1\n"
  static let pathSummary = """
    {"schema": "escapement/trajectories/1", "warnings": [],
    "provenance": {"version": "0.2.0", "gsl": "2.7", "generator": "philox4x64-10", "seed": 1}}
    """
}

func readRun(_ name: String, _ bytes: Data) {
  let files = [
    "experiment.yaml": Data(Sound.experiment.utf8), "exit_times.csv": Data(Sound.exitTimes.utf8),
    "summary.json": Data(Sound.summary.utf8),
  ].merging([name: bytes]) { $1 }
  for (name, contents) in files { guard write(contents, to: place(name)) else { return } }
  guard let run = try? Run(path: scratch) else { return }
  // What is accepted can be exported; netCDF and gnuplot do no more than write the same numbers.
  for format in [ExportFormat.csv, .json] { _ = try? run.exported(to: format) }
  guard let figures = try? run.figures() else { return }
  _ = try? reportHTML(run, pictures: figures.drawn.map { ($0, "<svg></svg>") })
}

func readTrajectories(_ name: String, _ bytes: Data) {
  let files = [
    "experiment.yaml": Data(Sound.trajectories.utf8), "trajectories.csv": Data(Sound.paths.utf8),
    "bands.csv": Data(Sound.bands.utf8), "summary.json": Data(Sound.pathSummary.utf8),
  ].merging([name: bytes]) { $1 }
  for (name, contents) in files {
    guard write(contents, to: place("paths/" + name)) else { return }
  }
  guard let run = try? TrajectoryRun(path: place("paths")) else { return }
  for format in [ExportFormat.csv, .json] { _ = try? run.exported(to: format) }
  _ = try? reportHTML(run, pictures: run.figures().drawn.map { ($0, "<svg></svg>") })
}

func readSweepTables(_ name: String, _ bytes: Data) {
  let files = [
    "sweep.csv": Data(Sound.exits.utf8), "verdicts.csv": Data(Sound.verdicts.utf8),
    "fits.json": Data("{\"noise_shift\": [], \"gain_from_width\": []}".utf8),
  ].merging([name: bytes]) { $1 }
  for (name, contents) in files { guard write(contents, to: place(name)) else { return } }
  guard let sweep = try? SweepTables(path: scratch) else { return }
  _ = try? sweep.exported(to: .json)
  _ = try? reportHTML(sweep, pictures: sweep.figures().drawn.map { ($0, "<svg></svg>") })
}

/// Takes up a sweep whose points are what is fed; an '@' stands for the experiment.
func readPoint(_ text: String) {
  guard let grid = try? SweepGrid(yaml: Sound.grid, name: "sound"),
    let points = try? grid.points(),
    let directory = try? SweepDirectory(path: place("sweep"), identity: grid.yaml)
  else { fatalError("the sound sweep does not read") }
  let results = points.compactMap { point -> PointResult? in
    guard let experiment = try? JSONEncoder().encode(point.experiment.yaml) else { return nil }
    let json = text.replacingOccurrences(
      of: "\"@\"", with: String(decoding: experiment, as: UTF8.self))
    let folder = place("sweep/points/000\(point.index)")
    try? FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true)
    // Sealed, so that what lies behind the manifest is reached.
    let sound = Data("sound".utf8)
    guard
      (try? RunDirectory(path: folder).install([
        ("experiment.yaml", sound), ("exit_times.csv", sound), ("summary.json", sound),
        ("point.json", Data(json.utf8)),
      ])) != nil
    else { return nil }
    return directory.result(of: point)
  }
  guard results.count == points.count else { return }
  _ = try? Sweep(grid: grid, points: points, results: results, commit: nil).files
}

/// Reads a manifest that is fed, with the seal that it should have or as it is, beside a sound run.
func readManifest(_ text: String) {
  let directory = place("sealed")
  for (name, contents) in [
    ("experiment.yaml", Sound.experiment), ("exit_times.csv", Sound.exitTimes),
    ("summary.json", Sound.summary), (Manifest.name, text),
  ] { guard write(Data(contents.utf8), to: directory + "/" + name) else { return } }
  _ = try? Manifest(directory: directory)
  _ = try? Verification(directory: directory)
  _ = try? Run(path: directory)
}

/// Takes up a sweep whose sweep.yaml is what is fed.
func readIdentity(_ bytes: Data) {
  let directory = place("identity")
  try? FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
  guard write(bytes, to: directory + "/sweep.yaml") else { return }
  guard let grid = try? SweepGrid(yaml: Sound.grid, name: "sound") else { return }
  _ = try? SweepDirectory(path: directory, identity: grid.yaml)
}

// MARK: Files

private let scratch: String = {
  let path = FileManager.default.temporaryDirectory
    .appendingPathComponent("escapement-fuzz-\(getpid())").path
  for name in ["run", "paths", "sealed"] {
    try? FileManager.default.createDirectory(
      atPath: path + "/" + name, withIntermediateDirectories: true)
  }
  atexit { try? FileManager.default.removeItem(atPath: scratch) }
  return path
}()

func place(_ name: String) -> String { scratch + "/" + name }

func write(_ bytes: Data, to path: String) -> Bool {
  FileManager.default.createFile(atPath: path, contents: bytes)
}

func readInFile(_ bytes: Data, _ body: (String) throws -> Void) {
  guard write(bytes, to: place("file")) else { return }
  try? body(place("file"))
}
