import Foundation
import TestSupport
import Testing

/// `bfpo score`, whose interface is fixed, and `bfpo generate`.
@Suite(.serialized) struct LanguageModelTests {
  private struct Golden: Decodable {
    struct Response: Decodable {
      var text: String
      var ids: [Int32]
      var span: [Int]
      var logProbabilities: [Double]

      enum CodingKeys: String, CodingKey {
        case text, ids
        case span = "response_span"
        case logProbabilities = "logprob_fp64"
      }
    }
    struct Case: Decodable {
      var user: String
      var responses: [Response]
    }
    var cases: [Case]
  }

  private struct Scored: Decodable {
    var logProbability: Double
    var tokenCount: Int
    var promptTokenIds: [Int32]?
    var responseTokenIds: [Int32]?
    var tokenLogProbabilities: [Double]?
  }

  private struct Reply: Decodable {
    var response: String
    var tokenCount: Int
    var logProbability: Double
    var end: String
    var responseTokenIds: [Int32]?
  }

  private func line(_ user: String, _ response: String?) throws -> String {
    var fields: [String: Any] = ["messages": [["role": "user", "content": user]]]
    if let response { fields["response"] = response }
    return String(decoding: try JSONSerialization.data(withJSONObject: fields), as: UTF8.self) + "\n"
  }

  private func run(_ arguments: [String], input: String = "") throws -> ProgramRun {
    try runProgram(arguments, input: input, environment: smolModel.map { ["BFPO_MODEL": $0.path] } ?? [:])
  }

  private func decode<T: Decodable>(_ run: ProgramRun) throws -> [T] {
    #expect(run.status == 0 && run.errors.isEmpty, "\(run.errors)")
    return try run.lines.map { try JSONDecoder().decode(T.self, from: Data($0.utf8)) }
  }

  @Test(.enabled(if: smolModel != nil && sharedFolder != nil, "\(needsModel); \(needsSharedFolder)"))
  func `scores are the reference's, token by token`() throws {
    let golden = try sharedGolden("chat_logprobs.json", as: Golden.self)
    let input = try golden.cases.flatMap { chat in try chat.responses.map { try line(chat.user, $0.text) } }
    let scored: [Scored] = try decode(
      run(["score", "--data", "-", "--tokens", "--json"], input: input.joined(separator: "\n")))
    let expected = golden.cases.flatMap(\.responses)
    #expect(scored.count == expected.count)
    for (ours, theirs) in zip(scored, expected) {
      #expect(ours.promptTokenIds == Array(theirs.ids[..<theirs.span[0]]))
      #expect(ours.responseTokenIds == Array(theirs.ids[theirs.span[0]..<theirs.span[1]]))
      #expect(ours.tokenCount == theirs.span[1] - theirs.span[0])
      let values = try #require(ours.tokenLogProbabilities)
      let reference = theirs.logProbabilities[theirs.span[0] - 1..<theirs.span[1] - 1]
      #expect(values.count == reference.count)
      #expect(zip(values, reference).allSatisfy { abs($0 - $1) < 2e-4 })
      #expect(abs(ours.logProbability - values.reduce(0, +)) < 1e-12)
    }
  }

  @Test(.enabled(if: smolModel != nil, "\(needsModel)"))
  func `without --tokens an object has the sum and the count, and columns the same`() throws {
    let input = try line("What is the capital of France?", "The capital of France is Paris.")
    let object = try run(["score", "--data", "-", "--json"], input: input)
    let keys = try #require(JSONSerialization.jsonObject(with: Data(object.output.utf8)) as? [String: Any]).keys
      .sorted()
    #expect(keys == ["logProbability", "tokenCount"])
    let scored: [Scored] = try decode(object)
    #expect(abs(scored[0].logProbability + 2.8369) < 2e-3 && scored[0].tokenCount == 8)
    let columns = try run(["score", "-d", "-"], input: input).lines
    #expect(columns == ["logProbability\ttokenCount", "\(scored[0].logProbability)\t8"])
  }

  @Test(.enabled(if: smolModel != nil, "\(needsModel)"))
  func `replies: the most likely one, a drawn one that a seed repeats, and a limit`() throws {
    let question = "What is the capital of France?"
    #expect(try run(["generate", question]).lines == ["The capital of France is Paris."])
    let greedy: [Reply] = try decode(
      run(["generate", "--data", "-", "--json", "--tokens"], input: line(question, nil) + line("Say hi.", "ignored")))
    #expect(greedy.count == 2 && greedy[0].response == "The capital of France is Paris.")
    #expect(greedy[0].end == "stopToken" && greedy[0].responseTokenIds?.last == 2 && greedy[0].tokenCount == 8)
    let options = [
      "generate", "Tell me a story.", "--max-tokens", "6", "-t", "1.5", "--top-p", "0.9", "--json", "--seed",
    ]
    let drawn: [[Reply]] = try ["1", "1", "2"].map { try decode(run(options + [$0])) }
    #expect(drawn[0][0].response == drawn[1][0].response && drawn[0][0].response != drawn[2][0].response)
    #expect(drawn[0][0].end == "length" && drawn[0][0].tokenCount == 6 && drawn[0][0].logProbability < 0)
  }

  @Test func `mistakes in the lines are named by file and line`() throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "bad.jsonl")
      let good = try line("Hi", "Hello")
      for (bad, expected) in [
        ("{\"messages\": [", "not a conversation"), (#"{"messages": []}"#, "the conversation is empty"),
        (#"{"response": "x"}"#, "the key `messages` is missing"),
        (#"{"messages": [{"role": "user"}]}"#, "the key `content` is missing"),
        (#"{"messages": [{"role": "usr", "content": "x"}]}"#, "did you mean `user`?"),
      ] {
        try Data((good + "\n" + bad + "\n").utf8).write(to: file)
        let run = try runProgram(["score", "--data", "bad.jsonl"], in: folder)
        #expect(run.status == 65 && run.errors.contains("bad.jsonl, line 3") && run.errors.contains(expected))
      }
    }
  }

  @Test(.enabled(if: smolModel != nil, "\(needsModel)"))
  func `a missing response and a conversation beyond the context are named by line`() throws {
    let missing = try run(["score", "--data", "-"], input: line("Hi", nil))
    #expect(missing.status == 65 && missing.errors.contains("standard input, line 1"))
    #expect(missing.errors.contains("`response` is missing"))
    let long = try run(
      ["score", "--data", "-"], input: line("Hi", "Hello") + line(String(repeating: "word ", count: 9000), "x"))
    #expect(long.status == 65 && long.errors.contains("standard input, line 2") && long.errors.contains("8192"))
  }

  @Test func `usage`() throws {
    #expect(try runProgram(["score"]).status == 64)
    #expect(try runProgram(["score", "--data", "-", "--tokens"]).errors.contains("`--tokens` needs `--json`"))
    #expect(try runProgram(["generate"]).errors.contains("give a prompt or `--data`"))
    #expect(try runProgram(["generate", "Hi", "--data", "-"]).status == 64)
    for wrong in [["--temperature", "-1"], ["--top-p", "0"], ["--top-p", "1.5"], ["--max-tokens", "0"]] {
      #expect(try runProgram(["generate", "Hi"] + wrong).status == 64)
    }
    let absent = try runProgram(["score", "--data", "-", "--model", "Models/none.gguf"], input: line("Hi", "Hello"))
    #expect(absent.status == 66 && absent.errors.contains("model fetch"))
  }
}
