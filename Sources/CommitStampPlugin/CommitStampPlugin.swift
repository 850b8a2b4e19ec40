import Foundation
import PackagePlugin

/// Compiles the commit of the checkout into the command, for the provenance of its results.
@main
struct CommitStampPlugin: BuildToolPlugin {
  func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
    let git = context.package.directoryURL.appendingPathComponent(".git")
    // A worktree has a file in the folder's place, which says where it is.
    let line = (try? String(contentsOf: git, encoding: .utf8)) ?? ""
    let folder =
      line.hasPrefix("gitdir: ")
      ? URL(
        fileURLWithPath: line.dropFirst(8).trimmingCharacters(in: .whitespacesAndNewlines),
        relativeTo: context.package.directoryURL) : git
    let output = context.pluginWorkDirectoryURL.appendingPathComponent("CommitStamp.swift")
    // The reflog grows at every commit and checkout, so that a stale stamp is never reused.
    let inputs = ["HEAD", "logs/HEAD"].map { folder.appendingPathComponent($0) }
      .filter { FileManager.default.fileExists(atPath: $0.path) }
    return [
      .buildCommand(
        displayName: "Stamp the commit",
        executable: try context.tool(named: "CommitStampTool").url,
        arguments: [git.path, output.path], inputFiles: inputs, outputFiles: [output])
    ]
  }
}
