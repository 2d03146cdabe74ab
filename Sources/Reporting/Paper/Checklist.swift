import Basics
import Laboratory

/// What a reader needs to judge and repeat a study, from its specification and what its records say (R-32).
struct Checklist {
  var name: String
  /// Question → answer.
  var items: [(String, String)]

  var latex: String {
    let lines = items.map { "\\item[\(latexText($0.0))] \(latexText($0.1))" }
    return
      "\\paragraph{\(latexText(name)).}\n\\begin{description}\n\(lines.joined(separator: "\n"))\n\\end{description}\n"
  }

  var markdown: String {
    "### \(markdownText(name))\n\n" + items.map { "- **\(markdownText($0.0)):** \(markdownText($0.1))\n" }.joined()
  }
}

func checklist(_ study: Study) -> Checklist {
  let spec = study.spec
  let notRecorded = "not recorded: study.json is not committed"
  let metadata = study.metadata
  func list(_ counts: [String: Int]?) -> String {
    guard let counts, !counts.isEmpty else { return notRecorded }
    return counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      .map { "\($0.key.isEmpty ? "unknown" : $0.key) (\($0.value) cells)" }.joined(separator: "; ")
  }
  let failures = metadata.map { $0.failures.isEmpty ? "none" : $0.failures.joined(separator: "; ") } ?? notRecorded
  return Checklist(
    name: spec.name,
    items: [
      ("Question", spec.question),
      ("Policy", policyText(spec)),
      ("Arms and settings", "\(spec.arms.count) arms, \(study.settings) settings"),
      ("Seeds", "\(spec.seeds.count) (\(spec.seeds.map(String.init).joined(separator: ", ")))"),
      ("Cells", study.counts.text),
      ("Failures", failures),
      ("Training", settings(try? JSONValue(encoding: spec.training))),
      (
        "Swept",
        spec.axes.sorted { $0.key < $1.key }.map { "\($0.key) in {\(axisList($0.value))}" }.joined(separator: "; ")
      ),
      ("Data", spec.world.map { settings(try? JSONValue(encoding: $0)) } ?? dataText(study.specification)),
      (
        "Intervals",
        "95 % percentile bootstrap over seeds; proportions also Wilson over held-out pairs, whichever is wider"
      ),
      ("Program", list(metadata?.tools)),
      ("Commit", list(metadata?.commits)),
      ("System", list(metadata?.systems)),
      ("Linear algebra", list(metadata?.blas)),
      ("Processors", list(metadata?.processors)),
      ("Compute", metadata.map { "\(fixed($0.seconds, 0)) s of cells in all" } ?? notRecorded),
      ("Command", "./bfpo sweep run Experiments/\(spec.name).json5"),
    ])
}

private func policyText(_ spec: ExperimentSpec) -> String {
  switch spec.policy.kind {
  case .tabular: "a table: one softmax over the responses of each prompt"
  case .llama: "\(spec.policy.model), trained: \(spec.policy.trainable.joined(separator: ", "))"
  }
}

private func axisList(_ values: [JSONValue]) -> String { values.map(axisText).joined(separator: ", ") }

/// `a = 1; b = 2` of an object's plain members.
private func settings(_ value: JSONValue?) -> String {
  (value?.object ?? [:]).sorted { $0.key < $1.key }.filter { $0.value.object == nil && $0.value != .null }
    .map { "\($0.key) = \(axisText($0.value))" }.joined(separator: "; ")
}

/// The files that a specification names.
private func dataText(_ specification: JSONValue) -> String {
  func files(_ value: JSONValue) -> [String] {
    (value["files"]?.array?.compactMap(\.string) ?? [])
      + (value.object ?? [:]).sorted { $0.key < $1.key }.flatMap { files($0.value) }
  }
  var seen: Set<String> = []
  return files(specification["data"] ?? .null).filter { seen.insert($0).inserted }.joined(separator: "; ")
}
