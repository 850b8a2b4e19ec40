/// Holds an experiment of `data/experiments`, which the library carries.
public struct ShippedExperiment: Sendable {
  /// Its name, which is its file's without the extension.
  public let name: String
  /// The text of the file.
  public let text: String

  /// All of them, by name.
  public static let all: [ShippedExperiment] = [
    ("batches", PackageResources.batches_yaml),
    ("both-layers", PackageResources.both_layers_yaml),
    ("cubic-hermite", PackageResources.cubic_hermite_yaml),
    ("decaying-rate", PackageResources.decaying_rate_yaml),
    ("even-activation", PackageResources.even_activation_yaml),
    ("five-hundred-students", PackageResources.five_hundred_students_yaml),
    ("gain-from-width", PackageResources.gain_from_width_yaml),
    ("label-noise-plateau", PackageResources.label_noise_plateau_yaml),
    ("many-passes", PackageResources.many_passes_yaml),
    ("million-dimensions", PackageResources.million_dimensions_yaml),
    ("negligible-in-batches", PackageResources.negligible_in_batches_yaml),
    ("noise-against-dimension", PackageResources.noise_against_dimension_yaml),
    ("phase-retrieval", PackageResources.phase_retrieval_yaml),
    ("phase-retrieval-random-starts", PackageResources.phase_retrieval_random_starts_yaml),
    ("repeated-staircase", PackageResources.repeated_staircase_yaml),
    ("repetition", PackageResources.repetition_yaml),
    ("risk-against-time", PackageResources.risk_against_time_yaml),
    ("staircase", PackageResources.staircase_yaml),
    ("width-figure", PackageResources.width_figure_yaml),
  ].map { ShippedExperiment(name: $0.0, text: String(decoding: $0.1, as: UTF8.self)) }

  /// What it is: the first sentence of the comment at its head.
  public var title: String {
    let end = comment.firstRange(of: /[.;](?: |$)/)?.lowerBound ?? comment.endIndex
    return String(comment[..<end].replacing(/, for 'escapement [^']*'/, with: ""))
  }

  /// The subcommand it is for: the first that this comment names, else compare.
  public var subcommand: String {
    comment.firstMatch(of: /'escapement ([a-z]+)/).map { String($0.1) } ?? "compare"
  }

  private var comment: String {
    text.split(separator: "\n").prefix { $0.hasPrefix("#") }
      .map { String($0.drop { $0 == "#" || $0 == " " }) }.joined(separator: " ")
  }
}
