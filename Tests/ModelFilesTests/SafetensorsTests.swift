import Basics
import Foundation
import ModelFiles
import TestSupport
import Testing

/// A sound file made by the writer: element i of every tensor is i / 4.
func safetensorsBytes(_ tensors: [(name: String, shape: [Int])]) throws -> [UInt8] {
  try withTemporaryFolder { folder in
    let url = folder.appending(path: "x.safetensors")
    try writeSafetensors(to: url, tensors: tensors, metadata: ["format": "pt"]) { write in
      // Backwards: the order of writing does not matter.
      for (name, shape) in tensors.reversed() { try write(name, (0..<shape.reduce(1, *)).map { Float($0) / 4 }) }
    }
    return [UInt8](try Data(contentsOf: url))
  }
}

@Suite struct SafetensorsTests {
  @Test func `what is written is read again`() throws {
    let tensors: [(name: String, shape: [Int])] = [
      ("a", [3, 5]), ("scalar", []), ("nothing", [0, 7]), ("\"é\"", [300_000]),
    ]
    let bytes = try safetensorsBytes(tensors)
    let file = try SafetensorsFile(path: "x", data: Data(bytes))
    #expect(file.metadata == ["format": "pt"])
    for (name, shape) in tensors {
      let expected = (0..<shape.reduce(1, *)).map { Float($0) / 4 }
      #expect(try file.tensor(named: name, shape: shape) == expected)
    }
    #expect(try file.tensor(named: "other", shape: [1]) == nil)
    #expect(throws: UserError.self) { try file.tensor(named: "a", shape: [5, 3]) }
  }

  @Test func `half, bfloat16 and double elements`() throws {
    let header =
      #"{"h":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},"b":{"dtype":"BF16","shape":[1],"data_offsets":[4,6]},"#
      + #""d":{"dtype":"F64","shape":[1],"data_offsets":[6,14]},"i":{"dtype":"I8","shape":[1],"data_offsets":[14,15]}}   "#
    let data: [UInt8] = [0x00, 0x3e, 0x01, 0x80] + [0x40, 0xc0] + little((0.1).bitPattern) + [7]
    let file = try SafetensorsFile(path: "x", data: assembled(header, data))
    #expect(try file.tensor(named: "h", shape: [2]) == [1.5, -0x1p-24])
    #expect(try file.tensor(named: "b", shape: [1]) == [-3])
    #expect(try file.tensor(named: "d", shape: [1]) == [Float(0.1)])
    let error = #expect(throws: UserError.self) { try file.tensor(named: "i", shape: [1]) }
    #expect(error?.what == "tensor type I8 cannot be read")
  }

  @Test(arguments: [
    ("{}x", "not valid JSON"), (" {}", "does not begin with `{`"), ("", "does not begin with `{`"),
    ("{\"a\":1}", "not {dtype, shape, data_offsets}"), ("{\"__metadata__\":{\"a\":1}}", "not a string"),
    ("{\"__metadata__\":[]}", "not an object"), (entry(type: "F31"), "unknown element type"),
    (entry(shape: "[-1]"), "not a list of whole numbers"), (entry(shape: "[1.5]"), "not a list of whole numbers"),
    (entry(shape: "[4611686018427387904,4]"), "too large"), (entry(offsets: "[0,12]"), "outside the file"),
    (entry(offsets: "[8,4]"), "outside the file"), (entry(offsets: "[0,99999999999999999999]"), "whole numbers"),
    (entry(offsets: "[0]"), "outside the file"), (entry(shape: "[1]"), "does not fit its shape"),
    (entry(shape: "[1]", offsets: "[4,8]"), "hole"),
    (entry(shape: "[1]", offsets: "[0,4]"), "bytes after the last tensor"),
    ("{\"a\":\(body(shape: "[2]")),\"b\":\(body(shape: "[1]", offsets: "[4,8]"))}", "share bytes"),
    ("{\"a\":\(body()),\"a\":\(body())}", "occurs twice"), ("{\"a\":\(body(extra: ",\"x\":1"))}", "not {dtype"),
    (String(repeating: "{\"a\":", count: 100), "64 levels"), ("{\"a\":\"\\ud800\"}", "surrogate"),
  ])
  func `a hostile header is refused`(_ header: String, _ message: String) throws {
    let error = #expect(throws: UserError.self) {
      try SafetensorsFile(path: "x.safetensors", data: assembled(header, [UInt8](repeating: 0, count: 8)))
    }
    #expect(error?.description.contains(message) == true, "\(String(describing: error))")
    #expect(error?.location?.hasPrefix("x.safetensors") == true && error?.exitCode == .badData)
  }

  @Test func `a header length that the file cannot have is refused`() {
    for length in [UInt64(3), 1 << 40, 1 << 63, .max] {
      let data = Data(little(length) + Array("{}".utf8))
      #expect(throws: UserError.self) { try SafetensorsFile(path: "x", data: data) }
    }
    #expect(throws: UserError.self) { try SafetensorsFile(path: "x", data: Data([1, 2, 3])) }
  }

  private static func body(
    type: String = "F32", shape: String = "[2]", offsets: String = "[0,8]", extra: String = ""
  ) -> String {
    "{\"dtype\":\"\(type)\",\"shape\":\(shape),\"data_offsets\":\(offsets)\(extra)}"
  }

  private static func entry(type: String = "F32", shape: String = "[2]", offsets: String = "[0,8]") -> String {
    "{\"a\":\(body(type: type, shape: shape, offsets: offsets))}"
  }

  private func assembled(_ header: String, _ data: [UInt8]) -> Data {
    Data(little(UInt64(header.utf8.count)) + Array(header.utf8) + data)
  }
}
