import Basics
import Policies
import Testing

@Suite("Passes of a training batch")
struct TrainingPassTests {
  /// Two responses to one prompt.
  func pair(_ seed: Int32, prompt: Int, response: Int) -> [TokenQuery] {
    let prompt = (0..<prompt).map { 3 + ($0 == 0 ? seed : Int32($0 % 7)) }
    return (0..<2).map { index in
      TokenQuery(prompt: prompt, response: [Int32](repeating: 5 + Int32(index), count: response))
    }
  }

  @Test func `pairs stay whole, and are put together while their rows are few`() throws {
    let policy = try LlamaPolicy<Float>(loading: RandomModel.small(tied: true))
    // 100 rows of the prompt and 99 of each response: two pairs would be 596 rows.
    let long = (0..<3).flatMap { pair($0, prompt: 100, response: 100) }
    #expect(policy.passes(of: long) == [0..<2, 2..<4, 4..<6])
    // 28 rows a pair: eighteen are 504.
    let short = (0..<40).flatMap { pair($0, prompt: 10, response: 10) }
    #expect(policy.passes(of: short) == [0..<36, 36..<72, 72..<80])
    // A pair that is too long alone is a pass of its own.
    #expect(policy.passes(of: pair(0, prompt: 400, response: 300)) == [0..<2])
  }
}
