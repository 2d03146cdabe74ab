import Basics
import Foundation
import Language
import Preferences
import TestSupport
import Testing

@Suite struct BadFileTests {
  private static let good = #"{"prompt": "p", "chosen": "a", "rejected": "b"}"#

  private func failure(_ text: String, name: String = "x.jsonl", format: DataFormat? = nil) -> UserError? {
    failure(Array(text.utf8), name: name, format: format)
  }

  private func failure(_ bytes: [UInt8], name: String = "x.jsonl", format: DataFormat? = nil) -> UserError? {
    let order: CarriedOrder? = format == .pkuSafeRLHF ? nil : .helpfulness
    let error = userError {
      _ = try PreferenceFile(bytes, name: name, options: ReadOptions(format: format, order: order))
    }
    #expect(error?.exitCode == .badData)
    return error
  }

  /// Text, where it fails, and why.
  @Test(arguments: [
    ("{\"prompt\": \"p\", \"chosen\": \"a\"", "2:30", "the text ends inside an object"),
    ("{\"prompt\" \"p\"}", "2:11", "a colon is expected after the key `prompt`"),
    ("{\"a\": 1,}", "2:9", "a key in double quotes is expected"),
    ("{\"a\": [1 2]}", "2:10", "a comma or `]` is expected"),
    ("{'a': 1}", "2:2", "a key in double quotes is expected"),
    ("{\"a\": 01}", "2:7", "a number may not begin with 0"),
    ("{\"a\": 1.}", "2:7", "a digit is expected after the decimal point"),
    ("{\"a\": 1e999}", "2:7", "a number too large to hold"),
    ("{\"a\": NaN}", "2:7", "a value is expected"),
    ("{\"a\": tru}", "2:7", "a value is expected"),
    ("{\"a\": \"b\tc\"}", "2:9", "a control character inside a string must be escaped"),
    ("{\"a\": \"\\q\"}", "2:8", "unknown escape in a string"),
    ("{\"a\": \"\\u12g4\"}", "2:8", "four hexadecimal digits are expected after \\u"),
    ("{\"a\": \"\\ud83d!\"}", "2:14", "half of a surrogate pair"),
    ("{\"a\": \"\\udc00\"}", "2:14", "half of a surrogate pair"),
    ("{\"a\": \"b", "2:9", "the text ends inside a string"),
    ("{\"a\": 1, \"a\": 2}", "2:10", "the key `a` appears twice"),
    ("{\"a\": 1} {\"b\": 2}", "2:10", "something follows the object on its line"),
    ("{\"a\":", "2:6", "the text ends where a value is expected"),
    ("\u{feff}{\"a\": 1}", "2:1", "a value is expected"),
  ])
  func `a malformed line is named with file, line and column`(line: String, place: String, why: String) {
    let error = failure(Self.good + "\n" + line + "\n" + Self.good)
    #expect(
      error
        == UserError(
          "a row is not valid JSON", at: "x.jsonl:\(place)", because: why,
          advice: "every line should be one JSON object",
          exitCode: .badData))
  }

  @Test func `lists nested too deep are refused without exhausting the stack`() {
    let deep = "{\"a\": " + String(repeating: "[", count: 1_000_000)
    #expect(failure(deep)?.why == "nested more than 64 deep")
  }

  @Test func `a malformed list is named with its line`() {
    #expect(failure("[\n\(Self.good)\n\(Self.good)]", name: "x.json")?.location == "x.json:3:1")
    #expect(failure("[\n\(Self.good)\n", name: "x.json")?.why == "a comma or `]` is expected after a row")
    #expect(failure("[\n\(Self.good)\n] x", name: "x.json")?.why == "something follows the list")
    #expect(failure("[ ]", name: "x.json")?.what == "the file has no rows")
    #expect(failure("[\(Self.good), 3]", name: "x.json")?.because("found 3") == "a row is not a JSON object")
  }

  @Test func `rows that are not objects, blank lines and line ends of other systems`() throws {
    let error = failure(Self.good + "\n\"text\"\n")
    #expect(error?.location == "x.jsonl:2")
    #expect(error?.because("found the string \"text\"") == "a row is not a JSON object")
    let file = try preferences("\u{feff}\n\(Self.good)\r\n\n \(Self.good)\r\n\n", order: .safety)
    #expect(file.rows.map(\.line) == [2, 4])
  }

  @Test(arguments: [
    ("", "the file is empty"), (" \n\t\n", "the file is empty"), ("PAR1....", "Parquet files are not read"),
    ("BZh91AY", "the file is compressed with bzip2"), ("PK\u{3}\u{4}..", "the file is compressed with zip"),
  ])
  func `files of other kinds are recognised`(content: String, what: String) {
    let error = failure(content)
    #expect(error?.what == what)
    #expect(error?.location == "x.jsonl")
    #expect(error?.advice != nil)
  }

  @Test func `text that is not UTF-8 is refused with its place`() {
    let utf16 = failure([0xff, 0xfe, 0x7b, 0])
    #expect(utf16?.what == "the file is not UTF-8")
    #expect(utf16?.advice == "convert it: iconv -f UTF-16 -t UTF-8")
    let latin1 = failure(Array(Self.good.utf8) + [0x0a] + Array("{\"prompt\": \"caf".utf8) + [0xe9] + Array("\"}".utf8))
    #expect(latin1?.what == "the file is not UTF-8")
    #expect(latin1?.location == "x.jsonl:2:17")
    let escaped = failure(Array("{\"a\": \"\\n".utf8) + [0xc3] + Array("\"}".utf8))
    #expect(escaped?.what == "the file is not UTF-8")
  }

  @Test func `damaged gzip files are refused`() {
    #expect(failure(Array(GzipFixtures.dynamic.dropLast(20)))?.what == "the gzip file is truncated")
    var damaged = GzipFixtures.fixed
    damaged[damaged.count - 8] ^= 1
    #expect(
      failure(damaged)?.because("its content does not have the checksum stored in it") == "the gzip file is damaged")
    #expect(failure(GzipFixtures.dynamic)?.location == "x.jsonl:1:1")
  }

  @Test func `sizes are bounded`() {
    let row = userError { _ = try preferences(Self.good, order: .safety, limits: ReadLimits(rowBytes: 46)) }
    #expect(row?.what == "a row is too long")
    #expect(row?.why == "it has 47 bytes, the limit is 46")
    let file = userError { _ = try preferences(Self.good, order: .safety, limits: ReadLimits(fileBytes: 40)) }
    #expect(file?.because("it has 47 bytes, the limit is 40") == "the file is too large")
    let bomb = userError {
      _ = try PreferenceFile(
        GzipFixtures.dynamic, name: "x.gz", options: ReadOptions(limits: ReadLimits(fileBytes: 100)))
    }
    #expect(bomb?.because("it decompresses to more than 100 bytes") == "the file is too large")
  }

  @Test func `a folder and a missing file are told apart`() throws {
    try withTemporaryFolder { folder in
      let isFolder = userError { _ = try PreferenceFile(reading: folder, name: "here") }
      #expect(isFolder?.what == "a folder was named where a data file is expected")
      #expect(isFolder?.exitCode == .badData)
      let missing = userError { _ = try PreferenceFile(reading: folder.appending(path: "none.jsonl")) }
      #expect(missing?.exitCode == .inputMissing)
    }
  }
}

extension UserError {
  /// What is wrong, if the reason is as expected.
  func because(_ why: String) -> String? { self.why == why ? what : "because: \(self.why ?? "nothing")" }
}
