import Basics
import Foundation
import Language

extension Command {
  static let modelExport = Command(
    name: "model export",
    summary: "Save a model as a folder for Hugging Face Transformers.",
    discussion: """
      Writes config.json, model.safetensors (float32), tokenizer.json, tokenizer_config.json with the chat template, and
      generation_config.json. A quantised model is dequantised; the weights are the ones this program computes with.
      """,
    examples: [
      Example("./bfpo model export --output smollm2", "the model of `./bfpo model fetch`"),
      Example("./bfpo model export --model Models/other.gguf --output other", "any GGUF file"),
      Example("./bfpo model export --template chatml --output smollm2", "with another chat template"),
    ],
    options: [
      .model, Option("output", short: "o", value: "FOLDER", "The folder to write."),
      Option("template", value: "NAME|FILE", "The chat template to put beside it.", defaultText: "the model's own"),
    ],
    next: "./bfpo model inspect FOLDER"
  ) { arguments in
    let output = try arguments.required("output")
    let model = try loadModel(arguments.option("model"), template: arguments.option("template"))
    try saveHuggingFaceFolder(
      to: URL(filePath: output), configuration: model.configuration, encoder: model.encoder,
      metadata: ["base_model": model.description, "base_model_sha256": model.digest]
    ) { write in
      for tensor in model.configuration.tensors {
        try write(tensor.name, try model.source.tensor(named: tensor.name, shape: tensor.shape))
      }
    }
    arguments.console.output("saved: \(output)")
    arguments.console.suggestNext("./bfpo model inspect \(output)")
    return .success
  }
}
