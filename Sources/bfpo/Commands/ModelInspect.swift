import Basics
import Foundation
import Laboratory
import Language
import ModelFiles

extension Command {
  static let modelInspect = Command(
    name: "model inspect",
    summary: "Say what a model file holds: sizes, packings, tokenizer, template, digest.",
    discussion: "Parts that this program cannot use are named with the reason; then the exit code is 65.",
    examples: [
      Example("./bfpo model inspect", "the model of `./bfpo model fetch`"),
      Example("./bfpo model inspect Models/other.gguf", "any GGUF file or safetensors folder"),
      Example("./bfpo model inspect SmolLM2-135M-Instruct --json", "a short name of Models/, as JSON"),
    ],
    positionals: [
      Positional(
        "PATH", "A GGUF file, a safetensors folder, or a name in Models/.", isRequired: false,
        defaultText: "the model of `./bfpo model fetch`")
    ],
    flags: [.json],
    next: "./bfpo tokenize --json < lines.txt"
  ) { arguments in
    let summary = try ModelSummary(ModelPackage(ModelLocation.standard().find(arguments.positional("PATH"))))
    if arguments.isJSON {
      arguments.console.output(try canonicalJSON(summary, pretty: true))
    } else {
      arguments.console.output(text(summary))
    }
    return summary.problems.isEmpty ? .success : .badData
  }
}

private func text(_ summary: ModelSummary) -> String {
  var rows = [["model", summary.name], ["format", summary.format], ["SHA-256", summary.digest]]
  if let sizes = summary.configuration, let parameters = summary.parameters {
    rows += [
      ["parameters", grouped(parameters)],
      ["layers", "\(sizes.layerCount) of width \(sizes.hiddenSize), feed-forward \(sizes.feedForwardSize)"],
      [
        "heads",
        "\(sizes.headCount) for queries, \(sizes.keyValueHeadCount) for keys and values, \(sizes.headSize) wide",
      ],
      [
        "vocabulary",
        "\(grouped(sizes.vocabularySize)), output head \(sizes.tiedEmbeddings ? "tied to it" : "of its own")",
      ],
      ["context", "\(grouped(sizes.contextLength)) tokens, rotary base \(plainNumber(sizes.ropeBase))"],
    ]
  }
  if let tokenizer = summary.tokenizer {
    let special = tokenizer.special.sorted { $0.value < $1.value }.map(\.key)
    let shown = special.prefix(4).joined(separator: " ") + (special.count > 4 ? " and \(special.count - 4) more" : "")
    rows += [
      ["tokenizer", "\(tokenizer.preTokenizer), \(grouped(tokenizer.merges)) merges, special: \(shown)"],
      ["its digest", tokenizer.digest],
    ]
  }
  if let template = summary.template {
    rows.append(["template", template.name + (template.defaultSystem.map { ": “\($0)”" } ?? "")])
  }
  let packings = summary.packings.map { [$0.type, "\($0.tensors)", grouped($0.weights), grouped($0.bytes)] }
  let table = Table(
    packings, header: ["packing", "tensors", "weights", "bytes"], alignment: [.left, .right, .right, .right])
  return Table(rows, header: nil).text() + "\n" + table.text()
    + summary.problems.map { "\ncannot be used: \($0.replacing("error: ", with: ""))\n" }.joined()
}
