/// A prompt and a response as token ids: what a language-model policy scores.
///
/// The prompt ends with the template's generation prompt; the response ends with the end-of-turn token, which is scored.
public struct TokenQuery: Codable, Hashable, Sendable {
  public var prompt: [Int32]
  public var response: [Int32]

  public init(prompt: [Int32], response: [Int32]) {
    self.prompt = prompt
    self.response = response
  }
}
