import Foundation
import Testing

/// Checks the report in a run directory, and that of the same run without gnuplot, which says what is missing.
func expectSoundPage(of run: URL) throws {
  let place = run.appendingPathComponent("report.html")
  let checked = try Python.run(script: "check_page.py", [place.path])
  #expect(checked.status == 0, "\(checked.stderr)")
  let without = try runCommand(
    ["export", run.path, "--to", "report"],
    environment: ["PATH": run.deletingLastPathComponent().path])
  #expect(without.status == 0)
  #expect(without.stderr.contains("apt-get install gnuplot-nox"))
  let bare = try Python.run(script: "check_page.py", [place.path, "--no-figures"])
  #expect(bare.status == 0, "\(bare.stderr)")
  #expect(try String(contentsOf: place, encoding: .utf8).contains("No figures in this page"))
}

/// Exports the notebook of a run into a folder of its own and executes it there.
func expectNotebook(of run: URL, figures: Int) throws {
  let other = run.deletingLastPathComponent().appendingPathComponent("notebook")
  let result = try runCommand(["export", run.path, "--to", "notebook", "--output", other.path])
  try #require(result.status == 0, "\(result.stderr)")
  let executed = try Python.run(
    script: "execute_notebook.py", [other.appendingPathComponent("notebook.ipynb").path])
  #expect(executed.status == 0, "\(executed.stderr.suffix(2000))")
  #expect(executed.stdout.contains("\(figures) figures"))
}
