import Basics
import Foundation
import Preferences
import TestSupport
import Testing

@Suite struct PromptFileTests {
  @Test func `every way of writing a prompt is read, each prompt once`() throws {
    try withTemporaryFolder { folder in
      let rows = """
        {"prompt": "One?", "category": "x"}
        {"query": "Two?"}
        {"instruction": "Three?", "output": "-"}
        {"messages": [{"role": "user", "content": "Four"}, {"role": "assistant", "content": "a"}, {"role": "user", "content": "b"}]}
        {"prompt": "\\n\\nHuman: Five\\n\\nAssistant: yes\\n\\nHuman: more\\n\\nAssistant:"}
        {"prompt": "One?"}
        """.replacing("\\\\n", with: "\\n")
      try Data(rows.utf8).write(to: folder.appending(path: "a.jsonl"))
      try Data("  Six \n\nOne?\n".utf8).write(to: folder.appending(path: "b.txt"))
      let file = try PromptFile(["\(folder.path)/a.jsonl", "\(folder.path)/b.txt"])
      #expect(
        file.prompts.map { $0.map(\.content) } == [
          ["One?"], ["Two?"], ["Three?"], ["Four", "a", "b"], ["Five", "yes", "more"], ["Six"],
        ])
      #expect(file.prompts.allSatisfy { $0.last?.role == "user" })
      #expect(file.rowsRead == 8 && file.digests.count == 2)
    }
  }

  @Test(arguments: [
    (#"{"promt": "x"}"#, "the row has no prompt", "a.jsonl:2"),
    (#"{"prompt": "  "}"#, "the field `prompt` has a wrong value", "a.jsonl:2"),
    (#"{"messages": [{"role": "assistant", "content": "x"}]}"#, "the field `messages` has a wrong value", "a.jsonl:2"),
  ])
  func `a row without a prompt is named with its line`(row: String, message: String, place: String) throws {
    try withTemporaryFolder { folder in
      try Data("{\"prompt\": \"fine\"}\n\(row)\n".utf8).write(to: folder.appending(path: "a.jsonl"))
      let error = #expect(throws: UserError.self) { try PromptFile(["\(folder.path)/a.jsonl"]) }
      #expect(error?.exitCode == .badData && error?.description.contains(message) == true)
      #expect(error?.location?.hasSuffix(place) == true, "\(error?.location ?? "")")
    }
  }
}
