import Basics
import Foundation
import Testing

@Suite struct JSONValueTests {
  private func parse(_ text: String, json5: Bool = false) throws -> JSONValue {
    try JSONValue(parsing: Data(text.utf8), json5: json5, source: "spec.json5")
  }

  @Test func `JSON5: comments, trailing commas, bare keys, single quotes`() throws {
    let value = try parse(
      """
      // a specification
      { name: 'x', tau: [.1, 1, +2,], /* off */ deep: { on: true, none: null, }, }
      """, json5: true)
    #expect(
      value
        == .object([
          "name": .string("x"), "tau": .array([.number(0.1), .number(1), .number(2)]),
          "deep": .object(["on": .bool(true), "none": .null]),
        ]))
  }

  @Test func `plain JSON does not accept JSON5`() {
    #expect(throws: UserError.self) { try parse("{a: 1}") }
  }

  @Test func `numbers and truth values stay apart`() throws {
    #expect(
      try parse("[1, 0, true, false, \"1\"]")
        == .array([.number(1), .number(0), .bool(true), .bool(false), .string("1")]))
  }

  @Test(arguments: ["", "{", "[1,", "{\"a\" 1}", "nul", "{\"a\":1e999}", "{\"a\":[1,{\"b\":1e999}]}"])
  func `a malformed text is an error that names its source`(text: String) throws {
    let error = #expect(throws: UserError.self) { try parse(text) }
    #expect(error?.exitCode == .badData)
    #expect(error?.location == "spec.json5")
    #expect(error?.why?.isEmpty == false)
  }

  @Test func `a number out of range is named by its place`() throws {
    let error = #expect(throws: UserError.self) { try parse("{\"a\":[1,{\"b\":1e999}]}") }
    #expect(error?.why == "the number does not fit a Double at `a.1.b`")
  }

  @Test func `the canonical text sorts keys and keeps every digit`() throws {
    let value = try parse(#"{"b": 0.1, "a": "x/y", "c": [1e-300, 12345678901234567, 0.30000000000000004]}"#)
    let canonical = try value.canonical()
    #expect(canonical.hasPrefix(#"{"a":"x/y","b":0.1,"c":["#))
    #expect(try parse(canonical) == value)
    #expect(try parse(canonical).canonical() == canonical)
  }

  @Test func `numbers that are not finite have no canonical text`() {
    #expect(throws: (any Error).self) { try JSONValue.number(.nan).canonical() }
    #expect(throws: (any Error).self) { try JSONValue.array([.number(.infinity)]).canonical() }
  }

  @Test func `members and kinds`() throws {
    let value = try parse(#"{"a": 1, "s": "t", "l": [null], "b": false}"#)
    #expect(value["a"]?.number == 1 && value["s"]?.string == "t" && value["b"]?.bool == false)
    #expect(value["l"]?.array == [.null] && value["missing"] == nil && value["a"]?.string == nil)
    #expect(value.object?.count == 4 && value.number == nil)
  }

  @Test func `a value decodes into a type, and an error says which key`() throws {
    struct Settings: Decodable {
      struct Inner: Decodable { var tau: Double }
      var inner: Inner
    }
    #expect(try parse(#"{"inner":{"tau":2}}"#).decode(Settings.self).inner.tau == 2)
    func reason(_ text: String) throws -> String {
      do {
        _ = try parse(text).decode(Settings.self)
        return "no error"
      } catch { return decodingReason(error) }
    }
    #expect(try reason(#"{"inner":{"tau":"x"}}"#) == "expected Double at `inner.tau`")
    #expect(try reason(#"{"inner":{}}"#) == "the key `tau` is missing at `inner`")
    #expect(try reason(#"{"inner":{"tau":null}}"#).hasPrefix("found null where Double is needed at `inner.tau`"))
  }
}
