import Basics
import Language
import ModelFiles
import TestSupport
import Testing

/// Prompt and response ids of SmolLM2's conversations against Transformers.
@Suite struct ChatGoldenTests {
  struct Golden: Decodable {
    var cases: [Case]
  }

  struct Case: Decodable {
    var user: String
    var promptText: String
    var promptIDs: [Int32]
    var responses: [Response]
    enum CodingKeys: String, CodingKey { case user, promptText = "prompt_text", promptIDs = "prompt_ids", responses }
  }

  struct Response: Decodable {
    var text: String
    var ids: [Int32]
    var responseSpan: [Int]
    enum CodingKeys: String, CodingKey { case text, ids, responseSpan = "response_span" }
  }

  @Test(.enabled(if: smolModel != nil, "\(needsModel)"), .enabled(if: sharedFolder != nil, "\(needsSharedFolder)"))
  func `every id of prompts and responses`() throws {
    let file = try GGUFFile(#require(smolModel))
    let jinja = try #require(file.metadata["tokenizer.chat_template"]?.string)
    let template = try ChatTemplate.recognised(jinja: jinja, source: file.path)
    #expect(template == .chatMLDefaultSystem)
    let encoder = try ChatEncoder(tokenizer: Tokenizer(file), template: template)
    for one in try sharedGolden("chat_logprobs.json", as: Golden.self).cases {
      let messages = [ChatMessage(role: "user", content: one.user)]
      #expect(template.text(of: messages) == one.promptText)
      for response in one.responses {
        let query = encoder.encode(TextQuery(messages: messages, response: response.text))
        #expect(query.prompt == one.promptIDs)
        #expect(query.response == Array(response.ids[response.responseSpan[0]..<response.responseSpan[1]]))
      }
    }
  }
}
