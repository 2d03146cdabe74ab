import Basics
import Foundation
import Language
import ModelFiles
import TestSupport
import Testing

@Suite struct LoadedModelTests {
  @Test(.enabled(if: smolModel != nil, "\(needsModel)"))
  func `a model by a short name`() throws {
    let location = ModelLocation(folder: try #require(smolModel).deletingLastPathComponent())
    for name in [nil, "SmolLM2-135M-Instruct", "smollm2-135m-instruct.q4_1"] {
      let model = try loadModel(name, location: location)
      #expect(model.digest == "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53")
      #expect(model.template == .chatMLDefaultSystem)
      #expect(
        model.description
          == "SmolLM2-135M-Instruct.Q4_1.gguf (GGUF v3: 61 F32, 210 Q4_1, 1 Q8_0; dequantised to float32)")
    }
  }

  @Test func `a missing model says what to run`() throws {
    let location = ModelLocation(folder: URL(filePath: "/nonexistent/Models"))
    let error = #expect(throws: UserError.self) { try loadModel(nil, location: location) }
    #expect(error?.exitCode == .inputMissing)
    #expect(error?.advice?.contains("./bfpo model fetch") == true)
  }
}
