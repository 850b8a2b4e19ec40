import Foundation
import Testing

/// Looks at what a person sees: widths, lines, plain text, progress, and what is said at the end.
@Suite struct TerminalTests {
  /// A call of a subcommand, and the name of its transcripts.
  struct Call: Sendable, CustomTestStringConvertible {
    let name: String
    let words: String
    var testDescription: String { name }
  }

  private static let small = "--dimension 100 --learning-rate 0.1"

  static let calls = [
    Call(name: "compare", words: "compare \(small) --replicas 200"),
    Call(
      name: "compare-all",
      words: "compare \(small) --replicas 60,sgd:20 --dynamics ode,sde,chain,sgd"),
    Call(
      name: "compare-censored",
      words: "compare \(small) --replicas 40 --horizon 1.5 --dynamics ode,chain,sgd"),
    Call(
      name: "compare-overlap",
      words: "compare --activation erf --target erf --width 2 --constraint free --dimension 100 "
        + "--learning-rate 0.5 --thresholds none --overlap-thresholds 0.5 --dynamics chain,sgd --replicas 20"
    ),
    Call(
      name: "sweep",
      words: "sweep --dimension 60,100 --width 1,2,4 --learning-rate-over-width 0.05,0.1 "
        + "--thresholds 0.5 --dynamics ode,chain --replicas 20"),
    Call(
      name: "sweep-widths",
      words: "sweep --dimension 60,100,200 --learning-rate 0.1 --thresholds 0.5 --dynamics chain "
        + "--replicas 50"),
    Call(name: "law", words: "law --dimension 3000 --learning-rate 0.1"),
    Call(
      name: "theory",
      words: "theory --dimension 3000 --learning-rate 0.1 --width 4 --start overlaps:0.02,0,0,0"),
    Call(name: "theory-erf", words: "theory --dimension 300 --learning-rate 0.1 --activation erf"),
    Call(
      name: "plateau",
      words:
        "plateau --dimension 60 --width 1,2 --learning-rate 0.1 --label-noise 0.1,0.2 --horizon 20 "
        + "--replicas 4"),
    Call(name: "test", words: "test a.csv b.csv"),
    Call(
      name: "trajectories",
      words: "trajectories \(small) --label-noise 0.01 --replicas 20 --times linear:0:7.5:4 "
        + "--format table --dynamics ode,sde,chain,sgd"),
    Call(name: "example", words: "example"),
  ]

  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Transcripts")

  private func lines(_ words: String, width: Int) throws -> [Substring] {
    try withDirectory { directory in
      for (name, shift) in [("a.csv", 0.0), ("b.csv", 0.1)] {
        let times = (0..<30).map { "\(1 + 0.05 * Double($0) + shift)\n" }.joined()
        try Data(("exit_time\n" + times).utf8).write(to: directory.appendingPathComponent(name))
      }
      let result = try runCommand(
        words.split(separator: " ").map(String.init), in: directory,
        environment: ["COLUMNS": "\(width)", "TERM": "xterm", "PATH": "/usr/bin:/bin"])
      #expect(result.status == 0, "\(result.stderr)")
      return result.stdout.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
    }
  }

  /// `RENEW_TRANSCRIPTS=1` writes them anew.
  @Test(arguments: calls, [80, 120])
  func `a table fits the width, in twenty lines, as its transcript has it`(
    _ call: Call, width: Int
  ) throws {
    let lines = try lines(call.words, width: width)
    #expect(lines.allSatisfy { $0.count <= width }, "\(lines.filter { $0.count > width })")
    #expect(lines.count <= (call.name == "example" ? 80 : 20))
    #expect(!lines.contains { $0.contains(/[0-9]\.?0{8}/) || $0.contains("--dimension") })
    let file = Self.folder.appendingPathComponent("\(call.name)-\(width).txt")
    let head = "$ escapement \(call.words)\n\n"
    let text = head + lines.map { $0 + "\n" }.joined()
    if ProcessInfo.processInfo.environment["RENEW_TRANSCRIPTS"] != nil {
      try Data(text.utf8).write(to: file)
    }
    #expect(try String(contentsOf: file, encoding: .utf8) == text)
  }

  @Test(arguments: calls, [30, 80])
  func `details fit the width too, and hold what was left out`(_ call: Call, width: Int) throws {
    guard call.name != "example" else { return }
    let short = try lines(call.words, width: width)
    let whole = try lines("\(call.words) --details", width: width)
    #expect(whole.allSatisfy { $0.count <= width }, "\(whole.filter { $0.count > width })")
    #expect(!whole.contains { $0.contains("more (") || $0.hasPrefix("…") })
    let isCut = short.last?.contains("--details") ?? false
    #expect(isCut == (whole.count > short.count || whole != short))
  }

  @Test func `where no terminal tells its width no line is broken`() throws {
    let result = try runCommand("compare \(Self.small) --replicas 100 --dynamics ode,chain")
    let verdicts = result.stdout.split(separator: "\n").filter { $0.contains(" in the mean") }
    #expect(verdicts.count == 2 && verdicts.allSatisfy { $0.hasPrefix("T = ") && $0.count > 80 })
  }

  /// Runs the command on a terminal of its own until `condition` holds of what it shows, then stops it.
  private func shown(
    _ words: String, columns: UInt16, _ environment: [String: String] = [:],
    interruptingOnce condition: @escaping (String) -> Bool = { _ in false }
  ) throws -> (text: String, process: Process) {
    let master = open("/dev/ptmx", O_RDWR | O_NOCTTY)
    try #require(master >= 0)
    // What unlockpt and ptsname do, which Swift does not see on Linux.
    var (lock, number): (CInt, CInt) = (0, 0)
    #if os(Linux)
      #expect(ioctl(master, 0x4004_5431, &lock) == 0 && ioctl(master, 0x8004_5430, &number) == 0)
      let slave = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
    #else
      (lock, number) = (grantpt(master), unlockpt(master))
      let slave = open(String(cString: ptsname(master)), O_RDWR | O_NOCTTY)
    #endif
    try #require(slave >= 0)
    var size = winsize(ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
    _ = ioctl(master, UInt(TIOCSWINSZ), &size)
    let process = Process()
    process.executableURL = commandURL
    process.arguments = words.split(separator: " ").map(String.init)
    process.environment = ["TERM": "xterm", "PATH": "/usr/bin:/bin"].merging(environment) { $1 }
    let handle = FileHandle(fileDescriptor: slave)
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = handle
    process.standardError = handle
    try process.run()
    close(slave)
    var (bytes, isStopped) = ([UInt8](), false)
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = read(master, &buffer, buffer.count)
      guard count > 0 else { break }
      bytes += buffer.prefix(count)
      if !isStopped, condition(String(decoding: bytes, as: UTF8.self)) {
        isStopped = true
        kill(process.processIdentifier, SIGINT)
      }
    }
    waitForEnd(of: process)
    close(master)
    return (String(decoding: bytes, as: UTF8.self), process)
  }

  private let long = "compare --dimension 30000 --learning-rate 0.1 --replicas 1000000"

  @Test(arguments: [30, 80])
  func `progress stays on its line, and an interrupted run says that nothing was saved`(
    columns: Int
  ) throws {
    let (text, process) = try shown(long + " --dynamics chain", columns: UInt16(columns)) {
      $0.components(separatedBy: "\r").count > 8
    }
    let frames = text.replacing("\r\n", with: "\n").components(separatedBy: "\r")
      .map { $0.components(separatedBy: "\n")[0] }
      .filter { $0.contains("exact chain  █") || $0.contains("░") }
    #expect(frames.count > 2)
    #expect(frames.allSatisfy { $0.count < columns }, "\(frames)")
    #expect(text.contains("nothing was saved: --output DIR keeps what is finished"))
    #expect(text.components(separatedBy: "nothing was saved").count == 2)
    #expect(process.terminationReason == .exit && process.terminationStatus == 128 + SIGINT)
  }

  @Test func `colours are for terminals that have them, and for who wants them`() throws {
    let words = "compare \(Self.small) --replicas 20 --dynamics ode,chain"
    #expect(try shown(words, columns: 80).text.contains("\u{1B}["))
    for environment in [["TERM": "dumb"], ["NO_COLOR": "1"]] {
      let text = try shown(words, columns: 80, environment).text
      #expect(text.contains("T = 0.5") && !text.contains("\u{1B}"))
    }
    // A terminal that takes plain lines alone has no bar to draw over.
    let plain = try shown(
      "compare --dimension 3000 --learning-rate 0.1 --replicas 500 --dynamics chain", columns: 80,
      ["TERM": "dumb"]
    ).text
    #expect(!plain.replacing("\r\n", with: "\n").contains("\r"))
  }

  @Test func `a kept result says where it is and what can be done next`() throws {
    try withDirectory { directory in
      for (words, next) in [
        ("compare \(Self.small) --replicas 4 --dynamics chain", "export 'a b' --to report"),
        ("theory \(Self.small)", "export 'a b' --to csv"),
        (
          "trajectories \(Self.small) --replicas 4 --dynamics chain --times linear:0:1:3",
          "export 'a b' --to report"
        ),
        (
          "sweep --dimension 50,60 --learning-rate 0.1 --replicas 4 --dynamics chain",
          "export 'a b' --to report"
        ),
      ] {
        let place = directory.appendingPathComponent("a b")
        try? FileManager.default.removeItem(at: place)
        let result = try runCommand(
          words.split(separator: " ").map(String.init) + ["--output", "a b"], in: directory)
        #expect(result.status == 0, "\(result.stderr)")
        #expect(
          result.stderr.hasSuffix("escapement: saved in 'a b'; next: escapement \(next)\n"),
          "\(result.stderr)")
        let format = next.contains("report") ? "report" : "csv"
        #expect(try runCommand(["export", "a b", "--to", format], in: directory).status == 0)
      }
    }
  }
}
