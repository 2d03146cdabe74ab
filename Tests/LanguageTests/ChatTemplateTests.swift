import Basics
import Foundation
import Language
import TestSupport
import Testing

@Suite struct ChatTemplateTests {
  @Test func `known Jinja texts are recognised by their digests, others refused with what to do`() throws {
    let smol = ChatTemplate.chatMLDefaultSystem.jinja
    #expect(SHA256.hex(of: smol) == "872be49dbb638044ad01b60388f48d469ff2980e5f0dccdc22ec907db54d0788")
    let escaped = String(smol.map { $0 == "\n" ? "\\n" : String($0) }.joined())
    let guarded =
      "{% if not add_generation_prompt is defined %}{% set add_generation_prompt = false %}{% endif %}"
      + ChatTemplate.chatML.jinja
    for (text, template) in [
      (smol, ChatTemplate.chatMLDefaultSystem), (smol + "\n", .chatMLDefaultSystem), (escaped, .chatMLDefaultSystem),
      (ChatTemplate.chatML.jinja, .chatML), (guarded, .chatML), (ChatTemplate.plain.jinja, .plain),
    ] { #expect(try ChatTemplate.recognised(jinja: text, source: "x") == template) }
    let error = #expect(throws: UserError.self) {
      try ChatTemplate.recognised(jinja: smol + " ", source: "x.gguf, key `tokenizer.chat_template`")
    }
    #expect(error?.what == "unknown chat template" && error?.exitCode == .badData)
    #expect(error?.advice?.contains("--template") == true && error?.location?.contains("x.gguf") == true)
  }

  @Test func `the default system turn comes only when the first turn is no system turn`() {
    let user = ChatMessage(role: "user", content: "hi")
    let system = ChatMessage(role: "system", content: "be brief")
    let template = ChatTemplate.chatMLDefaultSystem
    #expect(template.text(of: [user]).hasPrefix("<|im_start|>system\nYou are a helpful AI assistant named SmolLM"))
    #expect(
      template.text(of: [system, user])
        == "<|im_start|>system\nbe brief<|im_end|>\n<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n")
    #expect(ChatTemplate.chatML.text(of: [user]) == "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n")
    #expect(ChatTemplate.plain.text(of: [system, user]) == "be brief\nhi\n")
  }

  @Test func `a template file, and what is wrong with one`() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "t.json").path
      func load(_ text: String) throws -> ChatTemplate {
        try Data(text.utf8).write(to: URL(filePath: path))
        return try ChatTemplate(chosen: path)
      }
      let template = try load(
        #"{"turn": "<|turn|>{role}: {content}<|end|>", "generationPrompt": "<|turn|>assistant: ", "endOfTurn": "<|end|>"} // x"#
      )
      let encoder = try ChatEncoder(tokenizer: smallTokenizer(), template: template)
      let ids = encoder.tokenizer
      let query = encoder.encode(
        TextQuery(messages: [ChatMessage(role: "user", content: "<|end|> {role}")], response: "<|turn|>"))
      #expect(query.prompt == [1] + ids.encode("user: <|end|> {role}") + [0, 1] + ids.encode("assistant: "))
      #expect(query.response == ids.encode("<|turn|>") + [0])
      #expect(query.response.filter { $0 < 2 } == [0])
      for (text, message) in [
        ("[]", "not a template file"), (#"{"turn":"x","generationPrompt":""}"#, "needs the place {content}"),
        (#"{"turn":"{content}"}"#, "missing"), (#"{"turn":"{content}","generationPromt":""}"#, "unknown key"),
        (#"{"turn":"{content}","generationPrompt":1}"#, "not a string"), ("{", "not valid JSON5"),
      ] {
        let error = #expect(throws: UserError.self) { try load(text) }
        #expect(error?.what.contains(message) == true, "\(String(describing: error))")
      }
    }
    let error = #expect(throws: UserError.self) { try ChatTemplate(chosen: "chatlm") }
    #expect(error?.exitCode == .usage && error?.advice == "did you mean `chatml`?")
  }

  @Test func `a tokenizer without the template's special token is refused`() throws {
    let tokenizer = try smallTokenizer()
    let error = #expect(throws: UserError.self) { try ChatEncoder(tokenizer: tokenizer, template: .chatML) }
    #expect(error?.what == "the tokenizer has no special token `<|im_end|>`")
    let plain = try ChatEncoder(tokenizer: tokenizer, template: .plain)
    #expect(plain.endOfTurn == 0)
    #expect(plain.decode(plain.response("so, 1 x")) == "so, 1 x")
  }

  @Test func `text between special tokens is tokenised as one, the response by itself`() throws {
    let template = ChatTemplate(
      name: "t", turn: "<|turn|>a\n{content}<|end|>", generationPrompt: "\n", endOfTurn: "<|end|>")
    let encoder = try ChatEncoder(tokenizer: smallTokenizer(), template: template)
    let ids = encoder.tokenizer
    let query = encoder.encode(TextQuery(messages: [ChatMessage(role: "user", content: "\n\nb")], response: "\nb"))
    #expect(query.prompt == [1] + ids.encode("a\n\n\nb") + [0] + ids.encode("\n"))
    #expect(query.response == ids.encode("\nb") + [0])
  }
}
